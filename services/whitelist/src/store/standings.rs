//! Standings, a history per enterprise.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, Grade, Uscc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, enterprises};
use crate::domain::{
    enterprise::Enterprise,
    standing::{Exclusion, Finding, Standing},
};

const INSERT: &str =
    "INSERT INTO standing (enterprise_id, revision, listed, grade, exclusions, as_of, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
/// Walks the primary key backwards once for each enterprise, however long its history.
const LATEST_OF_MANY: &str = "SELECT s.enterprise_id, s.revision, s.listed, s.grade, s.exclusions, s.as_of
    FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM standing WHERE standing.enterprise_id = asked.enterprise_id
        ORDER BY revision DESC LIMIT 1) s";
/// The same walk for each enterprise that is found.
const BY_USCC: &str = "SELECT e.*, s.revision, s.listed, s.grade, s.exclusions, s.as_of
    FROM unnest($1::text[]) AS asked (uscc)
    CROSS JOIN LATERAL (SELECT * FROM enterprise_whole w WHERE w.uscc = asked.uscc LIMIT 1) e
    LEFT JOIN LATERAL (SELECT * FROM standing WHERE standing.enterprise_id = e.enterprise_id
        ORDER BY revision DESC LIMIT 1) s ON true";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LATEST_OF_MANY, BY_USCC];

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

/// Those of `usccs` that are registered, each once and with its latest standing if it has one, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_by_uscc(
    conn: &mut PgConnection,
    usccs: &[&Uscc],
) -> Result<Vec<(Enterprise, Option<Standing>)>, StoreError> {
    let usccs: BTreeSet<&str> = usccs.iter().map(|uscc| uscc.as_str()).collect();
    let usccs: Vec<&str> = usccs.into_iter().collect();
    let rows: Vec<WithEnterprise> = sqlx::query_as(BY_USCC).bind(usccs).fetch_all(conn).await?;
    rows.into_iter().map(WithEnterprise::read).collect()
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

#[derive(sqlx::FromRow)]
struct WithEnterprise {
    #[sqlx(flatten)]
    enterprise: enterprises::Row,
    revision: Option<i64>,
    listed: Option<bool>,
    grade: Option<String>,
    exclusions: Option<Vec<String>>,
    as_of: Option<DateTime<Utc>>,
}

impl WithEnterprise {
    fn read(self) -> Result<(Enterprise, Option<Standing>), StoreError> {
        let enterprise = Enterprise::try_from(self.enterprise)?;
        // All of these or none: there is a row or there is none.
        let standing = match (self.revision, self.listed, self.exclusions, self.as_of) {
            (Some(revision), Some(listed), Some(exclusions), Some(as_of)) => {
                let enterprise_id = enterprise.id.uuid();
                let row = Row { enterprise_id, revision, listed, grade: self.grade, exclusions, as_of };
                Some(Standing::try_from(row)?)
            }
            (_, _, _, _) => None,
        };
        Ok((enterprise, standing))
    }
}
