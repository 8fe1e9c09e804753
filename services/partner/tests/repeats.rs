//! The same request again.

use chrono::TimeDelta;
use futures::future::join_all;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{AcceptAssignmentRequest, SubmitDecisionRequest};
use tonic::Code;

use crate::field::{Field, decision, name, offer, refusal};

const REPLIES: &str = "SELECT count(*) FROM reply WHERE assignment_id = $1";

#[tokio::test]
async fn a_repeat_is_given_the_first_answer_even_when_time_has_gone_on() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, Some(60)).await;
    let mut brief = offer(field.now());
    brief.valid_until = Some(crate::field::timestamp(field.now() + TimeDelta::seconds(90)));
    let request =
        SubmitDecisionRequest { decision: Some(Decision::Offer(brief)), ..decision(leg, field.now()) };
    let first = bank.decide(request.clone()).await.unwrap();
    field.advance(120);
    let again = bank.decide(request.clone()).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(field.count(REPLIES, leg).await, 1);
    field.heard(leg, 1).await;
    assert_eq!(field.heard_now(leg).await.len(), 1);
}

#[tokio::test]
async fn the_same_id_with_another_body_or_method_is_refused() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let request = decision(leg, field.now());
    bank.decide(request.clone()).await.unwrap();
    let reused = (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned());
    let other_body = SubmitDecisionRequest { file_if_late: true, ..request.clone() };
    assert_eq!(refusal(bank.decide(other_body).await), reused);
    let other_method = AcceptAssignmentRequest {
        name: name(leg),
        request_id: request.request_id,
        acted_by: "B0172".to_owned(),
    };
    assert_eq!(refusal(bank.assignments.clone().accept_assignment(other_method).await), reused);
    assert_eq!(field.count(REPLIES, leg).await, 1);
}

#[tokio::test]
async fn the_same_id_of_another_institution_is_another_request() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let (leg, others) = (field.issue(&bank, None).await, field.issue(&other, None).await);
    let request = decision(leg, field.now());
    bank.decide(request.clone()).await.unwrap();
    other.decide(SubmitDecisionRequest { name: name(others), ..request }).await.unwrap();
}

#[tokio::test]
async fn many_repeats_at_once_make_one_reply_and_one_answer() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let request = decision(leg, field.now());
    let answers = join_all((0..40).map(|_| bank.decide(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(field.count(REPLIES, leg).await, 1);
}

#[tokio::test]
async fn one_id_for_two_assignments_at_once_is_carried_out_for_one_of_them() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let mut legs = Vec::new();
    for _ in 0..12 {
        legs.push(field.issue(&bank, None).await);
    }
    let request = decision(legs[0], field.now());
    let answers = join_all(
        legs.iter().map(|leg| bank.decide(SubmitDecisionRequest { name: name(*leg), ..request.clone() })),
    )
    .await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 1);
    for refused in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(refused), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    }
    let replies: i64 = sqlx::query_scalar("SELECT count(*) FROM reply").fetch_one(&field.pool).await.unwrap();
    assert_eq!(replies, 1);
}
