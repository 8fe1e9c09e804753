//! Reads partner's messages. What cannot be read is parked with a reason, never a panic; an answer that can be read and
//! not be kept is refused, and its institution told.

use bus::Message;
use chrono::{DateTime, Utc};
use kernel::{DeclineReason, InstitutionId, LegId, ReplyId};
use prost::Message as _;
use proto::partner::v1 as partner;
use proto::partner::v1::reply_submitted::Reply as Sent;

use super::{instant, terms};
use crate::domain::{Quote, Terms, reply::Reply};

/// Longest number of a policy or contract, in characters.
const DOCUMENT_NO_MAX: usize = 64;

/// One message of partner's, read.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub leg: LegId,
    pub institution: InstitutionId,
    /// When the institution acted, by partner's clock.
    pub at: DateTime<Utc>,
    pub reply: Reply,
}

const UNREADABLE: &str = "BODY_UNREADABLE";

/// # Errors
/// The reason to park the message.
pub(crate) fn read(message: &Message) -> Result<Incoming, &'static str> {
    let body = message.body.as_slice();
    match message.kind.as_str() {
        "partner.cover-assignment-received.v1" => {
            let body = partner::AssignmentReceived::decode(body).map_err(|_| UNREADABLE)?;
            incoming(&body.leg_id, &body.institution_id, body.received_at, |_| Ok(Reply::Received))
        }
        "partner.cover-assignment-accepted.v1" => {
            let body = partner::AssignmentAccepted::decode(body).map_err(|_| UNREADABLE)?;
            incoming(&body.leg_id, &body.institution_id, body.accepted_at, |_| Ok(Reply::Accepted))
        }
        "partner.cover-reply-submitted.v1" => {
            let body = partner::ReplySubmitted::decode(body).map_err(|_| UNREADABLE)?;
            incoming(&body.leg_id, &body.institution_id, body.submitted_at, |at| reply(&body, at))
        }
        _ => Err("TYPE_UNKNOWN"),
    }
}

fn incoming(
    leg: &str,
    institution: &str,
    at: Option<prost_types::Timestamp>,
    reply: impl FnOnce(DateTime<Utc>) -> Result<Reply, &'static str>,
) -> Result<Incoming, &'static str> {
    let at = at.as_ref().and_then(instant).ok_or(UNREADABLE)?;
    Ok(Incoming {
        leg: leg.parse().map_err(|_| UNREADABLE)?,
        institution: institution.parse().map_err(|_| UNREADABLE)?,
        at,
        reply: reply(at)?,
    })
}

fn reply(body: &partner::ReplySubmitted, at: DateTime<Utc>) -> Result<Reply, &'static str> {
    let reply: ReplyId = body.reply_id.parse().map_err(|_| UNREADABLE)?;
    let reason = |given: &partner::DeclineGiven| {
        DeclineReason::from_number(given.reason).ok_or("DECLINE_REASON_UNKNOWN")
    };
    Ok(match body.reply.as_ref().ok_or(UNREADABLE)? {
        Sent::Insurance(quote) => quoted(reply, quote.quote_seq, at, terms::insurance(quote)),
        Sent::Guarantee(given) => quoted(reply, given.commitment_seq, at, terms::guarantee(given)),
        Sent::Decline(given) => Reply::Decline { reply, reason: reason(given)? },
        Sent::Supplement(_) => Reply::Question { reply },
        Sent::TakenBack(_) => Reply::TakenBack { reply },
        Sent::Confirmed(given) if given.document_no.chars().count() > DOCUMENT_NO_MAX => {
            Reply::OutOfRange { reply }
        }
        Sent::Confirmed(given) => Reply::Confirmed { reply, document_no: given.document_no.clone() },
        Sent::Refused(given) => Reply::Refused { reply, reason: reason(given)? },
        Sent::Offer(_) | Sent::Valuation(_) | Sent::Approval(_) | Sent::Report(_) => {
            Reply::NotForCover { reply }
        }
    })
}

fn quoted(reply: ReplyId, seq: i32, submitted_at: DateTime<Utc>, terms: Option<Terms>) -> Reply {
    let seq = u32::try_from(seq).ok().filter(|seq| *seq > 0);
    match (seq, terms) {
        (Some(seq), Some(terms)) => Reply::Quote(Box::new(Quote { reply, seq, terms, submitted_at })),
        _ => Reply::OutOfRange { reply },
    }
}
