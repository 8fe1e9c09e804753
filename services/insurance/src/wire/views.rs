//! What staff is shown. While a window is open, a leg shows only whether it was delivered and whether it was answered,
//! never what: the desk is under the seal too (domain.md §3.2, §7).

use std::collections::HashMap;

use kernel::{DeclineReason, InstitutionRole, LegId, leg::LegState};
use proto::{common::v1::LegProgress, insurance::v1 as wire};

use super::{terms, timestamp};
use crate::domain::{Appetite, Cover, Leg, Need, Phase, Quote, appetite::kinds_of};

pub(crate) fn appetite(appetite: &Appetite) -> wire::Appetite {
    wire::Appetite {
        institution_id: appetite.institution.to_string(),
        role: appetite.role.number(),
        kinds: appetite.kinds.iter().map(|kind| kind.number()).collect(),
        amount_min_fen: appetite.amount_min.get(),
        amount_max_fen: appetite.amount_max.get(),
        term_max_months: i32::from(appetite.term_max.get()),
        parks: appetite.parks.clone(),
        sizes: appetite.sizes.iter().map(|size| size.number()).collect(),
        lowest_grade: appetite.lowest_grade.map(|grade| grade.number()).unwrap_or_default(),
        core_solvency_bp: appetite.core_solvency.get(),
        comprehensive_solvency_bp: appetite.comprehensive_solvency.get(),
        government_backed: appetite.government_backed,
        suspended: appetite.suspended,
    }
}

pub(crate) fn need(need: &Need) -> wire::CoverNeed {
    wire::CoverNeed {
        kinds: need.kinds.iter().map(|kind| kind.number()).collect(),
        amount_fen: need.amount.get(),
        term_months: i32::from(need.term.get()),
        park: need.park.clone(),
        size: need.size.map(|size| size.number()).unwrap_or_default(),
        grade: need.grade.map(|grade| grade.number()).unwrap_or_default(),
    }
}

/// As an institution of this role is told: what it can give, and nothing of what others are asked for.
pub(crate) fn need_for(asked: &Need, role: InstitutionRole) -> wire::CoverNeed {
    let own = asked.kinds.iter().copied().filter(|kind| kinds_of(role).contains(kind)).collect();
    need(&Need { kinds: own, ..asked.clone() })
}

pub(crate) fn round(cover: &Cover, late: &HashMap<LegId, Quote>) -> wire::CoverRound {
    wire::CoverRound {
        round: i32::from(cover.round),
        need: Some(need(&cover.need)),
        state: i32::from(state(&cover.phase)),
        window_closes_at: cover.join.closes_at.map(timestamp),
        legs: cover.legs.iter().map(|one| leg(cover, one, late.get(&one.id))).collect(),
    }
}

fn state(phase: &Phase) -> wire::CoverState {
    match phase {
        Phase::Collecting => wire::CoverState::Collecting,
        Phase::Quoted => wire::CoverState::Quoted,
        Phase::NoQuote => wire::CoverState::None,
        Phase::Held { .. } => wire::CoverState::Held,
        Phase::Bound { .. } => wire::CoverState::Bound,
        Phase::Released { .. } => wire::CoverState::Released,
    }
}

fn leg(cover: &Cover, leg: &Leg, late: Option<&Quote>) -> wire::CoverLeg {
    let sealed = cover.is_sealed();
    // What came too late is shown where nothing came in time.
    let late = late.filter(|_| leg.quote.is_none());
    let answer = leg.quote.as_ref().or(late).filter(|_| !sealed).map(terms::answer);
    wire::CoverLeg {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        role: leg.role.number(),
        progress: i32::from(if sealed && cover.ended { ended(leg) } else { progress(leg.state) }),
        state: if sealed { 0 } else { leg.state.number() },
        issued_at: Some(timestamp(leg.issued_at)),
        delivered_at: leg.delivered_at.map(timestamp),
        replied_at: leg.replied_at.map(timestamp),
        decline_reason: leg
            .decline_reason()
            .filter(|_| !sealed)
            .map(DeclineReason::number)
            .unwrap_or_default(),
        answer,
        late: late.is_some() && !sealed,
        document_no: leg.document_no.clone(),
    }
}

/// Of a round that was ended under the seal: whether the institution had answered, and no more.
fn ended(leg: &Leg) -> LegProgress {
    match leg.replied_at {
        Some(_) => LegProgress::Replied,
        None => LegProgress::Closed,
    }
}

/// Under the seal a quote that was taken back shows as what it was: a reply.
fn progress(state: LegState) -> LegProgress {
    match state {
        LegState::Created => LegProgress::Issued,
        LegState::Received | LegState::Reviewing => LegProgress::Delivered,
        LegState::InfoRequested => LegProgress::Question,
        LegState::Offered { .. }
        | LegState::Declined { .. }
        | LegState::WithdrawnByInstitution { .. }
        | LegState::Selected { .. }
        | LegState::Confirmed { .. }
        | LegState::Fulfilled { .. }
        | LegState::Breached { .. } => LegProgress::Replied,
        LegState::TimedOut | LegState::Expired { .. } | LegState::Released => LegProgress::Closed,
    }
}
