//! Messages that cannot be handled: poison, unknown types, envelopes that cannot be read.

use bus::{BusConfig, Outcome};
use lapin::BasicProperties;
use uuid::Uuid;

use crate::support::{Ground, Recorder, Verdict, eventually, new_id, properties, quick};

async fn parked(ground: &Ground) -> Vec<(Option<Uuid>, String)> {
    sqlx::query_as("SELECT message_id, reason FROM held WHERE kind = 'parked' ORDER BY reason")
        .fetch_all(&ground.pool)
        .await
        .unwrap()
}

async fn poison_is_parked_and_the_rest_goes_on(verdict: fn() -> Verdict) {
    let ground = Ground::shared().await;
    let mut ids = ground.enqueue(ground.kind, 100).await;
    // In the middle of a batch, by its aggregate's version.
    let poison = ids.remove(50);
    let recorder =
        Recorder::judging(move |m| if m.id.uuid() == poison { verdict() } else { Verdict::Effect });
    let bus = ground.bus_with(BusConfig { max_attempts: 2, ..quick() }, &ground.broker);
    bus.consume(ground.queue, recorder.clone());
    eventually("the other effects", async || (ground.effects().await == 99).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let expected = [(Some(poison), "handler-failed".to_owned())];
    eventually("the poison parked", async || (parked(&ground).await == expected).then_some(())).await;
    let attempts: i32 =
        sqlx::query_scalar("SELECT attempts FROM held").fetch_one(&ground.pool).await.unwrap();
    assert!(attempts >= 2, "it was tried again before: {attempts}");
    assert!(recorder.applied() > 100, "the batch failed, and its messages were taken one by one");
    // And the consumer lives.
    ground.enqueue(ground.kind, 5).await;
    eventually("later effects", async || (ground.effects().await == 104).then_some(())).await;
    assert!(bus.health().alive());
    bus.stop().await;
}

#[tokio::test]
async fn a_message_that_its_handler_always_fails_on_is_parked_and_the_rest_goes_on() {
    poison_is_parked_and_the_rest_goes_on(|| Verdict::Fail).await;
}

#[tokio::test]
async fn a_message_that_makes_its_handler_panic_is_parked_and_the_rest_goes_on() {
    poison_is_parked_and_the_rest_goes_on(|| Verdict::Panic).await;
}

#[tokio::test]
async fn an_unknown_type_is_parked_by_its_handler() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let kind = ground.kind;
    let bus = ground.bus();
    bus.consume(
        ground.queue,
        Recorder::judging(move |m| match m.kind.as_str() {
            known if known == kind => Verdict::Effect,
            _ => Verdict::Say(Outcome::Park { reason: "unknown-type" }),
        }),
    );
    let (known, unknown) = (new_id(), new_id());
    ground.publish_raw(&channel, properties(unknown, "test.thing-undone.v9", Uuid::new_v4(), 1), b"?").await;
    ground.publish_raw(&channel, properties(known, kind, Uuid::new_v4(), 1), b"").await;
    eventually("the known effect", async || (ground.effects().await == 1).then_some(())).await;
    let expected = [(Some(unknown), "unknown-type".to_owned())];
    eventually("the unknown one parked", async || (parked(&ground).await == expected).then_some(())).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_message_without_a_readable_envelope_is_parked_and_never_handled() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let recorder = Recorder::new();
    let bus = ground.bus();
    bus.consume(ground.queue, recorder.clone());
    let good = || properties(new_id(), ground.kind, Uuid::new_v4(), 1);
    let random_id = Uuid::new_v4();
    let bad = [
        BasicProperties::default(),
        good().with_message_id("1".into()),
        properties(random_id, ground.kind, Uuid::new_v4(), 1),
        good().with_type("weird\0type".into()),
        good().with_headers(lapin::types::FieldTable::default()),
    ];
    for properties in bad {
        ground.publish_raw(&channel, properties, b"\xff\x00body").await;
    }
    let id = new_id();
    ground.publish_raw(&channel, properties(id, ground.kind, Uuid::new_v4(), 1), b"").await;
    eventually("the good effect", async || (ground.effects().await == 1).then_some(())).await;
    eventually("five parked", async || (parked(&ground).await.len() == 5).then_some(())).await;
    let reasons: Vec<String> = parked(&ground).await.into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(
        reasons,
        [
            "envelope-aggregate-id",
            "envelope-message-id",
            "envelope-message-id",
            "envelope-message-id",
            "envelope-type"
        ]
    );
    assert_eq!(recorder.applied(), 1);
    bus.stop().await;
}
