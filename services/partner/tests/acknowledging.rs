//! Acknowledging events.

use proto::common::v1::LegState;
use proto::partner::v1::AssignmentState;
use testkit::eventually;
use tonic::Code;

use crate::field::{Field, LIMIT, Said, refusal, uuid};

#[tokio::test]
async fn names_of_others_and_names_of_nothing_are_equally_unknown() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    field.issue(&bank, None).await;
    field.issue(&other, None).await;
    let (own, foreign) = (bank.look().await.remove(0).name, other.look().await.remove(0).name);
    let nothing = format!("events/{}", uuid());
    let unknown = bank.acknowledge(&[&foreign, &own, &nothing]).await.unwrap();
    assert_eq!(unknown, [foreign.clone(), nothing]);
    assert!(bank.acknowledge(&[&own, &own]).await.unwrap().is_empty(), "acknowledging twice is no error");
    field.advance(61);
    assert_eq!(other.look().await[0].name, foreign, "the other's event is still there");
    let malformed = bank.acknowledge(&["events/x"]).await;
    assert_eq!(refusal(malformed), (Code::InvalidArgument, "FIELD_INVALID".to_owned()));
}

#[tokio::test]
async fn acknowledging_the_assignment_counts_as_having_received_it() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let legs = [field.issue(&bank, None).await, field.issue(&bank, None).await];
    let names: Vec<String> = bank.look().await.into_iter().map(|event| event.name).collect();
    bank.acknowledge(&names.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    for leg in legs {
        let heard = field.heard(leg, 1).await;
        assert_eq!(heard[0].kind, "partner.assignment-received.v1");
        let read = bank.get(leg).await.unwrap();
        assert_eq!(read.state, AssignmentState::Received as i32);
        assert_eq!(field.heard_now(leg).await.len(), 1, "it is received once");
    }
}

#[tokio::test]
async fn other_events_are_acknowledged_without_a_change_of_the_assignment() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    field.tell(leg, 2, Said::closed(bank.id, leg, LegState::TimedOut)).await;
    eventually(LIMIT, async || {
        field.count("SELECT count(*) FROM event WHERE assignment_id = $1", leg).await == 2
    })
    .await;
    let events = bank.look().await;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names.len(), 2);
    bank.acknowledge(&names).await.unwrap();
    field.advance(61);
    assert!(bank.look().await.is_empty());
    let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6 AND version = 2";
    assert_eq!(field.count(closed, leg).await, 1);
    let shut = refusal(bank.get(leg).await);
    assert_eq!(shut, (Code::FailedPrecondition, "DOSSIER_CLOSED".to_owned()), "it ended before it was seen");
}
