//! Work that nobody calls for: versions that take effect or whose last day is over, what the 信易贷 platform is to be told,
//! and what people are to be warned of.

mod deadlines;
mod platform;
mod publishing;

use std::{sync::Arc, time::Duration};

use bus::Outbox;
use chrono::Days;
use kernel::{Clock, calendar::date_of};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub(crate) use platform::Platform;

use crate::{
    domain::agreement::WARNING_DAYS,
    store::{StoreError, agreements, publications},
};

/// How often is looked for what is due.
const POLL: Duration = Duration::from_millis(500);
/// How many looks there are from one measurement to the next.
const MEASURE_EVERY: u32 = 20;

pub(crate) struct Worker {
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: Outbox,
    /// `None`: publications stay pending.
    pub(crate) platform: Option<Platform>,
}

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the audit row could not be written")]
    Audit(#[source] rpc::Fault),
    #[error("the message could not be written")]
    Message(#[source] sqlx::Error),
}

impl From<sqlx::Error> for WorkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

impl Worker {
    /// Runs until `shutdown`; work in hand is finished.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        tokio::join!(self.keep_days(&shutdown), self.keep_platform(&shutdown));
    }

    async fn keep_days(&self, shutdown: &CancellationToken) {
        let mut looks = 0_u32;
        while !shutdown.is_cancelled() {
            let done = async {
                while self.take_deadline().await? {}
                if looks.is_multiple_of(MEASURE_EVERY) {
                    self.measure().await?;
                }
                Ok::<_, WorkError>(())
            };
            if let Err(error) = done.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "products' days wait");
            }
            looks = looks.wrapping_add(1);
            rest(shutdown).await;
        }
    }

    async fn keep_platform(&self, shutdown: &CancellationToken) {
        let Some(platform) = &self.platform else { return };
        while !shutdown.is_cancelled() {
            match self.take_publications(platform).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "publications wait");
                }
            }
            rest(shutdown).await;
        }
    }

    /// Tells the metrics what people are to be warned of.
    async fn measure(&self) -> Result<(), WorkError> {
        let mut conn = self.pool.acquire().await?;
        let (states, failing) = publications::count(&mut conn).await?;
        for (state, rows) in states {
            telemetry::metrics::set_publications(state.code(), rows);
        }
        telemetry::metrics::set_publications_failing(failing);
        let today = date_of(self.clock.now());
        let by = today.checked_add_days(Days::new(u64::from(WARNING_DAYS))).unwrap_or(today);
        let expiring = agreements::expiring(&mut conn, today, by).await?;
        telemetry::metrics::set_agreements_expiring(i64::try_from(expiring.len()).unwrap_or(i64::MAX));
        Ok(())
    }
}

async fn rest(shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}
