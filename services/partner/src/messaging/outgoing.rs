//! The messages that the partner edge publishes. Their versions are filled in when the act is decided, and so is whom
//! they are for: what concerns banks and evaluators goes to intake, what concerns insurers and guarantors to insurance.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::{InstitutionId, LegId, ReplyId};
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::{AssignmentAccepted, AssignmentReceived, ListAcknowledged, ReplySubmitted};
use uuid::Uuid;

use crate::domain::ListVersion;
use crate::store::Publication;
use crate::wire::timestamp;

const ASSIGNMENT_RECEIVED: &str = "partner.assignment-received.v1";
const ASSIGNMENT_ACCEPTED: &str = "partner.assignment-accepted.v1";
const REPLY_SUBMITTED: &str = "partner.reply-submitted.v1";
const COVER_ASSIGNMENT_RECEIVED: &str = "partner.cover-assignment-received.v1";
const COVER_ASSIGNMENT_ACCEPTED: &str = "partner.cover-assignment-accepted.v1";
const COVER_REPLY_SUBMITTED: &str = "partner.cover-reply-submitted.v1";
const LIST_ACKNOWLEDGED: &str = "partner.list-acknowledged.v1";

/// Every type that is published here.
pub const PUBLISHES: &[&str] = &[
    ASSIGNMENT_RECEIVED,
    ASSIGNMENT_ACCEPTED,
    REPLY_SUBMITTED,
    COVER_ASSIGNMENT_RECEIVED,
    COVER_ASSIGNMENT_ACCEPTED,
    COVER_REPLY_SUBMITTED,
    LIST_ACKNOWLEDGED,
];

/// A version is given to a message when it is known that there is a change at all.
const NOT_YET: i64 = 0;

/// The institution has read the dossier, or acknowledged the event.
pub fn received(leg: LegId, institution: InstitutionId, now: DateTime<Utc>) -> Publication {
    let body = AssignmentReceived {
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        received_at: Some(timestamp(now)),
    };
    let message = Outgoing::new(ASSIGNMENT_RECEIVED, leg.uuid(), NOT_YET, now, &body);
    Publication { message, cover_kind: COVER_ASSIGNMENT_RECEIVED }
}

/// The institution has taken the assignment into review.
pub fn accepted(leg: LegId, institution: InstitutionId, now: DateTime<Utc>) -> Publication {
    let body = AssignmentAccepted {
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        accepted_at: Some(timestamp(now)),
    };
    let message = Outgoing::new(ASSIGNMENT_ACCEPTED, leg.uuid(), NOT_YET, now, &body);
    Publication { message, cover_kind: COVER_ASSIGNMENT_ACCEPTED }
}

/// The institution has answered, asked, or said what comes after an answer.
pub fn submitted(
    id: ReplyId,
    leg: LegId,
    institution: InstitutionId,
    now: DateTime<Utc>,
    reply: Reply,
) -> Publication {
    let body = ReplySubmitted {
        reply_id: id.to_string(),
        leg_id: leg.to_string(),
        institution_id: institution.to_string(),
        submitted_at: Some(timestamp(now)),
        reply: Some(reply),
    };
    let message = Outgoing::new(REPLY_SUBMITTED, leg.uuid(), NOT_YET, now, &body);
    Publication { message, cover_kind: COVER_REPLY_SUBMITTED }
}

/// The institution has taken over a version of a list.
pub fn list_acknowledged(institution: InstitutionId, told: ListVersion, now: DateTime<Utc>) -> Outgoing {
    let body = ListAcknowledged {
        institution_id: institution.to_string(),
        kind: told.list.number(),
        version: told.version,
        acknowledged_at: Some(timestamp(now)),
    };
    let list = Uuid::from_u64_pair(0, told.list.number().unsigned_abs().into());
    Outgoing::new(LIST_ACKNOWLEDGED, list, told.version, now, &body)
}
