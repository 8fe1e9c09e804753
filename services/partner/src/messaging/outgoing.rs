//! The messages that the partner edge publishes. Their versions are filled in when the act is decided.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::{InstitutionId, LegId, ReplyId};
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::{AssignmentAccepted, AssignmentReceived, ReplySubmitted};

use crate::wire::timestamp;

const ASSIGNMENT_RECEIVED: &str = "partner.assignment-received.v1";
const ASSIGNMENT_ACCEPTED: &str = "partner.assignment-accepted.v1";
const REPLY_SUBMITTED: &str = "partner.reply-submitted.v1";

/// Every type that is published here.
pub const PUBLISHES: &[&str] = &[ASSIGNMENT_RECEIVED, ASSIGNMENT_ACCEPTED, REPLY_SUBMITTED];

/// A version is given to a message when it is known that there is a change at all.
const NOT_YET: i64 = 0;

/// The institution has read the dossier, or acknowledged the event.
pub fn received(leg: LegId, institution: InstitutionId, now: DateTime<Utc>) -> Outgoing {
    let body = AssignmentReceived {
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        received_at: Some(timestamp(now)),
    };
    Outgoing::new(ASSIGNMENT_RECEIVED, leg.uuid(), NOT_YET, now, &body)
}

/// The institution has taken the assignment into review.
pub fn accepted(leg: LegId, institution: InstitutionId, now: DateTime<Utc>) -> Outgoing {
    let body = AssignmentAccepted {
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        accepted_at: Some(timestamp(now)),
    };
    Outgoing::new(ASSIGNMENT_ACCEPTED, leg.uuid(), NOT_YET, now, &body)
}

/// The institution has answered, or asked.
pub fn submitted(
    id: ReplyId,
    leg: LegId,
    institution: InstitutionId,
    now: DateTime<Utc>,
    reply: Reply,
) -> Outgoing {
    let body = ReplySubmitted {
        reply_id: id.to_string(),
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        submitted_at: Some(timestamp(now)),
        reply: Some(reply),
    };
    Outgoing::new(REPLY_SUBMITTED, leg.uuid(), NOT_YET, now, &body)
}
