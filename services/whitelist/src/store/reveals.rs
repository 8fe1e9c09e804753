//! Who was shown what every other answer masks.

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, RevealId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::reveal::{Reveal, RevealField};

/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "reveal_enterprise_fkey";

const INSERT: &str = "INSERT INTO reveal (reveal_id, enterprise_id, fields, reason, actor, revealed_at)
    VALUES ($1, $2, $3, $4, $5, $6)";
/// Ids are in the order of time; the latest first.
const LIST: &str = "SELECT reveal_id, enterprise_id, fields, reason, actor, revealed_at FROM reveal
    WHERE $1::uuid IS NULL OR reveal_id < $1 ORDER BY reveal_id DESC LIMIT $2";
const LIST_OF_ENTERPRISE: &str =
    "SELECT reveal_id, enterprise_id, fields, reason, actor, revealed_at FROM reveal
    WHERE enterprise_id = $1 AND ($2::uuid IS NULL OR reveal_id < $2) ORDER BY reveal_id DESC LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LIST, LIST_OF_ENTERPRISE];

/// Fails on [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, reveal: &Reveal) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(reveal.id.uuid())
        .bind(reveal.enterprise_id.uuid())
        .bind(reveal.fields.iter().map(|field| field.code()).collect::<Vec<_>>())
        .bind(&reveal.reason)
        .bind(&reveal.actor)
        .bind(reveal.at)
        .execute(conn)
        .await?;
    Ok(())
}

/// At most `limit` reveals before `before`, of one enterprise or of all, the latest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    enterprise_id: Option<EnterpriseId>,
    before: Option<RevealId>,
    limit: i64,
) -> Result<Vec<Reveal>, StoreError> {
    let before = before.map(RevealId::uuid);
    let rows: Vec<Row> = match enterprise_id {
        None => sqlx::query_as(LIST).bind(before).bind(limit).fetch_all(conn).await?,
        Some(id) => {
            let query = sqlx::query_as(LIST_OF_ENTERPRISE).bind(id.uuid());
            query.bind(before).bind(limit).fetch_all(conn).await?
        }
    };
    rows.into_iter().map(Reveal::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    reveal_id: Uuid,
    enterprise_id: Uuid,
    fields: Vec<String>,
    reason: String,
    actor: String,
    revealed_at: DateTime<Utc>,
}

impl TryFrom<Row> for Reveal {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let fields = row.fields.iter().map(|code| RevealField::from_code(code)).collect::<Option<_>>();
        Ok(Self {
            id: RevealId::from_uuid(row.reveal_id),
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            fields: fields.ok_or(StoreError::Impossible {
                table: "reveal",
                id: row.reveal_id,
                column: "fields",
            })?,
            reason: row.reason,
            actor: row.actor,
            at: row.revealed_at,
        })
    }
}
