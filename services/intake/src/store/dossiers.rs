//! Rows of `dossier`: one frozen, encoded reading per case, round and role.

use kernel::{CaseId, ConsentId, EnterpriseId, InstitutionId, InstitutionRole, LegId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, legs::role_column};

#[derive(Debug, Clone)]
pub struct Dossier {
    pub case: CaseId,
    pub round: u8,
    pub role: InstitutionRole,
    pub consent: ConsentId,
    pub enterprise: EnterpriseId,
    /// An encoded `zhirong.intake.v1.Dossier`.
    pub body: Vec<u8>,
}

pub(super) const INSERT: &str = "INSERT INTO dossier (case_id, round, role, consent_id, enterprise_id, body)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bytea[])";

pub async fn insert(conn: &mut PgConnection, dossiers: &[Dossier]) -> Result<(), StoreError> {
    if dossiers.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(dossiers.iter().map(|d| d.case.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| i16::from(d.round)).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| role_column(d.role)).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.consent.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.enterprise.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.body.as_slice()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// A leg's dossier as one institution may ask for it.
#[derive(Debug, Clone)]
pub struct Reading {
    pub leg: LegId,
    pub product: ProductId,
    pub product_version: i32,
    pub state: String,
    pub consent: ConsentId,
    pub enterprise: EnterpriseId,
    pub body: Vec<u8>,
}

pub(super) const FIND: &str =
    "SELECT l.product_id, l.product_version, l.state, d.consent_id, d.enterprise_id, d.body
    FROM leg l JOIN dossier d ON d.case_id = l.case_id AND d.round = l.round AND d.role = l.role
    WHERE l.id = $1 AND l.institution_id = $2";

/// One indexed query; None for another institution's leg.
pub async fn find(
    conn: &mut PgConnection,
    leg: LegId,
    institution: InstitutionId,
) -> Result<Option<Reading>, StoreError> {
    let row: Option<(Uuid, i32, String, Uuid, Uuid, Vec<u8>)> =
        sqlx::query_as(FIND).bind(leg.uuid()).bind(institution.uuid()).fetch_optional(conn).await?;
    Ok(row.map(|(product, product_version, state, consent, enterprise, body)| Reading {
        leg,
        product: ProductId::from_uuid(product),
        product_version,
        state,
        consent: ConsentId::from_uuid(consent),
        enterprise: EnterpriseId::from_uuid(enterprise),
        body,
    }))
}
