//! What staff is shown. While a window is open, a leg shows only whether it was delivered and whether it was answered,
//! never what: the desk is under the seal too (domain.md §3.2, §7).

use kernel::{DeclineReason, leg::LegState};
use proto::{common::v1::LegProgress, intake::v1 as wire};

use super::{application::application, timestamp};
use crate::{
    domain::{Case, Leg, Offer, Phase},
    store::{cases::Record, timeline::Entry},
};

pub(crate) fn state(phase: &Phase) -> wire::CaseState {
    match phase {
        Phase::Draft => wire::CaseState::Draft,
        Phase::Submitted { .. } => wire::CaseState::Submitted,
        Phase::Supplement { .. } => wire::CaseState::Supplement,
        Phase::Accepted => wire::CaseState::Accepted,
        Phase::Collecting(_) => wire::CaseState::Collecting,
        Phase::OffersReady(_) => wire::CaseState::OffersReady,
        Phase::NoOffer { .. } => wire::CaseState::NoOffer,
        Phase::Rejected { .. } => wire::CaseState::Rejected,
        Phase::Withdrawn { .. } => wire::CaseState::Withdrawn,
    }
}

/// The stored state's name for a wire state; None for UNSPECIFIED and unknown numbers.
pub(crate) fn state_code(number: i32) -> Option<&'static str> {
    match wire::CaseState::try_from(number).ok()? {
        wire::CaseState::Unspecified => None,
        wire::CaseState::Draft => Some("DRAFT"),
        wire::CaseState::Submitted => Some("SUBMITTED"),
        wire::CaseState::Supplement => Some("SUPPLEMENT"),
        wire::CaseState::Accepted => Some("ACCEPTED"),
        wire::CaseState::Collecting => Some("COLLECTING"),
        wire::CaseState::OffersReady => Some("OFFERS_READY"),
        wire::CaseState::NoOffer => Some("NO_OFFER"),
        wire::CaseState::Rejected => Some("REJECTED"),
        wire::CaseState::Withdrawn => Some("WITHDRAWN"),
        wire::CaseState::Expired => Some("EXPIRED"),
        wire::CaseState::Selected => Some("SELECTED"),
        wire::CaseState::Approved => Some("APPROVED"),
    }
}

pub(crate) fn header(record: &Record) -> wire::CaseHeader {
    let case = &record.case;
    let round = case.phase.collection();
    wire::CaseHeader {
        case_id: case.id.to_string(),
        case_no: record.number.to_string(),
        state: i32::from(state(&case.phase)),
        version: case.version,
        submitted_at: record.submitted_at.map(timestamp),
        channel: case.channel.number(),
        round: i32::from(case.round),
        legs_total: round.map(|round| i32::from(round.legs)).unwrap_or_default(),
        legs_answered: round.map(|round| i32::from(round.answered)).unwrap_or_default(),
        window_closes_at: round.and_then(|round| round.closes_at).map(timestamp),
        reasons: reasons(&case.phase),
        trace_id: record
            .root_traceparent
            .as_deref()
            .and_then(telemetry::context::trace_id)
            .unwrap_or_default(),
        wave: round.map(|round| i32::from(round.wave)).unwrap_or_default(),
        selection: None,
    }
}

fn reasons(phase: &Phase) -> Vec<String> {
    match phase {
        Phase::Submitted { held } => held.clone(),
        Phase::Supplement { asked } => asked.iter().map(|code| code.code().to_owned()).collect(),
        Phase::NoOffer { reasons, .. } | Phase::Rejected { reasons } => reasons.clone(),
        Phase::Withdrawn { cause } => vec![cause.code().to_owned()],
        Phase::Draft | Phase::Accepted | Phase::Collecting(_) | Phase::OffersReady(_) => Vec::new(),
    }
}

pub(crate) fn view(
    record: &Record,
    legs: &[Leg],
    deadlines: Vec<(String, Option<chrono::DateTime<chrono::Utc>>)>,
) -> wire::CaseView {
    wire::CaseView {
        header: Some(header(record)),
        application: Some(application(&record.form)),
        legs: legs.iter().map(|one| leg(&record.case, one)).collect(),
        deadlines: deadlines
            .into_iter()
            .map(|(kind, due_at)| wire::PendingDeadline { kind, due_at: due_at.map(timestamp) })
            .collect(),
    }
}

