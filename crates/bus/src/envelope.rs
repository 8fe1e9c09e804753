//! The envelope: what travels beside the body, in AMQP properties and headers. Ids and codes only, never a name or an
//! amount. Between outbox row, broker and held row nothing of it changes but the trace position.

use chrono::{DateTime, SecondsFormat, Utc};
use kernel::MessageId;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use uuid::Uuid;

const AGGREGATE_ID: &str = "aggregate_id";
const AGGREGATE_VERSION: &str = "aggregate_version";
const OCCURRED_AT: &str = "occurred_at";
const TRACEPARENT: &str = "traceparent";
/// Set by quorum queues: how often the message has been delivered before.
const DELIVERY_COUNT: &str = "x-delivery-count";
/// What a broker message of one message says of its body.
pub(crate) const SINGLE: &str = "application/protobuf";
/// AMQP's `delivery-mode` for a message that outlives the broker.
const PERSISTENT: u8 = 2;

/// A message as a handler sees it.
#[derive(Debug, Clone)]
pub struct Message {
    /// UUIDv7, given by the publisher's clock.
    pub id: MessageId,
    /// The type, such as `intake.leg-issued.v1`.
    pub kind: String,
    pub aggregate_id: Uuid,
    /// Rises with every change of the aggregate; order can be restored from it.
    pub aggregate_version: i64,
    pub occurred_at: DateTime<Utc>,
    pub traceparent: Option<String>,
    /// Protobuf of the type.
    pub body: Vec<u8>,
    /// How often its handling has been begun before, by this queue's consumers.
    pub attempt: u32,
    /// By what the inbox knows it: the parcel that it came in, or its own id.
    unit: Uuid,
    span: tracing::Span,
}

impl Message {
    /// The span of this message's effect: a child of its own trace, linked to the batch it is handled in. Disabled in a batch
    /// of several where its trace is not recorded.
    pub fn span(&self) -> &tracing::Span {
        &self.span
    }

    /// Decides something as this message's effect: [`crate::Outgoing::new`] inside continues its trace.
    pub fn scope<R>(&self, decide: impl FnOnce() -> R) -> R {
        match &self.traceparent {
            Some(traceparent) if self.span.is_disabled() => telemetry::context::carrying(traceparent, decide),
            _ => self.span.in_scope(decide),
        }
    }

    pub(crate) fn unit(&self) -> Uuid {
        self.unit
    }

    pub(crate) fn set_span(&mut self, span: tracing::Span) {
        self.span = span;
    }
}

/// A message as it would arrive: for handing one to a handler without a broker.
impl From<crate::Outgoing> for Message {
    fn from(outgoing: crate::Outgoing) -> Self {
        Self {
            id: outgoing.message_id,
            kind: outgoing.kind.to_owned(),
            aggregate_id: outgoing.aggregate_id,
            aggregate_version: outgoing.aggregate_version,
            occurred_at: outgoing.occurred_at,
            traceparent: outgoing.traceparent,
            body: outgoing.body,
            attempt: 0,
            unit: outgoing.message_id.uuid(),
            span: tracing::Span::none(),
        }
    }
}

/// The envelope alone: everything but the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) aggregate_id: Uuid,
    pub(crate) aggregate_version: i64,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) traceparent: Option<String>,
}

impl Envelope {
    pub(crate) fn into_message(self, body: Vec<u8>, attempt: u32) -> Message {
        let unit = self.id;
        self.into_letter(body, attempt, unit)
    }

    /// As [`Self::into_message`], for one that came in the parcel `unit`.
    pub(crate) fn into_letter(self, body: Vec<u8>, attempt: u32, unit: Uuid) -> Message {
        Message {
            id: MessageId::from_uuid(self.id),
            kind: self.kind,
            aggregate_id: self.aggregate_id,
            aggregate_version: self.aggregate_version,
            occurred_at: self.occurred_at,
            traceparent: self.traceparent,
            body,
            attempt,
            unit,
            span: tracing::Span::none(),
        }
    }

    pub(crate) fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        let text = |value: String| AMQPValue::LongString(value.into());
        headers.insert(AGGREGATE_ID.into(), text(self.aggregate_id.to_string()));
        headers.insert(AGGREGATE_VERSION.into(), AMQPValue::LongLongInt(self.aggregate_version));
        headers
            .insert(OCCURRED_AT.into(), text(self.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true)));
        if let Some(traceparent) = &self.traceparent {
            headers.insert(TRACEPARENT.into(), text(traceparent.clone()));
        }
        self.address().with_content_type(SINGLE.into()).with_headers(headers)
    }

    /// What every broker message needs on its way, whatever it holds.
    pub(crate) fn address(&self) -> BasicProperties {
        BasicProperties::default()
            .with_message_id(self.id.to_string().into())
            .with_type(self.kind.as_str().into())
            .with_delivery_mode(PERSISTENT)
    }

    pub(crate) fn read(properties: &BasicProperties) -> Result<Self, Unreadable> {
        let id = message_id(properties).ok_or(Unreadable::MessageId)?;
        if id.get_version_num() != 7 {
            return Err(Unreadable::MessageId);
        }
        let kind = kind(properties)?;
        let aggregate_id = header_text(properties, AGGREGATE_ID)
            .and_then(|text| Uuid::try_parse(&text).ok())
            .ok_or(Unreadable::AggregateId)?;
        let aggregate_version =
            header(properties, AGGREGATE_VERSION).and_then(integer).ok_or(Unreadable::AggregateVersion)?;
        let occurred_at = header_text(properties, OCCURRED_AT)
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
            .ok_or(Unreadable::OccurredAt)?
            .with_timezone(&Utc);
        // A trace that cannot be continued is no reason to refuse a message.
        let traceparent =
            header_text(properties, TRACEPARENT).filter(|text| telemetry::context::trace_id(text).is_some());
        Ok(Self { id, kind: kind.to_owned(), aggregate_id, aggregate_version, occurred_at, traceparent })
    }
}

