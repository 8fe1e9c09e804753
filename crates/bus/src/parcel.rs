//! Parcels: messages of one type that one transaction owes, on their way together. A parcel is one outbox row, one message
//! for the broker and one inbox row, whatever it holds; behind the inbox its letters are messages like any others, each
//! with its own id, outcome and held row. Made by [`crate::enqueue_together`], opened by every consumer.
//!
//! Bags: outbox rows of one type, single messages and parcels, that the relay found waiting together. A bag is one message
//! for the broker and nothing else: each of its rows is known by the inbox as if it had come alone, so that it does not
//! matter in which bags, and how often, a row travels.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::DateTime;
use lapin::BasicProperties;
use lapin::types::AMQPValue;
use prost::Message as _;
use uuid::Uuid;

use crate::Outgoing;
use crate::envelope::{self, Envelope, Unreadable, header, integer};

/// What a parcel's broker message says of its body; a single message has [`envelope::SINGLE`].
const PARCEL: &str = "application/vnd.zhirong.parcel";
/// What a bag's broker message says. It has no envelope beyond id and type: a consumer from before there were bags parks
/// it as unreadable, and does not take its body for that of a single message.
const BAG: &str = "application/vnd.zhirong.bag";
/// How many letters there are, for whoever fills a batch.
const LETTERS: &str = "letters";
/// Most letters of a parcel, which stand and fall together: as many as one batch of a consumer.
const MOST_LETTERS: usize = 256;
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
    /// In a bag: how many letters the row holds. Of several, the body is a parcel. 0 in a parcel.
    #[prost(int32, tag = "7")]
    letters: i32,
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
            letters: 0,
        }
    }

    /// What a bag holds of a row is all that it would say of itself if it travelled alone.
    fn of_row(envelope: &Envelope, letters: i32, body: Vec<u8>) -> Self {
        Self {
            id: envelope.id.into_bytes().to_vec(),
            aggregate_id: envelope.aggregate_id.into_bytes().to_vec(),
            aggregate_version: envelope.aggregate_version,
            occurred_at_micros: envelope.occurred_at.timestamp_micros(),
            traceparent: envelope.traceparent.clone(),
            body,
            letters,
        }
    }

    /// As a row of a bag.
    fn unit(self, kind: &str) -> Result<Unit, Unreadable> {
        let envelope = self.envelope(kind)?;
        let id = envelope.id;
        let letters = match self.letters {
            ..=1 => vec![(envelope, self.body)],
            _ => letters_of(&self.body, kind)?,
        };
        Ok(Unit { id, letters })
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

/// What the inbox knows as one: a single message or a parcel.
#[derive(Debug)]
pub(crate) struct Unit {
    /// By what it is known.
    pub(crate) id: Uuid,
    pub(crate) letters: Vec<(Envelope, Vec<u8>)>,
}

/// Reads a delivery: a single message, a parcel, or a bag of such. All of it or nothing.
pub(crate) fn open(properties: &BasicProperties, body: Vec<u8>) -> Result<Vec<Unit>, (Unreadable, Vec<u8>)> {
    let marked = properties.content_type().as_ref().map_or(envelope::SINGLE, |kind| kind.as_str());
    let read = match marked {
        envelope::SINGLE => match Envelope::read(properties) {
            Ok(envelope) => return Ok(vec![Unit { id: envelope.id, letters: vec![(envelope, body)] }]),
            Err(unreadable) => Err(unreadable),
        },
        PARCEL => Envelope::read(properties).and_then(|envelope| {
            Ok(vec![Unit { id: envelope.id, letters: letters_of(&body, &envelope.kind)? }])
        }),
        BAG => envelope::kind(properties).and_then(|kind| units_of(&body, kind)),
        _ => Err(Unreadable::ContentType),
    };
    read.map_err(|unreadable| (unreadable, body))
}

fn letters_of(body: &[u8], kind: &str) -> Result<Vec<(Envelope, Vec<u8>)>, Unreadable> {
    let parcel = Parcel::decode(body).map_err(|_| Unreadable::Parcel)?;
    if parcel.letters.is_empty() {
        return Err(Unreadable::Parcel);
    }
    let read = |letter: Letter| letter.envelope(kind).map(|envelope| (envelope, letter.body));
    parcel.letters.into_iter().map(read).collect()
}

fn units_of(body: &[u8], kind: &str) -> Result<Vec<Unit>, Unreadable> {
    let bag = Parcel::decode(body).map_err(|_| Unreadable::Bag)?;
    if bag.letters.is_empty() {
        return Err(Unreadable::Bag);
    }
    bag.letters.into_iter().map(|row| row.unit(kind).map_err(|_| Unreadable::Bag)).collect()
}

/// The body of a bag: of each row its envelope, how many letters it holds, and its body.
pub(crate) fn bag<'a>(rows: impl Iterator<Item = (Cow<'a, Envelope>, i32, Cow<'a, [u8]>)>) -> Vec<u8> {
    let letters = rows.map(|(envelope, letters, body)| Letter::of_row(&envelope, letters, body.into_owned()));
    Parcel { letters: letters.collect() }.encode_to_vec()
}

/// Marks a broker message as a bag; its id is that of the first row.
pub(crate) fn bag_properties(first: &Envelope, letters: i32) -> BasicProperties {
    marked(first.address(), BAG, letters)
}

/// Marks a broker message as a parcel.
pub(crate) fn labelled(properties: BasicProperties, letters: i32) -> BasicProperties {
    marked(properties, PARCEL, letters)
}