pub(crate) fn leg(case: &Case, leg: &Leg) -> wire::LegView {
    // A round that ended by withdrawal stays sealed: nobody needs its answers any more.
    let withdrawn = matches!(case.phase, Phase::Withdrawn { .. });
    let sealed = withdrawn || (case.phase.is_sealed() && leg.round == case.round);
    let question = leg.state == LegState::InfoRequested;
    wire::LegView {
        leg_id: leg.id.to_string(),
        round: i32::from(leg.round),
        wave: i32::from(leg.wave),
        role: leg.role.number(),
        institution_id: leg.institution.to_string(),
        product_id: leg.product.to_string(),
        product_version: leg.product_version,
        progress: i32::from(if withdrawn { ended(leg) } else { progress(leg.state) }),
        state: if sealed { 0 } else { leg.state.number() },
        issued_at: Some(timestamp(leg.issued_at)),
        delivered_at: leg.delivered_at.map(timestamp),
        replied_at: leg.replied_at.map(timestamp),
        asked_document_codes: if question {
            leg.asked.iter().map(|code| code.code().to_owned()).collect()
        } else {
            Vec::new()
        },
        asked_note: if question { leg.asked_note.clone() } else { String::new() },
        decline_reason: match leg.state {
            LegState::Declined { reason } if !sealed => DeclineReason::number(reason),
            _ => 0,
        },
    }
}

/// Of a withdrawn case: whether the institution had answered, and no more.
fn ended(leg: &Leg) -> LegProgress {
    match leg.replied_at {
        Some(_) => LegProgress::Replied,
        None => LegProgress::Closed,
    }
}

fn progress(state: LegState) -> LegProgress {
    match state {
        LegState::Created => LegProgress::Issued,
        LegState::Received | LegState::Reviewing => LegProgress::Delivered,
        LegState::InfoRequested => LegProgress::Question,
        LegState::Offered { .. }
        | LegState::Declined { .. }
        | LegState::Selected { .. }
        | LegState::Confirmed { .. }
        | LegState::Fulfilled { .. }
        | LegState::Breached { .. } => LegProgress::Replied,
        LegState::TimedOut
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. }
        | LegState::Released => LegProgress::Closed,
    }
}

/// Entries as staff may see them: under the seal, a late refusal shows no reason either.
pub(crate) fn timeline(case: &Case, entries: Vec<Entry>) -> Vec<wire::TimelineEntry> {
    let sealed = case.phase.is_sealed();
    let shown = |entry: Entry| match entry.kind.as_str() {
        "LEG_ANSWERED_LATE" if sealed => Entry { codes: Vec::new(), ..entry },
        _ => entry,
    };
    entries.into_iter().map(|one| entry(shown(one))).collect()
}

fn entry(entry: Entry) -> wire::TimelineEntry {
    wire::TimelineEntry {
        version: entry.version,
        at: Some(timestamp(entry.at)),
        kind: entry.kind,
        party: entry.party,
        actor: entry.actor,
        leg_id: entry.leg.map(|leg| leg.to_string()).unwrap_or_default(),
        codes: entry.codes,
        trace_id: entry.trace_id.unwrap_or_default(),
    }
}

/// Standing offers of the present round, cheapest first, and the late ones.
pub(crate) fn offers(case: &Case, legs: &[Leg], all: Vec<Offer>) -> wire::ListOffersResponse {
    let of = |offer: &Offer| legs.iter().find(|leg| leg.id == offer.leg).cloned();
    let (late, in_time): (Vec<Offer>, Vec<Offer>) = all.into_iter().partition(|offer| offer.late);
    let mut standing: Vec<(Leg, Offer)> = in_time
        .into_iter()
        .filter_map(|offer| of(&offer).map(|leg| (leg, offer)))
        .filter(|(leg, offer)| {
            leg.round == case.round
                && leg.standing_reply == Some(offer.reply)
                && matches!(
                    leg.state,
                    LegState::Offered { .. } | LegState::Selected { .. } | LegState::Confirmed { .. }
                )
        })
        .collect();
    standing.sort_by_key(|(_, offer)| (offer.yearly_cost(), offer.reply.uuid()));
    wire::ListOffersResponse {
        offers: standing.iter().map(|(leg, one)| offer_view(leg, one)).collect(),
        late_offers: late.iter().filter_map(|one| of(one).map(|leg| offer_view(&leg, one))).collect(),
        valuations: Vec::new(),
        covers: Vec::new(),
    }
}

fn offer_view(leg: &Leg, offer: &Offer) -> wire::OfferView {
    wire::OfferView {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        product_id: leg.product.to_string(),
        product_version: leg.product_version,
        offer: Some(wire::Offer {
            offer_seq: i32::try_from(offer.seq).unwrap_or(i32::MAX),
            amount_fen: offer.amount.get(),
            term_months: i32::from(offer.term.get()),
            annual_rate_bp: offer.rate.get(),
            repayment: offer.repayment.number(),
            enhancement: offer.enhancement.number(),
            fees_fen: offer.fees.get(),
            valid_until: Some(timestamp(offer.valid_until)),
        }),
        submitted_at: Some(timestamp(offer.submitted_at)),
        cost: None,
        ways: Vec::new(),
        cover_missing: false,
        state: leg.state.number(),
    }
}
