//! One publisher channel: a pipeline of persistent, mandatory messages, each with a confirm of its own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Confirmation, Connection, ExchangeKind};
use tracing::Instrument;
use uuid::Uuid;

use super::store::Row;
use crate::EXCHANGE;
use crate::envelope::{Envelope, message_id};
use crate::health::Pulse;
use crate::link::{Link, LinkError, answered};
use crate::parcel;

/// How often a wait for confirms looks whether the broker is blocked or gone.
const LOOK: Duration = Duration::from_millis(200);

/// What became of the rows of one pipeline.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// Confirmed and not returned: the broker answers for them now.
    pub(super) sent: Vec<Uuid>,
    /// Confirmed, but no queue wanted them.
    pub(super) returned: Vec<Uuid>,
    /// The broker could not take them.
    pub(super) nacked: Vec<Uuid>,
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

    /// Publishes all rows and waits for every confirm. After an error the publisher must be given up: what is still
    /// under way on it will be sent again on another channel, and consumers know a repetition. Time under an alarm of the
    /// broker does not count against `limit`.
    pub(super) async fn send(
        &self,
        rows: &[Row],
        limit: Duration,
        pulse: &Pulse,
    ) -> Result<Fates, LinkError> {
        let mut under_way: FuturesUnordered<_> = rows.iter().map(|row| self.send_one(row)).collect();
        let mut fates = Fates::default();
        let mut confirmed = Vec::with_capacity(rows.len());
        let mut returned = HashSet::new();
        let mut waited = Duration::ZERO;
        let mut since = Instant::now();
        loop {
            match tokio::time::timeout(LOOK, under_way.next()).await {
                Ok(None) => break,
                Ok(Some(answer)) => {
                    let (id, confirmation) = answer?;
                    let acked = confirmation.is_ack();
                    // The client hangs a returned message on whichever confirm comes next. Returns precede their own
                    // confirms, so all of this pipeline's are here once its last confirm is.
                    returned
                        .extend(confirmation.take_message().and_then(|m| message_id(&m.delivery.properties)));
                    if acked {
                        confirmed.push(id);
                    } else {
                        fates.nacked.push(id);
                    }
                    waited = Duration::ZERO;
                }
                Err(_) if self.blocked() => pulse.blocked(true),
                Err(_) if !self.usable() => return Err(LinkError::Silent),
                Err(_) => waited += since.elapsed(),
            }
            if waited >= limit {
                return Err(LinkError::Silent);
            }
            since = Instant::now();
        }
        (fates.returned, fates.sent) = confirmed.into_iter().partition(|id| returned.contains(id));
        Ok(fates)
    }

    async fn send_one(&self, row: &Row) -> Result<(Uuid, Confirmation), LinkError> {
        let envelope = &row.envelope;
        let (mut span, mut letters) = (tracing::Span::none(), Vec::new());
        let mut properties = envelope.properties();
        let mut body = Cow::Borrowed(row.body.as_slice());
        // A message without a trace of its own starts none here.
        let recorded = envelope.traceparent.as_deref().filter(|trace| telemetry::context::is_recorded(trace));
        if row.letters > 1 {
            properties = parcel::labelled(properties, row.letters);
            // The spans of a parcel's letters last as long as its publishing.
            let mut begin = |id, traceparent: &str| {
                let span = publish_span(&envelope.kind, id, traceparent);
                let next = telemetry::context::traceparent_of(&span);
                letters.push(span);
                next
            };
            if let Some(continued) = recorded.and_then(|_| parcel::with_traces(&row.body, &mut begin)) {
                body = Cow::Owned(continued);
            }
        } else if let Some(traceparent) = recorded {
            span = publish_span(&envelope.kind, envelope.id, traceparent);
            let traceparent =
                telemetry::context::traceparent_of(&span).or_else(|| envelope.traceparent.clone());
            properties = Envelope { traceparent, ..envelope.clone() }.properties();
        }
        let publish = async {
            let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let key = envelope.kind.as_str().into();
            self.channel.basic_publish(EXCHANGE.into(), key, mandatory, &body, properties).await?.await
        };
        Ok((row.envelope.id, publish.instrument(span).await?))
    }

    /// Gives up the channel and, since an error leaves doubt about more than the channel, its connection.
    pub(super) async fn give_up(self) {
        self.link.discard(&self.connection).await;
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
