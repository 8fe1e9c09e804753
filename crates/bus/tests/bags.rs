//! Rows of unhurried types: they wait for company, share broker messages, and each has its own effects once.

use std::time::{Duration, Instant};

use bus::BusConfig;
use uuid::Uuid;

use crate::support::{Ground, Proxy, Recorder, Towards, Verdict, eventually, new_id, properties, quick};

/// AMQP class and method of a broker's confirm.
const ACK: (u16, u16) = (60, 80);
/// Longer than what a test enqueues within it may take.
const LONG: Duration = Duration::from_secs(3);
/// No test takes so long.
const FOR_EVER: Duration = Duration::from_secs(600);

/// With the ground's second type as an unhurried one, which the queue takes too.
async fn ground() -> Ground {
    let ground = Ground::shared().await;
    ground.want(ground.unwanted).await;
    ground
}

fn lingering(ground: &Ground, linger: Duration) -> BusConfig {
    BusConfig { unhurried: Box::leak(Box::new([ground.unwanted])), linger, ..quick() }
}

/// The relay has looked at everything once, and from now on waits.
async fn settled(ground: &Ground, bus: &bus::Bus) -> Vec<Uuid> {
    let before = ground.effects().await;
    let ids = ground.enqueue(ground.kind, 1).await;
    bus.outbox().wake();
    eventually("a first effect", async || (ground.effects().await > before).then_some(())).await;
    ids
}

#[tokio::test]
async fn rows_of_several_transactions_within_the_wait_are_one_message_and_have_their_effects_once_each() {
    let ground = ground().await;
    let proxy = Proxy::before(&ground.broker).await;
    let bus = ground.bus_with(lingering(&ground, LONG), &proxy.address);
    bus.consume(ground.queue, Recorder::new());
    let mut ids = settled(&ground, &bus).await;
    let published = || proxy.passed(Towards::Broker, 60, 40);
    let before = published();
    for _ in 0..3 {
        ids.extend(ground.enqueue(ground.unwanted, 2).await);
        ids.extend(ground.enqueue_together(ground.unwanted, 5).await);
        bus.outbox().wake();
    }
    eventually("all effects", async || (ground.effects().await >= 22).then_some(())).await;
    ground.assert_each_once(&ids).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    assert_eq!(published() - before, 1, "nine rows in one message");
    assert_eq!(ground.count("SELECT count(*) FROM inbox").await, 10, "each row known by itself");
    bus.stop().await;
}

#[tokio::test]
async fn hurried_rows_do_not_wait_for_unhurried_ones_and_at_the_end_nothing_waits() {
    let ground = ground().await;
    let channel = ground.channel().await;
    let bus = ground.bus_with(lingering(&ground, FOR_EVER), &ground.broker);
    bus.consume(ground.queue, Recorder::new());
    let mut hurried = settled(&ground, &bus).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.extend(ground.enqueue(ground.unwanted, 2).await);
        hurried.extend(ground.enqueue(ground.kind, 1).await);
        bus.outbox().wake();
    }
    eventually("the hurried effects", async || (ground.effects().await >= 4).then_some(())).await;
    ground.assert_each_once(&hurried).await;
    eventually("the others alone left", async || (ground.outbox_rows().await == 6).then_some(())).await;
    bus.stop().await;
    assert_eq!(ground.outbox_rows().await, 0, "what waited for company left with the shutdown");
    let after = ground.bus_with(lingering(&ground, FOR_EVER), &ground.broker);
    after.consume(ground.queue, Recorder::new());
    eventually("their effects", async || (ground.effects().await >= 10).then_some(())).await;
    eventually("an empty queue", async || (ground.depth(&channel).await == 0).then_some(())).await;
    ground.assert_each_once(&[hurried, waiting].concat()).await;
    let begun = Instant::now();
    after.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "a bus that has nothing to send is not cut off");
}

