//! From message to fact.

use bus::{Handler as _, Message, Outcome, Outgoing};
use chrono::{DateTime, SubsecRound as _, Utc};
use kernel::Clock as _;
use statistics::{
    domain::fact::{Fact, FactKind},
    messaging::FactHandler,
    store::facts,
};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::support::{SOON, Stand, as_fact, offers_ready, plain, submitted};
use testkit::eventually;

#[tokio::test]
async fn a_fact_of_every_kind_is_taken_through_the_broker() {
    let stand = Stand::new().await;
    let told: Vec<Outgoing> =
        FactKind::ALL.iter().map(|kind| plain(*kind, Uuid::new_v4(), stand.now())).collect();
    stand.tell(&told).await;
    let mut wanted: Vec<(&str, i64)> = FactKind::TYPES.iter().map(|kind| (*kind, 1)).collect();
    wanted.sort_unstable();
    stand.counted(&wanted).await;
}

#[tokio::test]
async fn a_fact_is_kept_as_it_came() {
    let stand = Stand::new().await;
    let case = Uuid::new_v4();
    let told = offers_ready(case, 7, stand.now());
    stand.tell(std::slice::from_ref(&told)).await;
    stand.counted(&[("intake.case-offers-ready.v1", 1)]).await;
    type Kept = (Uuid, String, Uuid, i64, DateTime<Utc>, Vec<u8>);
    let kept: Kept = sqlx::query_as(
        "SELECT message_id, type, aggregate_id, aggregate_version, occurred_at, body FROM fact",
    )
    .fetch_one(&stand.pool)
    .await
    .unwrap();
    let at = told.occurred_at.trunc_subsecs(6);
    assert_eq!(kept, (told.message_id.uuid(), told.kind.to_owned(), case, 7, at, told.body));
}

#[tokio::test]
async fn facts_in_any_order_and_any_repetition_are_each_kept_once() {
    let stand = Stand::new().await;
    let case = Uuid::new_v4();
    let (first, last) = (submitted(case, 1, stand.now()), offers_ready(case, 2, stand.now()));
    for message in [&last, &first, &last, &first] {
        stand.tell(std::slice::from_ref(message)).await;
        stand.sent().await;
    }
    // The queue is read in order: once this one is counted, all before it have been handled.
    stand.tell(&[submitted(Uuid::new_v4(), 1, stand.now())]).await;
    stand.counted(&[("intake.case-offers-ready.v1", 1), ("intake.case-submitted.v1", 2)]).await;
    let order: Vec<String> =
        sqlx::query_scalar("SELECT type FROM fact WHERE aggregate_id = $1 ORDER BY aggregate_version")
            .bind(case)
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    assert_eq!(order, ["intake.case-submitted.v1", "intake.case-offers-ready.v1"]);
}

#[tokio::test]
async fn a_body_that_is_not_what_its_type_says_is_parked_and_the_next_fact_is_taken() {
    let stand = Stand::new().await;
    let broken = Outgoing { body: vec![0xff; 9], ..submitted(Uuid::new_v4(), 1, stand.now()) };
    let id = broken.message_id.uuid();
    stand.tell(&[broken, submitted(Uuid::new_v4(), 1, stand.now())]).await;
    stand.counted(&[("intake.case-submitted.v1", 1)]).await;
    let parked: (Uuid, String, String) = eventually(SOON, async || {
        sqlx::query_as("SELECT message_id, kind, reason FROM held").fetch_optional(&stand.pool).await.unwrap()
    })
    .await;
    assert_eq!(parked, (id, "parked".to_owned(), "undecodable-body".to_owned()));
}

#[tokio::test]
async fn a_message_of_a_type_that_is_no_fact_is_parked() {
    let stand = Stand::new().await;
    let handler = FactHandler::new(Arc::new(stand.ground.clock().clone()), Arc::new(Notify::new()));
    let stranger = Outgoing::new("intake.leg-issued.v1", Uuid::new_v4(), 1, stand.now(), &());
    let batch = [Message::from(submitted(Uuid::new_v4(), 1, stand.now())), Message::from(stranger)];
    let mut prepared = handler.prepare(&batch).await;
    let mut transaction = stand.pool.begin().await.unwrap();
    let outcomes = handler.apply(&mut transaction, &batch, &mut prepared).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Park { reason: "unknown-type" }]);
    assert_eq!(stand.counts().await, [("intake.case-submitted.v1".to_owned(), 1)]);
}

