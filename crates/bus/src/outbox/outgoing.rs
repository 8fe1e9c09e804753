//! A message on its way out.

use chrono::{DateTime, Utc};
use kernel::MessageId;
use uuid::Uuid;

/// A message that a state change owes; it becomes an outbox row by [`crate::enqueue`] in the same transaction.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub message_id: MessageId,
    /// The type and routing key, such as `intake.leg-issued.v1`.
    pub kind: &'static str,
    pub aggregate_id: Uuid,
    pub aggregate_version: i64,
    pub occurred_at: DateTime<Utc>,
    pub traceparent: Option<String>,
    /// Protobuf of the type.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// `now` stamps the id and the event; the trace is that of the current span.
    pub fn new(
        kind: &'static str,
        aggregate_id: Uuid,
        aggregate_version: i64,
        now: DateTime<Utc>,
        body: &impl prost::Message,
    ) -> Self {
        Self {
            message_id: MessageId::new(now, &mut rand::rng()),
            kind,
            aggregate_id,
            aggregate_version,
            occurred_at: now,
            traceparent: telemetry::context::current_traceparent(),
            body: body.encode_to_vec(),
        }
    }
}
