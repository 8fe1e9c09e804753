//! Parcels: messages of one type that one transaction owes, on their way together. A parcel is one outbox row, one message
//! for the broker and one inbox row, whatever it holds; behind the inbox its letters are messages like any others, each
//! with its own id, outcome and held row. Made by [`crate::enqueue_together`], opened by every consumer.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::DateTime;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use prost::Message as _;
use uuid::Uuid;

use crate::Outgoing;
use crate::envelope::{Envelope, Message, Unreadable, delivery_count, header, integer};

/// What a parcel's broker message says of its body; a single message has `application/protobuf`.
const CONTENT_TYPE: &str = "application/vnd.zhirong.parcel";
/// How many letters there are, for whoever fills a batch.
const LETTERS: &str = "letters";
/// As many as one batch of a consumer.
const MOST_LETTERS: usize = 64;
/// Bodies beyond this length begin another parcel.
const MOST_BYTES: usize = 128 * 1_024;

#[derive(Clone, PartialEq, prost::Message)]
struct Parcel {
    #[prost(message, repeated, tag = "1")]
    letters: Vec<Letter>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Letter {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    aggregate_id: Vec<u8>,
    #[prost(int64, tag = "3")]
    aggregate_version: i64,
    #[prost(int64, tag = "4")]
    occurred_at_micros: i64,
    #[prost(string, optional, tag = "5")]
    traceparent: Option<String>,
    #[prost(bytes = "vec", tag = "6")]
    body: Vec<u8>,
}

/// Messages that go as one row: a single one as it is, several as a parcel under the id of the first.
pub(crate) struct Packed<'a> {
    letters: Vec<&'a Outgoing>,
    bytes: usize,
}

impl<'a> Packed<'a> {
    /// The envelope of the row is that of this message.
    pub(crate) fn first(&self) -> Option<&'a Outgoing> {
        self.letters.first().copied()
    }

    pub(crate) fn letters(&self) -> usize {
        self.letters.len()
    }

    /// A parcel's letters have their own traces; the first that is recorded says that there are any to be continued.
    pub(crate) fn traceparent(&self) -> Option<&'a str> {
        let mut traces = self.letters.iter().filter_map(|message| message.traceparent.as_deref());
        match self.letters.as_slice() {
            [_] => traces.next(),
            _ => traces.find(|trace| telemetry::context::is_recorded(trace)),
        }
    }

    pub(crate) fn body(&self) -> Cow<'a, [u8]> {
        match self.letters.as_slice() {
            [single] => Cow::Borrowed(&single.body),
            several => {
                let letters = several.iter().map(|message| Letter::of(message)).collect();
                Cow::Owned(Parcel { letters }.encode_to_vec())
            }
        }
    }

    fn takes(&self, message: &Outgoing) -> bool {
        self.letters.len() < MOST_LETTERS && self.bytes + message.body.len() <= MOST_BYTES
    }
}

/// Packs messages by type, in their order. What concerns one aggregate stays in order across types: a message never goes
/// into a parcel that leaves before another one of its aggregate.
pub(crate) fn pack(messages: &[Outgoing]) -> Vec<Packed<'_>> {
    let mut packed: Vec<Packed<'_>> = Vec::new();
    let mut of_kind: HashMap<&'static str, usize> = HashMap::new();
    let mut of_aggregate: HashMap<Uuid, usize> = HashMap::new();
    for message in messages {
        let not_before = of_aggregate.get(&message.aggregate_id).copied().unwrap_or_default();
        let open = of_kind.get(message.kind).copied().filter(|place| {
            *place >= not_before && packed.get(*place).is_some_and(|parcel| parcel.takes(message))
        });
        let place = open.unwrap_or(packed.len());
        if place == packed.len() {
            packed.push(Packed { letters: Vec::new(), bytes: 0 });
            of_kind.insert(message.kind, place);
        }
        if let Some(parcel) = packed.get_mut(place) {
            parcel.letters.push(message);
            parcel.bytes += message.body.len();
        }
        of_aggregate.insert(message.aggregate_id, place);
    }
    packed
}

