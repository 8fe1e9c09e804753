//! A broker that goes away altogether. These tests have one of their own.

use std::time::Duration;

use engines::{RabbitMq, Source};

use crate::support::{Ground, Recorder, eventually};

/// One after another on one node, because a node takes long to start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_absent_restarted_and_killed_is_outlived() {
    let mut broker = RabbitMq::start(Source::Private).await.unwrap();
    let ground = Ground::prepare(broker.amqp_base(), broker.management_url()).await;
    ground.declare().await;
    broker.halt().await.unwrap();

    // Absent at start: the bus starts nevertheless, and the outbox grows.
    let bus = ground.bus();
    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.extend(ground.enqueue(ground.kind, 250).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(bus.health().alive() && !bus.health().connected, "{:?}", bus.health());
    assert_eq!(ground.outbox_rows().await, 5000, "the outbox has grown");
    broker.resume().await.unwrap();
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    eventually("all effects", async || (ground.effects().await >= 5000).then_some(())).await;
    ground.assert_each_once(&ids).await;

    // Restarted and killed, with messages under way all the time.
    for kill in [false, true] {
        let before = ids.len();
        let mut seen_away = false;
        let load = async {
            let mut more = Vec::new();
            for _ in 0..40 {
                more.extend(ground.enqueue(ground.kind, 50).await);
                bus.outbox().wake();
                seen_away |= !bus.health().connected;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            more
        };
        let fault = async {
            eventually("load", async || {
                (ground.effects().await > i64::try_from(before).unwrap()).then_some(())
            })
            .await;
            if kill {
                broker.kill9().await.unwrap();
            } else {
                broker.halt().await.unwrap();
            }
            eventually("its absence noticed", async || (!bus.health().connected).then_some(())).await;
            broker.resume().await.unwrap();
        };
        let (more, ()) = tokio::join!(load, fault);
        assert!(seen_away, "messages were enqueued while the broker was away");
        ids.extend(more);
        let all = i64::try_from(ids.len()).unwrap();
        eventually("all effects", async || (ground.effects().await >= all).then_some(())).await;
        eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
        ground.assert_each_once(&ids).await;
    }
    eventually("all well", async || bus.health().ready().then_some(())).await;
    bus.stop().await;
    broker.stop().await.unwrap();
}
