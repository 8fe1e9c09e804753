//! Banks' internal rules.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{InstitutionId, PolicyDocumentId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{choices::PolicyKind, codes::Code as _, policy::Document};

const INSERT: &str =
    "INSERT INTO policy_document (document_id, institution_id, kind, title, issued_on, repealed_on,
        file_sha256, filed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const LOCK: &str =
    "SELECT document_id, institution_id, kind, title, issued_on, repealed_on, file_sha256, filed_at
    FROM policy_document WHERE document_id = $1 FOR NO KEY UPDATE";
const REPEAL: &str = "UPDATE policy_document SET repealed_on = $2 WHERE document_id = $1";
const LIST: &str =
    "SELECT document_id, institution_id, kind, title, issued_on, repealed_on, file_sha256, filed_at
    FROM policy_document WHERE $1::uuid IS NULL OR institution_id = $1
    ORDER BY issued_on DESC, filed_at DESC, document_id DESC";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LOCK, REPEAL, LIST];

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, document: &Document) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(document.id.uuid())
        .bind(document.institution_id.uuid())
        .bind(document.kind.code())
        .bind(&document.title)
        .bind(document.issued_on)
        .bind(document.repealed_on)
        .bind(document.file_sha256.as_slice())
        .bind(document.filed_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads a document for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: PolicyDocumentId) -> Result<Option<Document>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Document::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn repeal(conn: &mut PgConnection, id: PolicyDocumentId, on: NaiveDate) -> Result<(), StoreError> {
    sqlx::query(REPEAL).bind(id.uuid()).bind(on).execute(conn).await?;
    Ok(())
}

/// Of one institution or of all, newest first: a handful for each.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    institution: Option<InstitutionId>,
) -> Result<Vec<Document>, StoreError> {
    let id = institution.map(InstitutionId::uuid);
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(id).fetch_all(conn).await?;
    rows.into_iter().map(Document::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    document_id: Uuid,
    institution_id: Uuid,
    kind: String,
    title: String,
    issued_on: NaiveDate,
    repealed_on: Option<NaiveDate>,
    file_sha256: Vec<u8>,
    filed_at: DateTime<Utc>,
}

impl TryFrom<Row> for Document {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "policy_document", id: row.document_id, column };
        Ok(Self {
            id: PolicyDocumentId::from_uuid(row.document_id),
            institution_id: InstitutionId::from_uuid(row.institution_id),
            kind: PolicyKind::from_code(&row.kind).ok_or_else(|| impossible("kind"))?,
            issued_on: row.issued_on,
            repealed_on: row.repealed_on,
            file_sha256: row.file_sha256.as_slice().try_into().map_err(|_| impossible("file_sha256"))?,
            filed_at: row.filed_at,
            title: row.title,
        })
    }
}
