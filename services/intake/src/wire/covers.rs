//! Reads what insurance tells of a round's cover.

use bus::Message;
use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months};
use prost::Message as _;
use proto::{common::v1 as common, insurance::v1 as insurance};

use super::instant;
use crate::domain::{CoverOption, compare::calls_for_cover};

/// One message of insurance's, read.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub case: CaseId,
    pub round: u8,
    pub news: News,
}

#[derive(Debug, Clone)]
pub(crate) enum News {
    Quoted(Vec<CoverOption>),
    Bound(LegId),
    /// `refused`: the chosen one does not confirm. `ended`: whose legs take no part any more.
    Released {
        refused: bool,
        ended: Vec<(InstitutionRole, InstitutionId)>,
        told: bool,
    },
}

const UNREADABLE: &str = "BODY_UNREADABLE";
/// The cause by which insurance tells that the chosen insurer or guarantor refused.
const COVER_REFUSED: &str = "COVER_REFUSED";

/// # Errors
/// The reason to park the message.
pub(crate) fn read(message: &Message) -> Result<Told, &'static str> {
    let body = message.body.as_slice();
    match message.kind.as_str() {
        "insurance.cover-quoted.v1" => {
            let body = insurance::CoverQuoted::decode(body).map_err(|_| UNREADABLE)?;
            let (case, round) = place(&body.case_id, body.round)?;
            let options = body
                .options
                .iter()
                .map(|one| option(case, round, one).ok_or("OPTION_INVALID"))
                .collect::<Result<_, _>>()?;
            Ok(Told { case, round, news: News::Quoted(options) })
        }
        "insurance.cover-bound.v1" => {
            let body = insurance::CoverBound::decode(body).map_err(|_| UNREADABLE)?;
            let (case, round) = place(&body.case_id, body.round)?;
            let leg = body.leg_id.parse().map_err(|_| UNREADABLE)?;
            Ok(Told { case, round, news: News::Bound(leg) })
        }
        "insurance.cover-released.v1" => {
            let body = insurance::CoverReleased::decode(body).map_err(|_| UNREADABLE)?;
            let (case, round) = place(&body.case_id, body.round)?;
            let refused = body.cause == COVER_REFUSED;
            let news = News::Released { refused, ended: ended(&body.legs), told: !body.legs.is_empty() };
            Ok(Told { case, round, news })
        }
        _ => Err("TYPE_UNKNOWN"),
    }
}

fn place(case: &str, round: i32) -> Result<(CaseId, u8), &'static str> {
    Ok((case.parse().map_err(|_| UNREADABLE)?, u8::try_from(round).map_err(|_| UNREADABLE)?))
}

/// Institutions whose leg has ended without a promise that still binds.
fn ended(legs: &[common::LegSummary]) -> Vec<(InstitutionRole, InstitutionId)> {
    let binds = [
        common::LegState::Offered,
        common::LegState::Selected,
        common::LegState::Confirmed,
        common::LegState::Fulfilled,
    ]
    .map(i32::from);
    legs.iter()
        .filter(|leg| !binds.contains(&leg.state))
        .filter_map(|leg| Some((InstitutionRole::from_number(leg.role)?, leg.institution_id.parse().ok()?)))
        .collect()
}

fn option(case: CaseId, round: u8, one: &insurance::CoverOption) -> Option<CoverOption> {
    let amount_of = |fen: i64| (0..=Fen::MAX_AMOUNT.get()).contains(&fen).then(|| Fen::new(fen));
    let in_range = (1..=10_000).contains(&one.coverage_bp) && (0..=10_000).contains(&one.annual_rate_bp);
    in_range.then_some(())?;
    Some(CoverOption {
        case,
        round,
        leg: one.leg_id.parse().ok()?,
        institution: one.institution_id.parse().ok()?,
        role: InstitutionRole::from_number(one.role)?,
        kind: EnhancementMode::from_number(one.kind).filter(|kind| calls_for_cover(*kind))?,
        // An insurer may cover more than anybody can ask for.
        amount: Fen::amount(one.amount_fen.min(Fen::MAX_AMOUNT.get())).ok()?,
        max_term: Months::term(one.max_term_months.min(i32::from(Months::MAX_TERM.get()))).ok()?,
        coverage: BasisPoints::new(one.coverage_bp),
        rate: BasisPoints::new(one.annual_rate_bp),
        min_cost: amount_of(one.min_cost_fen)?,
        cost: amount_of(one.cost_fen)?,
        valid_until: one.valid_until.as_ref().and_then(instant)?,
        gone: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legs_that_still_bind_are_not_ended() {
        let ended_states: Vec<i32> = (1..=14)
            .filter(|state| {
                let leg = common::LegSummary {
                    role: 2,
                    institution_id: uuid::Uuid::from_u128(1).to_string(),
                    state: *state,
                    ..common::LegSummary::default()
                };
                !ended(&[leg]).is_empty()
            })
            .collect();
        assert_eq!(ended_states, [1, 2, 3, 4, 6, 7, 8, 9, 10, 14]);
    }
}
