//! Rows of `engagement`: what evaluators have promised by confirming.

use chrono::{DateTime, Utc};
use kernel::{CaseId, LegId};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::StoreError;
use crate::domain::Engagement;

pub(super) const INSERT: &str =
    "INSERT INTO engagement (leg_id, case_id, confirmed_at, working_days) VALUES ($1, $2, $3, $4)";

/// Engagements come one at a time, days after the fan-out.
pub fn insert(writes: &mut Writes, engagements: &[Engagement]) {
    for one in engagements {
        writes
            .add(INSERT)
            .bind(one.leg.uuid())
            .bind(one.case.uuid())
            .bind(one.confirmed_at)
            .bind(i16::try_from(one.working_days).unwrap_or(i16::MAX));
    }
}

pub(super) const OF_CASES: &str =
    "SELECT leg_id, case_id, confirmed_at, working_days FROM engagement WHERE case_id = ANY($1)";

/// Every engagement of these cases.
pub async fn of_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Engagement>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, Uuid, DateTime<Utc>, i16)> =
        sqlx::query_as(OF_CASES).bind(cases).fetch_all(conn).await?;
    let one = |(leg, case, confirmed_at, working_days): (Uuid, Uuid, DateTime<Utc>, i16)| Engagement {
        leg: LegId::from_uuid(leg),
        case: CaseId::from_uuid(case),
        confirmed_at,
        working_days: u16::try_from(working_days).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(one).collect())
}
