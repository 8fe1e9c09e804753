//! Private events to public ones, by exhaustive matches. Ids, codes and amounts only: no name, no USCC, no free text.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::ReplyId;
use proto::{common::v1 as common, insurance::v1 as wire};

use crate::{
    domain::{Cover, Event, Leg, ReleaseCause, reply::Fate},
    wire::timestamp,
};

pub(crate) const COVER_QUOTED: &str = "insurance.cover-quoted.v1";
pub(crate) const COVER_BOUND: &str = "insurance.cover-bound.v1";
pub(crate) const COVER_RELEASED: &str = "insurance.cover-released.v1";
pub(crate) const COVER_LEGS_CHANGED: &str = "insurance.cover-legs-changed.v1";
pub(crate) const LEG_ISSUED: &str = "insurance.leg-issued.v1";
pub(crate) const LEG_SELECTED: &str = "insurance.leg-selected.v1";
pub(crate) const LEG_UNSELECTED: &str = "insurance.leg-unselected.v1";
pub(crate) const LEG_CLOSED: &str = "insurance.leg-closed.v1";
pub(crate) const REPLY_ACCEPTED: &str = "insurance.reply-accepted.v1";
pub(crate) const REPLY_LATE: &str = "insurance.reply-late.v1";
pub(crate) const REPLY_SUPERSEDED: &str = "insurance.reply-superseded.v1";
pub(crate) const REPLY_REFUSED: &str = "insurance.reply-refused.v1";

/// Every type that insurance may publish.
pub(crate) const TYPES: &[&str] = &[
    COVER_QUOTED,
    COVER_BOUND,
    COVER_RELEASED,
    COVER_LEGS_CHANGED,
    LEG_ISSUED,
    LEG_SELECTED,
    LEG_UNSELECTED,
    LEG_CLOSED,
    REPLY_ACCEPTED,
    REPLY_LATE,
    REPLY_SUPERSEDED,
    REPLY_REFUSED,
];

/// What only statistics takes, which stands any order, and for which nobody waits.
pub(crate) const UNHURRIED: &[&str] = &[COVER_LEGS_CHANGED];

/// What others are told of an event; `cover` is as it is after it.
pub(crate) fn of_event(cover: &Cover, event: &Event, now: DateTime<Utc>) -> Vec<Outgoing> {
    let leg = event.leg().and_then(|id| cover.leg(id));
    let closed = || leg.map(|leg| leg_closed(leg, now));
    match event {
        Event::Quoted | Event::QuotedAgain => vec![quoted(cover, now)],
        Event::WindowFixed { closes_at } => {
            let open = cover.legs.iter().filter(|leg| leg.state.is_open());
            open.map(|leg| leg_issued(leg, Some(*closes_at), now)).collect()
        }
        Event::LegSelected { due_at, .. } => {
            leg.map(|leg| leg_selected(leg, *due_at, now)).into_iter().collect()
        }
        Event::LegUnselected { .. } => {
            leg.map(|leg| noticed(LEG_UNSELECTED, leg, None, now)).into_iter().collect()
        }
        Event::LegTakenBack { .. }
        | Event::LegTimedOut { .. }
        | Event::LegExpired { .. }
        | Event::LegReleased { .. } => closed().into_iter().collect(),
        Event::LegConfirmed { .. } => leg.map(|leg| bound(cover, leg, now)).into_iter().collect(),
        Event::LegRefused { .. } => {
            closed().into_iter().chain([released(cover, ReleaseCause::CoverRefused, leg, now)]).collect()
        }
        Event::BindingUndone { .. } => {
            closed().into_iter().chain([released(cover, ReleaseCause::BankDeclined, leg, now)]).collect()
        }
        Event::CoverGone { leg: id } => {
            let mut body = released_body(cover, ReleaseCause::CoverGone);
            body.leg_id = id.to_string();
            vec![fact(COVER_RELEASED, cover, now, &body)]
        }
        Event::Released { cause } => vec![released(cover, *cause, None, now)],
        // The legs are issued each in a span of its own, see `journal`.
        Event::Requested { .. }
        | Event::LegDelivered { .. }
        | Event::LegReviewing { .. }
        | Event::LegAnswered { .. }
        | Event::LegAnsweredLate { .. }
        | Event::LegConfirmedLate { .. }
        | Event::CaseNoted { .. } => Vec::new(),
    }
}

/// There is a leg; what it is about is read through partner.
pub(crate) fn leg_issued(leg: &Leg, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegIssued {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        role: leg.role.number(),
        product_id: String::new(),
        product_version: 0,
        issued_at: Some(timestamp(leg.issued_at)),
        due_at: due_at.map(timestamp),
    };
    Outgoing::new(LEG_ISSUED, leg.id.uuid(), leg.version, now, &body)
}

