//! The relay: brings outbox rows to the broker. One per role leads; nothing else publishes. It outlives every trouble of
//! broker and database, and what it sends twice the consumers know again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use telemetry::metrics;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::bags::pack;
use super::company::Company;
use super::leader::{Leader, limited};
use super::publisher::{Fates, Publisher, UnderWay};
use super::{Outbox, store};
use crate::backoff::Backoff;
use crate::clockwork::{fault_code, pause};
use crate::health::Pulse;
use crate::link::{Link, LinkError};
use crate::{BusConfig, Pace};

/// How often a wait for confirms looks whether the broker is blocked or gone.
const LOOK: Duration = Duration::from_millis(200);
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
enum Rate {
    Pipeline,
    /// One by one, for so many messages: the broker closed the channel on a message, and only so is it found.
    Single(usize),
}

impl Rate {
    /// Messages that may be under way.
    fn most(self, pipeline: usize) -> usize {
        match self {
            Self::Pipeline => pipeline,
            Self::Single(_) => 1,
        }
    }
}

/// A channel, and what is on it.
struct Line {
    publisher: Publisher,
    under_way: UnderWay,
    /// Confirmed rows that are still in the table: they go with the next look at it.
    confirmed: Vec<Uuid>,
}

/// What a leader carries from one channel to the next.
struct Term {
    backoff: Backoff,
    pace: Rate,
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
        let mut term = Term { backoff, pace: Rate::Pipeline, released: Instant::now() };
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
        let mut line = Line { publisher, under_way: UnderWay::default(), confirmed: Vec::new() };
        let mut stop = match self.run_line(leader, &mut line, term).await {
            Ok(()) => Stop::Shutdown,
            Err(stop) => stop,
        };
        if !matches!(stop, Stop::Store(_))
            && let Err(error) = limited(store::delete(leader.conn(), &line.confirmed)).await
        {
            stop = Stop::Store(error);
        }
        match stop {
            Stop::Broker(_) | Stop::Shutdown => line.publisher.give_up().await,
            // The connection is still good.
            Stop::Store(_) | Stop::Reopen => drop(line),
        }
        stop
    }

    /// Publishes what is ready while the broker confirms what was published before. Woken by commits of this process, and
    /// looking by itself for those of others. Ends without an error on shutdown, when nothing waits for company and nothing is
    /// under way any more.
    async fn run_line(&self, leader: &mut Leader, line: &mut Line, term: &mut Term) -> Result<(), Stop> {
        let pace = Pace::new(self.config.worth);
        let mut company = Company::new(self.config.unhurried, self.config.linger, Instant::now());
        let mut poll = self.config.poll_min;
        let mut look = true;
        loop {
            self.pulse.beat();
            let ending = self.shutdown.is_cancelled();
            self.watch(line)?;
            if term.released.elapsed() >= ASK_AGAIN {
                term.released = Instant::now();
                let released = limited(store::release_due(leader.conn(), self.config.pipeline)).await?;
                if released > 0 {
                    look = true;
                    company.came(Instant::now());
                }
            }
            let room = term.pace.most(self.config.pipeline).saturating_sub(line.under_way.len());
            let able = room > 0 && !line.publisher.blocked();
            // Said once: only by whom it can be done.
            let parting = able && ending && company.parting();
            if able && (parting || look && !ending) {
                pace.turn().await;
                let left_out = if parting { &[] } else { company.left_out(Instant::now()) };
                let rows = self.rows(leader, line, left_out, room).await?;
                look = rows.len() >= room;
                company.looked(left_out, look, Instant::now());
                pace.took(rows.iter().map(store::Row::count).sum());
                if !rows.is_empty() {
                    poll = self.config.poll_min;
                    let ids: Vec<Uuid> = rows.iter().map(|row| row.envelope.id).collect();
                    let bags = pack(rows, self.config.unhurried);
                    let sent = line.publisher.publish(&bags, &mut line.under_way).await;
                    if let Err(error) = sent {
                        return Err(self.refused(leader, term, &ids, error).await?);
                    }
                }
            }
            if ending && line.under_way.is_empty() {
                return Ok(());
            }
            let (waits, idle) = (!line.under_way.is_empty(), line.under_way.is_empty());
            tokio::select! {
                fates = line.under_way.settle(), if waits => match fates {
                    Ok(fates) => self.settle(leader, line, term, fates).await?,
                    Err(error) => {
                        let ids: Vec<Uuid> = line.under_way.ids().collect();
                        return Err(self.refused(leader, term, &ids, error).await?);
                    }
                },
                () = self.outbox.woken(), if !look => {
                    look = true;
                    company.came(Instant::now());
                    poll = self.config.poll_min;
                }
                () = company.ripe(), if !look && !ending => look = true,
                () = tokio::time::sleep(poll), if idle => {
                    look = true;
                    company.polled(Instant::now());
                    poll = poll.mul_f64(1.25).min(self.config.poll_max);
                }
                () = tokio::time::sleep(LOOK), if waits => {}
                () = self.shutdown.cancelled(), if !ending => {}
            }
        }
    }

    /// Whether the broker still listens.
    fn watch(&self, line: &mut Line) -> Result<(), Stop> {
        let blocked = line.publisher.blocked();
        self.pulse.blocked(blocked);
        if blocked {
            line.under_way.blocked();
        }
        let silent = line.under_way.silence() >= self.config.confirm_limit;
        if silent || !line.publisher.usable() {
            return Err(Stop::Broker(LinkError::Silent));
        }
        Ok(())
    }

    /// The next rows to be published. What was confirmed goes with the same statement.
    async fn rows(
        &self,
        leader: &mut Leader,
        line: &mut Line,
        left_out: &[&str],
        room: usize,
    ) -> Result<Vec<store::Row>, Stop> {
        let under_way: Vec<Uuid> = line.under_way.ids().collect();
        let confirmed = std::mem::take(&mut line.confirmed);
        if confirmed.is_empty() {
            return Ok(limited(store::ready(leader.conn(), &under_way, left_out, room)).await?);
        }
        Ok(limited(store::delete_and_ready(leader.conn(), &confirmed, &under_way, left_out, room)).await?)
    }

    async fn settle(
        &self,
        leader: &mut Leader,
        line: &mut Line,
        term: &mut Term,
        fates: Fates,
    ) -> Result<(), Stop> {
        term.backoff.reset();
        let settled = fates.sent.len() + fates.returned.len() + fates.nacked.len();
        term.pace = match term.pace {
            Rate::Single(left) if left > settled => Rate::Single(left - settled),
            Rate::Single(_) | Rate::Pipeline => Rate::Pipeline,
        };
        metrics::add_published(fates.messages);
        line.confirmed.extend(fates.sent);
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

    /// The channel ended over one of these rows, or with its connection.
    async fn refused(
        &self,
        leader: &mut Leader,
        term: &mut Term,
        ids: &[Uuid],
        error: LinkError,
    ) -> Result<Stop, Stop> {
        match error.refusal() {
            // The exchange vanished: no message is to blame.
            None | Some(404) => Ok(Stop::Broker(error)),
            Some(code) => {
                if let [id] = ids {
                    tracing::error!(message_id = %id, code, "broker refuses a message");
                    self.hold_back(leader, &[*id], "refused").await?;
                }
                term.pace = Rate::Single(self.config.pipeline);
                Ok(Stop::Reopen)
            }
        }
    }

    async fn hold_back(&self, leader: &mut Leader, ids: &[Uuid], trouble: &'static str) -> Result<(), Stop> {
        let max = self.config.unroutable_max;
        limited(store::hold_back(leader.conn(), ids, trouble, max)).await?;
        Ok(())
    }
}