/// Which part of an envelope cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    MessageId,
    Kind,
    AggregateId,
    AggregateVersion,
    OccurredAt,
    /// The body is none of a parcel, though the envelope says so.
    Parcel,
    /// The body is none of a bag, though the properties say so.
    Bag,
    /// None that this release knows.
    ContentType,
}

impl Unreadable {
    /// The reason that its held row carries.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::MessageId => "envelope-message-id",
            Self::Kind => "envelope-type",
            Self::AggregateId => "envelope-aggregate-id",
            Self::AggregateVersion => "envelope-aggregate-version",
            Self::OccurredAt => "envelope-occurred-at",
            Self::Parcel => "envelope-parcel",
            Self::Bag => "envelope-bag",
            Self::ContentType => "envelope-content-type",
        }
    }
}

/// `service.thing-done.v1`. Whatever else stands there could not even be stored or logged safely.
fn is_kind(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    (1..=200).contains(&text.len()) && text.bytes().all(letter)
}

/// The type alone.
pub(crate) fn kind(properties: &BasicProperties) -> Result<&str, Unreadable> {
    properties.kind().as_ref().map(|k| k.as_str()).filter(|k| is_kind(k)).ok_or(Unreadable::Kind)
}

/// The id alone: a returned message is matched by it, never by its position.
pub(crate) fn message_id(properties: &BasicProperties) -> Option<Uuid> {
    properties.message_id().as_ref().and_then(|id| Uuid::try_parse(id.as_str()).ok())
}

/// How often the broker has delivered the message before; 0 where it does not say.
pub(crate) fn delivery_count(properties: &BasicProperties) -> u32 {
    header(properties, DELIVERY_COUNT)
        .and_then(integer)
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(0)
}

pub(crate) fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn header_text(properties: &BasicProperties, name: &str) -> Option<String> {
    let value = header(properties, name)?;
    let bytes = value.as_long_string().map(|s| s.as_bytes().to_vec());
    let bytes = bytes.or_else(|| value.as_short_string().map(|s| s.as_str().as_bytes().to_vec()))?;
    String::from_utf8(bytes).ok()
}

/// Brokers and clients choose the width of an integer freely.
pub(crate) fn integer(value: &AMQPValue) -> Option<i64> {
    value
        .as_long_long_int()
        .or_else(|| value.as_long_int().map(i64::from))
        .or_else(|| value.as_long_uint().map(i64::from))
        .or_else(|| value.as_short_int().map(i64::from))
        .or_else(|| value.as_short_uint().map(i64::from))
        .or_else(|| value.as_short_short_int().map(i64::from))
        .or_else(|| value.as_short_short_uint().map(i64::from))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn envelope(id: u128, version: i64, micros: i64, traceparent: Option<String>) -> Envelope {
        let id = uuid::Builder::from_random_bytes(id.to_be_bytes())
            .with_version(uuid::Version::SortRand)
            .into_uuid();
        Envelope {
            id,
            kind: "intake.leg-issued.v1".to_owned(),
            aggregate_id: Uuid::from_u128(7),
            aggregate_version: version,
            occurred_at: DateTime::from_timestamp_micros(micros).unwrap_or_default(),
            traceparent,
        }
    }

    proptest! {
        #[test]
        fn an_envelope_survives_the_wire(id: u128, version: i64, micros in 0..4_000_000_000_000_000i64, traced: bool) {
            let parent = traced.then(|| "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
            let sent = envelope(id, version, micros, parent);
            prop_assert_eq!(Envelope::read(&sent.properties()), Ok(sent));
        }
    }

    #[test]
    fn every_missing_part_is_named() {
        let whole = envelope(1, 1, 1, None).properties();
        let without = |name: &str| {
            let mut headers = whole.headers().clone().unwrap_or_default();
            let kept: Vec<_> = headers
                .inner()
                .iter()
                .filter(|(k, _)| k.as_str() != name)
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            headers = FieldTable::default();
            for (key, value) in kept {
                headers.insert(key, value);
            }
            whole.clone().with_headers(headers)
        };
        let cases = [
            (whole.clone().with_message_id("no uuid".into()), Unreadable::MessageId),
            (whole.clone().with_message_id(Uuid::from_u128(1).to_string().into()), Unreadable::MessageId),
            (whole.clone().with_type("".into()), Unreadable::Kind),
            (without(AGGREGATE_ID), Unreadable::AggregateId),
            (without(AGGREGATE_VERSION), Unreadable::AggregateVersion),
            (without(OCCURRED_AT), Unreadable::OccurredAt),
        ];
        for (properties, expected) in cases {
            assert_eq!(Envelope::read(&properties), Err(expected));
        }
    }
}