impl Letter {
    fn of(message: &Outgoing) -> Self {
        Self {
            id: message.message_id.uuid().into_bytes().to_vec(),
            aggregate_id: message.aggregate_id.into_bytes().to_vec(),
            aggregate_version: message.aggregate_version,
            occurred_at_micros: message.occurred_at.timestamp_micros(),
            traceparent: message.traceparent.clone(),
            body: message.body.clone(),
        }
    }

    fn envelope(&self, kind: &str) -> Result<Envelope, Unreadable> {
        let id = Uuid::from_slice(&self.id).map_err(|_| Unreadable::Parcel)?;
        if id.get_version_num() != 7 {
            return Err(Unreadable::Parcel);
        }
        Ok(Envelope {
            id,
            kind: kind.to_owned(),
            aggregate_id: Uuid::from_slice(&self.aggregate_id).map_err(|_| Unreadable::Parcel)?,
            aggregate_version: self.aggregate_version,
            occurred_at: DateTime::from_timestamp_micros(self.occurred_at_micros)
                .ok_or(Unreadable::Parcel)?,
            // A trace that cannot be continued is no reason to refuse a message.
            traceparent: self.traceparent.clone().filter(|text| telemetry::context::trace_id(text).is_some()),
        })
    }
}

/// Lets each letter's trace go on from what `continued` makes of it; the body as it was if none has a trace.
pub(crate) fn with_traces(
    body: &[u8],
    mut continued: impl FnMut(Uuid, &str) -> Option<String>,
) -> Option<Vec<u8>> {
    let mut parcel = Parcel::decode(body).ok()?;
    let mut changed = false;
    for letter in &mut parcel.letters {
        let id = Uuid::from_slice(&letter.id).unwrap_or_default();
        if let Some(next) = letter.traceparent.as_deref().and_then(|traceparent| continued(id, traceparent)) {
            letter.traceparent = Some(next);
            changed = true;
        }
    }
    changed.then(|| parcel.encode_to_vec())
}

/// What one delivery holds.
#[derive(Debug)]
pub(crate) struct Opened {
    /// By what the inbox knows all of it.
    pub(crate) id: Uuid,
    pub(crate) letters: Vec<(Envelope, Vec<u8>)>,
}

/// Reads a delivery, single message or parcel.
pub(crate) fn open(properties: &BasicProperties, body: Vec<u8>) -> Result<Opened, (Unreadable, Vec<u8>)> {
    let envelope = match Envelope::read(properties) {
        Ok(envelope) => envelope,
        Err(unreadable) => return Err((unreadable, body)),
    };
    let id = envelope.id;
    if !is_parcel(properties) {
        return Ok(Opened { id, letters: vec![(envelope, body)] });
    }
    let Ok(parcel) = Parcel::decode(body.as_slice()) else { return Err((Unreadable::Parcel, body)) };
    let letters: Result<Vec<_>, _> = parcel
        .letters
        .into_iter()
        .map(|letter| letter.envelope(&envelope.kind).map(|envelope| (envelope, letter.body)))
        .collect();
    match letters {
        Ok(letters) if !letters.is_empty() => Ok(Opened { id, letters }),
        Ok(_) | Err(_) => Err((Unreadable::Parcel, body)),
    }
}

/// Marks a broker message as a parcel.
pub(crate) fn labelled(properties: BasicProperties, letters: i32) -> BasicProperties {
    let mut headers = properties.headers().clone().unwrap_or_default();
    headers.insert(LETTERS.into(), AMQPValue::LongInt(letters));
    properties.with_content_type(CONTENT_TYPE.into()).with_headers(headers)
}