#[tokio::test]
async fn batches_that_meet_count_right_and_neither_waits_for_ever() {
    let stand = Stand::new().await;
    let now = stand.ground.clock().now();
    let fact = |kind: FactKind| as_fact(plain(kind, Uuid::new_v4(), now));
    // Each batch names the types in another order, and shares one fact with all others.
    let shared = fact(FactKind::CaseAccepted);
    let mut batches = Vec::new();
    for n in 0..6 {
        let mut kinds = FactKind::ALL.to_vec();
        kinds.rotate_left(n);
        let mut batch: Vec<Fact> = kinds.into_iter().map(fact).collect();
        batch.push(shared.clone());
        batch.push(shared.clone());
        batches.push(batch);
    }
    let writers = batches.into_iter().map(|batch| {
        let pool = stand.pool.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                let mut transaction = pool.begin().await.unwrap();
                facts::insert_new(&mut transaction, &batch, now).await.unwrap();
                transaction.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let counts = stand.counts().await;
    let wanted = |kind: &str| if kind == FactKind::CaseAccepted.code() { 7 } else { 6 };
    assert!(counts.iter().all(|(kind, count)| *count == wanted(kind)), "{counts:?}");
    let truth: Vec<(String, i64)> =
        sqlx::query_as("SELECT type, count(*) FROM fact GROUP BY type ORDER BY type COLLATE \"C\"")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    assert_eq!(truth, counts);
}

#[tokio::test]
async fn whoever_sees_a_fact_sees_all_that_were_recorded_before_it() {
    let stand = Stand::new().await;
    let now = stand.now();
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let pool = stand.pool.clone();
            tokio::spawn(async move {
                for size in 1..30 {
                    let batch: Vec<Fact> =
                        (0..size).map(|_| as_fact(submitted(Uuid::new_v4(), 1, now))).collect();
                    let mut transaction = pool.begin().await.unwrap();
                    facts::insert_new(&mut transaction, &batch, now).await.unwrap();
                    transaction.commit().await.unwrap();
                }
            })
        })
        .collect();
    type Seen = (Option<DateTime<Utc>>, i64);
    let mut seen: Vec<Seen> = Vec::new();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let look = sqlx::query_as("SELECT max(recorded_at), count(*) FROM fact");
        seen.push(look.fetch_one(&stand.pool).await.unwrap());
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.len() > 1, "the record was looked at while it grew");
    for (last, count) in seen {
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM fact WHERE recorded_at <= $1")
            .bind(last)
            .fetch_one(&stand.pool)
            .await
            .unwrap();
        assert_eq!(known, count, "{last:?}");
    }
    let (facts, times): (i64, i64) = sqlx::query_as("SELECT count(*), count(DISTINCT recorded_at) FROM fact")
        .fetch_one(&stand.pool)
        .await
        .unwrap();
    assert_eq!((facts, times), (4 * 435, 4 * 435));
}

#[tokio::test]
async fn an_amount_that_no_application_can_have_is_parked() {
    let stand = Stand::new().await;
    let handler = FactHandler::new(Arc::new(stand.ground.clock().clone()), Arc::new(Notify::new()));
    let body = proto::intake::v1::CaseSubmitted { amount_fen: 30_000_000_001, ..Default::default() };
    let kind = FactKind::CaseSubmitted.code();
    let batch = [Message::from(Outgoing::new(kind, Uuid::new_v4(), 1, stand.now(), &body))];
    let mut prepared = handler.prepare(&batch).await;
    let mut transaction = stand.pool.begin().await.unwrap();
    let outcomes = handler.apply(&mut transaction, &batch, &mut prepared).await.unwrap();
    assert_eq!(outcomes, [Outcome::Park { reason: "impossible-amount" }]);
}
