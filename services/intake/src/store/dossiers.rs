//! Rows of `dossier`: one frozen, encoded reading per case, round and role.

use kernel::{CaseId, ConsentId, EnterpriseId, InstitutionId, InstitutionRole, LegId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::{StoreError, legs::role_column};
use crate::domain::ProductVersion;

#[derive(Debug, Clone)]
pub struct Dossier {
    pub case: CaseId,
    pub round: u8,
    pub role: InstitutionRole,
    pub consent: ConsentId,
    pub enterprise: EnterpriseId,
    /// An encoded `zhirong.intake.v1.Dossier`.
    pub body: Vec<u8>,
    /// Whom the consent names; empty: every institution.
    pub recipients: Vec<InstitutionId>,
}

pub(super) const INSERT: &str =
    "INSERT INTO dossier (case_id, round, role, consent_id, enterprise_id, body, recipients)
    SELECT case_id, round, role, consent_id, enterprise_id, body, string_to_array(recipients, ',')::uuid[]
    FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bytea[], $7::text[])
        AS n(case_id, round, role, consent_id, enterprise_id, body, recipients)
    ON CONFLICT (case_id, round, role) DO NOTHING";

pub fn insert(writes: &mut Writes, dossiers: &[Dossier]) {
    if dossiers.is_empty() {
        return;
    }
    writes
        .add(INSERT)
        .bind(dossiers.iter().map(|d| d.case.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| i16::from(d.round)).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| role_column(d.role)).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.consent.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.enterprise.uuid()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(|d| d.body.as_slice()).collect::<Vec<_>>())
        .bind(dossiers.iter().map(recipients_column).collect::<Vec<_>>());
}

/// A leg's dossier as one institution may ask for it.
#[derive(Debug, Clone)]
pub struct Reading {
    /// None for an evaluator.
    pub product: Option<ProductVersion>,
    pub consent: ConsentId,
    pub enterprise: EnterpriseId,
    pub body: Vec<u8>,
    /// The leg ended before its institution had read it: the package is recalled (domain.md §3.2, undo table).
    pub recalled: bool,
}

pub(super) const FIND: &str = "SELECT l.product_id, l.product_version, d.consent_id, d.enterprise_id, d.body,
        l.state IN ('TIMED_OUT','RELEASED') AND l.delivered_at IS NULL
    FROM leg l JOIN dossier d ON d.case_id = l.case_id AND d.round = l.round AND d.role = l.role
    WHERE l.id = $1 AND l.institution_id = $2";

type FoundColumns = (Option<Uuid>, Option<i32>, Uuid, Uuid, Vec<u8>, bool);

/// One indexed query; None for another institution's leg.
pub async fn find(
    conn: &mut PgConnection,
    leg: LegId,
    institution: InstitutionId,
) -> Result<Option<Reading>, StoreError> {
    let row: Option<FoundColumns> =
        sqlx::query_as(FIND).bind(leg.uuid()).bind(institution.uuid()).fetch_optional(conn).await?;
    Ok(row.map(|(product, version, consent, enterprise, body, recalled)| Reading {
        product: product
            .zip(version)
            .map(|(id, version)| ProductVersion { id: ProductId::from_uuid(id), version }),
        consent: ConsentId::from_uuid(consent),
        enterprise: EnterpriseId::from_uuid(enterprise),
        body,
        recalled,
    }))
}

pub(super) const OF_ROLE: &str = "SELECT c.state, c.round, d.consent_id, d.enterprise_id, d.body
    FROM dossier d JOIN financing_case c ON c.id = d.case_id WHERE d.case_id = $1 AND d.round = $2 AND d.role = $3";

/// What a role was given to read in a round, and where its case is now: the state's name and the present round.
pub async fn of_role(
    conn: &mut PgConnection,
    case: CaseId,
    round: u8,
    role: InstitutionRole,
) -> Result<Option<(String, i16, Reading)>, StoreError> {
    let row: Option<(String, i16, Uuid, Uuid, Vec<u8>)> = sqlx::query_as(OF_ROLE)
        .bind(case.uuid())
        .bind(i16::from(round))
        .bind(role_column(role))
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|(state, present, consent, enterprise, body)| {
        let reading = Reading {
            product: None,
            consent: ConsentId::from_uuid(consent),
            enterprise: EnterpriseId::from_uuid(enterprise),
            body,
            recalled: false,
        };
        (state, present, reading)
    }))
}

pub(super) const OF_CASES: &str = "SELECT case_id, round, consent_id, enterprise_id, body, recipients FROM dossier WHERE case_id = ANY($1) AND role = $2";

type Columns = (Uuid, i16, Uuid, Uuid, Vec<u8>, Vec<Uuid>);

/// What was frozen for a role in any round of these cases.
pub async fn of_cases(
    conn: &mut PgConnection,
    cases: &[CaseId],
    role: InstitutionRole,
) -> Result<Vec<Dossier>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Columns> =
        sqlx::query_as(OF_CASES).bind(cases).bind(role_column(role)).fetch_all(conn).await?;
    let dossier = |(case, round, consent, enterprise, body, recipients): Columns| Dossier {
        case: CaseId::from_uuid(case),
        round: u8::try_from(round).unwrap_or_default(),
        role,
        consent: ConsentId::from_uuid(consent),
        enterprise: EnterpriseId::from_uuid(enterprise),
        body,
        recipients: recipients.into_iter().map(InstitutionId::from_uuid).collect(),
    };
    Ok(rows.into_iter().map(dossier).collect())
}

fn recipients_column(dossier: &Dossier) -> String {
    dossier.recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
