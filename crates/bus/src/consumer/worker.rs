//! One batch: prepared without a transaction, then remembered and applied in one, or by one statement alone. The effect of a
//! message is in the same commit as the row that says that it was taken, so it happens once, whatever is killed when.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sqlx::{PgConnection, PgPool};
use telemetry::metrics;
use tokio::sync::Notify;
use tracing::Instrument;
use uuid::Uuid;
use writes::Writes;

use super::aside::{Aside, Wait, away, put_aside};
use super::fault::Fault;
use super::spans::batch_spans;
use super::store::{self, Postponed};
use super::{Handler, HandlerError, Outcome, Parts, Way};
use crate::Message;
use crate::backoff::{Backoff, grown};
use crate::clockwork::pause;
use crate::health::Pulse;

/// How often a batch that collides with another transaction is tried again before it is taken apart.
const CONFLICTS: u32 = 5;
/// Pause after the first failure of a handler on one message, and the longest one.
const FAILED_FIRST: Duration = Duration::from_secs(1);
const FAILED_MAX: Duration = Duration::from_secs(300);

/// Handles batches of one queue.
pub(super) struct Worker<H> {
    pub(super) parts: Parts,
    pub(super) handler: Arc<H>,
    /// Wakes the retry task: a row has been added.
    pub(super) due: Arc<Notify>,
    pub(super) pulse: Arc<Pulse>,
}

/// Where a batch comes from, and thereby what remembers that it was taken.
pub(super) enum Origin {
    /// The broker's queue; the inbox remembers.
    Queue,
    /// The table: rows in hand under a claim, by message id, with the failures of each. Their absence remembers.
    Held { claim: Uuid, rows: HashMap<Uuid, (Uuid, u32)> },
}

impl<H: Handler> Worker<H> {
    /// Handles a batch to its end. `Break`: shutdown came while the database was away, and nothing was committed.
    pub(super) async fn settle(&self, origin: &Origin, mut messages: Vec<Message>) -> ControlFlow<()> {
        if messages.is_empty() {
            return ControlFlow::Continue(());
        }
        let batch = batch_spans(self.queue(), &mut messages);
        async {
            let Err(failed) = self.persist(origin, &mut messages).await? else {
                return ControlFlow::Continue(());
            };
            if messages.len() > 1 {
                tracing::warn!(
                    queue = self.queue(),
                    code = failed,
                    size = messages.len(),
                    "batch failed, taken one by one"
                );
                for mut unit in units(messages) {
                    if let Err(failed) = self.persist(origin, &mut unit).await? {
                        self.give_up(origin, unit, failed).await?;
                    }
                }
                return ControlFlow::Continue(());
            }
            self.give_up(origin, messages, failed).await
        }
        .instrument(batch)
        .await
    }

