//! The end of imports: those that nobody decided on, and the staged rows of those that are settled.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{files::FileKind, store::StoreError};

const EXPIRE: &str = "UPDATE file_import SET state = CASE state WHEN 'PREVIEWED' THEN 'EXPIRED' ELSE 'DISCARDED' END, settled_at = $1
    WHERE (state = 'PREVIEWED' AND expires_at <= $1) OR (state = 'READING' AND uploaded_at <= $2)";
const TO_CLEAR: &str = "SELECT import_id, kind FROM file_import WHERE staged AND settled_at IS NOT NULL ORDER BY import_id LIMIT 20";
const CLEARED: &str = "UPDATE file_import SET staged = false WHERE import_id = $1";
const CLEAR_ENTERPRISES: &str = "DELETE FROM staged_enterprise WHERE import_id = $1 AND row_no = ANY (ARRAY(
    SELECT row_no FROM staged_enterprise WHERE import_id = $1 ORDER BY row_no LIMIT $2))";
const CLEAR_ASSETS: &str = "DELETE FROM staged_asset WHERE import_id = $1 AND row_no = ANY (ARRAY(
    SELECT row_no FROM staged_asset WHERE import_id = $1 ORDER BY row_no LIMIT $2))";
const CLEAR_QUALIFICATIONS: &str =
    "DELETE FROM staged_qualification WHERE import_id = $1 AND row_no = ANY (ARRAY(
    SELECT row_no FROM staged_qualification WHERE import_id = $1 ORDER BY row_no LIMIT $2))";
const CLEAR_LIST: &str = "DELETE FROM staged_list_entry WHERE import_id = $1 AND row_no = ANY (ARRAY(
    SELECT row_no FROM staged_list_entry WHERE import_id = $1 ORDER BY row_no LIMIT $2))";
const CLEAR_EVENTS: &str = "DELETE FROM staged_legal_event WHERE import_id = $1 AND row_no = ANY (ARRAY(
    SELECT row_no FROM staged_legal_event WHERE import_id = $1 ORDER BY row_no LIMIT $2))";

pub(super) const STATEMENTS: &[&str] = &[
    EXPIRE,
    TO_CLEAR,
    CLEARED,
    CLEAR_ENTERPRISES,
    CLEAR_ASSETS,
    CLEAR_QUALIFICATIONS,
    CLEAR_LIST,
    CLEAR_EVENTS,
];

/// Ends what nobody decided on by `now`, and readings that began before `begun` and never ended.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn expire(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    begun: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(EXPIRE).bind(now).bind(begun).execute(conn).await?;
    Ok(())
}

/// Settled imports of which rows may still be staged.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_to_clear(conn: &mut PgConnection) -> Result<Vec<(Uuid, FileKind)>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(TO_CLEAR).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(id, kind)| {
            let kind = FileKind::from_code(&kind);
            kind.map(|kind| (id, kind)).ok_or(StoreError::Impossible {
                table: "file_import",
                id,
                column: "kind",
            })
        })
        .collect()
}

/// Removes at most `limit` staged rows; how many.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn clear(
    conn: &mut PgConnection,
    kind: FileKind,
    import_id: Uuid,
    limit: i64,
) -> Result<u64, StoreError> {
    let statement = match kind {
        FileKind::Enterprises => CLEAR_ENTERPRISES,
        FileKind::Assets => CLEAR_ASSETS,
        FileKind::Qualifications => CLEAR_QUALIFICATIONS,
        FileKind::ProvinceList => CLEAR_LIST,
        FileKind::LegalEvents => CLEAR_EVENTS,
    };
    let done = sqlx::query(statement).bind(import_id).bind(limit).execute(conn).await?;
    Ok(done.rows_affected())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn cleared(conn: &mut PgConnection, import_id: Uuid) -> Result<(), StoreError> {
    sqlx::query(CLEARED).bind(import_id).execute(conn).await?;
    Ok(())
}
