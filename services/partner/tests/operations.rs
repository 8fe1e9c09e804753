//! What operations sees of institutions, and the end of what has been kept for long enough.

use chrono::TimeDelta;
use partner::store::{contacts, retention};
use proto::common::v1::InstitutionRole;
use proto::partner::v1::contact_service_client::ContactServiceClient;
use proto::partner::v1::{Contact, ListContactsRequest};
use rpc::{Actor, Duty};
use testkit::eventually;
use tonic::{Code, Status};

use crate::field::{Bank, Field, LIMIT, decision, refusal};

async fn list(field: &Field, duty: Duty) -> Result<Vec<Contact>, Status> {
    let actor = Actor::Staff { id: "s-002".to_owned(), duties: vec![duty] };
    let mut client = ContactServiceClient::new(field.ground.channel(&partner::ROLE, actor));
    Ok(client.list_contacts(ListContactsRequest {}).await?.into_inner().contacts)
}

async fn contact(field: &Field, of: &Bank) -> Contact {
    let all = list(field, Duty::Operator).await.unwrap();
    all.into_iter().find(|contact| contact.institution_id == of.id.to_string()).unwrap()
}

#[tokio::test]
async fn contacts_tell_operators_who_was_heard_of_and_what_waits() {
    let field = Field::new().await;
    let (active, silent) = (field.bank().await, field.bank().await);
    for bank in [&active, &silent] {
        field.issue(bank, None).await;
        field.issue(bank, None).await;
    }
    let events = active.look().await;
    active.acknowledge(&[&events[0].name]).await.unwrap();
    let seen = eventually(LIMIT, async || {
        let seen = contact(&field, &active).await;
        if seen.last_contact_at.is_some() { Ok(seen) } else { Err(seen) }
    })
    .await;
    assert_eq!(seen.role, InstitutionRole::Bank as i32);
    assert_eq!((seen.open_assignments, seen.waiting_events, seen.credentials), (2, 1, 1));
    let unseen = contact(&field, &silent).await;
    assert_eq!((unseen.open_assignments, unseen.waiting_events), (2, 2));
    assert!(unseen.last_contact_at.is_none() && unseen.oldest_waiting_at.is_some());
    field.advance(31 * 86_400);
    let after = contact(&field, &silent).await;
    assert_eq!((after.credentials, after.credential_expires_at), (0, None), "its credential is over");
    for duty in [Duty::Clerk, Duty::Administrator, Duty::Regulator] {
        let refused = refusal(list(&field, duty).await);
        assert_eq!(refused, (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    }
}

#[tokio::test]
async fn an_assignment_is_unreachable_until_it_is_delivered_or_read() {
    let field = Field::new().await;
    let (puller, reader, silent) = (field.bank().await, field.bank().await, field.bank().await);
    field.issue(&puller, None).await;
    let read = field.issue(&reader, None).await;
    field.issue(&silent, None).await;
    let count = async || contacts::unreachable(&field.pool, field.now()).await.unwrap();
    assert_eq!(contacts::unreachable(&field.pool, field.now() - TimeDelta::minutes(156)).await.unwrap(), 0);
    field.advance(1);
    assert_eq!(count().await, 3);
    puller.look().await;
    reader.get(read).await.unwrap();
    assert_eq!(count().await, 1);
    silent.look().await;
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn what_is_acknowledged_and_old_is_removed_in_batches_and_nothing_else() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let mut legs = Vec::new();
    for _ in 0..3 {
        legs.push(field.issue(&bank, None).await);
    }
    for leg in &legs[..2] {
        bank.decide(decision(*leg, field.now())).await.unwrap();
    }
    let now = field.now();
    assert_eq!(retention::forget_events(&field.pool, now - TimeDelta::days(30), 10).await.unwrap(), 0);
    let later = now + TimeDelta::seconds(1);
    assert_eq!(retention::forget_events(&field.pool, later, 1).await.unwrap(), 1);
    assert_eq!(retention::forget_events(&field.pool, later, 10).await.unwrap(), 1);
    assert_eq!(bank.look().await.len(), 1, "what waits is kept however old");
    assert_eq!(retention::forget_replies(&field.pool, now - TimeDelta::days(400), 10).await.unwrap(), 0);
    assert_eq!(retention::forget_replies(&field.pool, later, 1).await.unwrap(), 1);
    assert_eq!(retention::forget_replies(&field.pool, later, 10).await.unwrap(), 1);
}
