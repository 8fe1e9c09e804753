//! Ends what has been kept for long enough and is evidence of nothing (OPERATIONS.md, "What the register keeps").

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use host::{Host, HostError};
use kernel::Clock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    settings,
    sources::Sources,
    store::{
        StoreError,
        retention::{self, Seen},
    },
};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Rows in one statement, and the pause after it.
const BATCH: i64 = 1_000;
const PAUSE: Duration = Duration::from_millis(100);
/// What is too old to decide by may still be in the hands of a screening that began before.
const GRACE: TimeDelta = TimeDelta::days(30);

/// For how long what is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    pub snapshots: TimeDelta,
    pub faults: TimeDelta,
}

/// The role's own broom.
pub struct Upkeep {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    keep: Keep,
    seen: Seen,
}

impl std::fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upkeep").field("keep", &self.keep).field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Upkeep {
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        Self { pool, clock, keep, seen: Seen::default() }
    }

    pub(crate) fn of(host: &Host, sources: &Sources) -> Result<Self, HostError> {
        // What is longer than can be told is kept for good.
        let span = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        let least = sources.pace.stale_after + GRACE;
        let keep = Keep {
            snapshots: span(host.settings.get(&settings::SNAPSHOT_KEEP)?).max(least),
            faults: span(host.settings.get(&settings::FAULT_KEEP)?),
        };
        Ok(Self::new(host.pool.clone(), Arc::clone(&host.clock), keep))
    }

    /// Goes on until `shutdown`; stopping in the middle loses nothing.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let often = async {
            let mut ticks = tokio::time::interval(INTERVAL);
            loop {
                ticks.tick().await;
                if let Err(error) = self.forget().await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "old rows could not be removed; trying again later"
                    );
                }
            }
        };
        let _stopped = shutdown.run_until_cancelled(often).await;
    }

    /// Removes whatever is due by now.
    ///
    /// # Errors
    /// The database's; what was removed before stays removed.
    pub async fn forget(&mut self) -> Result<(), StoreError> {
        let now: DateTime<Utc> = self.clock.now();
        if let Some(before) = now.checked_sub_signed(self.keep.snapshots) {
            let whole = usize::try_from(BATCH).unwrap_or(usize::MAX);
            while retention::forget_snapshots(&self.pool, &mut self.seen, before, BATCH).await? >= whole {
                tokio::time::sleep(PAUSE).await;
            }
        }
        if let Some(before) = now.checked_sub_signed(self.keep.faults) {
            let mut conn = self.pool.acquire().await?;
            while let Some(import_id) = retention::old_faults(&mut conn, before).await? {
                while retention::forget_faults(&mut conn, import_id, BATCH).await? > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                retention::faults_gone(&mut conn, import_id).await?;
            }
        }
        Ok(())
    }
}
