//! Rows of `case_entry`, the append-only timeline (五方时间线).

use chrono::{DateTime, Utc};
use kernel::{CaseId, LegId};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::StoreError;

#[derive(Debug, Clone)]
pub struct Entry {
    pub case: CaseId,
    pub version: i64,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub party: String,
    pub actor: String,
    pub leg: Option<LegId>,
    pub codes: Vec<String>,
    pub trace_id: Option<String>,
}

pub(super) const INSERT: &str = "INSERT INTO case_entry (case_id, version, at, kind, party, actor, leg_id, codes, trace_id)
    SELECT case_id, version, at, kind, party, actor, leg_id, string_to_array(codes, ','), trace_id
    FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[])
        AS n(case_id, version, at, kind, party, actor, leg_id, codes, trace_id)";

pub fn insert(writes: &mut Writes, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    writes
        .add(INSERT)
        .bind(entries.iter().map(|e| e.case.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.at).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.party.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.actor.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.leg.map(|leg| leg.uuid())).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.codes.join(",")).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.trace_id.as_deref()).collect::<Vec<_>>());
}

type Columns = (i64, DateTime<Utc>, String, String, String, Option<Uuid>, Vec<String>, Option<String>);

pub(super) const LIST: &str = "SELECT version, at, kind, party, actor, leg_id, codes, trace_id FROM case_entry WHERE case_id = $1 ORDER BY version";

pub async fn list(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(LIST).bind(case.uuid()).fetch_all(conn).await?;
    let entry = |(version, at, kind, party, actor, leg, codes, trace_id): Columns| Entry {
        case,
        version,
        at,
        kind,
        party,
        actor,
        leg: leg.map(LegId::from_uuid),
        codes,
        trace_id,
    };
    Ok(rows.into_iter().map(entry).collect())
}
