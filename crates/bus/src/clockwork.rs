//! Small pieces of every task's loop: a pause that shutdown ends, and a code for a database's error.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Waits; `Break` once shutdown was asked for.
pub(crate) async fn pause(wait: Duration, shutdown: &CancellationToken) -> ControlFlow<()> {
    tokio::select! {
        () = tokio::time::sleep(wait) => ControlFlow::Continue(()),
        () = shutdown.cancelled() => ControlFlow::Break(()),
    }
}

/// What may be logged of a database's error: codes and names of constraints. Its text may quote values.
pub(crate) fn fault_code(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => match (refusal.code(), refusal.constraint()) {
            (Some(code), Some(constraint)) => format!("sqlstate-{code} {constraint}"),
            (Some(code), None) => format!("sqlstate-{code}"),
            (None, _) => "database".to_owned(),
        },
        sqlx::Error::Io(io) => format!("io-{:?}", io.kind()),
        sqlx::Error::PoolTimedOut => "pool-timed-out".to_owned(),
        sqlx::Error::PoolClosed => "pool-closed".to_owned(),
        sqlx::Error::RowNotFound => "row-not-found".to_owned(),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "decode".to_owned(),
        _ => "database-client".to_owned(),
    }
}
