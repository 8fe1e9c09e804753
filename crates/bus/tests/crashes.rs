//! Crashes at the two seams: between effect and ack, and between publish and confirm; and of a whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::{Ground, Proxy, Recorder, Towards, Verdict, eventually, quick};

/// AMQP class and method of `basic.ack`, which consumers send as acks and brokers as confirms.
const ACK: (u16, u16) = (60, 80);

#[tokio::test]
async fn an_effect_whose_ack_is_lost_is_not_repeated() {
    let ground = Ground::shared().await;
    let ids = ground.enqueue(ground.kind, 30).await;
    let sender = ground.bus();
    eventually("all sent", async || (ground.outbox_rows().await == 0).then_some(())).await;
    sender.stop().await;

    let proxy = Proxy::before(&ground.broker).await;
    let armed = Arc::new(AtomicBool::new(true));
    let recorder = {
        let (proxy, armed) = (proxy.clone(), Arc::clone(&armed));
        // Runs between the commit and the ack.
        Recorder::then(move || {
            if armed.load(Ordering::SeqCst) {
                proxy.swallow(Towards::Broker, true);
            }
        })
    };
    let bus = ground.bus_with(quick(), &proxy.address);
    bus.consume(ground.queue, recorder.clone());
    eventually("a lost ack", async || (proxy.swallowed(Towards::Broker, ACK.0, ACK.1) > 0).then_some(()))
        .await;
    let committed = ground.effects().await;
    assert!(committed > 0, "effects were committed before the ack was lost");
    armed.store(false, Ordering::SeqCst);
    proxy.cut();
    proxy.swallow(Towards::Broker, false);

    let channel = ground.channel().await;
    eventually("all effects", async || (ground.effects().await >= 30).then_some(())).await;
    let repeated = usize::try_from(committed).unwrap();
    eventually("what had no ack delivered again", async || {
        (recorder.prepared() >= recorder.applied() + repeated).then_some(())
    })
    .await;
    bus.stop().await;
    assert_eq!(ground.depth(&channel).await, 0, "everything is acknowledged");
    ground.assert_each_once(&ids).await;
}

#[tokio::test]
async fn a_message_whose_confirm_is_lost_is_sent_again_and_has_its_effect_once() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let proxy = Proxy::before(&ground.broker).await;
    let bus = ground.bus_with(quick(), &proxy.address);
    eventually("a connected relay", async || bus.health().connected.then_some(())).await;
    proxy.swallow(Towards::Bus, true);
    let ids = ground.enqueue(ground.kind, 20).await;
    bus.outbox().wake();
    eventually("lost confirms", async || (proxy.swallowed(Towards::Bus, ACK.0, ACK.1) > 0).then_some(()))
        .await;
    eventually("the messages on the queue", async || (ground.depth(&channel).await >= 20).then_some(()))
        .await;
    assert_eq!(ground.outbox_rows().await, 20, "nothing is forgotten without its confirm");
    proxy.cut();
    proxy.swallow(Towards::Bus, false);
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    assert!(ground.depth(&channel).await >= 40, "they were sent a second time");

    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    eventually("an empty queue", async || (ground.depth(&channel).await == 0).then_some(())).await;
    eventually("all effects", async || (ground.effects().await >= 20).then_some(())).await;
    bus.stop().await;
    ground.assert_each_once(&ids).await;
}

#[tokio::test]
async fn a_process_that_is_killed_again_and_again_loses_and_repeats_nothing() {
    let ground = Arc::new(Ground::shared().await);
    let mut ids = Vec::new();
    let mut kills_with_work_in_hand = 0;
    for _ in 0..8 {
        ids.extend(ground.enqueue(ground.kind, 100).await);
        let before = ground.effects().await;
        // A runtime of its own that is torn down at once, mid-sentence: nothing is drained, nothing said good-bye.
        let life = Arc::clone(&ground);
        let killed = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let bus = runtime.block_on(async {
                let pool = life.another_pool().await;
                let bus = life.bus_on(pool, quick());
                bus.consume(life.queue, Recorder::judging(|_| Verdict::Effect));
                bus
            });
            let start = std::time::Instant::now();
            let some_more = before + 30;
            let pool = runtime.block_on(life.another_pool());
            while start.elapsed() < Duration::from_secs(30) {
                let effects: i64 = runtime.block_on(async {
                    sqlx::query_scalar("SELECT count(*) FROM effect").fetch_one(&pool).await.unwrap()
                });
                if effects >= some_more {
                    break;
                }
            }
            runtime.shutdown_background();
            drop(bus);
        });
        tokio::task::spawn_blocking(move || killed.join().unwrap()).await.unwrap();
        let done = ground.effects().await;
        if done < i64::try_from(ids.len()).unwrap() || ground.outbox_rows().await > 0 {
            kills_with_work_in_hand += 1;
        }
    }
    assert!(kills_with_work_in_hand > 0, "at least once it was killed in the middle");
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    let all = i64::try_from(ids.len()).unwrap();
    eventually("all effects", async || (ground.effects().await >= all).then_some(())).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    bus.stop().await;
    ground.assert_each_once(&ids).await;
}