    fn queue(&self) -> &'static str {
        self.parts.queue.name
    }

    /// Tries until the database can be reached. The inner error: these messages cannot be handled together.
    async fn persist(
        &self,
        origin: &Origin,
        messages: &mut Vec<Message>,
    ) -> ControlFlow<(), Result<(), String>> {
        let mut conflicts = 0;
        let mut backoff = Backoff::new(Duration::from_millis(20), self.parts.config.hold_max);
        loop {
            self.pulse.beat();
            match self.attempt(origin, messages).await {
                Ok(()) => {
                    self.pulse.holding(false);
                    return ControlFlow::Continue(Ok(()));
                }
                Err(Fault::Failed(code)) => return ControlFlow::Continue(Err(code)),
                Err(Fault::Conflict(code)) => {
                    conflicts += 1;
                    if conflicts > CONFLICTS {
                        return ControlFlow::Continue(Err(code));
                    }
                }
                Err(Fault::Unavailable(code)) => {
                    tracing::warn!(queue = self.queue(), code, "batch held: the database is away");
                    self.pulse.holding(true);
                }
            }
            pause(backoff.next(), &self.parts.shutdown).await?;
        }
    }

    /// One commit. Repetitions leave `messages`; what is left is what was handled.
    async fn attempt(&self, origin: &Origin, messages: &mut Vec<Message>) -> Result<(), Fault> {
        let first_time = messages.iter().all(|message| message.attempt == 0);
        if H::GATHERS && matches!(origin, Origin::Queue) && first_time && !messages.is_empty() {
            for way in [Way::Alone, Way::InTransaction] {
                match self.at_once(messages, way).await {
                    Ok((outcomes, prepared)) => {
                        self.committed(&outcomes, prepared);
                        return Ok(());
                    }
                    Err(fault @ Fault::Unavailable(_)) => return Err(fault),
                    // Some were taken before, or something is wrong with one: looked at more closely.
                    Err(Fault::Conflict(_) | Fault::Failed(_)) => {}
                }
            }
        }
        loop {
            let Some(span) = span_of(messages) else { return Ok(()) };
            let mut prepared = guarded(self.handler.prepare(messages)).instrument(span.clone()).await?;
            let mut tx = self.parts.pool.begin().await?;
            let fresh = fresh(&mut tx, self.queue(), origin, messages).await?;
            if messages.iter().any(|m| !fresh.contains(&m.unit())) {
                tx.rollback().await?;
                let before = messages.len();
                messages.retain(|m| fresh.contains(&m.unit()));
                metrics::add_messages(self.queue(), "repeat", (before - messages.len()) as u64);
                continue;
            }
            let outcomes =
                guarded(self.handler.apply(&mut tx, messages, &mut prepared)).instrument(span).await??;
            counted(&outcomes, messages)?;
            write_outcomes(&mut tx, self.queue(), origin, messages, &outcomes).await?;
            tx.commit().await?;
            self.committed(&outcomes, prepared);
            return Ok(());
        }
    }

    /// The effects and what remembers the messages as one statement, on the assumption that all of them are new.
    async fn at_once(&self, messages: &[Message], way: Way) -> Result<(Vec<Outcome>, H::Prepared), Fault> {
        let span = span_of(messages).unwrap_or_else(tracing::Span::none);
        let mut prepared = guarded(self.handler.prepare(messages)).instrument(span.clone()).await?;
        let outcomes = match way {
            Way::Alone => {
                let mut conn = self.parts.pool.acquire().await?;
                let (outcomes, writes) = self.gather(&mut conn, messages, &mut prepared, way, span).await?;
                if !outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done)) {
                    return Err(HandlerError::NeedsTransaction.into());
                }
                writes.execute(&mut conn).await?;
                outcomes
            }
            Way::InTransaction => {
                let mut tx = self.parts.pool.begin().await?;
                let (outcomes, writes) = self.gather(&mut tx, messages, &mut prepared, way, span).await?;
                writes.execute(&mut tx).await?;
                write_outcomes(&mut tx, self.queue(), &Origin::Queue, messages, &outcomes).await?;
                tx.commit().await?;
                outcomes
            }
        };
        Ok((outcomes, prepared))
    }

    async fn gather(
        &self,
        conn: &mut PgConnection,
        messages: &[Message],
        prepared: &mut H::Prepared,
        way: Way,
        span: tracing::Span,
    ) -> Result<(Vec<Outcome>, Writes), Fault> {
        let mut writes = Writes::new();
        let gathered = self.handler.gather(conn, messages, prepared, &mut writes, way);
        let outcomes = guarded(gathered).instrument(span).await??;
        counted(&outcomes, messages)?;
        store::take_with(&mut writes, self.queue(), &units_of(messages));
        Ok((outcomes, writes))
    }

    fn committed(&self, outcomes: &[Outcome], prepared: H::Prepared) {
        self.handler.committed(prepared);
        self.parts.outbox.wake();
        let count = |f: fn(&Outcome) -> bool| outcomes.iter().filter(|o| f(o)).count() as u64;
        let retries = count(|o| matches!(o, Outcome::Retry { .. }));
        if retries > 0 {
            self.due.notify_one();
        }
        let parked = count(|o| matches!(o, Outcome::Park { .. }));
        let done = outcomes.len() as u64 - retries - parked;
        for (outcome, count) in [("done", done), ("retry", retries), ("parked", parked)] {
            if count > 0 {
                metrics::add_messages(self.queue(), outcome, count);
            }
        }
        metrics::observe_batch(outcomes.len());
    }

    /// Holds back a message that its handler cannot do with, for later or for a person.
    async fn give_up(&self, origin: &Origin, messages: Vec<Message>, code: String) -> ControlFlow<()> {
        metrics::add_messages(self.queue(), "failed", messages.len() as u64);
        match origin {
            Origin::Queue => {
                for message in &messages {
                    tracing::error!(queue = self.queue(), message_id = %message.id, code, "handler failed");
                }
                let aside = |message: &Message| match messages.len() {
                    1 => Aside::failed(message, Wait::Retry(FAILED_FIRST), "handler-failed"),
                    // Which letter of a parcel is at fault shows when each is handled from the table.
                    _ => Aside::asked(message, Wait::Retry(Duration::ZERO), "parcel-failed"),
                };
                put_aside(&self.parts, &self.pulse, messages.iter().map(aside).collect()).await?;
            }
            Origin::Held { claim, rows } => {
                for id in messages.iter().map(|message| message.id) {
                    let Some(&(held_id, failures)) = rows.get(&id.uuid()) else { continue };
                    tracing::error!(queue = self.queue(), message_id = %id, %held_id, failures, code, "handler failed");
                    self.postpone_failed(*claim, held_id, failures, "handler-failed").await?;
                }
            }
        }
        self.due.notify_one();
        ControlFlow::Continue(())
    }

    /// Sends a row in hand back to wait, or parks it once it has failed too often.
    pub(super) async fn postpone_failed(
        &self,
        claim: Uuid,
        held_id: Uuid,
        failures: u32,
        reason: &'static str,
    ) -> ControlFlow<()> {
        let wait = if failures >= self.parts.config.max_attempts {
            tracing::error!(queue = self.queue(), %held_id, reason, "message parked");
            metrics::add_messages(self.queue(), "parked", 1);
            Wait::Parked
        } else {
            Wait::Retry(grown(FAILED_FIRST, FAILED_MAX, failures))
        };
        let row = [Postponed { held_id, wait, reason, asked: false }];
        let mut backoff = Backoff::new(Duration::from_millis(20), self.parts.config.hold_max);
        while let Err(error) = try_postpone(&self.parts.pool, claim, &row).await {
            away(&self.parts, &self.pulse, &error, backoff.next()).await?;
        }
        self.pulse.holding(false);
        ControlFlow::Continue(())
    }
}

