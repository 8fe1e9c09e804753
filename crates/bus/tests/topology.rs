//! What roles may and may not do on the broker, and that declaring is repeatable.

use bus::topology::{TopologyError, check};
use bus::{EXCHANGE, Queue};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};

use crate::support::Ground;

async fn channel_of(ground: &Ground) -> (Connection, Channel) {
    let url = ground.amqp_url(&ground.broker);
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

fn code<T>(answer: Result<T, lapin::Error>) -> u16 {
    match answer.err().map(|error| error.kind().clone()) {
        Some(lapin::ErrorKind::ProtocolError(refusal)) => refusal.get_id(),
        Some(_) | None => 0,
    }
}

#[tokio::test]
async fn a_role_reads_its_own_queues_publishes_its_own_types_and_configures_nothing() {
    let (ground, other) = (Ground::shared().await, Ground::shared().await);
    let publish = async |exchange: &str, key: &str| {
        let (_connection, channel) = channel_of(&ground).await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = BasicPublishOptions::default();
        match channel
            .basic_publish(exchange.into(), key.into(), options, b"", BasicProperties::default())
            .await
        {
            Ok(confirm) => code(confirm.await),
            Err(error) => code::<()>(Err(error)),
        }
    };
    assert_eq!(publish(EXCHANGE, ground.kind).await, 0, "its own type");
    assert_eq!(publish(EXCHANGE, other.kind).await, 403, "another's type");
    assert_eq!(publish("", ground.queue.name).await, 403, "past the exchange");
    assert_eq!(publish("amq.topic", ground.kind).await, 403, "another exchange");

    let consume = async |queue: &str| {
        let (_connection, channel) = channel_of(&ground).await;
        let options = BasicConsumeOptions::default();
        code(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await)
    };
    assert_eq!(consume(ground.queue.name).await, 0);
    assert_eq!(consume(&ground.queue.dead()).await, 0);

    let (_connection, channel) = channel_of(&ground).await;
    let declare = channel.queue_declare("mine".into(), QueueDeclareOptions::default(), FieldTable::default());
    assert_eq!(code(declare.await), 403, "a queue of its own making");
    let (_connection, channel) = channel_of(&ground).await;
    let bind = channel.queue_bind(
        ground.queue.name.into(),
        EXCHANGE.into(),
        other.kind.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    assert_eq!(code(bind.await), 403, "a binding of its own making");
}

#[tokio::test]
async fn declaring_again_keeps_what_is_wanted_and_unbinds_what_is_not() {
    let ground = Ground::shared().await;
    let bindings = ["bindings", ground.vhost.as_str(), "e", EXCHANGE, "q", ground.queue.name];
    ground.admin.post(&bindings, json!({"routing_key": "no.longer-wanted.v1"})).await.unwrap();
    let keys = async || -> Vec<String> {
        let bindings = ground.admin.get(&bindings).await.unwrap().unwrap();
        let key = |b: &Value| b["routing_key"].as_str().unwrap().to_owned();
        bindings.as_array().unwrap().iter().map(key).collect()
    };
    assert_eq!(keys().await.len(), 2);
    ground.declare().await;
    assert_eq!(keys().await, [ground.kind]);

    for (name, limit) in [(ground.queue.name.to_owned(), 1000), (ground.queue.dead(), 1_000_000)] {
        let queue = ground.admin.get(&["queues", &ground.vhost, &name]).await.unwrap().unwrap();
        assert_eq!(queue["arguments"], json!({"x-queue-type": "quorum"}));
        let policy = ground.admin.get(&["policies", &ground.vhost, &name]).await.unwrap().unwrap();
        assert_eq!(policy["definition"]["delivery-limit"], limit);
    }
}

#[tokio::test]
async fn a_role_finds_out_by_itself_which_queue_is_missing() {
    let ground = Ground::shared().await;
    let (_connection, channel) = channel_of(&ground).await;
    check(&channel, std::slice::from_ref(ground.queue)).await.unwrap();
    let missing = Queue { name: "nobody.declared.v1", binds: &[] };
    let answer = check(&channel, &[*ground.queue, missing]).await;
    assert!(matches!(answer, Err(TopologyError::QueueMissing { queue }) if queue == "nobody.declared.v1"));
}
