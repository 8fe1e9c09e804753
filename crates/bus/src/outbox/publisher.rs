//! One publisher channel: a pipeline of persistent, mandatory messages, each with a confirm of its own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Confirmation, Connection, ExchangeKind, PublisherConfirm};
use tracing::Instrument;
use uuid::Uuid;

use super::bags::Bag;
use super::store::Row;
use crate::EXCHANGE;
use crate::envelope::{Envelope, message_id};
use crate::link::{Link, LinkError, answered};
use crate::parcel;

/// What became of some of the rows under way. The rows of a bag share their fate.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// Confirmed and not returned: the broker answers for them now.
    pub(super) sent: Vec<Uuid>,
    /// In how many broker messages they went.
    pub(super) messages: u64,
    /// Confirmed, but no queue wanted them.
    pub(super) returned: Vec<Uuid>,
    /// The broker could not take them.
    pub(super) nacked: Vec<Uuid>,
}

/// Rows that are under way to the broker, in the order in which they were published. After an error all of it must be
/// given up with its publisher: it will be sent again on another channel, and consumers know a repetition.
#[derive(Default)]
pub(super) struct UnderWay {
    sent: Vec<Sent>,
    /// Returned messages whose confirms have not come.
    returned: HashSet<Uuid>,
    /// When the first was published, or the last confirmed, or the broker last seen blocked.
    since: Option<Instant>,
}

/// One broker message.
struct Sent {
    id: Uuid,
    rows: Vec<Uuid>,
    confirm: PublisherConfirm,
    /// Of the message or of the letters in it: they last until the broker has confirmed.
    _spans: Vec<tracing::Span>,
}

impl UnderWay {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.sent.iter().map(|sent| sent.rows.len()).sum()
    }

    /// Of the rows.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.sent.iter().flat_map(|sent| sent.rows.iter().copied())
    }

    /// Time under an alarm of the broker does not count.
    pub(super) fn blocked(&mut self) {
        self.since = Some(Instant::now());
    }

    /// For how long the broker has confirmed nothing.
    pub(super) fn silence(&self) -> Duration {
        self.since.filter(|_| !self.sent.is_empty()).map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Waits for the next confirms; takes all that have come. Nothing is lost where the waiting is given up.
    pub(super) async fn settle(&mut self) -> Result<Fates, LinkError> {
        let confirmed = poll_fn(|context| {
            let mut confirmed: Vec<(Sent, Confirmation)> = Vec::new();
            // The client hangs a returned message on whichever confirm it resolves next, at the latest on the message's
            // own. So once a message is confirmed, all others are looked at again: what was resolved before it is seen.
            loop {
                let before = confirmed.len();
                let mut place = 0;
                while let Some(sent) = self.sent.get_mut(place) {
                    match Pin::new(&mut sent.confirm).poll(context) {
                        Poll::Pending => place += 1,
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(LinkError::from(error))),
                        Poll::Ready(Ok(confirmation)) => {
                            confirmed.push((self.sent.remove(place), confirmation));
                        }
                    }
                }
                if confirmed.len() == before {
                    break;
                }
            }
            if confirmed.is_empty() { Poll::Pending } else { Poll::Ready(Ok(confirmed)) }
        })
        .await?;
        self.since = Some(Instant::now());
        let mut fates = Fates::default();
        let mut acked = Vec::with_capacity(confirmed.len());
        for (sent, confirmation) in confirmed {
            if confirmation.is_ack() {
                acked.push((sent.id, sent.rows));
            } else {
                fates.nacked.extend(sent.rows);
            }
            self.returned
                .extend(confirmation.take_message().and_then(|m| message_id(&m.delivery.properties)));
        }
        for (id, rows) in acked {
            if self.returned.remove(&id) {
                fates.returned.extend(rows);
            } else {
                fates.messages += 1;
                fates.sent.extend(rows);
            }
        }
        Ok(fates)
    }
}

/// A channel in confirm mode on the publishing connection.
pub(super) struct Publisher {
    link: Arc<Link>,
    connection: Arc<Connection>,
    channel: Channel,
}

