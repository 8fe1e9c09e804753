//! Reading, listing and accepting assignments.

use std::collections::HashSet;

use prost::Message as _;
use proto::common::v1::LegState;
use proto::partner::v1::{
    AssignmentReceived, AssignmentState, ListAssignmentsRequest, ListAssignmentsResponse,
};
use testkit::eventually;
use tonic::Code;

use crate::field::{Bank, Field, LIMIT, Said, decision, name, refusal};

async fn list(
    bank: &Bank,
    request: ListAssignmentsRequest,
) -> Result<ListAssignmentsResponse, tonic::Status> {
    Ok(bank.assignments.clone().list_assignments(request).await?.into_inner())
}

#[tokio::test]
async fn reading_gives_the_dossier_and_counts_as_having_received() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, Some(3600)).await;
    let read = bank.get(leg).await.unwrap();
    assert_eq!(read.state, AssignmentState::Received as i32);
    assert_eq!(read.name, name(leg));
    assert_eq!(read.product_version, 3);
    assert_eq!(read.dossier.unwrap().case_no, "RZ4190012022091500073");
    assert_eq!(read.supplements.len(), 1);
    assert!(read.due_time.is_some());
    let heard = field.heard(leg, 1).await;
    assert_eq!(heard[0].kind, "partner.assignment-received.v1");
    let body = AssignmentReceived::decode(heard[0].body.as_slice()).unwrap();
    assert_eq!((body.leg_id, body.institution_id), (leg.to_string(), bank.id.to_string()));
    let again = bank.get(leg).await.unwrap();
    assert_eq!(again.etag, read.etag, "a second reading changes nothing");
    let audited = "SELECT count(*) FROM audit_entry WHERE object_id = $1 AND action = 'READ_DOSSIER'";
    assert_eq!(field.count(audited, leg).await, 2, "and is on record all the same");
    assert_eq!(field.heard_now(leg).await.len(), 1);
}

#[tokio::test]
async fn consent_is_asked_at_every_reading_and_intake_being_away_is_told_apart() {
    let mut field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    bank.get(leg).await.unwrap();
    field.allow(bank.id, leg, false).await;
    assert_eq!(refusal(bank.get(leg).await), (Code::PermissionDenied, "CONSENT_REVOKED".to_owned()));
    field.intake.take().unwrap().stop().await.unwrap();
    assert_eq!(refusal(bank.get(leg).await), (Code::Unavailable, "DOSSIER_UNAVAILABLE".to_owned()));
    let accepted = bank.accept(leg).await.unwrap();
    assert_eq!(accepted.state, AssignmentState::Reviewing as i32, "work goes on without intake");
}

#[tokio::test]
async fn what_is_anothers_does_not_exist() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let leg = field.issue(&bank, None).await;
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refusal(other.get(leg).await), not_found);
    assert_eq!(refusal(other.accept(leg).await), not_found);
    assert_eq!(refusal(other.decide(decision(leg, field.now())).await), not_found);
    assert_eq!(refusal(other.ask(leg, &["D04"]).await), not_found);
    assert!(list(&other, ListAssignmentsRequest::default()).await.unwrap().assignments.is_empty());
    assert!(other.look().await.is_empty());
    assert_eq!(bank.get(leg).await.unwrap().etag, "2", "nothing but the reading has changed it");
    assert_eq!(field.count("SELECT count(*) FROM reply WHERE assignment_id = $1", leg).await, 0);
}

#[tokio::test]
async fn accepting_takes_it_into_review_and_twice_is_no_error() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let first = bank.accept(leg).await.unwrap();
    let second = bank.accept(leg).await.unwrap();
    assert_eq!(first.state, AssignmentState::Reviewing as i32);
    assert_eq!(first, second);
    let heard = field.heard(leg, 1).await;
    assert_eq!(heard[0].kind, "partner.assignment-accepted.v1");
    field.tell(leg, 2, Said::closed(bank.id, leg, LegState::Released)).await;
    let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6";
    eventually(LIMIT, async || field.count(closed, leg).await == 1).await;
    assert_eq!(refusal(bank.accept(leg).await), (Code::FailedPrecondition, "WINDOW_CLOSED".to_owned()));
    assert_eq!(field.heard_now(leg).await.len(), 1);
}

#[tokio::test]
async fn the_list_is_newest_first_and_its_pages_are_the_institutions_own() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let mut legs = Vec::new();
    for _ in 0..5 {
        legs.push(field.issue(&bank, None).await);
        field.issue(&other, None).await;
    }
    field.tell(legs[0], 2, Said::closed(bank.id, legs[0], LegState::TimedOut)).await;
    let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6";
    eventually(LIMIT, async || field.count(closed, legs[0]).await == 1).await;

    let mut seen = Vec::new();
    let mut request = ListAssignmentsRequest { page_size: 2, ..ListAssignmentsRequest::default() };
    let mut tokens = Vec::new();
    loop {
        let page = list(&bank, request.clone()).await.unwrap();
        seen.extend(page.assignments.into_iter().map(|assignment| assignment.name));
        if page.next_page_token.is_empty() {
            break;
        }
        tokens.push(page.next_page_token.clone());
        request.page_token = page.next_page_token;
    }
    let newest_first: Vec<String> = legs.iter().rev().map(|leg| name(*leg)).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 2);

    let open = ListAssignmentsRequest { open_only: true, ..ListAssignmentsRequest::default() };
    let names: Vec<String> =
        list(&bank, open.clone()).await.unwrap().assignments.into_iter().map(|a| a.name).collect();
    assert_eq!(names, newest_first[..4]);

    let invalid = (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned());
    let token = |page_token: &str| ListAssignmentsRequest {
        page_token: page_token.to_owned(),
        ..ListAssignmentsRequest::default()
    };
    assert_eq!(refusal(list(&other, token(&tokens[0])).await), invalid, "a token of another institution");
    assert_eq!(refusal(list(&bank, token("nonsense")).await), invalid);
    let other_question = ListAssignmentsRequest { open_only: true, ..token(&tokens[0]) };
    assert_eq!(refusal(list(&bank, other_question).await), invalid, "a token of another question");
    let size = ListAssignmentsRequest { page_size: 201, ..ListAssignmentsRequest::default() };
    assert_eq!(refusal(list(&bank, size).await), (Code::InvalidArgument, "PAGE_SIZE_INVALID".to_owned()));
}
