//! What staff is shown. While a window is open, a leg shows only whether it was delivered and whether it was answered,
//! never what: the desk is under the seal too (domain.md §3.2, §7).

use chrono::{DateTime, Utc};
use kernel::{Calendar, DeclineReason, Due, leg::LegState};
use proto::{common::v1::LegProgress, intake::v1 as wire};

use super::{application::application, timestamp};
use crate::{
    domain::{Case, Leg, Phase},
    store::{
        cases::Record,
        deadlines::{Deadline, Kind},
        timeline::Entry,
    },
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
        Phase::Expired { .. } => wire::CaseState::Expired,
        Phase::Selected { .. } => wire::CaseState::Selected,
        Phase::Approved { .. } => wire::CaseState::Approved,
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
        selection: selection(&case.phase),
    }
}

fn reasons(phase: &Phase) -> Vec<String> {
    match phase {
        Phase::Submitted { held } => held.clone(),
        Phase::Supplement { asked } => asked.iter().map(|code| code.code().to_owned()).collect(),
        Phase::NoOffer { reasons, .. } | Phase::Rejected { reasons } => reasons.clone(),
        Phase::Withdrawn { cause } => vec![cause.code().to_owned()],
        Phase::Expired { cause, .. } => vec![cause.code().to_owned()],
        Phase::Draft
        | Phase::Accepted
        | Phase::Collecting(_)
        | Phase::OffersReady(_)
        | Phase::Selected { .. }
        | Phase::Approved { .. } => Vec::new(),
    }
}

fn selection(phase: &Phase) -> Option<wire::Selection> {
    let choice = phase.choice()?;
    let text = |id: Option<kernel::LegId>| id.map(|id| id.to_string()).unwrap_or_default();
    let approval = match phase {
        Phase::Approved { approval, .. } => Some(wire::Approval {
            approval_no: approval.number.clone(),
            amount_fen: approval.amount.get(),
            term_months: i32::from(approval.term.get()),
            annual_rate_bp: approval.rate.get(),
            approved_at: Some(timestamp(approval.approved_at)),
        }),
        _ => None,
    };
    Some(wire::Selection {
        bank_leg_id: choice.bank.to_string(),
        cover_leg_id: text(choice.cover),
        evaluator_leg_id: text(choice.evaluator),
        selected_at: Some(timestamp(choice.selected_at)),
        approve_by: choice.approve_by.map(timestamp),
        approval,
        cover_bound: choice.cover_bound,
        cover_lost: choice.cover_lost,
    })
}

pub(crate) fn view(
    record: &Record,
    legs: &[Leg],
    deadlines: &[Deadline],
    calendar: &Calendar,
) -> wire::CaseView {
    wire::CaseView {
        header: Some(header(record)),
        application: Some(application(&record.form)),
        legs: legs.iter().map(|one| leg(&record.case, one)).collect(),
        deadlines: deadlines
            .iter()
            // That somebody is told again is nobody's deadline.
            .filter(|deadline| deadline.kind != Kind::Chosen)
            .map(|deadline| wire::PendingDeadline {
                kind: deadline.kind.code().to_owned(),
                due_at: promised(&record.case.phase, deadline, calendar).map(timestamp),
            })
            .collect(),
    }
}

/// Until when there is time. The row of a deadline may fall due before, to ask the silent again, and falls due after it by
/// the time for what is on its way.
fn promised(phase: &Phase, deadline: &Deadline, calendar: &Calendar) -> Option<DateTime<Utc>> {
    match deadline.kind {
        Kind::Window => phase.collection().and_then(|round| round.closes_at),
        Kind::Approval => phase.choice().and_then(|choice| choice.approve_by),
        Kind::Cover | Kind::Valuation => match calendar.deadline(deadline.since, deadline.span) {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        },
        Kind::Plan | Kind::Supplement | Kind::Selection | Kind::NoOffer | Kind::Chosen => deadline.due_at,
    }
}

pub(crate) fn leg(case: &Case, leg: &Leg) -> wire::LegView {
    let withdrawn = case.phase.is_withdrawn();
    let sealed = case.phase.is_sealed() && (withdrawn || leg.round == case.round);
    let question = leg.state == LegState::InfoRequested;
    wire::LegView {
        leg_id: leg.id.to_string(),
        round: i32::from(leg.round),
        wave: i32::from(leg.wave),
        role: leg.role.number(),
        institution_id: leg.institution.to_string(),
        product_id: leg.product.map(|product| product.id.to_string()).unwrap_or_default(),
        product_version: leg.product.map(|product| product.version).unwrap_or_default(),
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
        | LegState::Breached { .. }
        // Under the seal, an answer that was taken back looks like any other.
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. } => LegProgress::Replied,
        LegState::TimedOut | LegState::Released => LegProgress::Closed,
    }
}

/// Entries as staff may see them: under the seal, a late refusal shows no reason, and nobody's answer is seen to have
/// been one that can be taken back.
pub(crate) fn timeline(case: &Case, entries: Vec<Entry>) -> Vec<wire::TimelineEntry> {
    let sealed = case.phase.is_sealed();
    let shown = |entry: Entry| match entry.kind.as_str() {
        "LEG_ANSWERED_LATE" if sealed => Entry { codes: Vec::new(), ..entry },
        _ => entry,
    };
    let hidden = |entry: &Entry| sealed && entry.kind == "LEG_ANSWER_TAKEN_BACK";
    entries.into_iter().filter(|one| !hidden(one)).map(|one| entry(shown(one))).collect()
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
