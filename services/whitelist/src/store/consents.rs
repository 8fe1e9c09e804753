//! Consents.

use chrono::{DateTime, Utc};
use kernel::{ConsentId, EnterpriseId, InstitutionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::consent::{Category, Consent, Evidence, Period, Purpose, State};

/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "consent_enterprise_fkey";

const INSERT: &str =
    "INSERT INTO consent (consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
        text_sha256, evidence_sha256, granted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// One probe of the index for each id that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_MANY: &str =
    "SELECT c.consent_id, c.enterprise_id, c.purpose, c.categories, c.recipients, c.signed_at, c.valid_to,
        c.text_sha256, c.evidence_sha256, c.revoked_at
    FROM unnest($1::uuid[]) AS asked (consent_id)
    CROSS JOIN LATERAL (SELECT * FROM consent WHERE consent.consent_id = asked.consent_id LIMIT 1) c";
const LOCK: &str = "SELECT consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
        text_sha256, evidence_sha256, revoked_at
    FROM consent WHERE consent_id = $1 FOR NO KEY UPDATE";
const UPDATE: &str = "UPDATE consent SET revoked_at = $2 WHERE consent_id = $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND_MANY, LOCK, UPDATE];

/// A new, active consent. Fails on [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    consent: &Consent,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(consent.id.uuid())
        .bind(consent.enterprise_id.uuid())
        .bind(consent.purpose.code())
        .bind(consent.categories.iter().map(|category| category.code()).collect::<Vec<_>>())
        .bind(consent.recipients.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind(consent.period.signed_at())
        .bind(consent.period.valid_to())
        .bind(&consent.evidence.text_sha256[..])
        .bind(&consent.evidence.paper_sha256[..])
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Those of `ids` that exist, in no order; each is asked once.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(conn: &mut PgConnection, ids: &[ConsentId]) -> Result<Vec<Consent>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Consent::try_from).collect()
}

pub async fn find(conn: &mut PgConnection, id: ConsentId) -> Result<Option<Consent>, StoreError> {
    Ok(find_many(conn, &[id]).await?.pop())
}

/// Reads a consent for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: ConsentId) -> Result<Option<Consent>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Consent::try_from).transpose()
}

/// Writes what can change of a consent: its state.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, consent: &Consent) -> Result<(), StoreError> {
    let revoked_at = match consent.state {
        State::Active => None,
        State::Revoked { at } => Some(at),
    };
    sqlx::query(UPDATE).bind(consent.id.uuid()).bind(revoked_at).execute(conn).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    consent_id: Uuid,
    enterprise_id: Uuid,
    purpose: String,
    categories: Vec<String>,
    recipients: Vec<Uuid>,
    signed_at: DateTime<Utc>,
    valid_to: DateTime<Utc>,
    text_sha256: Vec<u8>,
    evidence_sha256: Vec<u8>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Consent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "consent", id: row.consent_id, column };
        Ok(Self {
            id: ConsentId::from_uuid(row.consent_id),
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            purpose: Purpose::from_code(&row.purpose).ok_or_else(|| impossible("purpose"))?,
            categories: row
                .categories
                .iter()
                .map(|code| Category::from_code(code))
                .collect::<Option<_>>()
                .ok_or_else(|| impossible("categories"))?,
            recipients: row.recipients.into_iter().map(InstitutionId::from_uuid).collect(),
            period: Period::stored(row.signed_at, row.valid_to).ok_or_else(|| impossible("period"))?,
            state: row.revoked_at.map_or(State::Active, |at| State::Revoked { at }),
            evidence: Evidence {
                text_sha256: row.text_sha256.try_into().map_err(|_| impossible("text_sha256"))?,
                paper_sha256: row.evidence_sha256.try_into().map_err(|_| impossible("evidence_sha256"))?,
            },
        })
    }
}
