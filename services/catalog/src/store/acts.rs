//! Who did what to a product, and the days on which something is to happen to it by itself.

use chrono::{DateTime, Utc};
use kernel::ProductId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::product::{Person, Version};

const RECORD: &str = "INSERT INTO product_act (product_id, revision, version, act, actor, text, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const LIST: &str =
    "SELECT revision, version, act, actor, text, at FROM product_act WHERE product_id = $1 ORDER BY revision";
const RETURNED_TEXT: &str =
    "SELECT text FROM product_act WHERE product_id = $1 AND version = $2 AND act = 'RETURNED'
    ORDER BY revision DESC LIMIT 1";
const SET_DEADLINE: &str =
    "INSERT INTO product_deadline (product_id, kind, version, due_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (product_id, kind) DO UPDATE SET version = excluded.version, due_at = excluded.due_at";
const CLEAR_DEADLINE: &str = "DELETE FROM product_deadline WHERE product_id = $1 AND kind = $2";
const DUE: &str =
    "SELECT product_id, kind, version FROM product_deadline WHERE due_at <= $1 ORDER BY due_at LIMIT 1
    FOR UPDATE SKIP LOCKED";

pub(super) const STATEMENTS: &[&str] = &[RECORD, LIST, RETURNED_TEXT, SET_DEADLINE, CLEAR_DEADLINE, DUE];

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Recorded {
    pub revision: i64,
    pub version: Version,
    pub act: String,
    pub actor: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// What is written down of an act.
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    pub product_id: ProductId,
    /// Of the product after the act.
    pub revision: i64,
    pub version: Version,
    pub act: &'static str,
    pub by: &'a Person,
    /// Empty unless the act says something.
    pub text: &'a str,
    pub at: DateTime<Utc>,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn record(conn: &mut PgConnection, note: &Note<'_>) -> Result<(), StoreError> {
    sqlx::query(RECORD)
        .bind(note.product_id.uuid())
        .bind(note.revision)
        .bind(note.version)
        .bind(note.act)
        .bind(&note.by.0)
        .bind(note.text)
        .bind(note.at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Oldest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection, id: ProductId) -> Result<Vec<Recorded>, StoreError> {
    Ok(sqlx::query_as(LIST).bind(id.uuid()).fetch_all(conn).await?)
}

/// What the reviewer wrote when this version was returned last.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn returned_text(
    conn: &mut PgConnection,
    id: ProductId,
    version: Version,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(RETURNED_TEXT).bind(id.uuid()).bind(version).fetch_optional(conn).await?)
}

/// What is to happen by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// A version takes effect.
    Effect,
    /// The last day of the version in force is over.
    End,
}

impl Deadline {
    fn code(self) -> &'static str {
        match self {
            Self::Effect => "EFFECT",
            Self::End => "END",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Effect, Self::End].into_iter().find(|kind| kind.code() == code)
    }
}

/// Replaces the deadline of this kind, or takes it away.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn set_deadline(
    conn: &mut PgConnection,
    id: ProductId,
    kind: Deadline,
    due: Option<(Version, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    match due {
        Some((version, at)) => {
            let query = sqlx::query(SET_DEADLINE).bind(id.uuid()).bind(kind.code());
            query.bind(version).bind(at).execute(conn).await?
        }
        None => sqlx::query(CLEAR_DEADLINE).bind(id.uuid()).bind(kind.code()).execute(conn).await?,
    };
    Ok(())
}

/// The longest due deadline that no other process is at, locked for this transaction. There is no lower bound: late is
/// never too late.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Option<(ProductId, Deadline, Version)>, StoreError> {
    let row: Option<(Uuid, String, i32)> = sqlx::query_as(DUE).bind(now).fetch_optional(conn).await?;
    row.map(|(id, kind, version)| {
        let kind = Deadline::from_code(&kind).ok_or(StoreError::Impossible {
            table: "product_deadline",
            id,
            column: "kind",
        })?;
        Ok((ProductId::from_uuid(id), kind, version))
    })
    .transpose()
}
