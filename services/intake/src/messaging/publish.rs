//! Private events to public ones, by exhaustive matches. Ids, codes and amounts only: no name, no USCC, no free text.

mod legs;

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::{CaseId, InstitutionId, LegId, ReplyId};
use proto::{common::v1 as common, intake::v1 as wire};

use crate::{
    domain::{Case, Event, Form, Leg},
    wire::timestamp,
};

pub(crate) const CASE_SUBMITTED: &str = "intake.case-submitted.v1";
pub(crate) const CASE_SUPPLEMENT_REQUESTED: &str = "intake.case-supplement-requested.v1";
pub(crate) const CASE_SUPPLEMENTED: &str = "intake.case-supplemented.v1";
pub(crate) const CASE_ACCEPTED: &str = "intake.case-accepted.v1";
pub(crate) const CASE_DISPATCHED: &str = "intake.case-dispatched.v1";
pub(crate) const CASE_OFFERS_READY: &str = "intake.case-offers-ready.v1";
pub(crate) const CASE_NO_OFFER: &str = "intake.case-no-offer.v1";
pub(crate) const CASE_REJECTED: &str = "intake.case-rejected.v1";
pub(crate) const CASE_WITHDRAWN: &str = "intake.case-withdrawn.v1";
pub(crate) const CASE_WAVE_CLOSED: &str = "intake.case-wave-closed.v1";
pub(crate) const CASE_SELECTED: &str = "intake.case-selected.v1";
pub(crate) const CASE_APPROVED: &str = "intake.case-approved.v1";
pub(crate) const CASE_REOPENED: &str = "intake.case-reopened.v1";
pub(crate) const CASE_EXPIRED: &str = "intake.case-expired.v1";
pub(crate) const CASE_LEGS_CHANGED: &str = "intake.case-legs-changed.v1";
pub(crate) const COVER_REQUESTED: &str = "intake.cover-requested.v1";
pub(crate) const LEG_ISSUED: &str = "intake.leg-issued.v1";
pub(crate) const LEG_SELECTED: &str = "intake.leg-selected.v1";
pub(crate) const LEG_UNSELECTED: &str = "intake.leg-unselected.v1";
pub(crate) const LEG_CLOSED: &str = "intake.leg-closed.v1";
pub(crate) const LEG_SUPPLEMENTED: &str = "intake.leg-supplemented.v1";
pub(crate) const REPLY_ACCEPTED: &str = "intake.reply-accepted.v1";
pub(crate) const REPLY_LATE: &str = "intake.reply-late.v1";
pub(crate) const REPLY_SUPERSEDED: &str = "intake.reply-superseded.v1";
pub(crate) const REPLY_REFUSED: &str = "intake.reply-refused.v1";

/// Every type that intake may publish.
pub(crate) const TYPES: &[&str] = &[
    CASE_SUBMITTED,
    CASE_SUPPLEMENT_REQUESTED,
    CASE_SUPPLEMENTED,
    CASE_ACCEPTED,
    CASE_DISPATCHED,
    CASE_OFFERS_READY,
    CASE_NO_OFFER,
    CASE_REJECTED,
    CASE_WITHDRAWN,
    CASE_WAVE_CLOSED,
    CASE_SELECTED,
    CASE_APPROVED,
    CASE_REOPENED,
    CASE_EXPIRED,
    CASE_LEGS_CHANGED,
    COVER_REQUESTED,
    LEG_ISSUED,
    LEG_SELECTED,
    LEG_UNSELECTED,
    LEG_CLOSED,
    LEG_SUPPLEMENTED,
    REPLY_ACCEPTED,
    REPLY_LATE,
    REPLY_SUPERSEDED,
    REPLY_REFUSED,
];

/// Those that only statistics takes, which stands any order, and for which nobody waits. That offers are ready is waited for.
pub(crate) const UNHURRIED: &[&str] = &[
    CASE_SUBMITTED,
    CASE_SUPPLEMENT_REQUESTED,
    CASE_SUPPLEMENTED,
    CASE_ACCEPTED,
    CASE_DISPATCHED,
    CASE_WAVE_CLOSED,
    CASE_LEGS_CHANGED,
];

/// What others are told of a case's event; `case` and `legs` are as they are after it. `Submitted` needs the form: see
/// [`submitted`].
pub(crate) fn of_case(case: &Case, event: &Event, legs: &[Leg], now: DateTime<Utc>) -> Vec<Outgoing> {
    let own = own_fact(case, event, legs, now);
    let changed = legs::changed(case, event, legs, own.is_some());
    let changed = changed.into_iter().map(|body| body.outgoing(CASE_LEGS_CHANGED, case, now));
    own.into_iter().chain(changed).collect()
}

