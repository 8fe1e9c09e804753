//! Rows of `case_end`: cases that ended, or were approved, before their request for cover came.

use chrono::{DateTime, Utc};
use kernel::CaseId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::ReleaseCause;

#[derive(Debug, Clone, Copy)]
pub struct End {
    pub case: CaseId,
    pub round: u8,
    /// What a round that had begun would have been released for.
    pub cause: ReleaseCause,
    pub version: i64,
    pub at: DateTime<Utc>,
}

pub(super) const INSERT: &str = "INSERT INTO case_end (case_id, round, cause, version, at)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::bigint[], $5::timestamptz[]) ON CONFLICT DO NOTHING";

/// The first end stays.
pub async fn insert(conn: &mut PgConnection, ends: &[End]) -> Result<(), StoreError> {
    if ends.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(ends.iter().map(|end| end.case.uuid()).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| i16::from(end.round)).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.cause.code()).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.version).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const OF_CASES: &str = "SELECT case_id, round FROM case_end WHERE case_id = ANY($1)";

/// The rounds of these cases that have ended.
pub async fn of_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<(CaseId, u8)>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, i16)> = sqlx::query_as(OF_CASES).bind(cases).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(id, round)| {
            let round = u8::try_from(round).map_err(|_| StoreError::Corrupt {
                table: "case_end",
                id,
                what: "round",
            })?;
            Ok((CaseId::from_uuid(id), round))
        })
        .collect()
}
