//! Work that every role with a store has going on beside its own: sealing the audit chain, forgetting old answers.
//! The inbox is kept by the bus itself.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use kernel::Clock;
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::error::HostError;
use crate::role::Host;
use crate::settings::host_keys;

/// Between two looks for old answers.
const INTERVAL: Duration = Duration::from_secs(600);
/// Rows removed in one statement: few enough that nobody waits for it.
const BATCH: i64 = 2_000;

/// Starts the tasks; they end at shutdown, and `tasks` tells when they have.
pub(crate) fn keep(host: &Host, tasks: &TaskTracker) -> Result<(), HostError> {
    if !host.role.has_store {
        return Ok(());
    }
    let sealer = rpc::audit::spawn_sealer(host.pool.clone(), Arc::clone(&host.clock), host.shutdown.clone());
    tasks.spawn(async move {
        if let Err(error) = sealer.await {
            tracing::error!(%error, "audit sealer broke");
        }
    });
    let kept = host.settings.get(&host_keys::REPLAY_KEEP)?;
    let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX);
    let (pool, clock, shutdown) = (host.pool.clone(), Arc::clone(&host.clock), host.shutdown.clone());
    tasks.spawn(async move {
        // What is removed may be removed again later: nothing is lost by stopping in the middle.
        let _stopped = shutdown.run_until_cancelled(forget_answers(&pool, clock.as_ref(), kept)).await;
    });
    Ok(())
}

/// Answers to repeated requests are kept for a configured time (`request_replay`).
async fn forget_answers(pool: &PgPool, clock: &dyn Clock, kept: TimeDelta) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        // A time before the beginning of times keeps everything.
        let Some(before) = clock.now().checked_sub_signed(kept) else { continue };
        loop {
            match rpc::replay::purge(pool, before, BATCH).await {
                Ok(removed) if removed < BATCH.unsigned_abs() => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(
                        error = error.to_string(),
                        "old answers could not be removed; trying again later"
                    );
                    break;
                }
            }
        }
    }
}
