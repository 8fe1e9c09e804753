//! What statistics is told of legs: a summary in each fact of their case, and a fact of its own where no other tells it.

use proto::{common::v1 as common, intake::v1 as wire};

use crate::{
    domain::{Case, Event, Leg, Phase},
    wire::timestamp,
};

/// How the legs stand of rounds that have ended, as far as the event may have changed it and its own fact, if it has one,
/// does not say so: a fact tells of the present round.
pub(super) fn changed(
    case: &Case,
    event: &Event,
    legs: &[Leg],
    has_fact: bool,
) -> Vec<wire::CaseLegsChanged> {
    let concerns = |leg: &&Leg| match event {
        // What stood of an earlier round may have ended with what the case came to.
        _ if has_fact => leg.round < case.round,
        // Kept beside a leg that does not change any more.
        Event::LegAnsweredLate { .. } => false,
        // Something happened to one leg alone.
        _ => Some(leg.id) == event.leg() && has_ended(case, leg.round),
    };
    let mut rounds: Vec<u8> = legs.iter().filter(concerns).map(|leg| leg.round).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let told = |round: u8| wire::CaseLegsChanged {
        case_id: case.id.to_string(),
        round: i32::from(round),
        legs: summaries(case, round, legs),
    };
    rounds.into_iter().map(told).collect()
}

/// The answers of a round are nobody's business before its end, which tells of them all.
fn has_ended(case: &Case, round: u8) -> bool {
    round < case.round || !matches!(case.phase, Phase::Collecting(collection) if collection.wave == 1)
}

/// Every leg of a round.
pub(super) fn summaries(case: &Case, round: u8, legs: &[Leg]) -> Vec<common::LegSummary> {
    legs.iter()
        .filter(|leg| leg.round == round && leg.case == case.id)
        .map(|leg| common::LegSummary {
            role: leg.role.number(),
            institution_id: leg.institution.to_string(),
            state: leg.state.number(),
            issued_at: Some(timestamp(leg.issued_at)),
            delivered_at: leg.delivered_at.map(timestamp),
            replied_at: leg.replied_at.map(timestamp),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use kernel::{CaseId, InstitutionId, InstitutionRole, LegId, leg::LegState};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{Channel, Collection, Cover, ExpiryCause, WithdrawCause},
        messaging::publish::of_case,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_663_200_000, 0).unwrap()
    }

    fn case(round: u8, phase: Phase) -> Case {
        let id = CaseId::from_uuid(Uuid::nil());
        Case { id, version: 3, channel: Channel::Api, supplemented: false, round, phase }
    }

    fn collection(wave: u8) -> Collection {
        Collection { wave, legs: 2, answered: 2, offers: 1, closes_at: None, cover: Cover::NotAsked }
    }

    fn leg(number: u128, round: u8, state: LegState) -> Leg {
        Leg {
            id: LegId::from_uuid(Uuid::from_u128(number)),
            case: CaseId::from_uuid(Uuid::nil()),
            round,
            wave: 1,
            role: InstitutionRole::Evaluator,
            institution: InstitutionId::from_uuid(Uuid::from_u128(number)),
            product: None,
            state,
            version: 1,
            issued_at: now(),
            due_at: None,
            delivered_at: None,
            replied_at: None,
            standing_reply: None,
            standing: None,
            asked: Vec::new(),
            asked_note: String::new(),
        }
    }

    /// Two rounds of one evaluator each.
    fn legs() -> Vec<Leg> {
        vec![leg(1, 1, LegState::Released), leg(2, 2, LegState::Released)]
    }

    /// The kinds that are told, and the rounds whose legs `case-legs-changed` tells.
    fn told(case: &Case, event: &Event) -> (Vec<&'static str>, Vec<i32>) {
        let kinds = of_case(case, event, &legs(), now()).into_iter().map(|one| one.kind).collect::<Vec<_>>();
        let changed = changed(case, event, &legs(), kinds.first().is_some_and(|kind| !kind.contains("legs")));
        assert!(changed.iter().all(|told| told.legs.len() == 1), "the legs of one round");
        (kinds, changed.iter().map(|told| told.round).collect())
    }

    #[test]
    fn what_happens_to_one_leg_is_told_once_the_end_of_its_round_has_been() {
        let id = |number| LegId::from_uuid(Uuid::from_u128(number));
        let taken_back = |number| Event::AnswerTakenBack { leg: id(number), offer: false };
        let changed = "intake.case-legs-changed.v1";
        let collecting = case(2, Phase::Collecting(collection(1)));
        assert_eq!(told(&collecting, &taken_back(2)), (vec![], vec![]), "sealed");
        assert_eq!(told(&collecting, &Event::LegAnswered { leg: id(2), offered: false }), (vec![], vec![]));
        assert_eq!(told(&collecting, &taken_back(1)), (vec![changed], vec![1]));
        for phase in [Phase::Collecting(collection(2)), Phase::OffersReady(collection(1))] {
            assert_eq!(told(&case(2, phase.clone()), &taken_back(2)), (vec![changed], vec![2]));
            let breached = Event::EvaluatorBreached { leg: id(1) };
            assert_eq!(told(&case(2, phase), &breached), (vec![changed], vec![1]));
        }
        let withdrawn = case(2, Phase::Withdrawn { cause: WithdrawCause::Enterprise });
        let late = Event::LegAnsweredLate { leg: id(2), decline: None };
        assert_eq!(told(&withdrawn, &late), (vec![], vec![]), "nothing follows a withdrawal");
    }

    #[test]
    fn a_fact_of_the_case_tells_of_its_round_and_another_of_each_round_before() {
        let cause = ExpiryCause::SelectionTimeout;
        let expired = Event::Expired { cause, cover: false };
        let changed = "intake.case-legs-changed.v1";
        let phase = || Phase::Expired { cause, last: collection(1) };
        let both = (vec!["intake.case-expired.v1", changed], vec![1]);
        assert_eq!(told(&case(2, phase()), &expired), both);
        assert_eq!(told(&case(1, phase()), &expired), (vec!["intake.case-expired.v1"], vec![]));
        // What nobody outside is told of and is about no leg.
        assert_eq!(told(&case(2, phase()), &Event::RedispatchRequested), (vec![], vec![]));
    }
}
