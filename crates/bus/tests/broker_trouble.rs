//! What a broker or the network before it can do to a connection, without the broker being gone.

use std::time::Duration;

use bus::BusConfig;

use crate::support::{
    Ground, Proxy, Recorder, Towards, ack_of_unknown_delivery, blocked, eventually, quick, unblocked,
};

/// AMQP class and method of `channel.close`.
const CHANNEL_CLOSE: (u16, u16) = (20, 40);

#[tokio::test]
async fn a_channel_that_the_broker_closes_is_made_anew() {
    let ground = Ground::shared().await;
    let proxy = Proxy::before(&ground.broker).await;
    let bus = ground.bus_with(quick(), &proxy.address);
    bus.consume(ground.queue, Recorder::new());
    let mut ids = ground.enqueue(ground.kind, 5).await;
    eventually("the first effects", async || (ground.effects().await == 5).then_some(())).await;
    let connections = proxy.connections();
    let closes = proxy.passed(Towards::Bus, CHANNEL_CLOSE.0, CHANNEL_CLOSE.1);
    // On either connection the first channel acknowledges what it never got; the broker closes it with 406.
    proxy.inject(Towards::Broker, &ack_of_unknown_delivery(1));
    eventually("the channels closed by the broker", async || {
        (proxy.passed(Towards::Bus, CHANNEL_CLOSE.0, CHANNEL_CLOSE.1) >= closes + 2).then_some(())
    })
    .await;
    ids.extend(ground.enqueue(ground.kind, 5).await);
    eventually("the effects after it", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&ids).await;
    eventually("all well", async || bus.health().ready().then_some(())).await;
    assert!(proxy.connections() <= connections + 2, "at most one new connection each");
    bus.stop().await;
}

#[tokio::test]
async fn a_consumer_whose_queue_is_deleted_comes_back_when_it_is_declared_again() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    let mut ids = ground.enqueue(ground.kind, 5).await;
    eventually("the first effects", async || (ground.effects().await == 5).then_some(())).await;
    ground.admin.delete(&["queues", &ground.vhost, ground.queue.name]).await.unwrap();
    eventually("the consumer cancelled", async || (!bus.health().consumers[0].consuming).then_some(())).await;
    // Sent while there is no queue: returned, kept, and sent again.
    ids.extend(ground.enqueue(ground.kind, 5).await);
    eventually("unroutable rows", async || {
        (ground.count("SELECT count(*) FROM outbox WHERE trouble = 'unroutable'").await == 5).then_some(())
    })
    .await;
    assert!(bus.health().alive(), "it goes on trying");
    ground.declare().await;
    eventually("the effects after it", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_left_after_two_heartbeats() {
    let ground = Ground::shared().await;
    let proxy = Proxy::before(&ground.broker).await;
    let config = BusConfig { heartbeat: Duration::from_secs(1), ..quick() };
    let bus = ground.bus_with(config, &proxy.address);
    bus.consume(ground.queue, Recorder::new());
    eventually("all well", async || bus.health().ready().then_some(())).await;
    let connections = proxy.connections();
    proxy.swallow(Towards::Bus, true);
    proxy.swallow(Towards::Broker, true);
    // No reset, no end: only the missing heartbeat tells.
    eventually("both connections given up", async || (proxy.connections() >= connections + 2).then_some(()))
        .await;
    proxy.swallow(Towards::Bus, false);
    proxy.swallow(Towards::Broker, false);
    proxy.cut();
    let ids = ground.enqueue(ground.kind, 5).await;
    eventually("effects", async || (ground.effects().await == 5).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_blocked_relay_waits_for_the_alarm_to_end_without_sending_again() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let proxy = Proxy::before(&ground.broker).await;
    let config = BusConfig { confirm_limit: Duration::from_millis(500), ..quick() };
    let bus = ground.bus_with(config, &proxy.address);
    eventually("a connected relay", async || bus.health().connected.then_some(())).await;
    let connections = proxy.connections();
    proxy.inject(Towards::Bus, &blocked());
    eventually("the relay blocked", async || bus.health().relay.blocked.then_some(())).await;
    let ids = ground.enqueue(ground.kind, 20).await;
    bus.outbox().wake();
    // Longer than confirms may take: time under an alarm does not count.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(bus.health().relay.blocked && bus.health().alive());
    assert_eq!(ground.depth(&channel).await, 0);
    assert_eq!(proxy.connections(), connections, "the connection is kept");
    proxy.inject(Towards::Bus, &unblocked());
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    assert_eq!(ground.depth(&channel).await, 20, "each was sent once");
    bus.consume(ground.queue, Recorder::new());
    eventually("effects", async || (ground.effects().await == 20).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}

#[tokio::test]
async fn connections_that_are_cut_under_load_cost_nothing_but_time() {
    let ground = Ground::shared().await;
    let proxy = Proxy::before(&ground.broker).await;
    let bus = ground.bus_with(quick(), &proxy.address);
    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    let mut ids = Vec::new();
    for round in 0..10 {
        eventually("all well", async || bus.health().ready().then_some(())).await;
        ids.extend(ground.enqueue(ground.kind, 200).await);
        bus.outbox().wake();
        eventually("some effects", async || (ground.effects().await > round * 100).then_some(())).await;
        proxy.refuse(true);
        proxy.cut();
        eventually("the loss noticed", async || (!bus.health().connected).then_some(())).await;
        proxy.refuse(false);
    }
    eventually("all effects", async || (ground.effects().await >= 2000).then_some(())).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    ground.assert_each_once(&ids).await;
    assert!(proxy.connections() >= 20, "every cut ended both connections");
    bus.stop().await;
}
