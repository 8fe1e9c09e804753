//! The end of old rows: acknowledged events and replies, in batches so small that nobody waits for them.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{BEGIN_LOOSELY, StoreError};

// What another process is removing is left to it.
const FORGET_EVENTS: &str = "\
    DELETE FROM event WHERE event_id = ANY (ARRAY( \
        SELECT event_id FROM event AS e \
        WHERE created_at < $1 AND NOT held \
          AND NOT EXISTS (SELECT 1 FROM feed AS f WHERE f.institution_id = e.institution_id AND f.seq = e.seq) \
        LIMIT $2 FOR UPDATE SKIP LOCKED))";

const FORGET_REPLIES: &str = "\
    DELETE FROM reply WHERE ctid = ANY (ARRAY( \
        SELECT ctid FROM reply WHERE submitted_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))";

pub(super) const ALL: &[&str] = &[FORGET_EVENTS, FORGET_REPLIES];

/// Removes at most `most` events from before this instant that are acknowledged; gives how many.
pub async fn forget_events(pool: &PgPool, before: DateTime<Utc>, most: i64) -> Result<u64, StoreError> {
    forget(pool, FORGET_EVENTS, before, most).await
}

/// Removes at most `most` replies that were given before this instant; gives how many.
pub async fn forget_replies(pool: &PgPool, before: DateTime<Utc>, most: i64) -> Result<u64, StoreError> {
    forget(pool, FORGET_REPLIES, before, most).await
}

async fn forget(
    pool: &PgPool,
    statement: &'static str,
    before: DateTime<Utc>,
    most: i64,
) -> Result<u64, StoreError> {
    let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
    let removed = sqlx::query(statement).bind(before).bind(most).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(removed.rows_affected())
}