/// How many messages a delivery says it holds.
pub(crate) fn letters(properties: &BasicProperties) -> usize {
    let said = header(properties, LETTERS).and_then(integer);
    said.and_then(|letters| usize::try_from(letters).ok()).unwrap_or(1)
}

fn is_parcel(properties: &BasicProperties) -> bool {
    properties.content_type().as_ref().is_some_and(|kind| kind.as_str() == CONTENT_TYPE)
}

/// The messages in a delivery, for whoever listens without an inbox. Empty if it cannot be read.
pub fn opened(delivery: Delivery) -> Vec<Message> {
    let attempt = delivery_count(&delivery.properties);
    match open(&delivery.properties, delivery.data) {
        Ok(opened) => {
            opened.letters.into_iter().map(|(envelope, body)| envelope.into_message(body, attempt)).collect()
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn message(kind: &'static str, aggregate: u128, version: i64) -> Outgoing {
        Outgoing::new(
            kind,
            Uuid::from_u128(aggregate),
            version,
            Utc::now(),
            &format!("{kind} {aggregate} {version}"),
        )
    }

    fn order(messages: &[Outgoing]) -> Vec<Vec<(&'static str, u128, i64)>> {
        let letter = |m: &&Outgoing| (m.kind, m.aggregate_id.as_u128(), m.aggregate_version);
        pack(messages).iter().map(|parcel| parcel.letters.iter().map(letter).collect()).collect()
    }

    #[test]
    fn one_type_shares_a_parcel_across_aggregates() {
        let messages = [message("a", 1, 1), message("b", 2, 1), message("a", 3, 1), message("b", 4, 1)];
        assert_eq!(order(&messages), [vec![("a", 1, 1), ("a", 3, 1)], vec![("b", 2, 1), ("b", 4, 1)]]);
    }

    #[test]
    fn no_message_leaves_before_an_earlier_one_of_its_aggregate() {
        let messages = [message("a", 1, 1), message("b", 2, 1), message("a", 2, 2), message("b", 1, 2)];
        assert_eq!(order(&messages), [vec![("a", 1, 1)], vec![("b", 2, 1), ("b", 1, 2)], vec![("a", 2, 2)]]);
    }

    #[test]
    fn a_parcel_is_bounded_in_letters_and_bytes() {
        let many: Vec<Outgoing> = (0..130).map(|aggregate| message("a", aggregate, 1)).collect();
        assert_eq!(pack(&many).iter().map(Packed::letters).collect::<Vec<_>>(), [64, 64, 2]);
        let large = |aggregate| Outgoing { body: vec![0; MOST_BYTES - 10], ..message("a", aggregate, 1) };
        assert_eq!(pack(&[large(1), large(2)]).len(), 2);
    }

    #[test]
    fn a_parcel_survives_the_wire_and_a_broken_one_is_named() {
        let messages = [message("a.b.v1", 1, 1), message("a.b.v1", 2, 7)];
        let packed = pack(&messages);
        let parcel = packed.first().unwrap();
        let envelope = Envelope {
            id: messages[0].message_id.uuid(),
            kind: "a.b.v1".to_owned(),
            aggregate_id: Uuid::from_u128(1),
            aggregate_version: 1,
            occurred_at: messages[0].occurred_at,
            traceparent: None,
        };
        let properties = labelled(envelope.properties(), 2);
        assert_eq!(letters(&properties), 2);
        let opened = open(&properties, parcel.body().into_owned()).unwrap();
        let read: Vec<_> = opened
            .letters
            .iter()
            .map(|(envelope, body)| (envelope.id, envelope.aggregate_version, body.clone()))
            .collect();
        let sent: Vec<_> =
            messages.iter().map(|m| (m.message_id.uuid(), m.aggregate_version, m.body.clone())).collect();
        assert_eq!(read, sent);
        assert_eq!(open(&properties, vec![255]).unwrap_err().0, Unreadable::Parcel);
        assert_eq!(open(&properties, Vec::new()).unwrap_err().0, Unreadable::Parcel);
    }
}
