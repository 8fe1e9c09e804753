//! Several decisions in one call.

use kernel::LegId;
use proto::partner::v1::decision_result::Result as Decided;
use proto::partner::v1::{AssignmentState, DecisionRefused, SubmitDecisionRequest, SubmitDecisionResponse};
use tonic::Code;

use crate::field::{Bank, Field, decision, refusal, uuid};

const REPLIES: &str = "SELECT count(*) FROM reply WHERE assignment_id = $1";

async fn decide_all(bank: &Bank, decisions: Vec<SubmitDecisionRequest>) -> Vec<Decided> {
    let results = bank.decide_all(decisions).await.unwrap();
    results.into_iter().map(|result| result.result.unwrap()).collect()
}

fn taken(result: &Decided) -> &SubmitDecisionResponse {
    match result {
        Decided::Taken(taken) => taken,
        Decided::Refused(refused) => panic!("{refused:?}"),
    }
}

fn refused(result: &Decided) -> &DecisionRefused {
    match result {
        Decided::Refused(refused) => refused,
        Decided::Taken(taken) => panic!("{taken:?}"),
    }
}

#[tokio::test]
async fn each_decision_stands_for_itself_and_keeps_its_place() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let legs = [field.issue(&bank, None).await, field.issue(&bank, None).await];
    let (ended, foreign) = (field.issue(&bank, Some(60)).await, field.issue(&other, None).await);
    field.advance(61);
    let now = field.now();
    let results = decide_all(
        &bank,
        vec![
            decision(legs[0], now),
            SubmitDecisionRequest { decision: None, acted_by: String::new(), ..decision(uuid_leg(), now) },
            decision(foreign, now),
            decision(ended, now),
            decision(legs[1], now),
        ],
    )
    .await;
    for (result, leg) in [(&results[0], legs[0]), (&results[4], legs[1])] {
        let answer = taken(result);
        let assignment = answer.assignment.as_ref().unwrap();
        assert_eq!(assignment.name, format!("assignments/{leg}"));
        assert_eq!(assignment.state, AssignmentState::Answered as i32);
        assert_eq!(field.heard(leg, 1).await[0].kind, "partner.reply-submitted.v1");
        assert_eq!(field.count(REPLIES, leg).await, 1);
    }
    let wrong = refused(&results[1]);
    let fields: Vec<_> = wrong.fields.iter().map(|f| (f.field.as_str(), f.reason.as_str())).collect();
    assert_eq!(fields, [("acted_by", "FIELD_REQUIRED"), ("decision", "FIELD_REQUIRED")]);
    assert!(wrong.fields.iter().all(|field| !field.text.is_empty()));
    let codes = [&results[1], &results[2], &results[3]].map(|result| {
        let refused = refused(result);
        assert!(!refused.text.is_empty() && !refused.retryable && refused.error_id.is_empty(), "{refused:?}");
        (Code::from(refused.code), refused.reason.as_str())
    });
    assert_eq!(
        codes,
        [
            (Code::InvalidArgument, "FIELD_REQUIRED"),
            (Code::NotFound, "NOT_FOUND"),
            (Code::FailedPrecondition, "WINDOW_CLOSED")
        ]
    );
    for leg in [foreign, ended] {
        assert_eq!(field.count(REPLIES, leg).await, 0);
    }
}

#[tokio::test]
async fn a_repeat_gets_its_first_answer_alone_or_among_others() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let legs = [field.issue(&bank, None).await, field.issue(&bank, None).await];
    let requests = legs.map(|leg| decision(leg, field.now()));
    let alone = bank.decide(requests[0].clone()).await.unwrap();
    let first = decide_all(&bank, requests.to_vec()).await;
    assert_eq!(*taken(&first[0]), alone);
    assert_eq!(decide_all(&bank, requests.to_vec()).await, first);
    assert_eq!(bank.decide(requests[1].clone()).await.unwrap(), *taken(&first[1]));
    let other = SubmitDecisionRequest { file_if_late: true, ..requests[1].clone() };
    let reused = decide_all(&bank, vec![other]).await;
    assert_eq!(refused(&reused[0]).reason, "REQUEST_ID_REUSED");
    for leg in legs {
        assert_eq!(field.count(REPLIES, leg).await, 1);
    }
}

#[tokio::test]
async fn a_call_without_order_or_measure_is_refused_whole() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let one = || decision(leg, field.now());
    let twice = bank.decide_all(vec![one(), one()]).await.unwrap_err();
    let repeated = ("decisions[1].name".to_owned(), "FIELD_REPEATED".to_owned());
    assert_eq!(rpc::status::violations(&twice), std::slice::from_ref(&repeated));
    // The same id in other letters is the same assignment.
    let shouted =
        SubmitDecisionRequest { name: format!("assignments/{}", leg.to_string().to_uppercase()), ..one() };
    let twice = bank.decide_all(vec![one(), shouted]).await.unwrap_err();
    assert_eq!(rpc::status::violations(&twice), [repeated]);
    let nameless = || SubmitDecisionRequest { name: String::new(), ..one() };
    for result in decide_all(&bank, vec![nameless(), nameless()]).await {
        assert_eq!(refused(&result).fields[0].field, "name", "each in its place");
    }
    let nothing = bank.decide_all(Vec::new()).await;
    assert_eq!(refusal(nothing), (Code::InvalidArgument, "FIELD_REQUIRED".to_owned()));
    let many = (0..101).map(|_| decision(uuid_leg(), field.now())).collect();
    assert_eq!(refusal(bank.decide_all(many).await), (Code::InvalidArgument, "TOO_MANY".to_owned()));
    assert_eq!(field.count(REPLIES, leg).await, 0);
}

fn uuid_leg() -> LegId {
    uuid().parse().unwrap()
}
