//! From the body of a fact to what it means for figures, and times to and from the wire.

use chrono::{DateTime, Utc};
use prost::{DecodeError, Message};
use prost_types::Timestamp;
use proto::{
    catalog::v1 as catalog, common::v1::LegSummary, insurance::v1 as insurance, intake::v1 as intake,
    whitelist::v1 as whitelist,
};
use uuid::Uuid;

use crate::domain::{
    fact::{Fact, FactKind},
    step::{CaseState, Leg, Legs, Moment, Order, Step, Teller},
};

/// The largest amount of an application (contract of intake): more cannot have been meant, and sums must hold.
const LARGEST_FEN: i64 = 30_000_000_000;

/// A body that is not what its type says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is not of the fact's type")]
    Body(#[from] DecodeError),
    #[error("the case has no UUID")]
    CaseId(#[from] uuid::Error),
    #[error("the amount is none that an application can have")]
    Amount,
}

/// What the fact means for its case; `None` if it is not about one.
pub(crate) fn step(fact: &Fact) -> Result<Option<Step>, Unreadable> {
    let body = fact.body.as_slice();
    let reader = Reader { fact };
    let nothing = Ok(None);
    Ok(Some(match fact.kind {
        FactKind::ConsentGranted => {
            return whitelist::ConsentGranted::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::ConsentRevoked => {
            return whitelist::ConsentRevoked::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::StandingRecorded => {
            return whitelist::StandingRecorded::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::EntryListed | FactKind::EntrySuspended | FactKind::EntryRemoved => {
            return whitelist::EntryChanged::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::ListPublished => {
            return whitelist::ListPublished::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::InstitutionChanged => {
            return catalog::InstitutionChanged::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::ProductPublished => {
            return catalog::ProductPublished::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::ProductSuspended => {
            return catalog::ProductSuspended::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::ProductRetired => {
            return catalog::ProductRetired::decode(body).map_err(Into::into).and(nothing);
        }
        FactKind::CaseSubmitted => {
            let told = intake::CaseSubmitted::decode(body)?;
            reader.became(CaseState::Submitted).happened(Moment::Submitted, told.amount_fen)?
        }
        FactKind::CaseSupplementRequested => {
            intake::CaseSupplementRequested::decode(body)?;
            reader.became(CaseState::Supplement)
        }
        FactKind::CaseSupplemented => {
            intake::CaseSupplemented::decode(body)?;
            reader.became(CaseState::Submitted)
        }
        FactKind::CaseAccepted => {
            let told = intake::CaseAccepted::decode(body)?;
            Step { park: Some(told.park), ..reader.became(CaseState::Accepted) }
        }
        FactKind::CaseDispatched => {
            intake::CaseDispatched::decode(body)?;
            reader.became(CaseState::Collecting)
        }
        FactKind::CaseWaveClosed => {
            let told = intake::CaseWaveClosed::decode(body)?;
            reader.became(CaseState::Collecting).legs(told.round, &told.legs)
        }
        FactKind::CaseOffersReady => {
            let told = intake::CaseOffersReady::decode(body)?;
            let step = reader.became(CaseState::OffersReady).happened(Moment::OffersReady, 0)?;
            step.legs(told.round, &told.legs)
        }
        FactKind::CaseNoOffer => {
            let told = intake::CaseNoOffer::decode(body)?;
            let step = reader.became(CaseState::NoOffer).happened(Moment::NoOffer, 0)?;
            step.legs(told.round, &told.legs)
        }
        FactKind::CaseRejected => {
            let told = intake::CaseRejected::decode(body)?;
            reader.became(CaseState::Rejected).legs(told.round, &told.legs)
        }
        FactKind::CaseWithdrawn => {
            let told = intake::CaseWithdrawn::decode(body)?;
            let step = reader.became(CaseState::Withdrawn).happened(Moment::Withdrawn, 0)?;
            step.legs(told.round, &told.legs)
        }
        FactKind::CaseSelected => {
            let told = intake::CaseSelected::decode(body)?;
            let step = reader.became(CaseState::Selected).happened(Moment::Selected, told.amount_fen)?;
            step.legs(told.round, &told.legs)
        }
        FactKind::CaseApproved => {
            let told = intake::CaseApproved::decode(body)?;
            let step = reader.became(CaseState::Approved).happened(Moment::Approved, told.amount_fen)?;
            step.legs(told.round, &told.legs)
        }
        FactKind::CaseReopened => {
            let told = intake::CaseReopened::decode(body)?;
            reader.became(CaseState::OffersReady).legs(told.round, &told.legs)
        }
        FactKind::CaseExpired => {
            let told = intake::CaseExpired::decode(body)?;
            reader.became(CaseState::Expired).legs(told.round, &told.legs)
        }
        FactKind::CaseLegsChanged => {
            let told = intake::CaseLegsChanged::decode(body)?;
            reader.about(fact.aggregate_id).legs(told.round, &told.legs)
        }
        FactKind::CoverQuoted => {
            let told = insurance::CoverQuoted::decode(body)?;
            reader.cover(&told.case_id, told.round, &told.legs)?
        }
        FactKind::CoverBound => {
            let told = insurance::CoverBound::decode(body)?;
            reader.cover(&told.case_id, told.round, &told.legs)?
        }
        FactKind::CoverReleased => {
            let told = insurance::CoverReleased::decode(body)?;
            reader.cover(&told.case_id, told.round, &told.legs)?
        }
        FactKind::CoverLegsChanged => {
            let told = insurance::CoverLegsChanged::decode(body)?;
            reader.cover(&told.case_id, told.round, &told.legs)?
        }
    }))
}

struct Reader<'a> {
    fact: &'a Fact,
}

impl Reader<'_> {
    fn about(&self, case_id: Uuid) -> Step {
        let Fact { message_id, kind, aggregate_version, occurred_at, .. } = *self.fact;
        let (rank, message_id) = (kind.rank(), message_id.uuid());
        let order = Order { version: aggregate_version, occurred_at, rank, message_id };
        Step { case_id, order, state: None, moment: None, park: None, legs: None }
    }

    /// Facts of intake are about the case whose they are.
    fn became(&self, state: CaseState) -> Step {
        Step { state: Some(state), ..self.about(self.fact.aggregate_id) }
    }

    /// Facts of insurance name the case; their versions are those of its cover.
    fn cover(&self, case_id: &str, round: i32, legs: &[LegSummary]) -> Result<Step, Unreadable> {
        Ok(self.about(case_id.parse()?).told_by(Teller::Insurance, round, legs))
    }
}

impl Step {
    fn happened(self, moment: Moment, fen: i64) -> Result<Self, Unreadable> {
        if !(0..=LARGEST_FEN).contains(&fen) {
            return Err(Unreadable::Amount);
        }
        Ok(Self { moment: Some((moment, fen)), ..self })
    }

    fn legs(self, round: i32, legs: &[LegSummary]) -> Self {
        self.told_by(Teller::Intake, round, legs)
    }

    /// A fact without legs tells nothing of them: it does not say that there are none.
    fn told_by(self, teller: Teller, round: i32, legs: &[LegSummary]) -> Self {
        if legs.is_empty() {
            return self;
        }
        let legs = legs.iter().map(leg).collect();
        Self { legs: Some(Legs { teller, round, legs }), ..self }
    }
}

fn leg(told: &LegSummary) -> Leg {
    let times = (told.issued_at.as_ref().and_then(instant), told.replied_at.as_ref().and_then(instant));
    let response_ms = match times {
        (Some(issued), Some(replied)) => Some((replied - issued).num_milliseconds().max(0)),
        _ => None,
    };
    // Numbers below zero are in no table, and series of durations use them otherwise.
    Leg { role: told.role.max(0), outcome: told.state, response_ms }
}

fn instant(at: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Sub-second nanoseconds are always below 2^31.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