/// The public fact of the event itself, if others may know it.
fn own_fact(case: &Case, event: &Event, legs: &[Leg], now: DateTime<Utc>) -> Option<Outgoing> {
    let case_id = case.id.to_string();
    let fact = |kind, body: &dyn Body| Some(body.outgoing(kind, case, now));
    let summaries = || legs::summaries(case, case.round, legs);
    let rejected = |reasons: &[String]| wire::CaseRejected {
        case_id: case.id.to_string(),
        reasons: reasons.to_vec(),
        round: i32::from(case.round),
        legs: summaries(),
    };
    match event {
        Event::SupplementRequested { asked } => {
            let document_codes = asked.iter().map(|code| code.code().to_owned()).collect();
            fact(CASE_SUPPLEMENT_REQUESTED, &wire::CaseSupplementRequested { case_id, document_codes })
        }
        Event::Supplemented { .. } => fact(CASE_SUPPLEMENTED, &wire::CaseSupplemented { case_id }),
        Event::Accepted { automatic, enterprise, park } => fact(
            CASE_ACCEPTED,
            &wire::CaseAccepted {
                case_id,
                enterprise_id: enterprise.map(|id| id.to_string()).unwrap_or_default(),
                park: park.clone(),
                automatic: *automatic,
            },
        ),
        Event::ScreenFailed { reasons } => fact(CASE_REJECTED, &rejected(reasons)),
        Event::GivenUp => fact(CASE_REJECTED, &rejected(&["GIVEN_UP".to_owned()])),
        Event::Lapsed => fact(CASE_REJECTED, &rejected(&["NO_OFFER_LAPSED".to_owned()])),
        Event::Dispatched { round, legs, closes_at } => fact(
            CASE_DISPATCHED,
            &wire::CaseDispatched {
                case_id,
                round: i32::from(*round),
                wave: 1,
                legs: i32::from(*legs),
                window_closes_at: closes_at.map(timestamp),
            },
        ),
        Event::WaveClosed => fact(
            CASE_WAVE_CLOSED,
            &wire::CaseWaveClosed {
                case_id,
                round: i32::from(case.round),
                wave: 1,
                legs: summaries(),
            },
        ),
        Event::Selected { choice } => fact(
            CASE_SELECTED,
            &wire::CaseSelected {
                case_id,
                round: i32::from(case.round),
                bank_leg_id: choice.bank.to_string(),
                cover_leg_id: text(choice.cover),
                evaluator_leg_id: text(choice.evaluator),
                amount_fen: choice.amount.get(),
                term_months: i32::from(choice.term.get()),
                approve_by: choice.approve_by.map(timestamp),
                legs: summaries(),
            },
        ),
        Event::Approved { approval } => {
            let choice = case.phase.choice();
            fact(
                CASE_APPROVED,
                &wire::CaseApproved {
                    case_id,
                    round: i32::from(case.round),
                    bank_leg_id: text(choice.map(|choice| choice.bank)),
                    cover_leg_id: text(choice.and_then(|choice| choice.cover)),
                    evaluator_leg_id: text(choice.and_then(|choice| choice.evaluator)),
                    amount_fen: approval.amount.get(),
                    term_months: i32::from(approval.term.get()),
                    annual_rate_bp: approval.rate.get(),
                    legs: summaries(),
                    cover: case.phase.has_cover(),
                },
            )
        }
        Event::Reopened { cause, choice, cover } => fact(
            CASE_REOPENED,
            &wire::CaseReopened {
                case_id,
                round: i32::from(case.round),
                cause: cause.code().to_owned(),
                cover_leg_id: text(choice.cover),
                legs: summaries(),
                cover: *cover,
            },
        ),
        Event::Expired { cause, cover } => fact(
            CASE_EXPIRED,
            &wire::CaseExpired {
                case_id,
                round: i32::from(case.round),
                cause: cause.code().to_owned(),
                legs: summaries(),
                cover: *cover,
            },
        ),
        Event::OffersReady => fact(
            CASE_OFFERS_READY,
            &wire::CaseOffersReady { case_id, round: i32::from(case.round), legs: summaries() },
        ),
        Event::NoOffer => fact(
            CASE_NO_OFFER,
            &wire::CaseNoOffer {
                case_id,
                round: i32::from(case.round),
                legs: summaries(),
                reasons: Vec::new(),
                cover: case.phase.has_cover(),
            },
        ),
        Event::NobodyToAsk { reasons, .. } => fact(
            CASE_NO_OFFER,
            &wire::CaseNoOffer {
                case_id,
                round: i32::from(case.round),
                legs: Vec::new(),
                reasons: reasons.clone(),
                cover: false,
            },
        ),
        Event::Withdrawn { cause, cover } => fact(
            CASE_WITHDRAWN,
            &wire::CaseWithdrawn {
                case_id,
                legs: summaries(),
                cause: cause.code().to_owned(),
                round: i32::from(case.round),
                cover: *cover,
            },
        ),
        Event::Submitted { .. }
        | Event::Drafted
        | Event::DraftChanged
        | Event::Held { .. }
        | Event::LegDelivered { .. }
        | Event::LegReviewing { .. }
        | Event::LegQuestioned { .. }
        | Event::LegQuestionAnswered { .. }
        | Event::LegAnswered { .. }
        | Event::LegAnsweredLate { .. }
        | Event::AnswerTakenBack { .. }
        | Event::WindowElapsed { .. }
        | Event::WindowFixed { .. }
        // Published by `cover_requested`, which needs what was frozen at dispatch.
        | Event::CoverRequested { .. }
        | Event::CoverQuoted
        | Event::CoverLapsed
        | Event::ApprovalFixed { .. }
        | Event::CoverBound
        | Event::CoverLost
        | Event::EvaluatorEngaged { .. }
        | Event::EvaluatorLost { .. }
        | Event::EvaluatorBreached { .. }
        | Event::ReportDelivered { .. }
        | Event::RedispatchRequested => None,
    }
}

