//! Offers and refusals.

use chrono::TimeDelta;
use futures::future::join_all;
use kernel::LegId;
use prost::Message as _;
use proto::common::v1::DeclineReason;
use proto::common::v1::LegState;
use proto::intake::v1::Offer;
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{AssignmentState, Decline, ReplySubmitted, SubmitDecisionRequest};
use testkit::eventually;
use tonic::Code;

use crate::field::{Bank, Field, LIMIT, Said, decision, offer, refusal, timestamp};

const REPLIES: &str = "SELECT count(*) FROM reply WHERE assignment_id = $1";

async fn close(field: &Field, bank: &Bank, leg: LegId) {
    field.tell(leg, 9, Said::closed(bank.id, leg, LegState::TimedOut)).await;
    let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6";
    eventually(LIMIT, async || field.count(closed, leg).await == 1).await;
}

#[tokio::test]
async fn an_offer_is_stored_published_and_acknowledges_its_event_in_one() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, Some(3600)).await;
    let answer = bank.decide(decision(leg, field.now())).await.unwrap();
    assert_eq!(answer.assignment.unwrap().state, AssignmentState::Answered as i32);
    let heard = field.heard(leg, 1).await;
    assert_eq!(heard[0].kind, "partner.reply-submitted.v1");
    let body = ReplySubmitted::decode(heard[0].body.as_slice()).unwrap();
    assert_eq!(body.reply_id, answer.reply_id);
    assert_eq!(body.institution_id, bank.id.to_string());
    assert!(matches!(body.reply, Some(Reply::Offer(Offer { amount_fen: 300_000_000, .. }))));
    assert!(bank.look().await.is_empty(), "the event needs no acknowledgement any more");
    assert_eq!(field.count(REPLIES, leg).await, 1);
    let audited = "SELECT count(*) FROM audit_entry WHERE object_id = $1 AND action = 'SUBMIT_DECISION' \
                   AND person = 'B0172' AND issuer = 'partner'";
    assert_eq!(field.count(audited, leg).await, 1);
    let better = Offer { offer_seq: 2, annual_rate_bp: 400, ..offer(field.now()) };
    let second =
        SubmitDecisionRequest { decision: Some(Decision::Offer(better)), ..decision(leg, field.now()) };
    let second = bank.decide(second).await.unwrap();
    let heard = field.heard(leg, 2).await;
    assert!(heard[0].version < heard[1].version);
    assert_ne!(second.reply_id, answer.reply_id);
}

#[tokio::test]
async fn a_refusal_is_published_with_its_reason() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let decline = Decline { reason: DeclineReason::R99 as i32, text: "已有同类授信".to_owned() };
    let request =
        SubmitDecisionRequest { decision: Some(Decision::Decline(decline)), ..decision(leg, field.now()) };
    bank.decide(request).await.unwrap();
    let heard = field.heard(leg, 1).await;
    let body = ReplySubmitted::decode(heard[0].body.as_slice()).unwrap();
    let Some(Reply::Decline(given)) = body.reply else { panic!("{body:?}") };
    assert_eq!((given.reason, given.text.as_str()), (99, "已有同类授信"));
}

#[tokio::test]
async fn what_another_process_has_changed_since_is_seen() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let (closed, moved) = (field.issue(&bank, None).await, field.issue(&bank, None).await);
    // Behind the back of this process, which has stored both itself.
    for (statement, leg) in [
        (
            "UPDATE assignment SET state = 6, close_cause = 1, seen = false, version = version + 1 WHERE assignment_id = $1",
            closed,
        ),
        ("UPDATE assignment SET version = 7 WHERE assignment_id = $1", moved),
    ] {
        sqlx::query(statement).bind(leg.uuid()).execute(&field.pool).await.unwrap();
    }
    let (refused, answered) =
        tokio::join!(bank.decide(decision(closed, field.now())), bank.decide(decision(moved, field.now())));
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "WINDOW_CLOSED".to_owned()));
    assert_eq!(field.count(REPLIES, closed).await, 0);
    assert_eq!(answered.unwrap().assignment.unwrap().etag, "8");
    assert_eq!(field.heard(moved, 1).await.len(), 1);
}

#[tokio::test]
async fn after_the_window_a_decision_is_refused_unless_it_is_to_be_filed_late() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let (by_time, by_message) = (field.issue(&bank, Some(60)).await, field.issue(&bank, None).await);
    field.advance(61);
    close(&field, &bank, by_message).await;
    for leg in [by_time, by_message] {
        let refused = bank.decide(decision(leg, field.now())).await;
        assert_eq!(refusal(refused), (Code::FailedPrecondition, "WINDOW_CLOSED".to_owned()));
        assert_eq!(field.count(REPLIES, leg).await, 0);
        assert!(field.heard_now(leg).await.is_empty());
        let late = SubmitDecisionRequest { file_if_late: true, ..decision(leg, field.now()) };
        let answer = bank.decide(late).await.unwrap();
        let late = "SELECT count(*) FROM reply WHERE assignment_id = $1 AND late";
        assert_eq!(field.count(late, leg).await, 1);
        let heard = field.heard(leg, 1).await;
        let body = ReplySubmitted::decode(heard[0].body.as_slice()).unwrap();
        assert_eq!(body.reply_id, answer.reply_id, "intake hears of it and judges it late");
    }
    let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6";
    assert_eq!(field.count(closed, by_message).await, 1);
}

