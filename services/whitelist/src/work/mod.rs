//! Work that is taken up when its time has come: screenings, what is due for entries, telling banks of lists. However late
//! or how often it is taken, an entry moves once, because its state is looked at under its lock.

mod entries;
pub(crate) mod journal;
pub(crate) mod judge;
mod lists;
pub(crate) mod publish;
pub mod runs;

use std::{sync::Arc, time::Duration};

use bus::Outbox;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future;
use host::turns::{POLL, rest_until, turns};
use kernel::{Calendar, Clock, Span};
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use rpc::{Actor, Caller, client::Channel};
use sqlx::PgPool;
use telemetry::metrics;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::entry::{Task, Terms},
    sources::Sources,
    store::{StoreError, entries_tasks, list_deliveries, screening_runs},
};

pub use crate::store::screening_subjects::Ears;

impl Ears {
    /// The platforms that are connected here.
    pub(crate) fn of(sources: &Sources) -> Self {
        let connected = sources.connected().map(|source| source.code()).collect();
        Self { connected, stale_after: sources.pace.stale_after }
    }
}

/// Entries of one turn.
const BATCH: i64 = 200;
/// The kind of work, as metrics name it.
const RUN: &str = "SCREENING_RUN";

/// Spans and distances.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// 公示期
    pub publicity: Span,
    /// Within which a bank has to take note of a version.
    pub acknowledge: Span,
    /// For how long an entry may be cured, lasts, is warned of, may be renewed.
    pub terms: Terms,
    /// Between two looks for exclusions of an entry.
    pub watch: TimeDelta,
    /// Between two looks for a source that has not been heard.
    pub source_retry: TimeDelta,
    /// Between two looks for banks that came later.
    pub roster: Duration,
}

/// Wakes the workers of this process after a commit that gave them something to do.
#[derive(Debug, Clone, Default)]
pub struct Alarm(Arc<Notify>);

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
    pub outbox: Outbox,
    pub policy: Policy,
    pub ears: Ears,
    pub sources: Sources,
    pub catalog: CatalogServiceClient<Channel>,
    pub alarm: Alarm,
    /// Woken when a list has been published.
    pub published: Alarm,
    pub caller: Caller,
}

impl Worker {
    /// Who acts here, as audit rows name it.
    pub(crate) fn caller() -> Caller {
        Caller { issuer: "whitelist".to_owned(), actor: Actor::Role("whitelist".to_owned()) }
    }

    /// Runs until `shutdown`; work in hand is finished.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let (worker, wake, ending) = (&self, &*self.alarm.0, &shutdown);
        let tasks = Task::ALL.map(|task| turns(task.code(), wake, ending, move || worker.take_turn(task)));
        let screening = turns(RUN, wake, ending, || worker.screen());
        let house = ending.run_until_cancelled(async { tokio::join!(self.tell_often(), self.keep_house()) });
        let work = Box::pin(async { tokio::join!(future::join_all(tasks), screening, house) });
        let _ended = work.await;
    }

    /// Takes what is due; returns how long there is nothing to do.
    async fn take_turn(&self, task: Task) -> Result<Duration, StoreError> {
        let now = self.now();
        let mut conn = self.pool.acquire().await?;
        let fired = entries_tasks::due(&mut conn, task, now, BATCH).await?;
        if fired.is_empty() {
            return Ok(rest_until(entries_tasks::next(&mut conn, task).await?, now));
        }
        drop(conn);
        for one in &fired {
            metrics::observe_deadline_lateness(task.code(), (now - one.due_at).as_seconds_f64());
        }
        if let Err(error) = self.turn(task, &fired).await {
            if fired.len() == 1 || !matches!(error, StoreError::Impossible { .. }) {
                return Err(error);
            }
            // One of them spoils the turn: each has its own, and the one at fault waits.
            for one in fired {
                if let Err(error) = self.turn(task, &[one]).await {
                    tracing::error!(
                        kind = task.code(), entry = %one.entry, attempts = one.attempts,
                        error = &error as &dyn std::error::Error, "a task failed"
                    );
                    let again = self.now() + TimeDelta::seconds(30);
                    let mut conn = self.pool.acquire().await?;
                    entries_tasks::postpone(&mut conn, &[one.entry], task, again).await?;
                }
            }
        }
        Ok(Duration::ZERO)
    }

    /// Goes on with runs.
    async fn screen(&self) -> Result<Duration, StoreError> {
        let more = runs::step(&self.pool, &self.ears, self.now(), runs::PIECE).await?;
        Ok(if more { Duration::ZERO } else { POLL })
    }

    async fn tell_often(&self) {
        let mut seen = None;
        loop {
            if let Err(error) = self.tell(&mut seen).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "lists wait to be told");
            }
            tokio::select! {
                () = self.published.0.notified() => {}
                () = tokio::time::sleep(self.policy.roster) => {}
            }
        }
    }

    /// Every ten seconds: computes what waited for a calendar, and tells the metrics what waits.
    async fn keep_house(&self) {
        let mut every = tokio::time::interval(Duration::from_secs(10));
        loop {
            every.tick().await;
            let kept = async {
                self.fix_pending().await?;
                self.fix_deliveries().await?;
                self.measure().await
            };
            if let Err(error) = kept.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "pending dates wait");
            }
        }
    }

    async fn measure(&self) -> Result<(), StoreError> {
        let now = self.now();
        let age = |since: Option<DateTime<Utc>>| since.map_or(0.0, |at| (now - at).as_seconds_f64());
        let mut conn = self.pool.acquire().await?;
        for task in Task::ALL {
            let (rows, oldest) = entries_tasks::backlog(&mut conn, task, now).await?;
            metrics::set_work(task.code(), rows, age(oldest));
        }
        let (rows, oldest) = screening_runs::running(&mut conn).await?;
        metrics::set_work(RUN, rows, age(oldest));
        let (late, oldest) = list_deliveries::late(&mut conn, now).await?;
        metrics::set_lists_unacknowledged(late, age(oldest));
        Ok(())
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}
