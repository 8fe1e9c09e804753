//! Rows of `session`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, accounts};
use crate::domain::Account;

const INSERT: &str = "INSERT INTO session (token_hash, account_id, begun_at, seen_at, ends_at)
    VALUES ($1, $2, $3, $3, $4)";
const FIND: &str = "SELECT a.account_id, a.login, a.title, a.duties, a.must_change, a.disabled_at, s.seen_at
    FROM session s JOIN account a USING (account_id)
    WHERE s.token_hash = $1 AND s.ends_at > $2 AND s.seen_at > $3 AND a.disabled_at IS NULL";
const TOUCH: &str = "UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2";
const END: &str = "DELETE FROM session WHERE token_hash = $1";
const END_ALL_OF: &str = "DELETE FROM session WHERE account_id = $1";
const FORGET: &str = "DELETE FROM session WHERE ends_at <= $1 OR seen_at <= $2";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, TOUCH, END, END_ALL_OF, FORGET];

type Columns = (Uuid, String, String, Vec<String>, bool, Option<DateTime<Utc>>, DateTime<Utc>);

/// Begins a session.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    token_hash: &[u8],
    account: Uuid,
    now: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT).bind(token_hash).bind(account).bind(now).bind(ends_at).execute(conn).await?;
    Ok(())
}

/// Whose session it is and when it was used last, if it has not ended: used after `idle_since`, its end not reached, its
/// account open.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<(Account, DateTime<Utc>)>, StoreError> {
    let row: Option<Columns> =
        sqlx::query_as(FIND).bind(token_hash).bind(now).bind(idle_since).fetch_optional(conn).await?;
    let Some((id, login, title, duties, must_change, disabled_at, seen_at)) = row else { return Ok(None) };
    let account = accounts::account((id, login, title, duties, must_change, disabled_at))?;
    Ok(Some((account, seen_at)))
}

/// Notes that a session is in use.
///
/// # Errors
/// The database's.
pub async fn touch(conn: &mut PgConnection, token_hash: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(TOUCH).bind(token_hash).bind(now).execute(conn).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// The database's.
pub async fn end(conn: &mut PgConnection, token_hash: &[u8]) -> Result<(), StoreError> {
    sqlx::query(END).bind(token_hash).execute(conn).await?;
    Ok(())
}

/// Ends every session of an account.
///
/// # Errors
/// The database's.
pub async fn end_all_of(conn: &mut PgConnection, account: Uuid) -> Result<(), StoreError> {
    sqlx::query(END_ALL_OF).bind(account).execute(conn).await?;
    Ok(())
}

/// Removes what has ended.
///
/// # Errors
/// The database's.
pub async fn forget(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(now).bind(idle_since).execute(conn).await?;
    Ok(())
}