#[tokio::test]
async fn an_etag_that_has_been_overtaken_is_refused() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let read = bank.get(leg).await.unwrap();
    let accepted = bank.accept(leg).await.unwrap();
    let stale = SubmitDecisionRequest { etag: read.etag, ..decision(leg, field.now()) };
    assert_eq!(refusal(bank.decide(stale).await), (Code::Aborted, "VERSION_CONFLICT".to_owned()));
    let fresh = SubmitDecisionRequest { etag: accepted.etag, ..decision(leg, field.now()) };
    bank.decide(fresh).await.unwrap();
}

#[tokio::test]
async fn bad_decisions_change_nothing_and_name_every_field() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let now = field.now();
    let good = || decision(leg, now);
    let with = |offer: Offer| SubmitDecisionRequest { decision: Some(Decision::Offer(offer)), ..good() };
    let decline = |reason: i32, text: &str| SubmitDecisionRequest {
        decision: Some(Decision::Decline(Decline { reason, text: text.to_owned() })),
        ..good()
    };
    let passed = Some(timestamp(now - TimeDelta::seconds(1)));
    let table = [
        (SubmitDecisionRequest { name: "assignments/x".into(), ..good() }, "name", "FIELD_INVALID"),
        (SubmitDecisionRequest { request_id: String::new(), ..good() }, "request_id", "REQUEST_ID_INVALID"),
        (SubmitDecisionRequest { acted_by: String::new(), ..good() }, "acted_by", "FIELD_REQUIRED"),
        (SubmitDecisionRequest { decision: None, ..good() }, "decision", "FIELD_REQUIRED"),
        (with(Offer { amount_fen: 0, ..offer(now) }), "offer.amount_fen", "AMOUNT_OUT_OF_RANGE"),
        (with(Offer { amount_fen: 30_000_000_001, ..offer(now) }), "offer.amount_fen", "AMOUNT_OUT_OF_RANGE"),
        (with(Offer { term_months: 0, ..offer(now) }), "offer.term_months", "TERM_OUT_OF_RANGE"),
        (with(Offer { repayment: 77, ..offer(now) }), "offer.repayment", "ENUM_UNKNOWN"),
        (with(Offer { valid_until: passed, ..offer(now) }), "offer.valid_until", "VALID_UNTIL_PASSED"),
        (decline(99, ""), "decline.text", "DECLINE_TEXT_REQUIRED"),
        (decline(1, "联系人电话13800138000"), "decline.text", "TEXT_HAS_IDENTIFIER"),
        (decline(12, ""), "decline.reason", "ENUM_UNKNOWN"),
    ];
    for (request, path, reason) in table {
        let status = bank.decide(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}");
        assert_eq!(rpc::status::violations(&status), [(path.to_owned(), reason.to_owned())]);
        assert!(rpc::status::localized(&status).is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(field.count(REPLIES, leg).await, 0);
    let untouched = "SELECT version FROM assignment WHERE assignment_id = $1";
    assert_eq!(field.count(untouched, leg).await, 1);
    assert!(field.heard_now(leg).await.is_empty());
}

#[tokio::test]
async fn a_body_of_20_mib_is_refused_with_a_reason() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let huge = SubmitDecisionRequest { acted_by: "x".repeat(20 << 20), ..decision(leg, field.now()) };
    assert_eq!(refusal(bank.decide(huge).await), (Code::ResourceExhausted, "BODY_TOO_LARGE".to_owned()));
    bank.decide(decision(leg, field.now())).await.expect("the connection is none the worse");
}

#[tokio::test]
async fn decisions_that_arrive_together_share_transactions_and_each_has_its_own_outcome() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let mut legs = Vec::new();
    for _ in 0..30 {
        legs.push(field.issue(&bank, None).await);
    }
    let now = field.now();
    // Every third is tried by somebody else, who must be refused without disturbing the others.
    let answers = join_all(legs.iter().enumerate().map(|(place, leg)| {
        let who = if place % 3 == 0 { &other } else { &bank };
        who.decide(decision(*leg, now))
    }))
    .await;
    for (place, answer) in answers.into_iter().enumerate() {
        if place % 3 == 0 {
            assert_eq!(refusal(answer), (Code::NotFound, "NOT_FOUND".to_owned()));
        } else {
            assert_eq!(answer.unwrap().assignment.unwrap().state, AssignmentState::Answered as i32);
        }
    }
    let (replies, transactions): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(DISTINCT xmin::text) FROM reply")
            .fetch_one(&field.pool)
            .await
            .unwrap();
    assert_eq!(replies, 20);
    assert!(transactions < replies, "{replies} decisions took {transactions} transactions");
}

#[tokio::test]
async fn what_an_institution_does_goes_on_in_the_trace_of_its_case() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = LegId::random(&mut rand::rng());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let mut message = field.issued(bank.id, leg, None).message(leg, 1, field.now());
    message.traceparent = Some(format!("00-{trace}-b7ad6b7169203331-01"));
    field.publish(message).await;
    eventually(LIMIT, async || !bank.look().await.is_empty()).await;
    bank.accept(leg).await.unwrap();
    bank.decide(decision(leg, field.now())).await.unwrap();
    for heard in field.heard(leg, 2).await {
        let went_on = heard.traceparent.as_deref().and_then(telemetry::context::trace_id);
        assert_eq!(went_on.as_deref(), Some(trace), "{}", heard.kind);
    }
}