/// The fact of a submission.
pub(crate) fn submitted(case: &Case, form: &Form, now: DateTime<Utc>) -> Outgoing {
    let body = wire::CaseSubmitted {
        case_id: case.id.to_string(),
        channel: case.channel.number(),
        amount_fen: form.amount.map(|amount| amount.get()).unwrap_or_default(),
        term_months: form.term.map(|term| i32::from(term.get())).unwrap_or_default(),
        submitted_at: Some(timestamp(now)),
    };
    body.outgoing(CASE_SUBMITTED, case, now)
}

/// There is a leg; what it is about is read through partner.
pub(crate) fn leg_issued(leg: &Leg, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegIssued {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        role: leg.role.number(),
        product_id: text(leg.product.map(|product| product.id)),
        product_version: leg.product.map(|product| product.version).unwrap_or_default(),
        issued_at: Some(timestamp(leg.issued_at)),
        due_at: due_at.map(timestamp),
    };
    Outgoing::new(LEG_ISSUED, leg.id.uuid(), leg.version, now, &body)
}

/// What insurance is asked for; the same again where there was no answer.
pub(crate) fn cover_requested(
    case: CaseId,
    version: i64,
    request: &wire::CoverRequested,
    now: DateTime<Utc>,
) -> Outgoing {
    Outgoing::new(COVER_REQUESTED, case.uuid(), version, now, request)
}

/// The enterprise has chosen this answer: the institution is asked to confirm it.
pub(crate) fn leg_selected(leg: &Leg, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Outgoing {
    Outgoing::new(LEG_SELECTED, leg.id.uuid(), leg.version, now, &noticed(leg, due_at))
}

/// The choice is undone; the answer stands again.
pub(crate) fn leg_unselected(leg: &Leg, now: DateTime<Utc>) -> Outgoing {
    Outgoing::new(LEG_UNSELECTED, leg.id.uuid(), leg.version, now, &noticed(leg, None))
}

fn noticed(leg: &Leg, due_at: Option<DateTime<Utc>>) -> common::LegNoticed {
    common::LegNoticed {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        due_at: due_at.map(timestamp),
    }
}

/// An id as text, or nothing.
fn text<T: ToString>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// The leg takes no more answers.
pub(crate) fn leg_closed(leg: &Leg, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegClosed {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        state: leg.state.number(),
    };
    Outgoing::new(LEG_CLOSED, leg.id.uuid(), leg.version, now, &body)
}

/// The enterprise answered the institution's question.
pub(crate) fn leg_supplemented(leg: &Leg, documents: usize, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegSupplemented {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        documents: i32::try_from(documents).unwrap_or(i32::MAX),
    };
    Outgoing::new(LEG_SUPPLEMENTED, leg.id.uuid(), leg.version, now, &body)
}

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Accepted,
    Late,
    Superseded,
    Refused(&'static str),
}

pub(crate) fn reply_judged(
    reply: ReplyId,
    leg: (LegId, InstitutionId, i64),
    fate: Fate,
    now: DateTime<Utc>,
) -> Outgoing {
    let (kind, reason) = match fate {
        Fate::Accepted => (REPLY_ACCEPTED, ""),
        Fate::Late => (REPLY_LATE, ""),
        Fate::Superseded => (REPLY_SUPERSEDED, ""),
        Fate::Refused(reason) => (REPLY_REFUSED, reason),
    };
    let (leg_id, institution, version) = leg;
    let body = common::ReplyJudged {
        reply_id: reply.to_string(),
        leg_id: leg_id.to_string(),
        institution_id: institution.to_string(),
        reason: reason.to_owned(),
    };
    Outgoing::new(kind, leg_id.uuid(), version, now, &body)
}

/// Lets one closure above take any message body.
trait Body {
    fn outgoing(&self, kind: &'static str, case: &Case, now: DateTime<Utc>) -> Outgoing;
}

impl<M: prost::Message> Body for M {
    fn outgoing(&self, kind: &'static str, case: &Case, now: DateTime<Utc>) -> Outgoing {
        Outgoing::new(kind, case.id.uuid(), case.version, now, self)
    }
}
