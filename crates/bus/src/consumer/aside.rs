//! Messages that leave their queue without being handled now, on their way into the table.

use std::ops::ControlFlow;
use std::time::Duration;

use lapin::BasicProperties;
use sqlx::PgPool;
use telemetry::metrics;
use uuid::Uuid;

use super::{Parts, store};
use crate::Message;
use crate::backoff::Backoff;
use crate::clockwork::{fault_code, pause};
use crate::envelope::{Envelope, message_id};
use crate::health::Pulse;
use crate::parcel::Unit;

/// How a held message waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wait {
    /// Due after this time.
    Retry(Duration),
    /// Due at once, to be handled alone.
    Suspect,
    Parked,
}

/// A retry that is meant for later than this is meant for a person.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

impl Wait {
    /// `None`: until a person decides.
    pub(super) fn seconds(self) -> Option<f64> {
        match self {
            Self::Retry(after) => Some(after.min(LONGEST).as_secs_f64()),
            Self::Suspect => Some(0.0),
            Self::Parked => None,
        }
    }
}

/// A message on its way into `held`.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) wait: Wait,
    pub(super) reason: String,
    pub(super) attempts: u32,
    pub(super) failures: u32,
    pub(super) message_id: Option<Uuid>,
    /// By what the inbox knows it; without an envelope there is nothing to rely on.
    pub(super) unit: Option<Uuid>,
    pub(super) envelope: Option<Envelope>,
    pub(super) body: Vec<u8>,
}

impl Aside {
    pub(super) fn unreadable(reason: &str, properties: &BasicProperties, body: Vec<u8>) -> Self {
        Self {
            wait: Wait::Parked,
            reason: reason.to_owned(),
            attempts: 0,
            failures: 0,
            message_id: message_id(properties),
            unit: None,
            envelope: None,
            body,
        }
    }

    /// All that the inbox knows as one.
    pub(super) fn all_of(unit: Unit, wait: Wait, reason: &str) -> impl Iterator<Item = Self> {
        let Unit { id, letters } = unit;
        letters.into_iter().map(move |(envelope, body)| Self::readable(wait, reason, (envelope, id), body))
    }

    /// As its handler asked.
    pub(super) fn asked(message: &Message, wait: Wait, reason: &str) -> Self {
        Self { attempts: message.attempt.saturating_add(1), ..Self::of(message, wait, reason) }
    }

    /// Its handler failed on it.
    pub(super) fn failed(message: &Message, wait: Wait, reason: &str) -> Self {
        Self { failures: 1, ..Self::asked(message, wait, reason) }
    }

    fn of(message: &Message, wait: Wait, reason: &str) -> Self {
        let envelope = Envelope {
            id: message.id.uuid(),
            kind: message.kind.clone(),
            aggregate_id: message.aggregate_id,
            aggregate_version: message.aggregate_version,
            occurred_at: message.occurred_at,
            traceparent: message.traceparent.clone(),
        };
        Self::readable(wait, reason, (envelope, message.unit()), message.body.clone())
    }

    fn readable(wait: Wait, reason: &str, (envelope, unit): (Envelope, Uuid), body: Vec<u8>) -> Self {
        let message_id = Some(envelope.id);
        Self {
            wait,
            reason: reason.to_owned(),
            attempts: 0,
            failures: 0,
            message_id,
            unit: Some(unit),
            envelope: Some(envelope),
            body,
        }
    }

    pub(super) fn is_parked(&self) -> bool {
        self.wait == Wait::Parked
    }
}

/// Moves messages into the table without handling them, those that were not taken before.
pub(super) async fn put_aside(parts: &Parts, pulse: &Pulse, mut rows: Vec<Aside>) -> ControlFlow<()> {
    if rows.is_empty() {
        return ControlFlow::Continue(());
    }
    let mut backoff = Backoff::new(Duration::from_millis(20), parts.config.hold_max);
    while let Err(error) = try_put_aside(&parts.pool, parts.queue.name, &mut rows).await {
        away(parts, pulse, &error, backoff.next()).await?;
    }
    pulse.holding(false);
    let parked = rows.iter().filter(|row| row.is_parked()).count();
    if parked > 0 {
        tracing::error!(queue = parts.queue.name, parked, "messages parked without being handled");
        metrics::add_messages(parts.queue.name, "parked", parked as u64);
    }
    ControlFlow::Continue(())
}

async fn try_put_aside(pool: &PgPool, queue: &str, rows: &mut Vec<Aside>) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let known: Vec<Uuid> = rows.iter().filter_map(|row| row.unit).collect();
    let fresh = store::take(&mut tx, queue, &known).await?;
    rows.retain(|row| row.unit.is_none_or(|id| fresh.contains(&id)));
    store::hold(&mut tx, queue, rows).await?;
    tx.commit().await
}

/// What must be written is written, however long the database is away. `Break` on shutdown.
pub(super) async fn away(
    parts: &Parts,
    pulse: &Pulse,
    error: &sqlx::Error,
    wait: Duration,
) -> ControlFlow<()> {
    tracing::warn!(queue = parts.queue.name, code = fault_code(error), "held messages cannot be written");
    pulse.holding(true);
    pause(wait, &parts.shutdown).await
}
