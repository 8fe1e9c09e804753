//! Domain values as they stand in messages.

use chrono::{DateTime, Utc};
use kernel::{EventId, LegId, ReplyId};
use prost_types::Timestamp;
use proto::partner::v1;

use crate::domain::{Assignment, Credential};
use crate::store::Delivery;

pub(crate) const ASSIGNMENTS: &str = "assignments/";
pub(crate) const EVENTS: &str = "events/";

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Below a thousand million, so that it always fits.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

pub(crate) fn assignment_name(id: LegId) -> String {
    format!("{ASSIGNMENTS}{id}")
}

pub(crate) fn event_name(id: EventId) -> String {
    format!("{EVENTS}{id}")
}

/// Without dossier and supplements.
pub(crate) fn assignment(assignment: &Assignment) -> v1::Assignment {
    let terms = assignment.terms.as_ref();
    v1::Assignment {
        name: assignment_name(assignment.id),
        role: terms.map_or(0, |terms| terms.role.number()),
        state: i32::from(assignment.state.number()),
        product_id: terms.map(|terms| terms.product_id.to_string()).unwrap_or_default(),
        product_version: terms.map_or(0, |terms| terms.product_version),
        create_time: terms.map(|terms| timestamp(terms.issued_at)),
        due_time: terms.and_then(|terms| terms.due_at).map(timestamp),
        etag: assignment.etag(),
        dossier: None,
        supplements: Vec::new(),
        confirm_by_time: None,
    }
}

pub(crate) fn event(delivery: Delivery) -> v1::Event {
    v1::Event {
        name: event_name(delivery.event_id),
        r#type: i32::from(delivery.kind.number()),
        assignment: assignment_name(delivery.assignment_id),
        create_time: Some(timestamp(delivery.created_at)),
        attempt: delivery.attempt,
        reply_id: delivery.reply_id.map(|id: ReplyId| id.to_string()).unwrap_or_default(),
        reason: delivery.reason.unwrap_or_default(),
    }
}

pub(crate) fn credential(credential: &Credential) -> v1::Credential {
    v1::Credential {
        credential_id: credential.id.to_string(),
        institution_id: credential.institution_id.to_string(),
        certificate_sha256: credential.certificate.hex(),
        scopes: credential.scopes.codes(),
        issued_at: Some(timestamp(credential.issued_at)),
        expires_at: Some(timestamp(credential.expires_at)),
        revoked_at: credential.revoked_at.map(timestamp),
        last_used_at: credential.last_used_at.map(timestamp),
    }
}

#[cfg(test)]
mod tests {
    use proto::partner::v1::{AssignmentState, EventType};

    use crate::domain::{CloseCause, FeedKind, State};

    #[test]
    fn numbers_of_states_and_kinds_are_those_of_the_contract() {
        let states = [
            (State::Issued, AssignmentState::Issued),
            (State::Received, AssignmentState::Received),
            (State::Reviewing, AssignmentState::Reviewing),
            (State::InfoRequested, AssignmentState::InfoRequested),
            (State::Answered, AssignmentState::Answered),
            (State::Closed(CloseCause::TimedOut), AssignmentState::Closed),
        ];
        for (ours, theirs) in states {
            assert_eq!(i32::from(ours.number()), theirs as i32);
        }
        let kinds = [
            (FeedKind::AssignmentIssued, EventType::AssignmentIssued),
            (FeedKind::AssignmentClosed, EventType::AssignmentClosed),
            (FeedKind::SupplementAnswered, EventType::SupplementAnswered),
            (FeedKind::ReplyAccepted, EventType::ReplyAccepted),
            (FeedKind::ReplyLate, EventType::ReplyLate),
            (FeedKind::ReplySuperseded, EventType::ReplySuperseded),
            (FeedKind::ReplyRefused, EventType::ReplyRefused),
        ];
        for (ours, theirs) in kinds {
            assert_eq!(i32::from(ours.number()), theirs as i32);
        }
    }
}
