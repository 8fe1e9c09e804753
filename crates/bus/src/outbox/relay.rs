//! The relay: brings outbox rows to the broker. One per role leads; nothing else publishes. It outlives every trouble of
//! broker and database, and what it sends twice the consumers know again.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use telemetry::metrics;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::leader::{Leader, limited};
use super::publisher::{Fates, Publisher};
use super::{Outbox, store};
use crate::BusConfig;
use crate::backoff::Backoff;
use crate::clockwork::{fault_code, pause};
use crate::health::Pulse;
use crate::link::{Link, LinkError};

/// How often a process that does not lead asks whether it may, and a leader whether pauses of rows are over.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Everything that the relay task holds.
pub(crate) struct Relay {
    pub(crate) config: Arc<BusConfig>,
    pub(crate) pool: PgPool,
    pub(crate) outbox: Outbox,
    pub(crate) link: Arc<Link>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) shutdown: CancellationToken,
}

/// Why a leader stopped relaying.
enum Stop {
    Shutdown,
    /// The lock's connection is broken: the lock is lost with it.
    Store(sqlx::Error),
    Broker(LinkError),
    /// Another channel is needed, at once: the broker closed this one over a message, or did not take one, which it may
    /// keep doing on this channel although the reason is gone (a full queue whose limit is lifted, RabbitMQ 3.10).
    Reopen,
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error)
    }
}

/// The unit of publishing that a broker which refuses a message is led back to.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    Pipeline,
    /// One by one, for so many messages: the broker closed the channel on a message, and only so is it found.
    Single(usize),
}

/// What a leader carries from one channel to the next.
struct Term {
    backoff: Backoff,
    pace: Pace,
    /// When rows were last looked for whose pause is over.
    released: Instant,
}

impl Relay {
    pub(crate) async fn run(self) {
        let _alive = self.pulse.guard();
        let mut backoff = Backoff::new(Duration::from_millis(200), self.config.hold_max);
        while !self.shutdown.is_cancelled() {
            self.pulse.beat();
            let wait = match Leader::elect(&self.pool).await {
                Ok(Some(leader)) => {
                    self.pulse.standby(false);
                    backoff.reset();
                    self.lead(leader).await;
                    continue;
                }
                Ok(None) => {
                    self.pulse.standby(true);
                    ASK_AGAIN
                }
                Err(error) => {
                    self.pulse.standby(false);
                    tracing::warn!(code = fault_code(&error), "relay cannot reach the database");
                    backoff.next()
                }
            };
            if pause(wait, &self.shutdown).await.is_break() {
                return;
            }
        }
    }

    async fn lead(&self, mut leader: Leader) {
        self.pulse.leading(true);
        metrics::set_relay_leading(true);
        tracing::info!(role = self.config.role, "relay leads");
        let backoff = Backoff::new(Duration::from_millis(100), self.config.reconnect_max);
        let mut term = Term { backoff, pace: Pace::Pipeline, released: Instant::now() };
        let lost = loop {
            match self.relay(&mut leader, &mut term).await {
                Stop::Shutdown => break None,
                Stop::Store(error) => break Some(error),
                Stop::Reopen => {}
                Stop::Broker(error) => {
                    self.pulse.connected(false);
                    metrics::set_broker_connected(false);
                    tracing::warn!(code = error.code(), advice = error.advice(), "relay has no broker");
                    if pause(term.backoff.next(), &self.shutdown).await.is_break() {
                        break None;
                    }
                }
            }
        };
        self.pulse.leading(false);
        metrics::set_relay_leading(false);
        match lost {
            Some(error) => tracing::warn!(code = fault_code(&error), "relay lost the database"),
            None => leader.resign().await,
        }
    }

