//! Standings, a history per enterprise.

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, Grade};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::standing::{Exclusion, Finding, Standing};

const INSERT: &str =
    "INSERT INTO standing (enterprise_id, revision, listed, grade, exclusions, as_of, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
/// Walks the primary key backwards once for each enterprise, however long its history.
const LATEST_OF_MANY: &str = "SELECT s.enterprise_id, s.revision, s.listed, s.grade, s.exclusions, s.as_of
    FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM standing WHERE standing.enterprise_id = asked.enterprise_id
        ORDER BY revision DESC LIMIT 1) s";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LATEST_OF_MANY];

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let finding = &standing.finding;
    sqlx::query(INSERT)
        .bind(standing.enterprise_id.uuid())
        .bind(standing.revision)
        .bind(finding.listed)
        .bind(finding.grade.map(|grade| grade.code()))
        .bind(finding.exclusions.iter().map(ToString::to_string).collect::<Vec<_>>())
        .bind(finding.as_of)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The latest standing of each of `ids` that has one, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_latest(conn: &mut PgConnection, ids: &[EnterpriseId]) -> Result<Vec<Standing>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(LATEST_OF_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Standing::try_from).collect()
}

pub async fn find_latest(conn: &mut PgConnection, id: EnterpriseId) -> Result<Option<Standing>, StoreError> {
    Ok(list_latest(conn, &[id]).await?.pop())
}

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    revision: i64,
    listed: bool,
    grade: Option<String>,
    exclusions: Vec<String>,
    as_of: DateTime<Utc>,
}

impl TryFrom<Row> for Standing {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "standing", id: row.enterprise_id, column };
        let grade =
            row.grade.map(|code| Grade::from_code(&code).ok_or_else(|| impossible("grade"))).transpose()?;
        let exclusions = row
            .exclusions
            .iter()
            .map(|code| Exclusion::parse(code))
            .collect::<Option<_>>()
            .ok_or_else(|| impossible("exclusions"))?;
        Ok(Self {
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            revision: row.revision,
            finding: Finding { listed: row.listed, grade, exclusions, as_of: row.as_of },
        })
    }
}
