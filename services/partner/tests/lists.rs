//! Lists of the whitelist: told in the feed, read by role, taken note of once.

use bus::Outgoing;
use kernel::InstitutionId;
use prost::Message as _;
use proto::common::v1::InstitutionRole;
use proto::partner::v1::whitelist_feed_service_client::WhitelistFeedServiceClient;
use proto::partner::v1::{
    AcknowledgeWhitelistRequest, EventType, GetWhitelistRequest, GetWhitelistResponse, ListAcknowledged,
    PullEventsRequest, WhitelistKind,
};
use proto::whitelist::v1::{self as kept, ListPublished};
use rpc::client::Channel;
use testkit::eventually;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::field::{Bank, Field, LIMIT, refusal, timestamp, uuid};

fn feed(field: &Field, of: &Bank) -> WhitelistFeedServiceClient<Channel> {
    WhitelistFeedServiceClient::new(field.connect(&of.certificate, &of.token))
}

/// Says that a version is out, as whitelist does.
async fn published(field: &Field, version: i64, to: &[InstitutionId]) {
    let now = field.now();
    let body = ListPublished {
        kind: kept::ListKind::Zone.into(),
        version,
        published_at: Some(timestamp(now)),
        institution_ids: to.iter().map(ToString::to_string).collect(),
    };
    let message =
        Outgoing::new("whitelist.list-published.v1", Uuid::from_u64_pair(0, 1), version, now, &body);
    field.publish(message).await;
}

async fn waits(bank: &Bank) -> Vec<proto::partner::v1::Event> {
    eventually(LIMIT, async || {
        let events = bank.pull(PullEventsRequest { lease_seconds: 30, ..Default::default() }).await.unwrap();
        if events.is_empty() { Err("nothing yet") } else { Ok(events) }
    })
    .await
}

fn note(version: i64) -> AcknowledgeWhitelistRequest {
    AcknowledgeWhitelistRequest {
        request_id: uuid(),
        acted_by: "B0172".to_owned(),
        kind: WhitelistKind::Zone.into(),
        version,
    }
}

async fn read(field: &Field, of: &Bank) -> Result<GetWhitelistResponse, Status> {
    let request = GetWhitelistRequest { kind: WhitelistKind::Zone.into(), ..Default::default() };
    Ok(feed(field, of).get_whitelist(request).await?.into_inner())
}

#[tokio::test]
async fn a_bank_hears_of_a_version_once_in_order_and_says_once_that_it_has_taken_it_over() {
    let field = Field::with_whitelist().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    published(&field, 1, &[bank.id, other.id]).await;
    let first = waits(&bank).await;
    assert_eq!((first.len(), first[0].r#type()), (1, EventType::ListPublished));
    assert_eq!((first[0].list(), first[0].list_version), (WhitelistKind::Zone, 1));
    assert_eq!((first[0].assignment.as_str(), first[0].reason.as_str()), ("", ""));
    // Told again, as after a lost confirm, it stays one event; the next version waits for this one.
    published(&field, 1, &[bank.id]).await;
    published(&field, 2, &[bank.id]).await;
    assert!(bank.acknowledge(&[&first[0].name]).await.unwrap().is_empty());
    let second = waits(&bank).await;
    assert_eq!((second.len(), second[0].list_version), (1, 2));
    assert_ne!(second[0].name, waits(&other).await[0].name, "each has an event of its own");

    let mut client = feed(&field, &bank);
    let noted = client.acknowledge_whitelist(note(2)).await.unwrap().into_inner();
    field.advance(60);
    let again = client.acknowledge_whitelist(note(2)).await.unwrap().into_inner();
    assert_eq!(again, noted, "saying it twice is no error");
    let heard: Vec<ListAcknowledged> = field
        .heard_by_whitelist(1)
        .await
        .iter()
        .map(|body| ListAcknowledged::decode(body.as_slice()).unwrap())
        .collect();
    assert_eq!((heard.len(), heard[0].version, heard[0].institution_id.clone()), (1, 2, bank.id.to_string()));
    let unknown = client.acknowledge_whitelist(note(3)).await;
    assert_eq!(refusal(unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    let foreign = feed(&field, &other).acknowledge_whitelist(note(2)).await;
    assert_eq!(refusal(foreign), (Code::NotFound, "NOT_FOUND".to_owned()), "it was never told of the second");
    let acts: Vec<(String, Option<String>, String)> = sqlx::query_as(
        "SELECT actor, person, result FROM audit_entry WHERE action = 'ACKNOWLEDGE_LIST' ORDER BY entry_id",
    )
    .fetch_all(&field.pool)
    .await
    .unwrap();
    let act =
        |result: &str| (format!("institution:{}", bank.id), Some("B0172".to_owned()), result.to_owned());
    assert_eq!(acts, [act("DONE"), act("ALREADY_APPLIED")]);
}

#[tokio::test]
async fn banks_read_grade_and_reasons_insurers_the_grade_and_evaluators_are_refused() {
    let field = Field::with_whitelist().await;
    let bank = field.bank().await;
    let answer = read(&field, &bank).await.unwrap();
    assert_eq!((answer.kind(), answer.version, answer.items.len()), (WhitelistKind::Zone, 7, 1));
    let item = &answer.items[0];
    assert_eq!((item.grade, item.reasons.len(), item.source_level.as_str()), (2, 1, "ZONE"));
    for role in [InstitutionRole::Insurer, InstitutionRole::Guarantor] {
        let institution = field.institution(role).await;
        let answer = read(&field, &institution).await.unwrap();
        // Even if more came from inside.
        assert_eq!((answer.items[0].grade, answer.items[0].reasons.len()), (2, 0));
    }
    let evaluator = field.institution(InstitutionRole::Evaluator).await;
    let refused = (Code::PermissionDenied, "LIST_NOT_FOR_ROLE".to_owned());
    assert_eq!(refusal(read(&field, &evaluator).await), refused);
    assert_eq!(refusal(feed(&field, &evaluator).acknowledge_whitelist(note(1)).await), refused);
    let assigned = field.bank_with(&["assignments"]).await;
    let scope = (Code::PermissionDenied, "SCOPE_MISSING".to_owned());
    assert_eq!(refusal(read(&field, &assigned).await), scope);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_now_is_to_be_asked_for_again() {
    let field = Field::new().await;
    let bank = field.bank().await;
    assert_eq!(refusal(read(&field, &bank).await), (Code::Unavailable, "LIST_UNAVAILABLE".to_owned()));
    let request = GetWhitelistRequest::default();
    let refused = feed(&field, &bank).get_whitelist(request).await;
    assert_eq!(refusal(refused), (Code::InvalidArgument, "ENUM_UNSPECIFIED".to_owned()));
}
