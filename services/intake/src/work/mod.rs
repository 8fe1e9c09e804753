//! Work that is taken up after the transaction that asked for it: planning, closing of windows, lapsed supplements.
//! Deadline rows say what and when; however late one is taken, or how often, a case is changed once, because the
//! version that was looked at is compared when the case is written.

mod chosen;
mod evaluators;
mod plan;
mod planner;
mod products;
mod supplement;
mod waiting;
mod window;

use std::{future::Future, sync::Arc, time::Duration};

use bus::{Hearing, Outbox};
use chrono::{DateTime, TimeDelta, Utc};
use host::turns::{POLL, rest_until, try_again_at, turns};
use kernel::Clock;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use evaluators::Evaluators;
pub(crate) use planner::{Draft, Planner};
pub(crate) use products::Products;

use crate::{
    journal::Rules,
    store::{
        StoreError, cases,
        deadlines::{self, Fired, Kind},
    },
};

/// Deadlines taken in one turn.
const BATCH: i64 = 64;

#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another role refused the question: not by being away, but by something in it.
    #[error("another role answered {0:?}")]
    Refused(tonic::Code),
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
            Self::Store(StoreError::Corrupt { .. } | StoreError::Number(_)) | Self::Refused(_) => false,
        }
    }
}

impl From<sqlx::Error> for WorkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

/// Wakes the worker of one kind, in this process, after a commit that gave it something to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alarm {
    plan: Arc<Notify>,
    timers: Arc<Notify>,
}

impl Alarm {
    pub(crate) fn planning(&self) {
        self.plan.notify_one();
    }

    /// Only for what is due sooner than [`soon`] says: the timers look by themselves as often.
    pub(crate) fn timers(&self) {
        self.timers.notify_waiters();
    }
}

/// What is due before this, who waits for deadlines may not find in time by itself.
pub(crate) fn soon(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(POLL).unwrap_or_default()
}

#[derive(Clone)]
pub(crate) struct Worker {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    pub outbox: Outbox,
    pub hearing: Hearing,
    pub alarm: Alarm,
    pub planner: Planner,
}

impl Worker {
    /// Runs until `shutdown`; work in hand is finished.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let plan = self.clone().turns(
            Kind::Plan,
            Arc::clone(&self.alarm.plan),
            shutdown.clone(),
            |worker, fired| Box::pin(async move { worker.plan(&fired).await }),
        );
        let timers = Arc::clone(&self.alarm.timers);
        let window =
            self.clone().turns(Kind::Window, Arc::clone(&timers), shutdown.clone(), |worker, fired| {
                Box::pin(async move { worker.window(&fired).await })
            });
        let supplement = self.clone().turns(Kind::Supplement, timers, shutdown.clone(), |worker, fired| {
            Box::pin(async move { worker.supplement(&fired).await })
        });
        // Whoever waits for days is found in time by the poll; a submission wakes none of these.
        let asleep = Arc::<Notify>::default();
        let kinds =
            [Kind::Cover, Kind::Selection, Kind::Approval, Kind::NoOffer, Kind::Chosen, Kind::Valuation];
        let waiting = kinds.map(|kind| {
            self.clone().turns(kind, Arc::clone(&asleep), shutdown.clone(), move |worker, fired| {
                Box::pin(async move { worker.waiting(kind, &fired).await })
            })
        });
        let house = self.keep_house(shutdown);
        tokio::join!(plan, window, supplement, futures::future::join_all(waiting), house);
    }

    async fn turns<T>(
        self,
        kind: Kind,
        wake: Arc<Notify>,
        shutdown: CancellationToken,
        turn: impl Fn(Self, Vec<Fired>) -> T,
    ) where
        T: Future<Output = Result<(), WorkError>>,
    {
        turns(kind.code(), &wake, &shutdown, || self.take_turn(kind, &turn)).await;
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
            kind = kind.code(), case = %one.case, attempts = one.attempts,
            error = error as &dyn std::error::Error, "a deadline failed"
        );
        let again = try_again_at(self.clock.now(), one.attempts);
        let mut conn = self.pool.acquire().await?;
        Ok(deadlines::postpone(&mut conn, &[one.case], kind, again).await?)
    }

    /// Every ten seconds: tells the metrics what waits, and computes the deadlines that waited for a calendar
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
        telemetry::metrics::set_cover_lost(cases::cover_lost(&mut conn).await?);
        Ok(())
    }

    async fn fix_pending(&self) -> Result<(), WorkError> {
        let mut conn = self.pool.acquire().await?;
        for (case, kind, since, span) in deadlines::pending(&mut conn, BATCH).await? {
            let Ok(span) = span.parse() else {
                return Err(StoreError::Corrupt { table: "deadline", id: case, what: "span" }.into());
            };
            if let kernel::Due::At(due_at) = self.rules.calendar.deadline(since, span) {
                // These are looked at now: institutions are to be told the time.
                let told = [Kind::Window, Kind::Approval].iter().any(|one| one.code() == kind);
                let due_at = if told { self.clock.now() } else { due_at };
                deadlines::fix(&mut conn, case, &kind, due_at).await?;
            }
        }
        Ok(())
    }
}

/// The other role is away, or slow: the question itself may be good.
pub(crate) fn is_away(status: &tonic::Status) -> bool {
    matches!(
        status.code(),
        tonic::Code::Unavailable
            | tonic::Code::DeadlineExceeded
            | tonic::Code::Cancelled
            | tonic::Code::ResourceExhausted
            | tonic::Code::Aborted
    )
}
