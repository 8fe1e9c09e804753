//! Consents.

use chrono::{DateTime, Utc};
use kernel::{ConsentId, EnterpriseId, InstitutionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::consent::{
    Category, Channel, Consent, Evidence, LegalBasis, Period, Person, Purpose, State,
};

/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "consent_enterprise_fkey";

const INSERT: &str =
    "INSERT INTO consent (consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
        text_sha256, evidence_sha256, granted_at, person_hash, person_masked, legal_basis, channel)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
/// One probe of the index for each id that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_MANY: &str =
    "SELECT c.consent_id, c.enterprise_id, c.purpose, c.categories, c.recipients, c.signed_at, c.valid_to,
        c.text_sha256, c.evidence_sha256, c.revoked_at, c.person_hash, c.person_masked, c.legal_basis, c.channel
    FROM unnest($1::uuid[]) AS asked (consent_id)
    CROSS JOIN LATERAL (SELECT * FROM consent WHERE consent.consent_id = asked.consent_id LIMIT 1) c";
const LOCK: &str = "SELECT consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
        text_sha256, evidence_sha256, revoked_at, person_hash, person_masked, legal_basis, channel
    FROM consent WHERE consent_id = $1 FOR NO KEY UPDATE";
const LIST: &str = "SELECT consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
        text_sha256, evidence_sha256, revoked_at, person_hash, person_masked, legal_basis, channel
    FROM consent WHERE enterprise_id = $1 AND ($2::uuid IS NULL OR consent_id > $2) ORDER BY consent_id LIMIT $3";
/// Revoked ones too, so that whoever asks is told why there is none that allows.
const LIST_OF_MANY: &str =
    "SELECT c.consent_id, c.enterprise_id, c.purpose, c.categories, c.recipients, c.signed_at, c.valid_to,
        c.text_sha256, c.evidence_sha256, c.revoked_at, c.person_hash, c.person_masked, c.legal_basis, c.channel
    FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM consent WHERE consent.enterprise_id = asked.enterprise_id) c
    WHERE c.purpose = $2
    ORDER BY c.enterprise_id, c.consent_id";
const UPDATE: &str = "UPDATE consent SET revoked_at = $2 WHERE consent_id = $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND_MANY, LOCK, LIST, LIST_OF_MANY, UPDATE];

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
        .bind(consent.person.as_ref().map(|person| &person.hash[..]))
        .bind(consent.person.as_ref().map(|person| person.masked.as_str()))
        .bind(consent.legal_basis.code())
        .bind(consent.channel.code())
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

/// At most `limit` consents of one enterprise after `after`, in the order in which they were granted.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    after: Option<ConsentId>,
    limit: i64,
) -> Result<Vec<Consent>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(enterprise_id.uuid())
        .bind(after.map(|id| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Consent::try_from).collect()
}

/// Every consent of these enterprises for this purpose, one enterprise after the other. Which of them allows a read is
/// for [`crate::domain::consent::allowing`] to say, with the clock read after this.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_of_many(
    conn: &mut PgConnection,
    enterprises: &[EnterpriseId],
    purpose: Purpose,
) -> Result<Vec<Consent>, StoreError> {
    let ids: Vec<Uuid> = enterprises.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(LIST_OF_MANY).bind(ids).bind(purpose.code()).fetch_all(conn).await?;
    rows.into_iter().map(Consent::try_from).collect()
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
    person_hash: Option<Vec<u8>>,
    person_masked: Option<String>,
    legal_basis: String,
    channel: String,
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
            person: match row.person_hash.zip(row.person_masked) {
                None => None,
                Some((hash, masked)) => {
                    let hash = hash.try_into().map_err(|_| impossible("person_hash"))?;
                    Some(Person { hash, masked })
                }
            },
            legal_basis: LegalBasis::from_code(&row.legal_basis).ok_or_else(|| impossible("legal_basis"))?,
            channel: Channel::from_code(&row.channel).ok_or_else(|| impossible("channel"))?,
            evidence: Evidence {
                text_sha256: row.text_sha256.try_into().map_err(|_| impossible("text_sha256"))?,
                paper_sha256: row.evidence_sha256.try_into().map_err(|_| impossible("evidence_sha256"))?,
            },
        })
    }
}
