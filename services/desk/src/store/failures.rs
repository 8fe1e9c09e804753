//! Rows of `login_failure`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;

const LOCKED_UNTIL: &str =
    "SELECT max(locked_until) FROM login_failure WHERE subject = ANY($1) AND locked_until > $2";
const COUNT: &str = "INSERT INTO login_failure AS f (subject, failures, last_at) VALUES ($1, 1, $2)
    ON CONFLICT ON CONSTRAINT login_failure_pk DO UPDATE
       SET failures = CASE WHEN f.last_at < $3 THEN 1 ELSE f.failures + 1 END, last_at = $2
    RETURNING failures";
const LOCK: &str = "UPDATE login_failure SET locked_until = $2 WHERE subject = $1";
const CLEAR: &str = "DELETE FROM login_failure WHERE subject = $1";
const FORGET: &str = "DELETE FROM login_failure WHERE last_at < $1";

pub(super) const STATEMENTS: &[&str] = &[LOCKED_UNTIL, COUNT, LOCK, CLEAR, FORGET];

/// Until when one of these is locked, if any is.
///
/// # Errors
/// The database's.
pub async fn locked_until(
    conn: &mut PgConnection,
    subjects: &[String],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar(LOCKED_UNTIL).bind(subjects).bind(now).fetch_one(conn).await?)
}

/// Counts a failure; one whose last failure was before `quiet_since` starts anew. Returns the count.
///
/// # Errors
/// The database's.
pub async fn count(
    conn: &mut PgConnection,
    subject: &str,
    now: DateTime<Utc>,
    quiet_since: DateTime<Utc>,
) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar(COUNT).bind(subject).bind(now).bind(quiet_since).fetch_one(conn).await?)
}

/// Locks a subject until then.
///
/// # Errors
/// The database's.
pub async fn lock(conn: &mut PgConnection, subject: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(LOCK).bind(subject).bind(until).execute(conn).await?;
    Ok(())
}

/// Forgets the failures of a subject.
///
/// # Errors
/// The database's.
pub async fn clear(conn: &mut PgConnection, subject: &str) -> Result<(), StoreError> {
    sqlx::query(CLEAR).bind(subject).execute(conn).await?;
    Ok(())
}

/// Forgets counts that nothing was added to since then.
///
/// # Errors
/// The database's.
pub async fn forget(conn: &mut PgConnection, quiet_since: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(quiet_since).execute(conn).await?;
    Ok(())
}
