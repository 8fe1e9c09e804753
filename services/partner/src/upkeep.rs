//! What goes on beside the calls: measures who is out of reach, and ends what has been kept for long enough.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use host::{Host, HostError};
use kernel::{Clock, InstitutionId};
use ring::digest::{SHA256, digest};
use sqlx::PgPool;
use telemetry::metrics;
use tokio_util::sync::CancellationToken;

use crate::settings;
use crate::store::{StoreError, contacts, retention};

/// Between two measurements.
const MEASURE: Duration = Duration::from_secs(30);
/// Between two looks for what is to be forgotten.
const FORGET: Duration = Duration::from_secs(600);
/// Rows removed in one statement, and the pause after it.
const BATCH: i64 = 1_000;
const PAUSE: Duration = Duration::from_millis(100);
/// How long before its end a credential should have a successor.
const RENEWAL: TimeDelta = TimeDelta::days(30);
/// Bytes of the hash by which an institution is told from others.
const HASH: usize = 6;

pub(crate) struct Upkeep {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    unreachable_after: TimeDelta,
    event_keep: TimeDelta,
    reply_keep: TimeDelta,
}

impl Upkeep {
    pub(crate) fn of(host: &Host) -> Result<Self, HostError> {
        // What is longer than can be told is kept for good.
        let span = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        Ok(Self {
            pool: host.pool.clone(),
            clock: Arc::clone(&host.clock),
            unreachable_after: span(host.settings.get(&settings::UNREACHABLE_AFTER)?),
            event_keep: span(host.settings.get(&settings::EVENT_KEEP)?),
            reply_keep: span(host.settings.get(&settings::REPLY_KEEP)?),
        })
    }

    /// Goes on until `shutdown`; stopping in the middle loses nothing.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let both = Box::pin(async { tokio::join!(self.measure_often(), self.forget_often()) });
        let _stopped = shutdown.run_until_cancelled(both).await;
    }

    async fn measure_often(&self) {
        let mut ticks = tokio::time::interval(MEASURE);
        loop {
            ticks.tick().await;
            if let Err(error) = self.measure().await {
                tracing::warn!(%error, "contacts could not be measured");
            }
        }
    }

    async fn measure(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(before) = now.checked_sub_signed(self.unreachable_after) {
            metrics::set_unreachable(contacts::unreachable(&self.pool, before).await?);
        }
        metrics::set_credentials_expiring(contacts::expiring(&self.pool, now, RENEWAL).await?);
        let last = contacts::last(&self.pool, now).await?;
        metrics::set_contact_ages(
            last.into_iter().map(|(institution, at)| (hash(institution), age(now, at))),
        );
        Ok(())
    }

    async fn forget_often(&self) {
        let mut ticks = tokio::time::interval(FORGET);
        loop {
            ticks.tick().await;
            if let Err(error) = self.forget().await {
                tracing::warn!(%error, "old rows could not be removed; trying again later");
            }
        }
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(before) = now.checked_sub_signed(self.event_keep) {
            while retention::forget_events(&self.pool, before, BATCH).await? >= BATCH.unsigned_abs() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        if let Some(before) = now.checked_sub_signed(self.reply_keep) {
            while retention::forget_replies(&self.pool, before, BATCH).await? >= BATCH.unsigned_abs() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}

/// Seconds.
fn age(now: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
    (now - at).as_seconds_f64().max(0.0)
}

/// Tells institutions apart without naming any (domain.md §3.4).
fn hash(institution: InstitutionId) -> String {
    let digest = digest(&SHA256, institution.uuid().as_bytes());
    digest.as_ref().iter().take(HASH).map(|byte| format!("{byte:02x}")).collect()
}