async fn try_postpone(pool: &PgPool, claim: Uuid, row: &[Postponed; 1]) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    if !store::still_mine(&mut tx, claim, &[row[0].held_id]).await?.is_empty() {
        store::postpone(&mut tx, row).await?;
    }
    tx.commit().await
}

/// What stands or falls together: a single message, or all letters of a parcel.
fn units(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut places: HashMap<Uuid, usize> = HashMap::with_capacity(messages.len());
    let mut units: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        let place = *places.entry(message.unit()).or_insert(units.len());
        match units.get_mut(place) {
            Some(unit) => unit.push(message),
            None => units.push(vec![message]),
        }
    }
    units
}

/// A batch of one is its message's own span; in a larger one each message has its own beside the batch's. None without any.
fn span_of(messages: &[Message]) -> Option<tracing::Span> {
    match messages {
        [] => None,
        [single] => Some(single.span().clone()),
        _ => Some(tracing::Span::current()),
    }
}

fn counted(outcomes: &[Outcome], messages: &[Message]) -> Result<(), Fault> {
    if outcomes.len() == messages.len() {
        return Ok(());
    }
    Err(Fault::Failed(format!("{} outcomes for {} messages", outcomes.len(), messages.len())))
}

/// By what the inbox knows them. Two consumers with the same messages wait for each other in one order only.
fn units_of(messages: &[Message]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = messages.iter().map(Message::unit).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Which of the units are this transaction's to handle, by what the inbox knows them.
async fn fresh(
    conn: &mut PgConnection,
    queue: &str,
    origin: &Origin,
    messages: &[Message],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids = units_of(messages);
    match origin {
        Origin::Queue => store::take(conn, queue, &ids).await,
        Origin::Held { claim, rows } => {
            let held_ids: Vec<Uuid> =
                ids.iter().filter_map(|id| rows.get(id)).map(|(held_id, _)| *held_id).collect();
            let mine = store::still_mine(conn, *claim, &held_ids).await?;
            let is_mine = |id: &Uuid| rows.get(id).is_some_and(|(held_id, _)| mine.contains(held_id));
            Ok(ids.into_iter().filter(is_mine).collect())
        }
    }
}

/// What the outcomes mean for the rows that remember.
async fn write_outcomes(
    conn: &mut PgConnection,
    queue: &str,
    origin: &Origin,
    messages: &[Message],
    outcomes: &[Outcome],
) -> Result<(), sqlx::Error> {
    let waiting = |outcome: &Outcome| match *outcome {
        Outcome::Done => None,
        Outcome::Retry { after, reason } => Some((Wait::Retry(after), reason)),
        Outcome::Park { reason } => Some((Wait::Parked, reason)),
    };
    let all = || messages.iter().zip(outcomes);
    match origin {
        Origin::Queue => {
            let rows: Vec<Aside> = all()
                .filter_map(|(m, o)| waiting(o).map(|(wait, reason)| Aside::asked(m, wait, reason)))
                .collect();
            store::hold(conn, queue, &rows).await
        }
        Origin::Held { rows, .. } => {
            let mut done = Vec::new();
            let mut postponed = Vec::new();
            for (message, outcome) in all() {
                let Some(&(held_id, _)) = rows.get(&message.id.uuid()) else { continue };
                match waiting(outcome) {
                    None => done.push(held_id),
                    Some((wait, reason)) => postponed.push(Postponed { held_id, wait, reason, asked: true }),
                }
            }
            store::finish(conn, &done).await?;
            store::postpone(conn, &postponed).await
        }
    }
}

/// A handler that panics has failed; its consumer goes on.
async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, Fault> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Fault::Failed("panicked".to_owned()))
}
