//! Audit rows: written in the transaction of the change, chained by hash afterwards, never changed.

mod chain;
mod sealer;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use crate::caller::Caller;

pub use chain::{ChainError, ChainReport, verify_chain};
pub use sealer::{seal_once, spawn_sealer};

/// One act. All but the id are codes of closed sets: an audit row identifies no person or firm by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done: `SUBMIT_APPLICATION`.
    pub action: &'static str,
    /// What it was done to: `case`.
    pub object_kind: &'static str,
    pub object_id: Uuid,
    /// What for: `IP_PLEDGE_FINANCING`.
    pub purpose: &'static str,
    /// How it ended: `DONE`, or a reason.
    pub result: &'static str,
}

/// Writes an audit row with the trace id of the current span. Part of the caller's transaction.
pub async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    now: DateTime<Utc>,
    entry: &Entry,
) -> Result<(), sqlx::Error> {
    record_all(conn, caller, now, std::slice::from_ref(entry)).await
}

/// An act of one of many callers whose acts share a transaction.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    pub caller: &'a Caller,
    pub at: DateTime<Utc>,
    pub entry: Entry,
    pub trace_id: Option<&'a str>,
}

const RECORD_ACTS: &str =
    "INSERT INTO audit_entry (at, issuer, actor, person, action, object_kind, object_id, purpose, result, trace_id)
     SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                          $8::text[], $9::text[], $10::text[])";

/// Writes one row for each act, whoever did it, together with the other writes of the transaction.
pub fn record_acts(writes: &mut Writes, acts: &[Act<'_>]) {
    if acts.is_empty() {
        return;
    }
    let text =
        |field: fn(&Entry) -> &'static str| acts.iter().map(|act| field(&act.entry)).collect::<Vec<_>>();
    writes
        .add(RECORD_ACTS)
        .bind(acts.iter().map(|act| act.at).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.issuer.as_str()).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.audit_name()).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.person()).collect::<Vec<_>>())
        .bind(text(|entry| entry.action))
        .bind(text(|entry| entry.object_kind))
        .bind(acts.iter().map(|act| act.entry.object_id).collect::<Vec<_>>())
        .bind(text(|entry| entry.purpose))
        .bind(text(|entry| entry.result))
        .bind(acts.iter().map(|act| act.trace_id).collect::<Vec<_>>());
}

/// Writes several rows in one statement.
pub async fn record_all(
    conn: &mut PgConnection,
    caller: &Caller,
    now: DateTime<Utc>,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let text = |field: fn(&Entry) -> &'static str| entries.iter().map(field).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO audit_entry
                (at, issuer, actor, person, trace_id, action, object_kind, object_id, purpose, result)
         SELECT $1, $2, $3, $4, $5, e.action, e.object_kind, e.object_id, e.purpose, e.result
           FROM UNNEST($6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[])
                AS e (action, object_kind, object_id, purpose, result)",
    )
    .bind(now)
    .bind(&caller.issuer)
    .bind(caller.audit_name())
    .bind(caller.person())
    .bind(telemetry::context::current_trace_id())
    .bind(text(|entry| entry.action))
    .bind(text(|entry| entry.object_kind))
    .bind(entries.iter().map(|entry| entry.object_id).collect::<Vec<_>>())
    .bind(text(|entry| entry.purpose))
    .bind(text(|entry| entry.result))
    .execute(conn)
    .await?;
    Ok(())
}
