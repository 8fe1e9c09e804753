//! What is to be done next for entries, and when. Late is never too late: there is no lower bound.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    entry::{Due, Task},
    ids::EntryId,
};

const PUT: &str = "INSERT INTO entry_task (entry_id, kind, due_at, since)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
    ON CONFLICT (entry_id, kind) DO UPDATE SET due_at = excluded.due_at, since = excluded.since, attempts = 0";
const CLEAR: &str = "DELETE FROM entry_task WHERE entry_id = ANY ($1)";
const DUE: &str = "SELECT entry_id, due_at, since, attempts FROM entry_task WHERE kind = $1 AND due_at <= $2
    ORDER BY due_at LIMIT $3";
const NEXT: &str = "SELECT min(due_at) FROM entry_task WHERE kind = $1 AND due_at IS NOT NULL";
const POSTPONE: &str =
    "UPDATE entry_task SET due_at = $3, attempts = attempts + 1 WHERE kind = $2 AND entry_id = ANY ($1)";
const BACKLOG: &str = "SELECT count(*), min(due_at) FROM entry_task WHERE kind = $1 AND due_at <= $2";
const PENDING: &str = "SELECT entry_id FROM entry_task WHERE due_at IS NULL LIMIT $1";

pub(super) const STATEMENTS: &[&str] = &[PUT, CLEAR, DUE, NEXT, POSTPONE, BACKLOG, PENDING];

/// A task whose time has come.
#[derive(Debug, Clone, Copy)]
pub struct Fired {
    pub entry: EntryId,
    pub due_at: DateTime<Utc>,
    /// From when it is to be done.
    pub since: DateTime<Utc>,
    pub attempts: u32,
}

/// Puts these in place of everything that was to be done for their entries.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn replace(
    conn: &mut PgConnection,
    of: &[(EntryId, Vec<(Task, Due)>)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if of.is_empty() {
        return Ok(());
    }
    let entries: Vec<Uuid> = of.iter().map(|(entry, _)| entry.uuid()).collect();
    sqlx::query(CLEAR).bind(entries).execute(&mut *conn).await?;
    let rows: Vec<(EntryId, Task, Due)> =
        of.iter().flat_map(|(entry, tasks)| tasks.iter().map(|(task, due)| (*entry, *task, *due))).collect();
    put(conn, &rows, now).await
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn put(
    conn: &mut PgConnection,
    rows: &[(EntryId, Task, Due)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(PUT)
        .bind(rows.iter().map(|(entry, ..)| entry.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, task, _)| task.code()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(.., due)| *due).collect::<Vec<_>>())
        .bind(rows.iter().map(|_| now).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// The longest overdue first. Nothing is locked: whoever acts locks the entry and looks again.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn due(
    conn: &mut PgConnection,
    task: Task,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Fired>, StoreError> {
    let rows: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>, i32)> =
        sqlx::query_as(DUE).bind(task.code()).bind(now).bind(limit).fetch_all(conn).await?;
    let fired = |(entry, due_at, since, attempts)| Fired {
        entry: EntryId::from_uuid(entry),
        due_at,
        since,
        attempts: u32::try_from(attempts).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(fired).collect())
}

pub async fn next(conn: &mut PgConnection, task: Task) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar(NEXT).bind(task.code()).fetch_one(conn).await?)
}

/// Tries these again, or looks again, at `due_at`.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn postpone(
    conn: &mut PgConnection,
    entries: &[EntryId],
    task: Task,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let entries: Vec<Uuid> = entries.iter().map(|entry| entry.uuid()).collect();
    sqlx::query(POSTPONE).bind(entries).bind(task.code()).bind(due_at).execute(conn).await?;
    Ok(())
}

/// How many are overdue, and since when the first.
pub async fn backlog(
    conn: &mut PgConnection,
    task: Task,
    now: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    Ok(sqlx::query_as(BACKLOG).bind(task.code()).bind(now).fetch_one(conn).await?)
}

/// Entries of which something waits for the calendar.
pub async fn pending(conn: &mut PgConnection, limit: i64) -> Result<Vec<EntryId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(PENDING).bind(limit).fetch_all(conn).await?;
    Ok(ids.into_iter().map(EntryId::from_uuid).collect())
}
