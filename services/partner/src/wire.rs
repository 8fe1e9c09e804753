//! Domain values as they stand in messages.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionRole, LegId, ReplyId};
use prost_types::Timestamp;
use proto::partner::v1;

use crate::domain::{Assignment, Credential, FeedKind, ListVersion};
use crate::store::Delivery;
use crate::store::contacts::Contact;

pub(crate) const ASSIGNMENTS: &str = "assignments/";
pub(crate) const EVENTS: &str = "events/";
pub(crate) const PRODUCTS: &str = "products/";

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
    let product = terms.and_then(|terms| terms.product);
    v1::Assignment {
        name: assignment_name(assignment.id),
        role: terms.map_or(0, |terms| terms.role.number()),
        state: i32::from(assignment.state.number()),
        product_id: product.map(|product| product.id.to_string()).unwrap_or_default(),
        product_version: product.map_or(0, |product| product.version),
        create_time: terms.map(|terms| timestamp(terms.issued_at)),
        due_time: terms.and_then(|terms| terms.due_at).map(timestamp),
        etag: assignment.etag(),
        dossier: None,
        supplements: Vec::new(),
        confirm_by_time: assignment.state.choice().and_then(|choice| choice.confirm_by).map(timestamp),
    }
}

pub(crate) fn event(delivery: Delivery) -> v1::Event {
    let mut event = v1::Event {
        name: event_name(delivery.event_id),
        r#type: i32::from(delivery.kind.number()),
        assignment: String::new(),
        create_time: Some(timestamp(delivery.created_at)),
        attempt: delivery.attempt,
        reply_id: delivery.reply_id.map(|id: ReplyId| id.to_string()).unwrap_or_default(),
        reason: String::new(),
        list: 0,
        list_version: 0,
    };
    if delivery.kind == FeedKind::ListPublished {
        let told = delivery.reason.as_deref().and_then(ListVersion::parse);
        (event.list, event.list_version) = told.map_or((0, 0), |told| (told.list.number(), told.version));
    } else {
        event.assignment = assignment_name(delivery.assignment_id);
        event.reason = delivery.reason.unwrap_or_default();
    }
    event
}

pub(crate) fn contact(contact: &Contact) -> v1::Contact {
    v1::Contact {
        institution_id: contact.institution_id.to_string(),
        role: contact.role.map_or(0, InstitutionRole::number),
        last_contact_at: contact.last_contact_at.map(timestamp),
        open_assignments: count(contact.open_assignments),
        waiting_events: count(contact.waiting_events),
        oldest_waiting_at: contact.oldest_waiting_at.map(timestamp),
        credentials: count(contact.credentials),
        credential_expires_at: contact.credential_expires_at.map(timestamp),
    }
}

fn count(rows: i64) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
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
    use kernel::ReplyId;
    use proto::partner::v1::{AssignmentState, EventType};
    use uuid::Uuid;

    use crate::domain::{Choice, CloseCause, FeedKind, Standing, State};

    #[test]
    fn numbers_of_states_and_kinds_are_those_of_the_contract() {
        let (choice, by) = (Choice { confirm_by: None }, ReplyId::from_uuid(Uuid::nil()));
        let states = [
            (State::Issued, AssignmentState::Issued),
            (State::Received, AssignmentState::Received),
            (State::Reviewing, AssignmentState::Reviewing),
            (State::InfoRequested, AssignmentState::InfoRequested),
            (State::Answered(Standing::Offer), AssignmentState::Answered),
            (State::Closed { cause: CloseCause::TimedOut, seen: true }, AssignmentState::Closed),
            (State::Selected(choice), AssignmentState::Selected),
            (State::Confirmed { choice, by }, AssignmentState::Confirmed),
            (State::Fulfilled { choice, confirmed_by: None, by }, AssignmentState::Fulfilled),
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
            (FeedKind::AssignmentSelected, EventType::AssignmentSelected),
            (FeedKind::AssignmentUnselected, EventType::AssignmentUnselected),
            (FeedKind::ListPublished, EventType::ListPublished),
        ];
        for (ours, theirs) in kinds {
            assert_eq!(i32::from(ours.number()), theirs as i32);
        }
    }
}