/// The enterprise has chosen this answer; until `due_at` it is to be confirmed.
pub(crate) fn leg_selected(leg: &Leg, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Outgoing {
    noticed(LEG_SELECTED, leg, due_at, now)
}

fn noticed(kind: &'static str, leg: &Leg, due_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegNoticed {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        due_at: due_at.map(timestamp),
    };
    Outgoing::new(kind, leg.id.uuid(), leg.version, now, &body)
}

/// The leg takes no more answers.
fn leg_closed(leg: &Leg, now: DateTime<Utc>) -> Outgoing {
    let body = common::LegClosed {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        state: leg.state.number(),
    };
    Outgoing::new(LEG_CLOSED, leg.id.uuid(), leg.version, now, &body)
}

pub(crate) fn reply_judged(reply: ReplyId, leg: &Leg, fate: Fate, now: DateTime<Utc>) -> Outgoing {
    let (kind, reason) = match fate {
        Fate::Accepted => (REPLY_ACCEPTED, ""),
        Fate::Late => (REPLY_LATE, ""),
        Fate::Superseded => (REPLY_SUPERSEDED, ""),
        Fate::Refused(reason) => (REPLY_REFUSED, reason),
    };
    let body = common::ReplyJudged {
        reply_id: reply.to_string(),
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        reason: reason.to_owned(),
    };
    Outgoing::new(kind, leg.id.uuid(), leg.version, now, &body)
}

/// Everything that stands, to be compared; what has lapsed and waits for its deadline is left out.
fn quoted(cover: &Cover, now: DateTime<Utc>) -> Outgoing {
    let lapsed = |leg: &&Leg| leg.is_offered() && leg.valid_until().is_some_and(|until| until < now);
    let body = wire::CoverQuoted {
        case_id: cover.case.to_string(),
        round: i32::from(cover.round),
        options: cover.standing().filter(|leg| !lapsed(leg)).filter_map(option).collect(),
        legs: summaries(cover),
    };
    fact(COVER_QUOTED, cover, now, &body)
}

fn option(leg: &Leg) -> Option<wire::CoverOption> {
    let terms = &leg.quote.as_ref()?.terms;
    Some(wire::CoverOption {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        role: leg.role.number(),
        kind: terms.kind().number(),
        amount_fen: terms.amount().get(),
        max_term_months: i32::from(terms.max_term().get()),
        coverage_bp: terms.coverage().get(),
        annual_rate_bp: terms.annual_rate().get(),
        min_cost_fen: terms.min_cost().get(),
        cost_fen: terms.cost().get(),
        valid_until: Some(timestamp(terms.valid_until())),
    })
}

fn bound(cover: &Cover, leg: &Leg, now: DateTime<Utc>) -> Outgoing {
    let body = wire::CoverBound {
        case_id: cover.case.to_string(),
        round: i32::from(cover.round),
        leg_id: leg.id.to_string(),
        legs: summaries(cover),
    };
    fact(COVER_BOUND, cover, now, &body)
}

fn released(cover: &Cover, cause: ReleaseCause, leg: Option<&Leg>, now: DateTime<Utc>) -> Outgoing {
    let mut body = released_body(cover, cause);
    body.leg_id = leg.map(|leg| leg.id.to_string()).unwrap_or_default();
    fact(COVER_RELEASED, cover, now, &body)
}

fn released_body(cover: &Cover, cause: ReleaseCause) -> wire::CoverReleased {
    wire::CoverReleased {
        case_id: cover.case.to_string(),
        round: i32::from(cover.round),
        cause: cause.code().to_owned(),
        legs: summaries(cover),
        leg_id: String::new(),
    }
}

/// What has become of the legs since the round's end, where no other fact of the cover has told it.
pub(crate) fn legs_changed(cover: &Cover, now: DateTime<Utc>) -> Outgoing {
    let body = wire::CoverLegsChanged {
        case_id: cover.case.to_string(),
        round: i32::from(cover.round),
        legs: summaries(cover),
    };
    fact(COVER_LEGS_CHANGED, cover, now, &body)
}

fn fact(kind: &'static str, cover: &Cover, now: DateTime<Utc>, body: &impl prost::Message) -> Outgoing {
    Outgoing::new(kind, cover.id.uuid(), cover.version, now, body)
}

/// For statistics.
fn summaries(cover: &Cover) -> Vec<common::LegSummary> {
    cover
        .legs
        .iter()
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
