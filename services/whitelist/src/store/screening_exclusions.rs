//! Hard exclusions that persons put on record.

use chrono::{DateTime, Utc};
use kernel::EnterpriseId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{ids::ExclusionId, screening::Exclusions, standing::Exclusion};

const INSERT: &str =
    "INSERT INTO exclusion_record (exclusion_id, enterprise_id, number, evidence_sha256, recorded_at)
    VALUES ($1, $2, $3, $4, $5)";
const LOCK: &str =
    "SELECT enterprise_id, cured_at IS NOT NULL FROM exclusion_record WHERE exclusion_id = $1 FOR UPDATE";
const CURE: &str = "UPDATE exclusion_record SET cure_sha256 = $2, cured_at = $3 WHERE exclusion_id = $1";

const OPEN: &str = "SELECT coalesce(bit_or(1 << number), 0) FROM exclusion_record
    WHERE enterprise_id = $1 AND cured_at IS NULL";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LOCK, CURE, OPEN];

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    id: ExclusionId,
    enterprise: EnterpriseId,
    exclusion: Exclusion,
    evidence: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(id.uuid())
        .bind(enterprise.uuid())
        .bind(i32::from(exclusion.number()))
        .bind(evidence.as_slice())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Those on record that are not cured.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn open(conn: &mut PgConnection, id: EnterpriseId) -> Result<Exclusions, StoreError> {
    let bits: i32 = sqlx::query_scalar(OPEN).bind(id.uuid()).fetch_one(conn).await?;
    let impossible = StoreError::Impossible { table: "exclusion_record", id: id.uuid(), column: "number" };
    Exclusions::from_bits(bits).ok_or(impossible)
}

/// An exclusion on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnRecord {
    pub enterprise_id: EnterpriseId,
    pub is_cured: bool,
}

/// Kept from others until the transaction ends.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: ExclusionId) -> Result<Option<OnRecord>, StoreError> {
    let row: Option<(Uuid, bool)> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(row.map(|(id, is_cured)| OnRecord { enterprise_id: EnterpriseId::from_uuid(id), is_cured }))
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn cure(
    conn: &mut PgConnection,
    id: ExclusionId,
    evidence: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(CURE).bind(id.uuid()).bind(evidence.as_slice()).bind(now).execute(conn).await?;
    Ok(())
}
