//! Work that is taken up when its time has come: closing of windows, quotes that end, chosen institutions that are told
//! again. Deadline rows say what and when; however late one is taken, or how often, a cover request is changed once,
//! because its state is looked at under its lock.

mod hold;
mod quotes;
mod window;

use std::{future::Future, sync::Arc, time::Duration};

use bus::{Hearing, Outbox};
use chrono::TimeDelta;
use host::turns::{rest_until, try_again_at, turns};
use kernel::{Calendar, Clock};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::Policy,
    journal::Journal,
    store::{
        StoreError,
        covers::Record,
        deadlines::{self, Fired, Kind},
    },
};

/// Deadlines taken in one turn.
const BATCH: i64 = 64;

#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WorkError {
    /// Waiting helps: the database cannot be used now, whatever the work is.
    fn is_away(&self) -> bool {
        match self {
            Self::Store(StoreError::Database(error)) => match error {
                sqlx::Error::Database(refusal) => {
                    refusal.code().is_some_and(|code| ["08", "53", "57", "58", "40"].contains(&&code[..2]))
                }
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                _ => false,
            },
            Self::Store(StoreError::Corrupt { .. }) => false,
        }
    }
}

impl From<sqlx::Error> for WorkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

/// Wakes the worker, in this process, after a commit that gave it something to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alarm(Arc<Notify>);

impl Alarm {
    pub(crate) fn wake(&self) {
        self.0.notify_waiters();
    }
}

#[derive(Clone)]
pub(crate) struct Worker {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub calendar: Arc<Calendar>,
    pub policy: Policy,
    pub outbox: Outbox,
    pub hearing: Hearing,
    pub alarm: Alarm,
}

impl Worker {
    /// Runs until `shutdown`; work in hand is finished.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let window = self.clone().turns(Kind::Window, shutdown.clone(), |worker, fired| {
            Box::pin(async move { worker.window(&fired).await })
        });
        let expire = self.clone().turns(Kind::Expire, shutdown.clone(), |worker, fired| {
            Box::pin(async move { worker.expire(&fired).await })
        });
        let hold = self.clone().turns(Kind::Hold, shutdown.clone(), |worker, fired| {
            Box::pin(async move { worker.hold(&fired).await })
        });
        let house = self.keep_house(shutdown);
        tokio::join!(window, expire, hold, house);
    }

    async fn turns<T>(self, kind: Kind, shutdown: CancellationToken, turn: impl Fn(Self, Vec<Fired>) -> T)
    where
        T: Future<Output = Result<(), WorkError>>,
    {
        turns(kind.code(), &self.alarm.0, &shutdown, || self.take_turn(kind, &turn)).await;
    }

    /// Takes what is due; returns how long there is nothing to do.
    async fn take_turn<T>(
        &self,
        kind: Kind,
        turn: &impl Fn(Self, Vec<Fired>) -> T,
    ) -> Result<Duration, WorkError>
    where
        T: Future<Output = Result<(), WorkError>>,
    {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let fired = deadlines::due(&mut conn, kind, now, BATCH).await?;
        if fired.is_empty() {
            return Ok(rest_until(deadlines::next(&mut conn, kind).await?, now));
        }
        drop(conn);
        for one in &fired {
            telemetry::metrics::observe_deadline_lateness(kind.code(), (now - one.due_at).as_seconds_f64());
        }
        match turn(self.clone(), fired.clone()).await {
            Err(error) if !error.is_away() => {
                // One of them spoils the turn: each has its own, and the one at fault waits.
                for one in fired {
                    match turn(self.clone(), vec![one.clone()]).await {
                        Err(error) if !error.is_away() => self.put_off(kind, &one, &error).await?,
                        ended => ended?,
                    }
                }
            }
            ended => ended?,
        }
        Ok(Duration::ZERO)
    }

    /// A deadline that cannot be worked on is tried again later and later; others pass it.
    async fn put_off(&self, kind: Kind, one: &Fired, error: &WorkError) -> Result<(), WorkError> {
        tracing::error!(
            kind = kind.code(), cover = %one.cover, attempts = one.attempts,
            error = error as &dyn std::error::Error, "a deadline failed"
        );
        let again = try_again_at(self.clock.now(), one.attempts);
        let mut conn = self.pool.acquire().await?;
        Ok(deadlines::postpone(&mut conn, &[one.cover], kind, again).await?)
    }

    /// Every ten seconds: tells the metrics what waits, and computes the windows that waited for a calendar
    /// (CALENDAR_MISSING) once its year is loaded.
    async fn keep_house(&self, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(Duration::from_secs(10));
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
            }
            // Looked at between windows too, so that a break is noticed when it is over.
            self.hearing.for_long(TimeDelta::zero());
            let kept = async {
                self.fix_pending().await?;
                self.measure().await
            };
            if let Err(error) = kept.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "pending deadlines wait");
            }
        }
    }

    async fn measure(&self) -> Result<(), WorkError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        for kind in Kind::ALL {
            let (rows, oldest) = deadlines::backlog(&mut conn, kind, now).await?;
            let age = oldest.map_or(0.0, |due_at| (now - due_at).as_seconds_f64());
            telemetry::metrics::set_work(kind.code(), rows, age);
        }
        Ok(())
    }

    async fn fix_pending(&self) -> Result<(), WorkError> {
        let mut conn = self.pool.acquire().await?;
        for (cover, kind, since, span) in deadlines::pending(&mut conn, BATCH).await? {
            let Ok(span) = span.parse() else {
                return Err(StoreError::Corrupt { table: "deadline", id: cover, what: "span" }.into());
            };
            if let kernel::Due::At(_) = self.calendar.deadline(since, span) {
                // Looked at now: its institutions are to be told the time.
                deadlines::fix(&mut conn, cover, &kind, self.clock.now()).await?;
            }
        }
        Ok(())
    }

    fn journal(&self) -> Journal {
        Journal::new(self.clock.now(), self.policy)
    }
}

/// Work on one cover request goes on in the trace in which it was asked for.
fn traced(span: tracing::Span, record: &Record) -> tracing::Span {
    if let Some(root) = &record.root_traceparent {
        telemetry::context::child_of(&span, root);
    }
    span
}
