//! Duplicates, any order, batches, and a slow handler.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::{BusConfig, Outgoing};
use chrono::Utc;
use prost::Message as _;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::{Ground, Recorder, Verdict, eventually, new_id, properties, quick};

#[tokio::test]
async fn what_is_enqueued_has_its_effect_once_and_leaves_the_outbox() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    let ids = ground.enqueue(ground.kind, 300).await;
    bus.outbox().wake();
    eventually("all effects", async || (ground.effects().await >= 300).then_some(())).await;
    ground.assert_each_once(&ids).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    assert!(recorder.largest_batch.load(Ordering::SeqCst) > 1, "messages were taken in batches");
    assert!(bus.health().ready(), "{:?}", bus.health());
    bus.stop().await;
}

#[tokio::test]
async fn a_message_larger_than_what_a_connection_holds_arrives_whole() {
    let ground = Ground::shared().await;
    let text: String = (0..400_000).map(|number| format!("{number:07} ")).collect();
    let whole = text.encode_to_vec();
    let bus = ground.bus();
    let intact = move |body: &[u8]| body.len() < 100 || body == whole;
    bus.consume(
        ground.queue,
        Recorder::judging(move |message| if intact(&message.body) { Verdict::Effect } else { Verdict::Fail }),
    );
    let mut tx = ground.pool.begin().await.unwrap();
    let message = Outgoing::new(ground.kind, Uuid::new_v4(), 1, Utc::now(), &text);
    bus::enqueue(&mut tx, &[message]).await.unwrap();
    tx.commit().await.unwrap();
    ground.enqueue(ground.kind, 3).await;
    bus.outbox().wake();
    eventually("all effects", async || (ground.effects().await == 4).then_some(())).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_repeated_message_has_its_effect_once() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let recorder = Recorder::new();
    let bus = ground.bus();
    bus.consume(ground.queue, recorder.clone());
    let (first, second) = (new_id(), new_id());
    let aggregate = Uuid::new_v4();
    for _ in 0..3 {
        ground.publish_raw(&channel, properties(first, ground.kind, aggregate, 1), b"").await;
    }
    eventually("the first effect", async || (ground.effects().await == 1).then_some(())).await;
    // Again after the first is long committed, together with a new one.
    ground.publish_raw(&channel, properties(first, ground.kind, aggregate, 1), b"").await;
    ground.publish_raw(&channel, properties(second, ground.kind, aggregate, 2), b"").await;
    eventually("the second effect", async || (ground.effects().await == 2).then_some(())).await;
    eventually("an empty queue", async || (ground.depth(&channel).await == 0).then_some(())).await;
    assert!(recorder.prepared() > recorder.applied(), "a repetition came as far as the inbox");
    assert_eq!(recorder.applied(), 2);
    ground.assert_each_once(&[first, second]).await;
    bus.stop().await;
}

#[tokio::test]
async fn messages_in_any_order_are_handled_by_version_within_a_batch() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let aggregate = Uuid::new_v4();
    let versions = [5, 3, 9, 1, 7, 2, 8, 4, 6, 10];
    let ids: Vec<Uuid> = versions.iter().map(|_| new_id()).collect();
    for (version, id) in versions.iter().zip(&ids) {
        ground.publish_raw(&channel, properties(*id, ground.kind, aggregate, *version), b"").await;
    }
    let gate = Arc::new(Semaphore::new(0));
    let recorder = Recorder::gated(Arc::clone(&gate));
    let bus = ground.bus();
    bus.consume(ground.queue, recorder.clone());
    // The rest comes while the first is being prepared.
    eventually("all delivered", async || (ground.depth(&channel).await == 0).then_some(())).await;
    gate.add_permits(100);
    eventually("all effects", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let by_arrival: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM effect ORDER BY ctid").fetch_all(&ground.pool).await.unwrap();
    let largest = recorder.largest_batch.load(Ordering::SeqCst);
    assert!(largest > 1, "more than one was there at once");
    let in_order = by_arrival.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!(in_order >= largest - 1, "{by_arrival:?}");
    bus.stop().await;
}

#[tokio::test]
async fn a_slow_handler_takes_no_more_than_its_prefetch_and_hinders_no_other() {
    let slow = Ground::shared().await;
    let gate = Arc::new(Semaphore::new(0));
    let recorder = Recorder::gated(Arc::clone(&gate));
    let heartbeat = Duration::from_secs(3);
    let config = BusConfig { prefetch: 10, batch: 5, heartbeat, ..quick() };
    let bus = slow.bus_with(config, &slow.broker);
    bus.consume(slow.queue, recorder.clone());
    let channel = slow.channel().await;
    let ids = slow.enqueue(slow.kind, 50).await;
    bus.outbox().wake();
    eventually("the prefetch taken and no more", async || (slow.depth(&channel).await == 40).then_some(()))
        .await;
    assert_eq!(slow.effects().await, 0, "the handler has not come to an end");
    assert!(recorder.prepared() > 0, "the handler has begun");

    // Beside it, on the same broker, another goes on; and two heartbeats later the slow one is still connected.
    let other = Ground::shared().await;
    let other_bus = other.bus();
    other_bus.consume(other.queue, Recorder::new());
    for round in 1..=5 {
        other.enqueue(other.kind, 20).await;
        eventually("the other's effects", async || (other.effects().await == round * 20).then_some(())).await;
    }
    tokio::time::sleep(2 * heartbeat + heartbeat / 2).await;
    assert_eq!(slow.depth(&channel).await, 40, "nothing was given back meanwhile");

    gate.add_permits(1000);
    eventually("all effects", async || (slow.effects().await == 50).then_some(())).await;
    slow.assert_each_once(&ids).await;
    bus.stop().await;
    other_bus.stop().await;
}