    /// Relays on one channel until something ends it.
    async fn relay(&self, leader: &mut Leader, term: &mut Term) -> Stop {
        let publisher = match Publisher::open(&self.link).await {
            Ok(publisher) => publisher,
            Err(error) => return Stop::Broker(error),
        };
        self.pulse.connected(true);
        metrics::set_broker_connected(true);
        let stop = loop {
            match self.round(leader, &publisher, term).await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break Stop::Shutdown,
                Err(stop) => break stop,
            }
        };
        match stop {
            Stop::Broker(_) | Stop::Shutdown => publisher.give_up().await,
            // The connection is still good.
            Stop::Store(_) | Stop::Reopen => drop(publisher),
        }
        stop
    }

    /// Waits for rows, publishes one pipeline of them and settles it.
    async fn round(
        &self,
        leader: &mut Leader,
        publisher: &Publisher,
        term: &mut Term,
    ) -> Result<ControlFlow<()>, Stop> {
        let limit = match term.pace {
            Pace::Pipeline => self.config.pipeline,
            Pace::Single(_) => 1,
        };
        let Some(rows) = self.rows(leader, publisher, term, limit).await? else {
            return Ok(ControlFlow::Break(()));
        };
        let ids: Vec<Uuid> = rows.iter().map(|row| row.envelope.id).collect();
        match publisher.send(&rows, self.config.confirm_limit, &self.pulse).await {
            Ok(fates) => {
                term.backoff.reset();
                term.pace = match term.pace {
                    Pace::Single(left) if left > 1 => Pace::Single(left - 1),
                    Pace::Single(_) | Pace::Pipeline => Pace::Pipeline,
                };
                self.settle(leader, fates).await?;
                Ok(ControlFlow::Continue(()))
            }
            Err(error) => {
                match error.refusal() {
                    // The exchange vanished: no message is to blame.
                    None | Some(404) => Err(Stop::Broker(error)),
                    Some(code) => {
                        if let [id] = ids.as_slice() {
                            tracing::error!(message_id = %id, code, "broker refuses a message");
                            self.hold_back(leader, &[*id], "refused").await?;
                        }
                        term.pace = Pace::Single(self.config.pipeline);
                        Err(Stop::Reopen)
                    }
                }
            }
        }
    }

    /// The next rows; `None` on shutdown. Woken by commits of this process, and looking by itself for those of others.
    async fn rows(
        &self,
        leader: &mut Leader,
        publisher: &Publisher,
        term: &mut Term,
        limit: usize,
    ) -> Result<Option<Vec<store::Row>>, Stop> {
        let mut poll = self.config.poll_min;
        loop {
            self.pulse.beat();
            if self.shutdown.is_cancelled() {
                return Ok(None);
            }
            self.pulse.blocked(publisher.blocked());
            if !publisher.usable() {
                return Err(Stop::Broker(LinkError::Silent));
            }
            if term.released.elapsed() >= ASK_AGAIN {
                term.released = Instant::now();
                limited(store::release_due(leader.conn(), self.config.pipeline)).await?;
            }
            if !publisher.blocked() {
                let rows = limited(store::ready(leader.conn(), limit)).await?;
                if !rows.is_empty() {
                    return Ok(Some(rows));
                }
            }
            tokio::select! {
                () = self.outbox.woken() => poll = self.config.poll_min,
                () = tokio::time::sleep(poll) => poll = poll.mul_f64(1.25).min(self.config.poll_max),
                () = self.shutdown.cancelled() => {}
            }
        }
    }

    async fn settle(&self, leader: &mut Leader, fates: Fates) -> Result<(), Stop> {
        if !fates.sent.is_empty() {
            limited(store::delete(leader.conn(), &fates.sent)).await?;
            metrics::add_published(fates.sent.len() as u64);
        }
        if !fates.returned.is_empty() {
            tracing::error!(count = fates.returned.len(), "no queue wants messages of this role");
            self.hold_back(leader, &fates.returned, "unroutable").await?;
        }
        if !fates.nacked.is_empty() {
            tracing::warn!(count = fates.nacked.len(), "broker did not take messages");
            self.hold_back(leader, &fates.nacked, "nacked").await?;
            return Err(Stop::Reopen);
        }
        Ok(())
    }

    async fn hold_back(&self, leader: &mut Leader, ids: &[Uuid], trouble: &'static str) -> Result<(), Stop> {
        let max = self.config.unroutable_max;
        limited(store::hold_back(leader.conn(), ids, trouble, max)).await?;
        Ok(())
    }
}
