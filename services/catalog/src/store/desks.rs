//! Duty desks and lead units.

use kernel::InstitutionId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::desk::{Desk, LeadUnit, Owner};

const SET: &str = "INSERT INTO duty_desk (unit, institution_id, post, switchboard, address, hours)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT duty_desk_key DO UPDATE SET switchboard = excluded.switchboard,
        address = excluded.address, hours = excluded.hours";
const LIST_OF_UNITS: &str = "SELECT unit, institution_id, post, switchboard, address, hours FROM duty_desk
    WHERE unit IS NOT NULL ORDER BY unit, post";
const LIST_OF_INSTITUTION: &str =
    "SELECT unit, institution_id, post, switchboard, address, hours FROM duty_desk
    WHERE institution_id = $1 ORDER BY post";
const UNITS: &str = "SELECT code, name FROM lead_unit ORDER BY code";

pub(super) const STATEMENTS: &[&str] = &[SET, LIST_OF_UNITS, LIST_OF_INSTITUTION, UNITS];

/// Replaces the desk of this owner and post. The owner is on record.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn set(conn: &mut PgConnection, desk: &Desk) -> Result<(), StoreError> {
    let (unit, institution) = match &desk.owner {
        Owner::Unit(code) => (Some(code), None),
        Owner::Institution(id) => (None, Some(id.uuid())),
    };
    sqlx::query(SET)
        .bind(unit)
        .bind(institution)
        .bind(&desk.post)
        .bind(&desk.switchboard)
        .bind(&desk.address)
        .bind(&desk.hours)
        .execute(conn)
        .await?;
    Ok(())
}

/// The lead units' desks, or those of an institution.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    institution: Option<InstitutionId>,
) -> Result<Vec<Desk>, StoreError> {
    let rows: Vec<Row> = match institution {
        None => sqlx::query_as(LIST_OF_UNITS).fetch_all(conn).await?,
        Some(id) => sqlx::query_as(LIST_OF_INSTITUTION).bind(id.uuid()).fetch_all(conn).await?,
    };
    rows.into_iter().map(Desk::try_from).collect()
}

/// Every lead unit.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn units(conn: &mut PgConnection) -> Result<Vec<LeadUnit>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(UNITS).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(code, name)| LeadUnit { code, name }).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    unit: Option<String>,
    institution_id: Option<Uuid>,
    post: String,
    switchboard: String,
    address: String,
    hours: String,
}

impl TryFrom<Row> for Desk {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let owner = match (row.unit, row.institution_id) {
            (Some(code), None) => Owner::Unit(code),
            (None, Some(id)) => Owner::Institution(InstitutionId::from_uuid(id)),
            (_, id) => {
                let id = id.unwrap_or_default();
                return Err(StoreError::Impossible { table: "duty_desk", id, column: "unit" });
            }
        };
        Ok(Self {
            owner,
            post: row.post,
            switchboard: row.switchboard,
            address: row.address,
            hours: row.hours,
        })
    }
}
