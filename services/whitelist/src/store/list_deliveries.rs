//! To whom the versions of lists were told, and who has taken note.

use chrono::{DateTime, Utc};
use kernel::InstitutionId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::lists::ListKind;

const INSERT: &str = "INSERT INTO list_delivery (list, institution_id, version, told_at, due_at)
    SELECT $1, institution_id, $3, $4, $5 FROM unnest($2::uuid[]) AS n (institution_id)
    ON CONFLICT DO NOTHING RETURNING institution_id";
const MISSING: &str = "SELECT n.id FROM unnest($1::uuid[]) AS n (id)
    WHERE NOT EXISTS (SELECT 1 FROM list_delivery
        WHERE list = $2 AND institution_id = n.id AND version = $3)";
/// Who has taken over a version needs none of those before it.
const ACKNOWLEDGE: &str = "UPDATE list_delivery SET acknowledged_at = $4
    WHERE list = $1 AND institution_id = $2 AND version <= $3 AND acknowledged_at IS NULL";
const LATE: &str = "SELECT count(DISTINCT institution_id), min(due_at) FROM list_delivery
    WHERE acknowledged_at IS NULL AND due_at < $1";
const LIST: &str = "SELECT list, institution_id, version, told_at, due_at, acknowledged_at FROM (
        SELECT DISTINCT ON (institution_id) * FROM list_delivery WHERE list = $1
        ORDER BY institution_id, version DESC) latest
    ORDER BY institution_id";
const LATE_OF: &str =
    "SELECT list, institution_id, version, told_at, due_at, acknowledged_at FROM list_delivery
    WHERE list = $1 AND acknowledged_at IS NULL AND due_at < $2 ORDER BY due_at, institution_id LIMIT 1000";
const KNOWN: &str = "SELECT DISTINCT institution_id FROM list_delivery";
const PENDING: &str = "SELECT DISTINCT told_at FROM list_delivery WHERE due_at IS NULL LIMIT 100";
const FIX: &str = "UPDATE list_delivery SET due_at = $2 WHERE told_at = $1 AND due_at IS NULL";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, MISSING, ACKNOWLEDGE, LATE, LIST, LATE_OF, KNOWN, PENDING, FIX];

/// One bank and one version.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    pub list: String,
    pub institution_id: Uuid,
    pub version: i64,
    pub told_at: DateTime<Utc>,
    /// `None` while the calendar of that year is missing.
    pub due_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// Those of `institutions` that this version has not been told to.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn missing(
    conn: &mut PgConnection,
    institutions: &[InstitutionId],
    kind: ListKind,
    version: i64,
) -> Result<Vec<InstitutionId>, StoreError> {
    let ids: Vec<Uuid> = institutions.iter().map(|id| id.uuid()).collect();
    let ids: Vec<Uuid> =
        sqlx::query_scalar(MISSING).bind(ids).bind(kind.code()).bind(version).fetch_all(conn).await?;
    Ok(ids.into_iter().map(InstitutionId::from_uuid).collect())
}

/// Those that had not been told before.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    institutions: &[InstitutionId],
    kind: ListKind,
    version: i64,
    now: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
) -> Result<Vec<InstitutionId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(INSERT)
        .bind(kind.code())
        .bind(institutions.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind(version)
        .bind(now)
        .bind(due_at)
        .fetch_all(conn)
        .await?;
    Ok(ids.into_iter().map(InstitutionId::from_uuid).collect())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn acknowledge(
    conn: &mut PgConnection,
    institution: InstitutionId,
    kind: ListKind,
    version: i64,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(ACKNOWLEDGE)
        .bind(kind.code())
        .bind(institution.uuid())
        .bind(version)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many banks are late, and since when the first.
pub async fn late(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    Ok(sqlx::query_as(LATE).bind(now).fetch_one(conn).await?)
}

/// The latest version that each bank was told of.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection, kind: ListKind) -> Result<Vec<Delivery>, StoreError> {
    Ok(sqlx::query_as(LIST).bind(kind.code()).fetch_all(conn).await?)
}

/// The late ones, the longest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_late(
    conn: &mut PgConnection,
    kind: ListKind,
    now: DateTime<Utc>,
) -> Result<Vec<Delivery>, StoreError> {
    Ok(sqlx::query_as(LATE_OF).bind(kind.code()).bind(now).fetch_all(conn).await?)
}

/// Everyone who was ever told anything.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn known(conn: &mut PgConnection) -> Result<Vec<InstitutionId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(KNOWN).fetch_all(conn).await?;
    Ok(ids.into_iter().map(InstitutionId::from_uuid).collect())
}

/// When those were told whose due time waits for the calendar.
pub async fn pending(conn: &mut PgConnection) -> Result<Vec<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar(PENDING).fetch_all(conn).await?)
}

pub async fn fix(
    conn: &mut PgConnection,
    told_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(FIX).bind(told_at).bind(due_at).execute(conn).await?;
    Ok(())
}
