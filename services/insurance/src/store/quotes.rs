//! Rows of `cover_quote`: every version of every answer, late ones too.

use kernel::{LegId, ReplyId};
use sqlx::{PgConnection, Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{Quote, Terms};

/// An answer that is to be kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub leg: LegId,
    pub quote: Quote,
    pub late: bool,
}

pub(super) const INSERT: &str = "INSERT INTO cover_quote (reply_id, leg_id, seq, terms, submitted_at, late)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::jsonb[], $5::timestamptz[], $6::boolean[])
    ON CONFLICT (reply_id) DO NOTHING";

/// A reply that comes again, in another message, is kept once.
pub async fn insert(conn: &mut PgConnection, kept: &[Kept]) -> Result<(), StoreError> {
    if kept.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(kept.iter().map(|one| one.quote.reply.uuid()).collect::<Vec<_>>())
        .bind(kept.iter().map(|one| one.leg.uuid()).collect::<Vec<_>>())
        .bind(kept.iter().map(|one| i32::try_from(one.quote.seq).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(kept.iter().map(|one| Json(&one.quote.terms)).collect::<Vec<_>>())
        .bind(kept.iter().map(|one| one.quote.submitted_at).collect::<Vec<_>>())
        .bind(kept.iter().map(|one| one.late).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const LATE: &str =
    "SELECT * FROM cover_quote WHERE leg_id = ANY($1) AND late ORDER BY submitted_at, reply_id";

/// Answers that came too late, the newest last.
pub async fn late(conn: &mut PgConnection, legs: &[LegId]) -> Result<Vec<(LegId, Quote)>, StoreError> {
    let legs: Vec<Uuid> = legs.iter().map(|id| id.uuid()).collect();
    sqlx::query(LATE)
        .bind(legs)
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| Ok((LegId::from_uuid(row.try_get("leg_id")?), quote(row, "seq")?)))
        .collect()
}

pub(super) fn quote(row: &PgRow, seq: &str) -> Result<Quote, StoreError> {
    let id: Uuid = row.try_get("reply_id")?;
    let Json(terms): Json<Terms> = row.try_get("terms")?;
    Ok(Quote {
        reply: ReplyId::from_uuid(id),
        seq: u32::try_from(row.try_get::<i32, _>(seq)?).map_err(|_| StoreError::Corrupt {
            table: "cover_quote",
            id,
            what: "seq",
        })?,
        terms,
        submitted_at: row.try_get("submitted_at")?,
    })
}
