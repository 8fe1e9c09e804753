//! What waits in a role: messages that are not sent yet, and those that were set aside.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// One look at a role's outbox and held messages.
#[derive(Debug, Clone, Copy, PartialEq, sqlx::FromRow)]
pub struct Waiting {
    /// Rows of the outbox: not yet confirmed by the broker.
    pub outbox_rows: i64,
    pub outbox_oldest_at: Option<DateTime<Utc>>,
    /// Held messages that are tried again by themselves.
    pub retrying: i64,
    /// Held messages that wait for a person.
    pub parked: i64,
    pub parked_oldest_at: Option<DateTime<Utc>>,
}

/// Counts what waits, in one statement.
///
/// # Errors
/// The database's.
pub async fn waiting(pool: &PgPool) -> Result<Waiting, sqlx::Error> {
    sqlx::query_as(
        "SELECT o.rows AS outbox_rows, o.oldest AS outbox_oldest_at, h.retrying, h.parked,
                h.oldest AS parked_oldest_at
           FROM (SELECT count(*) AS rows, min(enqueued_at) AS oldest FROM outbox) AS o,
                (SELECT count(*) FILTER (WHERE kind = 'retry') AS retrying,
                        count(*) FILTER (WHERE kind = 'parked') AS parked,
                        min(held_at) FILTER (WHERE kind = 'parked') AS oldest
                   FROM held) AS h",
    )
    .fetch_one(pool)
    .await
}
