//! Enterprises with their qualifications.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseId, EnterpriseSize, Qualification, Uscc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    enterprise::{Enterprise, Name, QualificationHeld},
    place::{Industry, Park, Region},
};

/// One enterprise to a USCC.
pub const USCC_KEY: &str = "enterprise_uscc_key";

const INSERT: &str =
    "INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_QUALIFICATIONS: &str =
    "INSERT INTO qualification (enterprise_id, position, code, number, valid_from, valid_to)
    SELECT $1, held.position, held.code, held.number, held.valid_from, held.valid_to
    FROM unnest($2::text[], $3::text[], $4::date[], $5::date[])
        WITH ORDINALITY AS held (code, number, valid_from, valid_to, position)";
const FIND: &str =
    "SELECT e.enterprise_id, e.uscc, e.name, e.size, e.industry, e.park, e.region, e.registered_at,
        q.codes, q.numbers, q.valid_from, q.valid_to
    FROM enterprise e
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(code ORDER BY position), '{}') AS codes,
            coalesce(array_agg(number ORDER BY position), '{}') AS numbers,
            coalesce(array_agg(valid_from ORDER BY position), '{}') AS valid_from,
            coalesce(array_agg(valid_to ORDER BY position), '{}') AS valid_to
        FROM qualification WHERE qualification.enterprise_id = e.enterprise_id) q
    WHERE e.enterprise_id = $1";
/// One probe of the index for each code that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_BY_USCC: &str =
    "SELECT e.enterprise_id, e.uscc, e.name, e.size, e.industry, e.park, e.region, e.registered_at,
        q.codes, q.numbers, q.valid_from, q.valid_to
    FROM unnest($1::text[]) AS asked (uscc)
    CROSS JOIN LATERAL (SELECT * FROM enterprise WHERE enterprise.uscc = asked.uscc LIMIT 1) e
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(code ORDER BY position), '{}') AS codes,
            coalesce(array_agg(number ORDER BY position), '{}') AS numbers,
            coalesce(array_agg(valid_from ORDER BY position), '{}') AS valid_from,
            coalesce(array_agg(valid_to ORDER BY position), '{}') AS valid_to
        FROM qualification WHERE qualification.enterprise_id = e.enterprise_id) q";
const FIND_ID_BY_USCC: &str = "SELECT enterprise_id FROM enterprise WHERE uscc = $1";
const LOCK: &str = "SELECT enterprise_id FROM enterprise WHERE enterprise_id = $1 FOR NO KEY UPDATE";
const EXISTS: &str = "SELECT EXISTS (SELECT FROM enterprise WHERE enterprise_id = $1)";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, INSERT_QUALIFICATIONS, FIND, FIND_BY_USCC, FIND_ID_BY_USCC, LOCK, EXISTS];

/// Fails on [`USCC_KEY`] if the USCC is registered.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, enterprise: &Enterprise) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(enterprise.id.uuid())
        .bind(enterprise.uscc.as_str())
        .bind(enterprise.name.as_str())
        .bind(enterprise.size.code())
        .bind(enterprise.industry.as_str())
        .bind(enterprise.park.as_str())
        .bind(enterprise.region.as_str())
        .bind(enterprise.registered_at)
        .execute(&mut *conn)
        .await?;
    let held = &enterprise.qualifications;
    if !held.is_empty() {
        sqlx::query(INSERT_QUALIFICATIONS)
            .bind(enterprise.id.uuid())
            .bind(held.iter().map(|q| q.code.code()).collect::<Vec<_>>())
            .bind(held.iter().map(|q| q.number.as_str()).collect::<Vec<_>>())
            .bind(held.iter().map(QualificationHeld::valid_from).collect::<Vec<_>>())
            .bind(held.iter().map(QualificationHeld::valid_to).collect::<Vec<_>>())
            .execute(conn)
            .await?;
    }
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(conn: &mut PgConnection, id: EnterpriseId) -> Result<Option<Enterprise>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Enterprise::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_by_uscc(conn: &mut PgConnection, uscc: &Uscc) -> Result<Option<Enterprise>, StoreError> {
    Ok(list_by_uscc(conn, &[uscc]).await?.pop())
}

/// Those of `usccs` that are registered, each once, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_by_uscc(conn: &mut PgConnection, usccs: &[&Uscc]) -> Result<Vec<Enterprise>, StoreError> {
    let usccs: BTreeSet<&str> = usccs.iter().map(|uscc| uscc.as_str()).collect();
    let usccs: Vec<&str> = usccs.into_iter().collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_BY_USCC).bind(usccs).fetch_all(conn).await?;
    rows.into_iter().map(Enterprise::try_from).collect()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_id(conn: &mut PgConnection, uscc: &Uscc) -> Result<Option<EnterpriseId>, StoreError> {
    let id: Option<Uuid> =
        sqlx::query_scalar(FIND_ID_BY_USCC).bind(uscc.as_str()).fetch_optional(conn).await?;
    Ok(id.map(EnterpriseId::from_uuid))
}

/// Keeps others who lock from adding to this enterprise's history; `false` if there is no such enterprise.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: EnterpriseId) -> Result<bool, StoreError> {
    let found: Option<Uuid> = sqlx::query_scalar(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(found.is_some())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn exists(conn: &mut PgConnection, id: EnterpriseId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(EXISTS).bind(id.uuid()).fetch_one(conn).await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    uscc: String,
    name: String,
    size: String,
    industry: String,
    park: String,
    region: String,
    registered_at: DateTime<Utc>,
    codes: Vec<String>,
    numbers: Vec<String>,
    valid_from: Vec<NaiveDate>,
    valid_to: Vec<NaiveDate>,
}

impl TryFrom<Row> for Enterprise {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "enterprise", id: row.enterprise_id, column };
        let qualifications = row
            .codes
            .iter()
            .zip(row.numbers)
            .zip(row.valid_from.into_iter().zip(row.valid_to))
            .map(|((code, number), (from, to))| {
                QualificationHeld::new(Qualification::from_code(code)?, number, from, to)
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| impossible("qualifications"))?;
        Ok(Self {
            id: EnterpriseId::from_uuid(row.enterprise_id),
            uscc: Uscc::parse(&row.uscc).map_err(|_| impossible("uscc"))?.value,
            name: Name::parse(&row.name).ok_or_else(|| impossible("name"))?,
            size: EnterpriseSize::from_code(&row.size).ok_or_else(|| impossible("size"))?,
            industry: Industry::parse(&row.industry).ok_or_else(|| impossible("industry"))?,
            park: Park::parse(&row.park).ok_or_else(|| impossible("park"))?,
            region: Region::parse(&row.region).ok_or_else(|| impossible("region"))?,
            qualifications,
            registered_at: row.registered_at,
        })
    }
}
