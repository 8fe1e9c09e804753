//! The end of what is evidence of nothing: replies of platforms that no screening cites, and faults of settled files. In
//! batches so small that nobody waits for them.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;

/// Whatever the clock of the process says, nothing younger than six months by that of the server.
const OLD_SNAPSHOTS: &str = "SELECT s.fetched_at, s.snapshot_id, EXISTS (SELECT 1 FROM screening_result r
        WHERE r.enterprise_id = s.enterprise_id AND r.snapshots <> '{}' AND s.snapshot_id = ANY (r.snapshots))
    FROM source_snapshot s
    WHERE (s.fetched_at, s.snapshot_id) > ($1, $2) AND s.fetched_at < least($3, now() - interval '6 months')
    ORDER BY s.fetched_at, s.snapshot_id LIMIT $4";
const FORGET_SNAPSHOTS: &str = "DELETE FROM source_snapshot WHERE snapshot_id = ANY ($1)";
const OLD_FAULTS: &str = "SELECT import_id FROM file_import
    WHERE faults_kept AND settled_at IS NOT NULL AND settled_at < $1 ORDER BY settled_at LIMIT 1";
const FORGET_FAULTS: &str = "DELETE FROM file_fault WHERE import_id = $1 AND fault_no = ANY (ARRAY(
    SELECT fault_no FROM file_fault WHERE import_id = $1 ORDER BY fault_no LIMIT $2))";
const FAULTS_GONE: &str = "UPDATE file_import SET faults_kept = false WHERE import_id = $1";

pub(super) const STATEMENTS: &[&str] =
    &[OLD_SNAPSHOTS, FORGET_SNAPSHOTS, OLD_FAULTS, FORGET_FAULTS, FAULTS_GONE];

/// How far the snapshots have been looked through. What is cited stays cited, so nobody has to come back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen(DateTime<Utc>, Uuid);

impl Default for Seen {
    fn default() -> Self {
        Self(DateTime::UNIX_EPOCH, Uuid::nil())
    }
}

/// Looks at the next `most` snapshots after `seen` that were fetched before this instant, and removes those that nobody
/// cites; how many it looked at.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn forget_snapshots(
    pool: &PgPool,
    seen: &mut Seen,
    before: DateTime<Utc>,
    most: i64,
) -> Result<usize, StoreError> {
    let mut transaction = pool.begin().await?;
    let old: Vec<(DateTime<Utc>, Uuid, bool)> = sqlx::query_as(OLD_SNAPSHOTS)
        .bind(seen.0)
        .bind(seen.1)
        .bind(before)
        .bind(most)
        .fetch_all(&mut *transaction)
        .await?;
    let uncited: Vec<Uuid> = old.iter().filter(|(.., cited)| !cited).map(|(_, id, _)| *id).collect();
    if !uncited.is_empty() {
        sqlx::query(FORGET_SNAPSHOTS).bind(uncited).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    if let Some((at, id, _)) = old.last() {
        *seen = Seen(*at, *id);
    }
    Ok(old.len())
}

/// An import that was settled before this instant, and whose faults are still kept.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn old_faults(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar(OLD_FAULTS).bind(before).fetch_optional(conn).await?)
}

/// Removes at most `most` faults of an import; how many.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn forget_faults(conn: &mut PgConnection, import_id: Uuid, most: i64) -> Result<u64, StoreError> {
    Ok(sqlx::query(FORGET_FAULTS).bind(import_id).bind(most).execute(conn).await?.rows_affected())
}

/// Nothing of the faults is left.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn faults_gone(conn: &mut PgConnection, import_id: Uuid) -> Result<(), StoreError> {
    sqlx::query(FAULTS_GONE).bind(import_id).execute(conn).await?;
    Ok(())
}
