//! The relay: what the broker returns, nacks or refuses, who leads, and how little an idle one asks.

use std::time::{Duration, Instant};

use bus::{BusConfig, Outgoing, enqueue};
use chrono::Utc;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Ground, Recorder, eventually, quick};

async fn trouble(ground: &Ground) -> Vec<(String, i64)> {
    sqlx::query_as(
        "SELECT trouble, count(*) FROM outbox WHERE trouble IS NOT NULL GROUP BY trouble ORDER BY 1",
    )
    .fetch_all(&ground.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_returned_message_stays_and_the_others_go() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    // Mixed in one pipeline, so that a return hangs on the confirm of another message.
    let mut ids = Vec::new();
    let mut unwanted = Vec::new();
    let mut tx = ground.pool.begin().await.unwrap();
    for version in 1..=60 {
        let kind = if version % 3 == 0 { ground.unwanted } else { ground.kind };
        let message = Outgoing::new(kind, Uuid::new_v4(), version, Utc::now(), &());
        let ids = if kind == ground.kind { &mut ids } else { &mut unwanted };
        ids.push(message.message_id.uuid());
        enqueue(&mut tx, &[message]).await.unwrap();
    }
    tx.commit().await.unwrap();
    bus.outbox().wake();
    eventually("the wanted effects", async || (ground.effects().await == 40).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let expected = [("unroutable".to_owned(), 20)];
    eventually("the unwanted ones marked", async || (trouble(&ground).await == expected).then_some(())).await;
    eventually("them alone left", async || (ground.outbox_rows().await == 20).then_some(())).await;
    eventually("the alarm's metric", async || {
        telemetry::metrics::encode().contains("zhirong_outbox_unroutable_rows").then_some(())
    })
    .await;

    // They were tried again meanwhile; once somebody wants them they go by themselves.
    eventually("a second attempt", async || {
        (ground.count("SELECT max(attempts)::bigint FROM outbox").await >= 2).then_some(())
    })
    .await;
    ground.want(ground.unwanted).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    eventually("their effects", async || (ground.effects().await == 60).then_some(())).await;
    ids.extend(unwanted);
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_nacked_message_stays_until_the_broker_takes_it() {
    let ground = Ground::shared().await;
    // A queue that takes nothing beyond its length: the broker nacks.
    let policy = ["policies", ground.vhost.as_str(), "full"];
    let full = json!({
        "pattern": format!("^{}$", ground.queue.name.replace('.', "\\.")), "apply-to": "queues", "priority": 99,
        "definition": {"max-length": 1, "overflow": "reject-publish"},
    });
    ground.admin.put(&policy, full).await.unwrap();
    let channel = ground.channel().await;
    let bus = ground.bus();
    let mut ids = Vec::new();
    // The limit is enforced a moment after the queue is full.
    eventually("a nack", async || {
        ids.extend(ground.enqueue(ground.kind, 10).await);
        bus.outbox().wake();
        (trouble(&ground).await.iter().any(|(trouble, _)| trouble == "nacked")).then_some(())
    })
    .await;
    assert!(ground.depth(&channel).await >= 1);
    ground.admin.delete(&policy).await.unwrap();
    bus.consume(ground.queue, Recorder::new());
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    let all = i64::try_from(ids.len()).unwrap();
    eventually("all effects", async || (ground.effects().await == all).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_refused_message_is_found_and_holds_up_no_other() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    // The broker closes the channel on a type that the role may not publish, and with it everything under way.
    let mut ids = ground.enqueue(ground.kind, 20).await;
    let refused = ground.enqueue("somebody.elses-type.v1", 1).await;
    ids.extend(ground.enqueue(ground.kind, 20).await);
    bus.outbox().wake();
    eventually("the other effects", async || (ground.effects().await == 40).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let expected = [("refused".to_owned(), 1)];
    eventually("the refused one alone left", async || {
        (trouble(&ground).await == expected && ground.outbox_rows().await == 1).then_some(())
    })
    .await;
    let left: Uuid =
        sqlx::query_scalar("SELECT message_id FROM outbox").fetch_one(&ground.pool).await.unwrap();
    assert_eq!(left, refused[0]);
    bus.stop().await;
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_sends_nothing() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    let mut tx = ground.pool.begin().await.unwrap();
    enqueue(&mut tx, &[Outgoing::new(ground.kind, Uuid::new_v4(), 1, Utc::now(), &())]).await.unwrap();
    tx.rollback().await.unwrap();
    bus.outbox().wake();
    let ids = ground.enqueue(ground.kind, 1).await;
    eventually("the effect of the committed one", async || (ground.effects().await >= 1).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_row_that_commits_late_is_sent_though_later_ones_have_gone() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    let late = Outgoing::new(ground.kind, Uuid::new_v4(), 1, Utc::now(), &());
    let mut tx = ground.pool.begin().await.unwrap();
    enqueue(&mut tx, std::slice::from_ref(&late)).await.unwrap();
    let mut ids = ground.enqueue(ground.kind, 10).await;
    eventually("the later effects", async || (ground.effects().await == 10).then_some(())).await;
    tx.commit().await.unwrap();
    // Nobody wakes the relay: it finds the row by itself.
    ids.push(late.message_id.uuid());
    eventually("the late effect", async || (ground.effects().await == 11).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn one_of_two_relays_leads_and_the_other_follows_when_it_ends() {
    let ground = Ground::shared().await;
    let (one, two) = (ground.bus(), ground.bus());
    let leading = || (one.health().relay.leading, two.health().relay.leading);
    eventually("a leader", async || (leading().0 || leading().1).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(leading().0 != leading().1, "one leads, not both: {:?}", leading());
    let (first, second) = if leading().0 { (one, two) } else { (two, one) };
    let channel = ground.channel().await;
    ground.enqueue(ground.kind, 5).await;
    eventually("the first five", async || (ground.depth(&channel).await == 5).then_some(())).await;
    first.stop().await;
    ground.enqueue(ground.kind, 5).await;
    eventually("the next five", async || (ground.depth(&channel).await == 10).then_some(())).await;
    assert!(second.health().relay.leading);
    second.stop().await;
}

#[tokio::test]
async fn an_idle_relay_asks_seldom_and_a_wake_reaches_it_at_once() {
    let ground = Ground::shared().await;
    // Without the wake this relay would look only every half minute.
    let slow = Duration::from_secs(30);
    let bus = ground.bus_with(BusConfig { poll_min: slow, poll_max: slow, ..quick() }, &ground.broker);
    eventually("a relay that leads", async || bus.health().connected.then_some(())).await;
    let channel = ground.channel().await;
    for _ in 0..10 {
        ground.enqueue(ground.kind, 1).await;
        let start = Instant::now();
        bus.outbox().wake();
        let got = eventually("the message", async || {
            channel.basic_get(ground.queue.name.into(), BasicGetOptions::default()).await.unwrap()
        })
        .await;
        got.ack(BasicAckOptions::default()).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
    bus.stop().await;

    let idle = ground.bus_with(BusConfig::default(), &ground.broker);
    eventually("a relay that leads", async || idle.health().connected.then_some(())).await;
    let asked = async || {
        ground
            .count("SELECT sum(xact_commit)::bigint FROM pg_stat_database WHERE datname = current_database()")
            .await
    };
    let before = asked().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let transactions = asked().await - before;
    assert!(transactions <= 3 * 30, "{transactions} transactions in 3 s of nothing to do");
    idle.stop().await;
}
