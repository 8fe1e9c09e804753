//! AMQP as bytes and properties, written out by hand: what the bus puts on the wire is checked against this, not
//! against itself.

use chrono::Utc;
use kernel::MessageId;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use uuid::Uuid;

/// The envelope of a well-formed message.
pub(crate) fn properties(id: Uuid, kind: &str, aggregate: Uuid, version: i64) -> BasicProperties {
    let text = |value: String| AMQPValue::LongString(value.into());
    let mut headers = FieldTable::default();
    headers.insert("aggregate_id".into(), text(aggregate.to_string()));
    headers.insert("aggregate_version".into(), AMQPValue::LongLongInt(version));
    headers.insert("occurred_at".into(), text(Utc::now().to_rfc3339()));
    BasicProperties::default()
        .with_message_id(id.to_string().into())
        .with_type(kind.into())
        .with_delivery_mode(2)
        .with_headers(headers)
}

/// A method frame (AMQP 0-9-1 §4.2.4).
fn method(channel: u16, class: u16, method: u16, arguments: &[u8]) -> Vec<u8> {
    let mut frame = vec![1];
    frame.extend(channel.to_be_bytes());
    frame.extend(u32::try_from(arguments.len() + 4).unwrap().to_be_bytes());
    frame.extend(class.to_be_bytes());
    frame.extend(method.to_be_bytes());
    frame.extend(arguments);
    frame.push(0xCE);
    frame
}

/// `connection.blocked`, as a broker under a memory alarm says it.
pub(crate) fn blocked() -> Vec<u8> {
    method(0, 10, 60, b"\x0alow memory")
}

/// `connection.unblocked`.
pub(crate) fn unblocked() -> Vec<u8> {
    method(0, 10, 61, b"")
}

/// `basic.ack` of a delivery that there never was: the broker closes the channel with 406.
pub(crate) fn ack_of_unknown_delivery(channel: u16) -> Vec<u8> {
    let mut arguments = 999_999u64.to_be_bytes().to_vec();
    arguments.push(0);
    method(channel, 60, 80, &arguments)
}

/// An id as the bus would give it.
pub(crate) fn new_id() -> Uuid {
    MessageId::new(Utc::now(), &mut rand::rng()).uuid()
}
