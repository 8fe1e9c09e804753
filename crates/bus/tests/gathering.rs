//! Handlers whose effects are one statement with what remembers the messages.

use bus::BusConfig;
use uuid::Uuid;

use crate::support::{Gatherer, Ground, Recorder, Verdict, eventually, new_id, properties, quick};

#[tokio::test]
async fn effects_that_are_gathered_happen_once_also_where_a_batch_holds_repetitions() {
    for alone in [true, false] {
        repetitions(alone).await;
    }
}

async fn repetitions(alone: bool) {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let recorder = Recorder::new();
    let bus = ground.bus();
    bus.consume(ground.queue, Gatherer { recorder: recorder.clone(), alone });
    let (first, second) = (new_id(), new_id());
    let send = async |id: Uuid| {
        ground.publish_raw(&channel, properties(id, ground.kind, Uuid::new_v4(), 1), b"").await;
    };
    send(first).await;
    eventually("the first effect", async || (ground.effects().await == 1).then_some(())).await;
    // Long committed, and now beside a new one.
    for id in [first, second, first] {
        send(id).await;
    }
    eventually("the second effect", async || (ground.effects().await == 2).then_some(())).await;
    eventually("an empty queue", async || (ground.depth(&channel).await == 0).then_some(())).await;
    let ids = ground.enqueue(ground.kind, 300).await;
    bus.outbox().wake();
    eventually("all effects", async || (ground.effects().await == 302).then_some(())).await;
    ground.assert_each_once(&[vec![first, second], ids].concat()).await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 0, "nothing is held");
    assert_eq!(ground.count("SELECT count(*) FROM inbox").await, 302);
    bus.stop().await;
}

#[tokio::test]
async fn a_gatherer_that_fails_on_one_message_does_the_others_and_the_one_is_parked() {
    for alone in [true, false] {
        a_failure(alone).await;
    }
}

async fn a_failure(alone: bool) {
    let ground = Ground::shared().await;
    let mut ids = ground.enqueue(ground.kind, 40).await;
    ids.extend(ground.enqueue_together(ground.kind, 8).await);
    let poison = ids.remove(20);
    let recorder =
        Recorder::judging(move |m| if m.id.uuid() == poison { Verdict::Fail } else { Verdict::Effect });
    let bus = ground.bus_with(BusConfig { max_attempts: 2, ..quick() }, &ground.broker);
    bus.consume(ground.queue, Gatherer { recorder, alone });
    eventually("the other effects", async || (ground.effects().await == 47).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let parked = "SELECT count(*) FROM held WHERE kind = 'parked' AND reason = 'handler-failed'";
    eventually("the poison parked", async || (ground.count(parked).await == 1).then_some(())).await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 1, "nothing else is held");
    bus.stop().await;
}
