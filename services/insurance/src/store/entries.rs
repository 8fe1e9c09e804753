//! Rows of `cover_entry`, the append-only record of what happened to each cover request, and by whom.

use chrono::{DateTime, Utc};
use kernel::LegId;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::CoverId;

#[derive(Debug, Clone)]
pub struct Entry {
    pub cover: CoverId,
    pub version: i64,
    pub at: DateTime<Utc>,
    pub kind: &'static str,
    /// "role:…" or "institution:…".
    pub actor: String,
    pub leg: Option<LegId>,
    pub codes: Vec<String>,
    pub trace_id: Option<String>,
}

pub(super) const INSERT: &str = "INSERT INTO cover_entry (cover_id, version, at, kind, actor, leg_id, codes, trace_id)
    SELECT cover_id, version, at, kind, actor, leg_id, string_to_array(codes, ','), trace_id
    FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[])
        AS n(cover_id, version, at, kind, actor, leg_id, codes, trace_id)";

pub async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(entries.iter().map(|e| e.cover.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.at).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.kind).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.actor.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.leg.map(|leg| leg.uuid())).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.codes.join(",")).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.trace_id.as_deref()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
