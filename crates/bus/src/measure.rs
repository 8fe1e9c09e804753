//! The slow beat of a bus: partitions of the inbox, and the gauges that need a query.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use kernel::Clock;
use sqlx::PgPool;
use telemetry::metrics;
use tokio_util::sync::CancellationToken;

use crate::BusConfig;
use crate::clockwork::{fault_code, pause};
use crate::outbox::backlog;

const GAUGES: Duration = Duration::from_secs(5);
const PARTITIONS: Duration = Duration::from_secs(3600);
const PARTITIONS_AGAIN: Duration = Duration::from_secs(30);

/// What the task works with.
pub(crate) struct Measure {
    pub(crate) config: Arc<BusConfig>,
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shutdown: CancellationToken,
}

impl Measure {
    pub(crate) async fn run(self) {
        let mut maintain_at = Instant::now();
        let mut seen = HashSet::new();
        while !self.shutdown.is_cancelled() {
            if Instant::now() >= maintain_at {
                maintain_at = Instant::now() + self.maintain().await;
            }
            if let Err(error) = self.gauges(&mut seen).await {
                tracing::debug!(code = fault_code(&error), "the bus cannot be measured");
            }
            if pause(GAUGES, &self.shutdown).await.is_break() {
                return;
            }
        }
    }

    /// Returns when to do it again.
    async fn maintain(&self) -> Duration {
        let today = self.clock.now().date_naive();
        let (ahead, keep) = (self.config.inbox_ahead_days, self.config.inbox_keep_days);
        match maintain_inbox(&self.pool, today, ahead, keep).await {
            Ok((made, dropped)) => {
                if made + dropped > 0 {
                    tracing::info!(made, dropped, "inbox partitions");
                }
                PARTITIONS
            }
            // Ids without a partition go to the default one, so this has time.
            Err(error) => {
                tracing::warn!(code = fault_code(&error), "inbox partitions could not be maintained");
                PARTITIONS_AGAIN
            }
        }
    }

    async fn gauges(&self, seen: &mut HashSet<(String, String)>) -> Result<(), sqlx::Error> {
        let outbox = backlog(&self.pool).await?;
        metrics::set_outbox(outbox.rows, outbox.oldest, outbox.unroutable);
        let held: Vec<(String, String, i64, f64)> = sqlx::query_as(
            "SELECT queue, kind, count(*), extract(epoch FROM now() - min(held_at))::float8 \
             FROM held GROUP BY queue, kind",
        )
        .fetch_all(&self.pool)
        .await?;
        // A pair that is gone has no row to say so.
        for (queue, kind) in seen.iter() {
            if !held.iter().any(|(q, k, ..)| q == queue && k == kind) {
                metrics::set_held(queue, kind, 0, 0.0);
            }
        }
        for (queue, kind, rows, oldest) in held {
            metrics::set_held(&queue, &kind, rows, oldest);
            seen.insert((queue, kind));
        }
        Ok(())
    }
}

/// Makes the inbox's coming partitions and drops those that are no longer kept. Returns how many of each.
pub(crate) async fn maintain_inbox(
    pool: &PgPool,
    today: NaiveDate,
    ahead_days: i32,
    keep_days: i32,
) -> Result<(i32, i32), sqlx::Error> {
    sqlx::query_as("SELECT made, dropped FROM inbox_maintain($1, $2, $3)")
        .bind(today)
        .bind(ahead_days)
        .bind(keep_days)
        .fetch_one(pool)
        .await
}
