//! Branches.

use chrono::NaiveDate;
use kernel::{BranchId, InstitutionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    branch::{Branch, Details},
    choices::{BranchKind, TechOrigin},
    codes::{Code as _, Park},
};

/// One branch to a name within an institution.
pub const NAME_KEY: &str = "branch_name_key";
/// The park is on record.
pub const PARK_FKEY: &str = "branch_park_fkey";

const INSERT: &str =
    "INSERT INTO branch (branch_id, institution_id, version, name, kind, park, tech_origin, tech_since,
        closed_on)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE: &str =
    "UPDATE branch SET version = $2, name = $3, kind = $4, park = $5, tech_origin = $6, tech_since = $7,
        closed_on = $8
    WHERE branch_id = $1";
const LOCK: &str =
    "SELECT branch_id, institution_id, version, name, kind, park, tech_origin, tech_since, closed_on
    FROM branch WHERE branch_id = $1 FOR NO KEY UPDATE";
const LIST: &str =
    "SELECT branch_id, institution_id, version, name, kind, park, tech_origin, tech_since, closed_on
    FROM branch
    WHERE ($1::uuid IS NULL OR branch_id > $1) AND ($3::uuid IS NULL OR institution_id = $3)
        AND ($4::text IS NULL OR park = $4) AND ($5::text IS NULL OR kind = $5)
        AND ($6::date IS NULL OR tech_since >= $6) AND ($7::date IS NULL OR tech_since <= $7)
    ORDER BY branch_id LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[INSERT, UPDATE, LOCK, LIST];

/// Which branches a list is of; `None`: whatever it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    pub institution_id: Option<InstitutionId>,
    pub park: Option<Park>,
    pub kind: Option<BranchKind>,
    /// Technology branches opened or converted on or after, and on or before.
    pub since_from: Option<NaiveDate>,
    pub since_to: Option<NaiveDate>,
}

/// Fails on [`NAME_KEY`] or [`PARK_FKEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, branch: &Branch) -> Result<(), StoreError> {
    let details = &branch.details;
    sqlx::query(INSERT)
        .bind(branch.id.uuid())
        .bind(branch.institution_id.uuid())
        .bind(branch.version)
        .bind(&details.name)
        .bind(details.kind.code())
        .bind(details.park.map(Park::text))
        .bind(details.tech.map(|(origin, _)| origin.code()))
        .bind(details.tech.map(|(_, since)| since))
        .bind(details.closed_on)
        .execute(conn)
        .await?;
    Ok(())
}

/// Fails on [`NAME_KEY`] or [`PARK_FKEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, branch: &Branch) -> Result<(), StoreError> {
    let details = &branch.details;
    sqlx::query(UPDATE)
        .bind(branch.id.uuid())
        .bind(branch.version)
        .bind(&details.name)
        .bind(details.kind.code())
        .bind(details.park.map(Park::text))
        .bind(details.tech.map(|(origin, _)| origin.code()))
        .bind(details.tech.map(|(_, since)| since))
        .bind(details.closed_on)
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads a branch for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: BranchId) -> Result<Option<Branch>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Branch::try_from).transpose()
}

/// At most `limit` branches after `after`, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &Filter,
    after: Option<BranchId>,
    limit: i64,
) -> Result<Vec<Branch>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(after.map(BranchId::uuid))
        .bind(limit)
        .bind(filter.institution_id.map(InstitutionId::uuid))
        .bind(filter.park.map(Park::text))
        .bind(filter.kind.map(|kind| kind.code()))
        .bind(filter.since_from)
        .bind(filter.since_to)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Branch::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    branch_id: Uuid,
    institution_id: Uuid,
    version: i32,
    name: String,
    kind: String,
    park: Option<String>,
    tech_origin: Option<String>,
    tech_since: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
}

impl TryFrom<Row> for Branch {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "branch", id: row.branch_id, column };
        let origin = row.tech_origin.as_deref().map(TechOrigin::from_code);
        let tech = match (origin, row.tech_since) {
            (None, None) => None,
            (Some(Some(origin)), Some(since)) => Some((origin, since)),
            _ => return Err(impossible("tech_origin")),
        };
        let park = row.park.as_deref().map(Park::parse);
        Ok(Self {
            id: BranchId::from_uuid(row.branch_id),
            institution_id: InstitutionId::from_uuid(row.institution_id),
            version: row.version,
            details: Details {
                name: row.name,
                kind: BranchKind::from_code(&row.kind).ok_or_else(|| impossible("kind"))?,
                park: park.map(|park| park.ok_or_else(|| impossible("park"))).transpose()?,
                tech,
                closed_on: row.closed_on,
            },
        })
    }
}