fn marked(properties: BasicProperties, content_type: &str, letters: i32) -> BasicProperties {
    let mut headers = properties.headers().clone().unwrap_or_default();
    headers.insert(LETTERS.into(), AMQPValue::LongInt(letters));
    properties.with_content_type(content_type.into()).with_headers(headers)
}

/// How many messages a delivery says it holds.
pub(crate) fn letters(properties: &BasicProperties) -> usize {
    let said = header(properties, LETTERS).and_then(integer);
    said.and_then(|letters| usize::try_from(letters).ok()).unwrap_or(1)
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
        let many: Vec<Outgoing> = (0..520).map(|aggregate| message("a", aggregate, 1)).collect();
        assert_eq!(pack(&many).iter().map(Packed::letters).collect::<Vec<_>>(), [256, 256, 8]);
        let large = |aggregate| Outgoing { body: vec![0; MOST_BYTES - 10], ..message("a", aggregate, 1) };
        assert_eq!(pack(&[large(1), large(2)]).len(), 2);
    }

    #[test]
    fn a_parcel_survives_the_wire_and_a_broken_one_is_named() {
        let messages = [message("a.b.v1", 1, 1), message("a.b.v1", 2, 7)];
        let packed = pack(&messages);
        let parcel = packed.first().unwrap();
        let properties = labelled(row(&messages[0]).properties(), 2);
        assert_eq!(letters(&properties), 2);
        let opened = open(&properties, parcel.body().into_owned()).unwrap();
        assert_eq!(opened.len(), 1, "one unit");
        assert_eq!(opened[0].id, messages[0].message_id.uuid());
        assert_eq!(read(&opened[0]), sent(&messages));
        assert_eq!(open(&properties, vec![255]).unwrap_err().0, Unreadable::Parcel);
        assert_eq!(open(&properties, Vec::new()).unwrap_err().0, Unreadable::Parcel);
    }

    fn read(unit: &Unit) -> Vec<(Uuid, i64, Vec<u8>)> {
        unit.letters.iter().map(|(e, body)| (e.id, e.aggregate_version, body.clone())).collect()
    }

    fn sent(messages: &[Outgoing]) -> Vec<(Uuid, i64, Vec<u8>)> {
        messages.iter().map(|m| (m.message_id.uuid(), m.aggregate_version, m.body.clone())).collect()
    }

    /// The envelope of the row that begins with this message.
    fn row(message: &Outgoing) -> Envelope {
        Envelope {
            id: message.message_id.uuid(),
            kind: message.kind.to_owned(),
            aggregate_id: message.aggregate_id,
            aggregate_version: message.aggregate_version,
            occurred_at: message.occurred_at,
            traceparent: None,
        }
    }

    #[test]
    fn a_bag_survives_the_wire_and_each_of_its_rows_is_a_unit() {
        let [alone, first, second] = [1, 2, 3].map(|aggregate| message("a.b.v1", aggregate, 7));
        let together = [first.clone(), second];
        let parcel = pack(&together).first().unwrap().body().into_owned();
        let rows = [(row(&alone), 1, alone.body.clone()), (row(&first), 2, parcel)];
        let body = bag(rows.iter().map(|(e, letters, body)| (Cow::Borrowed(e), *letters, body.into())));
        let properties = bag_properties(&rows[0].0, 3);
        assert_eq!(letters(&properties), 3);
        assert_eq!(envelope::message_id(&properties), Some(alone.message_id.uuid()));

        let units = open(&properties, body.clone()).unwrap();
        assert_eq!(units.iter().map(|unit| unit.id).collect::<Vec<_>>(), [rows[0].0.id, rows[1].0.id]);
        assert_eq!(read(&units[0]), sent(&[alone]));
        assert_eq!(read(&units[1]), sent(&together));
        assert_eq!(units[0].letters[0].0.kind, "a.b.v1");

        // A consumer that knows no bags finds no envelope.
        assert_eq!(Envelope::read(&properties), Err(Unreadable::AggregateId));
        assert_eq!(open(&properties, vec![255]).unwrap_err(), (Unreadable::Bag, vec![255]));
        assert_eq!(open(&properties, Vec::new()).unwrap_err().0, Unreadable::Bag);
        let broken = bag([(Cow::Borrowed(&rows[1].0), 2, vec![255].into())].into_iter());
        assert_eq!(open(&properties, broken).unwrap_err().0, Unreadable::Bag, "a row that is no parcel");
        let nameless = properties.clone().with_type("".into());
        assert_eq!(open(&nameless, body.clone()).unwrap_err().0, Unreadable::Kind);
        let unknown = properties.with_content_type("application/vnd.zhirong.crate".into());
        assert_eq!(open(&unknown, body.clone()).unwrap_err(), (Unreadable::ContentType, body));
    }

    #[test]
    fn each_letter_of_a_parcel_goes_on_in_its_own_trace() {
        let traced = |aggregate, trace: Option<&str>| Outgoing {
            traceparent: trace.map(str::to_owned),
            ..message("a.b.v1", aggregate, 1)
        };
        let messages = [traced(1, Some("one")), traced(2, None), traced(3, Some("three"))];
        let body = pack(&messages).first().unwrap().body().into_owned();
        let changed = with_traces(&body, |_, trace| (trace == "three").then(|| "four".to_owned())).unwrap();
        let traces: Vec<_> =
            Parcel::decode(changed.as_slice()).unwrap().letters.into_iter().map(|l| l.traceparent).collect();
        assert_eq!(traces, [Some("one".to_owned()), None, Some("four".to_owned())]);
        assert_eq!(with_traces(&body, |_, _| None), None, "untouched where no trace goes on");
    }
}
