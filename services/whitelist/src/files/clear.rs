//! Clears what is no longer waited for: imports whose time is over, and staged rows of those that are settled.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use host::Host;
use kernel::Clock;
use sqlx::PgPool;

use crate::store::{StoreError, files::clearing};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(30);
/// A file is read within minutes; one that is not was cut off.
const READING_MAX: TimeDelta = TimeDelta::hours(1);
/// Rows removed in one statement: few enough that nobody waits for it.
const BATCH: i64 = 20_000;

/// Clears now and then until shutdown; what is cut off is gone on with later.
pub async fn keep_cleared(host: Host) {
    let (pool, clock): (PgPool, Arc<dyn Clock>) = (host.pool.clone(), Arc::clone(&host.clock));
    let clearing = async {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            if let Err(error) = clear(&pool, clock.now()).await {
                tracing::warn!(error = %error, "old imports could not be cleared; trying again later");
            }
        }
    };
    let _stopped = host.shutdown.run_until_cancelled(clearing).await;
}

/// Expires what is due and removes staged rows of everything that is settled.
pub async fn clear(pool: &PgPool, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?;
    clearing::expire(&mut conn, now, now - READING_MAX).await?;
    for (import_id, kind) in clearing::list_to_clear(&mut conn).await? {
        while clearing::clear(&mut conn, kind, import_id, BATCH).await? > 0 {}
        clearing::cleared(&mut conn, import_id).await?;
    }
    Ok(())
}