#[tokio::test]
async fn an_unhurried_row_waits_no_longer_than_it_may_whoever_enqueued_it() {
    let ground = ground().await;
    let bus = ground.bus_with(lingering(&ground, Duration::from_millis(50)), &ground.broker);
    bus.consume(ground.queue, Recorder::new());
    let mut ids = settled(&ground, &bus).await;
    for (round, woken) in (2..).zip([true, false, true, false]) {
        let begun = Instant::now();
        ids.extend(ground.enqueue(ground.unwanted, 1).await);
        if woken {
            bus.outbox().wake();
        }
        eventually("the effect", async || (ground.effects().await >= round).then_some(())).await;
        // Generous, for a busy machine: a row that is forgotten would wait for ever.
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_row_whose_confirm_was_lost_and_that_comes_again_in_another_bag_has_its_effect_once() {
    let ground = ground().await;
    let proxy = Proxy::before(&ground.broker).await;
    let sender = ground.bus_with(lingering(&ground, Duration::from_millis(50)), &proxy.address);
    eventually("a connected relay", async || sender.health().connected.then_some(())).await;
    // Consumes past the proxy; its relay stands by.
    let taker = ground.bus();
    let recorder = Recorder::new();
    taker.consume(ground.queue, recorder.clone());

    proxy.swallow(Towards::Bus, true);
    let mut ids = ground.enqueue(ground.unwanted, 4).await;
    sender.outbox().wake();
    let swallowed = || proxy.swallowed(Towards::Bus, ACK.0, ACK.1);
    eventually("a lost confirm", async || (swallowed() > 0).then_some(())).await;
    eventually("their effects", async || (ground.effects().await >= 4).then_some(())).await;
    assert_eq!(ground.outbox_rows().await, 4, "nothing is forgotten without its confirm");
    let before = (recorder.prepared(), proxy.passed(Towards::Broker, 60, 40));
    assert_eq!(before, (4, 1), "four rows in a bag");

    // Two more, which the relay finds together with the four once it has another connection.
    ids.extend(ground.enqueue(ground.unwanted, 2).await);
    proxy.cut();
    proxy.swallow(Towards::Bus, false);
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    eventually("the later effects", async || (ground.effects().await >= 6).then_some(())).await;
    eventually("the repetition", async || (recorder.prepared() >= before.0 + 6).then_some(())).await;
    sender.stop().await;
    taker.stop().await;
    ground.assert_each_once(&ids).await;
    assert_eq!(recorder.applied(), 6);
    assert_eq!(ground.count("SELECT count(*) FROM inbox").await, 6);
}

#[tokio::test]
async fn a_returned_bag_leaves_all_its_rows_in_the_outbox_and_they_go_once_somebody_wants_them() {
    let ground = Ground::shared().await;
    let unhurried = Box::leak(Box::new([ground.kind, ground.unwanted]));
    let bus = ground.bus_with(BusConfig { unhurried, ..quick() }, &ground.broker);
    bus.consume(ground.queue, Recorder::new());
    let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        // Bags of both types are under way together: a return hangs on the confirm of another.
        wanted.extend(ground.enqueue(ground.kind, 3).await);
        unwanted.extend(ground.enqueue(ground.unwanted, 3).await);
        bus.outbox().wake();
    }
    eventually("the wanted effects", async || (ground.effects().await == 12).then_some(())).await;
    ground.assert_each_once(&wanted).await;
    let held_back = async || {
        let held = "SELECT count(*) FROM outbox WHERE trouble = 'unroutable' AND attempts > 0";
        ground.count(held).await
    };
    eventually("the unwanted ones marked", async || (held_back().await == 12).then_some(())).await;
    assert_eq!(ground.outbox_rows().await, 12, "each of their rows is kept, and no other");
    ground.want(ground.unwanted).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    eventually("their effects", async || (ground.effects().await == 24).then_some(())).await;
    ground.assert_each_once(&[wanted, unwanted].concat()).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_refused_type_in_a_bag_is_found_row_by_row_and_holds_up_no_other() {
    let ground = ground().await;
    let elses = "somebody.elses-fact.v1";
    let unhurried = Box::leak(Box::new([ground.unwanted, elses]));
    let bus = ground.bus_with(BusConfig { unhurried, ..quick() }, &ground.broker);
    bus.consume(ground.queue, Recorder::new());
    let mut ids = ground.enqueue(ground.unwanted, 5).await;
    let refused = ground.enqueue(elses, 2).await;
    ids.extend(ground.enqueue(ground.unwanted, 5).await);
    bus.outbox().wake();
    eventually("the other effects", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let kept = async || -> Vec<Uuid> {
        sqlx::query_scalar("SELECT message_id FROM outbox WHERE trouble = 'refused' ORDER BY seq")
            .fetch_all(&ground.pool)
            .await
            .unwrap()
    };
    eventually("the refused ones marked", async || (kept().await == refused).then_some(())).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_bad_row_of_a_bag_is_parked_alone() {
    let ground = ground().await;
    let mut ids = ground.enqueue(ground.unwanted, 6).await;
    let poison = ids.remove(2);
    let judge = move |m: &bus::Message| if m.id.uuid() == poison { Verdict::Fail } else { Verdict::Effect };
    let config = BusConfig { max_attempts: 2, ..lingering(&ground, LONG) };
    let bus = ground.bus_with(config, &ground.broker);
    bus.consume(ground.queue, Recorder::judging(judge));
    eventually("the other effects", async || (ground.effects().await == 5).then_some(())).await;
    ground.assert_each_once(&ids).await;
    eventually("the poison parked", async || {
        let parked: Vec<Option<Uuid>> =
            sqlx::query_scalar("SELECT message_id FROM held WHERE kind = 'parked'")
                .fetch_all(&ground.pool)
                .await
                .unwrap();
        (parked == [Some(poison)]).then_some(())
    })
    .await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 1, "nothing else is held");
    bus.stop().await;
}

#[tokio::test]
async fn a_bag_that_cannot_be_opened_and_what_is_marked_unknown_are_parked() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    let (broken, unknown) = (new_id(), new_id());
    for (id, marker) in [(broken, "application/vnd.zhirong.bag"), (unknown, "application/vnd.zhirong.crate")]
    {
        let properties = properties(id, ground.kind, Uuid::new_v4(), 1).with_content_type(marker.into());
        ground.publish_raw(&channel, properties, b"\xff\xff").await;
    }
    let ids = ground.enqueue(ground.kind, 2).await;
    bus.outbox().wake();
    eventually("the effects behind them", async || (ground.effects().await == 2).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let parked: Vec<(Option<Uuid>, String)> =
        sqlx::query_as("SELECT message_id, reason FROM held WHERE kind = 'parked' ORDER BY reason")
            .fetch_all(&ground.pool)
            .await
            .unwrap();
    let expected = [(broken, "envelope-bag"), (unknown, "envelope-content-type")];
    assert_eq!(parked, expected.map(|(id, reason)| (Some(id), reason.to_owned())));
    bus.stop().await;
}
