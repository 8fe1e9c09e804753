//! Folding of facts into figures: in the background, before an answer, for a past state of knowledge, and anew from the
//! first fact. Facts are read in pages of the record, each in a short transaction of its own.

mod fold;
mod history;
mod rebuild;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use fold::catch_up;
pub(crate) use history::as_known;
pub(crate) use rebuild::{Compared, Shadow};

/// Facts that one transaction folds.
const PAGE: i64 = 2_000;
/// Facts that arrive within this time are folded together: a case that passes through all its states within it is
/// written once.
const PAUSE: Duration = Duration::from_millis(250);
/// How often facts are looked for that nobody announced: another process's, or those of before a restart.
const POLL: Duration = Duration::from_secs(1);
/// After a failure, until the next attempt.
const FAILED: Duration = Duration::from_secs(2);

/// The end of all days: the beginning of the year 10000, in seconds since 1970. No figure is asked of a later one.
const END_OF_DAYS: i64 = 253_402_300_800;

/// Later than anything that figures tell of.
pub(crate) fn end_of_days() -> DateTime<Utc> {
    DateTime::from_timestamp(END_OF_DAYS, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Keeps the book in use close behind the facts, until `shutdown`.
pub(crate) async fn keep_folded(pool: PgPool, taken: Arc<Notify>, shutdown: CancellationToken) {
    let work = async {
        loop {
            let pause = match catch_up(&pool).await {
                Ok(()) => PAUSE,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "facts are not folded");
                    FAILED
                }
            };
            tokio::time::sleep(pause).await;
            tokio::select! {
                () = taken.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    };
    // What is cut off is a transaction of at most one page, which is undone and comes again.
    shutdown.run_until_cancelled(work).await;
}
