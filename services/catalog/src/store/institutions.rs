//! Institutions.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, institution_codes::LicenceCode};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::institution::Institution;

/// One institution to a name.
pub const NAME_KEY: &str = "institution_name_key";

const INSERT: &str =
    "INSERT INTO institution (institution_id, name, role, responsible_department, licence, registered_at,
        version, agreement_required)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FIND: &str =
    "SELECT institution_id, name, role, responsible_department, licence, registered_at, version,
        agreement_required
    FROM institution WHERE institution_id = $1";
const LOCK: &str =
    "SELECT institution_id, name, role, responsible_department, licence, registered_at, version,
        agreement_required
    FROM institution WHERE institution_id = $1 FOR NO KEY UPDATE";
const UPDATE: &str =
    "UPDATE institution SET name = $2, responsible_department = $3, licence = $4, version = $5,
        agreement_required = $6
    WHERE institution_id = $1";
const LIST: &str =
    "SELECT institution_id, name, role, responsible_department, licence, registered_at, version,
        agreement_required
    FROM institution WHERE ($1::uuid IS NULL OR institution_id > $1) ORDER BY institution_id LIMIT $2";
const LIST_OF_ROLE: &str = "SELECT institution_id, name, role, responsible_department, licence, registered_at, version,
        agreement_required
    FROM institution WHERE role = $3 AND ($1::uuid IS NULL OR institution_id > $1) ORDER BY institution_id LIMIT $2";
const BANKS: &str =
    "SELECT institution_id, name FROM institution WHERE role = 'BANK' ORDER BY institution_id";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, LOCK, UPDATE, LIST, LIST_OF_ROLE, BANKS];

/// Fails on [`NAME_KEY`] if the name is taken.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, institution: &Institution) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(institution.id.uuid())
        .bind(&institution.name)
        .bind(institution.role.code())
        .bind(institution.responsible_department.as_deref())
        .bind(institution.licence.as_ref().map(LicenceCode::as_str))
        .bind(institution.registered_at)
        .bind(institution.version)
        .bind(institution.agreement_required)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes what may change. Fails on [`NAME_KEY`] if the name is taken.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, institution: &Institution) -> Result<(), StoreError> {
    sqlx::query(UPDATE)
        .bind(institution.id.uuid())
        .bind(&institution.name)
        .bind(institution.responsible_department.as_deref())
        .bind(institution.licence.as_ref().map(LicenceCode::as_str))
        .bind(institution.version)
        .bind(institution.agreement_required)
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads an institution for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: InstitutionId) -> Result<Option<Institution>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Institution::try_from).transpose()
}

/// Every bank with its name, in the order of the ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn banks(conn: &mut PgConnection) -> Result<Vec<(InstitutionId, String)>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(BANKS).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(id, name)| (InstitutionId::from_uuid(id), name)).collect())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(conn: &mut PgConnection, id: InstitutionId) -> Result<Option<Institution>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Institution::try_from).transpose()
}

/// At most `limit` institutions after `after`, of one role or of all, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    role: Option<InstitutionRole>,
    after: Option<InstitutionId>,
    limit: i64,
) -> Result<Vec<Institution>, StoreError> {
    let after = after.map(InstitutionId::uuid);
    let rows: Vec<Row> = match role {
        None => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(conn).await?,
        Some(role) => {
            sqlx::query_as(LIST_OF_ROLE).bind(after).bind(limit).bind(role.code()).fetch_all(conn).await?
        }
    };
    rows.into_iter().map(Institution::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    institution_id: Uuid,
    name: String,
    role: String,
    responsible_department: Option<String>,
    licence: Option<String>,
    registered_at: DateTime<Utc>,
    version: i32,
    agreement_required: bool,
}

impl TryFrom<Row> for Institution {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "institution", id: row.institution_id, column };
        let licence = row
            .licence
            .map(|code| LicenceCode::parse(&code).map_err(|_| impossible("licence")))
            .transpose()?;
        Ok(Self {
            id: InstitutionId::from_uuid(row.institution_id),
            name: row.name,
            role: InstitutionRole::from_code(&row.role).ok_or_else(|| impossible("role"))?,
            responsible_department: row.responsible_department,
            licence,
            registered_at: row.registered_at,
            version: row.version,
            agreement_required: row.agreement_required,
        })
    }
}