impl Publisher {
    /// Connects where needed and checks that the exchange is there.
    pub(super) async fn open(link: &Arc<Link>) -> Result<Self, LinkError> {
        let (connection, channel) = link.channel().await?;
        let publisher = Self { link: Arc::clone(link), connection, channel };
        let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let exchange = publisher.channel.exchange_declare(
            EXCHANGE.into(),
            ExchangeKind::Topic,
            passive,
            FieldTable::default(),
        );
        answered(exchange).await?;
        answered(publisher.channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(publisher)
    }

    pub(super) fn blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    pub(super) fn usable(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Publishes all bags, in their order.
    pub(super) async fn publish(&self, bags: &[Bag], under_way: &mut UnderWay) -> Result<(), LinkError> {
        let sent = try_join_all(bags.iter().map(|bag| self.publish_one(bag))).await?;
        if under_way.is_empty() {
            under_way.since = Some(Instant::now());
        }
        under_way.sent.extend(sent);
        Ok(())
    }

    async fn publish_one(&self, bag: &Bag) -> Result<Sent, LinkError> {
        let mut spans = Vec::new();
        let Row { envelope: first, letters, .. } = bag.first();
        let (properties, body) = if bag.is_single() {
            let (envelope, body) = continued(bag.first(), &mut spans);
            let properties = envelope.properties();
            (if *letters > 1 { parcel::labelled(properties, *letters) } else { properties }, body)
        } else {
            let rows = bag.rows().map(|row| {
                let (envelope, body) = continued(row, &mut spans);
                (envelope, row.letters, body)
            });
            let body = parcel::bag(rows);
            (parcel::bag_properties(first, bag.letters()), Cow::Owned(body))
        };
        // A single message is published in its own span.
        let span = spans.first().filter(|_| bag.letters() == 1).cloned();
        let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let key = first.kind.as_str().into();
        let publish = self.channel.basic_publish(EXCHANGE.into(), key, mandatory, &body, properties);
        let confirm = publish.instrument(span.unwrap_or_else(tracing::Span::none)).await?;
        let rows = bag.rows().map(|row| row.envelope.id).collect();
        Ok(Sent { id: first.id, rows, confirm, _spans: spans })
    }

    /// Gives up the channel and, since an error leaves doubt about more than the channel, its connection.
    pub(super) async fn give_up(self) {
        self.link.discard(&self.connection).await;
    }
}

/// A row as it travels: the traces that are recorded, of its message or of a parcel's letters, go on from `spans`. What has
/// no trace of its own starts none here.
fn continued<'a>(row: &'a Row, spans: &mut Vec<tracing::Span>) -> (Cow<'a, Envelope>, Cow<'a, [u8]>) {
    let (envelope, body) = (&row.envelope, Cow::Borrowed(row.body.as_slice()));
    let recorded = envelope.traceparent.as_deref().filter(|trace| telemetry::context::is_recorded(trace));
    let Some(recorded) = recorded else { return (Cow::Borrowed(envelope), body) };
    let mut begin = |id, traceparent: &str| {
        let span = publish_span(&envelope.kind, id, traceparent);
        let next = telemetry::context::traceparent_of(&span);
        spans.push(span);
        next
    };
    if row.letters > 1 {
        let letters = parcel::with_traces(&row.body, begin);
        return (Cow::Borrowed(envelope), letters.map_or(body, Cow::Owned));
    }
    match begin(envelope.id, recorded) {
        None => (Cow::Borrowed(envelope), body),
        traceparent => (Cow::Owned(Envelope { traceparent, ..envelope.clone() }), body),
    }
}

fn publish_span(kind: &str, id: Uuid, traceparent: &str) -> tracing::Span {
    let span = tracing::info_span!(
        "publish",
        otel.name = format!("publish {kind}"),
        otel.kind = "producer",
        message_id = %id,
        message_kind = kind,
    );
    telemetry::context::child_of(&span, traceparent);
    span
}
