//! Questions of an institution and their answers.

use prost::Message as _;
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::{AssignmentState, EventType, ReplySubmitted, RequestSupplementRequest};
use testkit::eventually;
use tonic::Code;

use crate::field::{Field, LIMIT, Said, decision, name, refusal, uuid};

#[tokio::test]
async fn a_question_waits_for_its_answer_and_then_review_goes_on() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let asked = bank.ask(leg, &["D04", "D11"]).await.unwrap();
    assert_eq!(asked.state, AssignmentState::InfoRequested as i32);
    let body = ReplySubmitted::decode(field.heard(leg, 1).await[0].body.as_slice()).unwrap();
    let Some(Reply::Supplement(supplement)) = body.reply else { panic!("{body:?}") };
    assert_eq!(supplement.document_codes, ["D04", "D11"]);
    let again = bank.ask(leg, &["D05"]).await;
    assert_eq!(refusal(again), (Code::FailedPrecondition, "QUESTION_OPEN".to_owned()));

    field.tell(leg, 2, Said::supplemented(bank.id, leg)).await;
    let reviewing = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 3";
    eventually(LIMIT, async || field.count(reviewing, leg).await == 1).await;
    let kinds: Vec<i32> = bank.look().await.iter().map(|event| event.r#type).collect();
    assert_eq!(kinds, [EventType::AssignmentIssued as i32, EventType::SupplementAnswered as i32]);
    bank.ask(leg, &["D05"]).await.expect("after the answer there may be another question");

    bank.decide(decision(leg, field.now())).await.unwrap();
    let late = bank.ask(leg, &["D05"]).await;
    assert_eq!(refusal(late), (Code::FailedPrecondition, "ASSIGNMENT_ANSWERED".to_owned()));
}

#[tokio::test]
async fn bad_questions_are_refused_by_field() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let good = RequestSupplementRequest {
        name: name(leg),
        request_id: uuid(),
        acted_by: "B0172".to_owned(),
        document_codes: vec!["D04".to_owned()],
        note: String::new(),
    };
    let codes = |codes: &[&str]| RequestSupplementRequest {
        document_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        ..good.clone()
    };
    let table = [
        (codes(&[]), "document_codes", "FIELD_REQUIRED"),
        (codes(&["D33"]), "document_codes[0]", "DOCUMENT_CODE_UNKNOWN"),
        (codes(&["D01", "D01"]), "document_codes[1]", "FIELD_REPEATED"),
        (codes(&["D01"; 10_000]), "document_codes", "TOO_MANY"),
        (RequestSupplementRequest { note: "长".repeat(201), ..good.clone() }, "note", "FIELD_TOO_LONG"),
        (
            RequestSupplementRequest { note: "11010519491231002X".into(), ..good.clone() },
            "note",
            "TEXT_HAS_IDENTIFIER",
        ),
    ];
    for (request, path, reason) in table {
        let status = bank.assignments.clone().request_supplement(request).await.unwrap_err();
        assert_eq!(rpc::status::violations(&status), [(path.to_owned(), reason.to_owned())]);
    }
}
