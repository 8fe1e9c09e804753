//! From deliveries to what can be handled: envelopes read, repetitions within a batch dropped, odd ones set aside.

use chrono::{DateTime, Days, Utc};
use lapin::message::Delivery;
use uuid::Uuid;

use super::aside::{Aside, Wait};
use crate::envelope::{Envelope, Message, delivery_count};
use crate::parcel::{self, Unit};

/// A batch from the queue, sorted out.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// To be handled, by aggregate and version: whoever locks rows in this order does not deadlock with another batch.
    pub(super) messages: Vec<Message>,
    /// To be written to the table of held messages without being handled now.
    pub(super) aside: Vec<Aside>,
}

/// What a delivery is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) now: DateTime<Utc>,
    /// See `BusConfig::redeliveries`.
    pub(super) redeliveries: u32,
    /// See `BusConfig::inbox_keep_days`.
    pub(super) keep_days: i32,
}

pub(super) fn sort(deliveries: Vec<Delivery>, rules: Rules) -> Sorted {
    let mut sorted = Sorted::default();
    let mut seen = std::collections::HashSet::with_capacity(deliveries.len());
    for Delivery { properties, data, .. } in deliveries {
        let units = match parcel::open(&properties, data) {
            Ok(units) => units,
            Err((unreadable, body)) => {
                sorted.aside.push(Aside::unreadable(unreadable.reason(), &properties, body));
                continue;
            }
        };
        let deliveries_before = delivery_count(&properties);
        for unit in units {
            if !seen.insert(unit.id) {
                continue;
            }
            if forgotten(unit.id, rules) {
                // Whether it was taken is no longer known: a person decides.
                sorted.aside.extend(Aside::all_of(unit, Wait::Parked, "older-than-inbox"));
            } else if deliveries_before >= rules.redeliveries {
                // Consumers died or lost their connection with it again and again. From the table it is handled alone,
                // and the queue moves on.
                sorted.aside.extend(Aside::all_of(unit, Wait::Suspect, "redelivered-often"));
            } else {
                let Unit { id, letters } = unit;
                let letter =
                    |(envelope, body): (Envelope, _)| envelope.into_letter(body, deliveries_before, id);
                sorted.messages.extend(letters.into_iter().map(letter));
            }
        }
    }
    sorted.messages.sort_by_key(|m| (m.aggregate_id, m.aggregate_version, m.id));
    sorted
}

/// The inbox drops whole days, so one day of grace keeps this on the safe side of the drop.
fn forgotten(id: Uuid, rules: Rules) -> bool {
    let days = u64::try_from(rules.keep_days - 1).unwrap_or(0);
    let Some(horizon) = rules.now.checked_sub_days(Days::new(days)) else {
        return false;
    };
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX);
    millis < horizon.timestamp_millis()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use kernel::MessageId;
    use lapin::types::{AMQPValue, FieldTable};

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn delivery(tag: u64, days_ago: u64, aggregate: u128, version: i64, redelivered: i64) -> Delivery {
        let envelope = Envelope {
            id: MessageId::new(now() - Days::new(days_ago), &mut rand::rng()).uuid(),
            kind: "test.thing-done.v1".to_owned(),
            aggregate_id: Uuid::from_u128(aggregate),
            aggregate_version: version,
            occurred_at: now(),
            traceparent: None,
        };
        let mut delivery = Delivery::mock(tag, "x".into(), "k".into(), false, vec![]);
        delivery.properties = envelope.properties();
        let mut headers: FieldTable = delivery.properties.headers().clone().unwrap_or_default();
        headers.insert("x-delivery-count".into(), AMQPValue::LongLongInt(redelivered));
        delivery.properties = delivery.properties.with_headers(headers);
        delivery
    }

    const RULES: fn() -> Rules = || Rules { now: now(), redeliveries: 5, keep_days: 30 };

    #[test]
    fn a_batch_is_handled_by_aggregate_and_version() {
        let batch = vec![delivery(1, 0, 2, 1, 0), delivery(2, 0, 1, 2, 0), delivery(3, 0, 1, 1, 0)];
        let sorted = sort(batch, RULES());
        let order: Vec<_> =
            sorted.messages.iter().map(|m| (m.aggregate_id.as_u128(), m.aggregate_version)).collect();
        assert_eq!(order, [(1, 1), (1, 2), (2, 1)]);
    }

    #[test]
    fn the_same_message_twice_in_a_batch_is_handled_once() {
        let one = delivery(1, 0, 1, 1, 0);
        let mut again = delivery(2, 0, 1, 1, 1);
        again.properties = one.properties.clone();
        assert_eq!(sort(vec![one, again], RULES()).messages.len(), 1);
    }

    #[test]
    fn a_row_that_came_before_is_known_in_another_bag_and_an_old_one_is_set_aside_alone() {
        let row = |delivery: &Delivery| Envelope::read(&delivery.properties).unwrap();
        let [first, second, old] = [(1, 0), (2, 0), (3, 31)].map(|(n, ago)| row(&delivery(n, ago, 1, 1, 0)));
        let bag = |rows: &[&Envelope]| {
            let mut delivery = Delivery::mock(9, "x".into(), "k".into(), false, vec![]);
            let letters = i32::try_from(rows.len()).unwrap();
            delivery.properties = parcel::bag_properties(rows[0], letters);
            let whole = |row: &&Envelope| (Cow::Owned((*row).clone()), 1, Cow::Owned(Vec::new()));
            delivery.data = parcel::bag(rows.iter().map(whole));
            delivery
        };
        let sorted = sort(vec![bag(&[&first, &old]), bag(&[&second, &first])], RULES());
        let mut handled: Vec<_> = sorted.messages.iter().map(|m| (m.id.uuid(), m.unit())).collect();
        handled.sort_unstable();
        let mut expected = [first.id, second.id].map(|id| (id, id));
        expected.sort_unstable();
        assert_eq!(handled, expected);
        assert_eq!(sorted.aside.iter().map(|row| row.unit).collect::<Vec<_>>(), [Some(old.id)]);
    }

    #[test]
    fn what_cannot_be_handled_now_is_set_aside_with_its_reason() {
        let mut unreadable = delivery(1, 0, 1, 1, 0);
        unreadable.properties = unreadable.properties.with_type("".into());
        let batch =
            vec![unreadable, delivery(2, 31, 1, 1, 0), delivery(3, 0, 1, 1, 5), delivery(4, 28, 1, 1, 4)];
        let sorted = sort(batch, RULES());
        let reasons: Vec<_> = sorted.aside.iter().map(|row| row.reason.as_str()).collect();
        assert_eq!(reasons, ["envelope-type", "older-than-inbox", "redelivered-often"]);
        assert_eq!(sorted.messages.len(), 1);
        assert_eq!(sorted.messages[0].attempt, 4);
    }
}
