//! Retries, the broker's last resort, and workers that die with a message.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{BusConfig, Outcome};
use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Ground, Recorder, Verdict, eventually, new_id, properties, quick};

#[tokio::test]
async fn a_retry_comes_again_when_it_is_due_with_its_attempts_counted() {
    let ground = Ground::shared().await;
    let seen: Arc<Mutex<Vec<(u32, Instant)>>> = Arc::default();
    let after = Duration::from_millis(400);
    let record = Arc::clone(&seen);
    let recorder = Recorder::judging(move |m| {
        record.lock().unwrap().push((m.attempt, Instant::now()));
        if m.attempt < 3 {
            Verdict::Say(Outcome::Retry { after, reason: "not-yet" })
        } else {
            Verdict::Effect
        }
    });
    let bus = ground.bus();
    bus.consume(ground.queue, recorder);
    let ids = ground.enqueue(ground.kind, 1).await;
    eventually("the effect", async || (ground.effects().await == 1).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(seen.windows(2).all(|pair| pair[1].1 - pair[0].1 >= after), "{seen:?}");
    eventually("no row left", async || (ground.count("SELECT count(*) FROM held").await == 0).then_some(()))
        .await;
    bus.stop().await;
}

#[tokio::test]
async fn many_retries_at_once_are_handled_in_batches() {
    let ground = Ground::shared().await;
    let recorder = Recorder::judging(|m| {
        let wait = Outcome::Retry { after: Duration::from_millis(500), reason: "not-yet" };
        if m.attempt == 0 { Verdict::Say(wait) } else { Verdict::Effect }
    });
    let bus = ground.bus();
    bus.consume(ground.queue, recorder.clone());
    let ids = ground.enqueue(ground.kind, 400).await;
    eventually("all effects", async || (ground.effects().await == 400).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let commits = recorder.commits.load(Ordering::SeqCst);
    assert!(commits < 200, "{commits} transactions for 800 handlings");
    bus.stop().await;
}

#[tokio::test]
async fn what_the_broker_gives_up_delivering_is_parked() {
    let ground = Ground::shared().await;
    let policy = ["policies", ground.vhost.as_str(), "impatient"];
    let impatient = json!({
        "pattern": format!("^{}$", ground.queue.name.replace('.', "\\.")), "apply-to": "queues", "priority": 99,
        "definition": {
            "delivery-limit": 2, "dead-letter-exchange": "", "dead-letter-routing-key": ground.queue.dead(),
            "dead-letter-strategy": "at-least-once", "overflow": "reject-publish",
        },
    });
    ground.admin.put(&policy, impatient).await.unwrap();
    // Somebody else's consumer rejects it until the broker has had enough.
    let channel = ground.channel().await;
    let mut consumer = channel
        .basic_consume(
            ground.queue.name.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    let bus = ground.bus();
    let ids = ground.enqueue(ground.kind, 1).await;
    let mut rejected = 0;
    while let Ok(Some(delivery)) = tokio::time::timeout(Duration::from_secs(3), consumer.next()).await {
        delivery.unwrap().reject(BasicRejectOptions { requeue: true }).await.unwrap();
        rejected += 1;
    }
    assert_eq!(rejected, 3, "the limit of two redeliveries was reached");
    channel.close(200, "done".into()).await.unwrap();

    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    let parked: (uuid::Uuid, String) = eventually("the dead letter parked", async || {
        sqlx::query_as("SELECT message_id, reason FROM held WHERE kind = 'parked'")
            .fetch_optional(&ground.pool)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(parked, (ids[0], "delivery-limit".to_owned()));
    assert_eq!(recorder.applied(), 0);
    bus.stop().await;
}

#[tokio::test]
async fn the_same_message_twice_among_dead_letters_is_parked_once() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let (twice, other) = (new_id(), new_id());
    for id in [twice, twice, other] {
        let confirm = channel.basic_publish(
            "".into(),
            ground.queue.dead().as_str().into(),
            BasicPublishOptions::default(),
            b"",
            properties(id, ground.kind, Uuid::new_v4(), 1),
        );
        confirm.await.unwrap().await.unwrap();
    }
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    // They are taken in their order: what comes behind is there last.
    let there = "SELECT count(DISTINCT message_id) FROM held";
    eventually("both parked", async || (ground.count(there).await == 2).then_some(())).await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 2);
    bus.stop().await;
}

#[tokio::test]
async fn a_message_that_is_redelivered_often_is_handled_alone_from_the_table() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let bus = ground.bus_with(BusConfig { redeliveries: 3, ..quick() }, &ground.broker);
    let ids = ground.enqueue(ground.kind, 1).await;
    let mut consumer = channel
        .basic_consume(
            ground.queue.name.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    for _ in 0..3 {
        let delivery = consumer.next().await.unwrap().unwrap();
        delivery.reject(BasicRejectOptions { requeue: true }).await.unwrap();
    }
    channel.close(200, "done".into()).await.unwrap();
    let attempts = Arc::new(AtomicUsize::new(usize::MAX));
    let attempt = Arc::clone(&attempts);
    bus.consume(
        ground.queue,
        Recorder::judging(move |m| {
            attempt.store(m.attempt as usize, Ordering::SeqCst);
            Verdict::Effect
        }),
    );
    eventually("the effect", async || (ground.effects().await == 1).then_some(())).await;
    ground.assert_each_once(&ids).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 0, "it came by the table, which had not tried it before");
    eventually("no row left", async || (ground.count("SELECT count(*) FROM held").await == 0).then_some(()))
        .await;
    bus.stop().await;
}

#[tokio::test]
async fn a_message_whose_worker_dies_again_and_again_is_parked() {
    let ground = Ground::shared().await;
    let ids = ground.enqueue(ground.kind, 3).await;
    let poison = ids[1];
    // A worker that never comes back, as one that was killed with the message in hand.
    let deadly = move || {
        Recorder::judging(move |m| {
            if m.id.uuid() == poison {
                Verdict::Say(Outcome::Retry { after: Duration::ZERO, reason: "not-yet" })
            } else {
                Verdict::Effect
            }
        })
    };
    let bus = ground.bus();
    bus.consume(ground.queue, deadly());
    eventually("the others' effects", async || (ground.effects().await == 2).then_some(())).await;
    bus.stop().await;
    // What a worker leaves behind that is killed: its claim.
    let left = sqlx::query(
        "UPDATE held SET claim = gen_random_uuid(), suspect = true, due_at = now(), failures = 2, attempts = 2",
    );
    assert_eq!(left.execute(&ground.pool).await.unwrap().rows_affected(), 1);
    let recorder = Recorder::new();
    let bus = ground.bus_with(BusConfig { max_attempts: 2, ..quick() }, &ground.broker);
    bus.consume(ground.queue, recorder.clone());
    let reason: String = eventually("it parked", async || {
        sqlx::query_scalar("SELECT reason FROM held WHERE kind = 'parked'")
            .fetch_optional(&ground.pool)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(reason, "handler-died");
    assert_eq!(recorder.applied(), 0, "it was not tried once more");
    bus.stop().await;
}

#[tokio::test]
async fn two_workers_handle_a_retry_once_when_a_lease_runs_out() {
    let ground = Ground::shared().await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let config =
        || BusConfig { lease: Duration::from_millis(300), retry_poll: Duration::from_millis(50), ..quick() };
    // Both stand in `prepare` with the same row in hand: the second took it when the lease of the first was over.
    let (one, two) = (Recorder::gated(Arc::clone(&gate)), Recorder::gated(Arc::clone(&gate)));
    let (first, second) =
        (ground.bus_with(config(), &ground.broker), ground.bus_with(config(), &ground.broker));
    sqlx::query(
        "INSERT INTO held (queue, kind, reason, due_at, message_id, message_kind, aggregate_id, aggregate_version,
                           occurred_at, body)
         VALUES ($1, 'retry', 'test', now(), gen_random_uuid(), $2, gen_random_uuid(), 1, now(), '')",
    )
    .bind(ground.queue.name)
    .bind(ground.kind)
    .execute(&ground.pool)
    .await
    .unwrap();
    first.consume(ground.queue, one.clone());
    eventually("the first worker", async || (one.prepared() == 1).then_some(())).await;
    second.consume(ground.queue, two.clone());
    eventually("the second worker", async || (two.prepared() == 1).then_some(())).await;
    gate.add_permits(100);
    eventually("the effect", async || (ground.effects().await >= 1).then_some(())).await;
    eventually("no row left", async || (ground.count("SELECT count(*) FROM held").await == 0).then_some(()))
        .await;
    first.stop().await;
    second.stop().await;
    assert_eq!(ground.effects().await, 1);
    assert_eq!(one.applied() + two.applied(), 1);
}
