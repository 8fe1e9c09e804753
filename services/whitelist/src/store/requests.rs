//! Requests that are repeated while the first is still being worked on.

use sqlx::PgConnection;

use super::StoreError;

const SERIALISE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

pub(super) const STATEMENTS: &[&str] = &[SERIALISE];

/// Makes repeats of one request wait for each other until this transaction ends: the second then finds the first one's
/// answer, instead of running into what the first has written.
pub async fn serialise(conn: &mut PgConnection, request: &str) -> Result<(), StoreError> {
    sqlx::query(SERIALISE).bind(request).execute(conn).await?;
    Ok(())
}
