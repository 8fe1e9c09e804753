//! What an operator does with parked messages: list, show, replay, drop. Ids and codes are shown, a body only on purpose;
//! every act leaves a row in `parked_audit`, in the same transaction.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Who acts, and why. Both are needed, and both are kept for good.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// As in the audit of the role: `staff:…`, `role:…`.
    pub actor: &'a str,
    pub purpose: &'a str,
}

/// A held message, without its body.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Parked {
    pub held_id: Uuid,
    pub queue: String,
    /// `retry` or `parked`.
    pub kind: String,
    /// A code.
    pub reason: String,
    pub due_at: Option<DateTime<Utc>>,
    /// How often its handling has been begun.
    pub attempts: i32,
    pub message_id: Option<Uuid>,
    /// The message type; absent where the envelope could not be read.
    pub message_kind: Option<String>,
    pub aggregate_id: Option<Uuid>,
    pub aggregate_version: Option<i64>,
    pub occurred_at: Option<DateTime<Utc>>,
    pub traceparent: Option<String>,
    pub held_at: DateTime<Utc>,
    /// Length of the body in bytes.
    pub body_bytes: i32,
}

/// Which messages to list. Oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// `None`: every queue of the role.
    pub queue: Option<&'a str>,
    /// Also those that wait for their next attempt.
    pub with_retries: bool,
    /// Only those after this one (`held_at`, `held_id`), for the next page. It need not be there any more.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

impl Default for Filter<'_> {
    fn default() -> Self {
        Self { queue: None, with_retries: false, after: None, limit: 100 }
    }
}

/// Why an act was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParkedError {
    #[error("no parked message {held_id}")]
    NotFound { held_id: Uuid },
    #[error("the envelope of {held_id} cannot be read: it can only be shown and dropped")]
    Unreadable { held_id: Uuid },
    #[error("actor and purpose must be given")]
    NoPurpose,
    #[error("the store refused")]
    Store(#[from] sqlx::Error),
}

/// What is held, without bodies.
pub async fn list(pool: &PgPool, filter: Filter<'_>, act: Act<'_>) -> Result<Vec<Parked>, ParkedError> {
    let mut tx = pool.begin().await?;
    let rows = sqlx::query_as(
        "SELECT held_id, queue, kind, reason, due_at, attempts, message_id, message_kind, aggregate_id,
                aggregate_version, occurred_at, traceparent, held_at, octet_length(body) AS body_bytes
           FROM held
          WHERE ($1::text IS NULL OR queue = $1) AND (kind = 'parked' OR $2)
            AND ($3::timestamptz IS NULL OR (held_at, held_id) > ($3, $4))
          ORDER BY held_at, held_id LIMIT $5",
    )
    .bind(filter.queue)
    .bind(filter.with_retries)
    .bind(filter.after.map(|(held_at, _)| held_at))
    .bind(filter.after.map(|(_, held_id)| held_id))
    .bind(filter.limit)
    .fetch_all(&mut *tx)
    .await?;
    record(&mut tx, "list", act, filter.queue, None).await?;
    tx.commit().await?;
    Ok(rows)
}

/// One message, without its body.
pub async fn show(pool: &PgPool, held_id: Uuid, act: Act<'_>) -> Result<Parked, ParkedError> {
    let mut tx = pool.begin().await?;
    let row = get(&mut tx, held_id).await?;
    record(&mut tx, "show", act, Some(&row.queue), Some(&row)).await?;
    tx.commit().await?;
    Ok(row)
}

/// The body of one message, as it came. The caller answers for who may see it.
pub async fn show_body(pool: &PgPool, held_id: Uuid, act: Act<'_>) -> Result<Vec<u8>, ParkedError> {
    let mut tx = pool.begin().await?;
    let row = get(&mut tx, held_id).await?;
    let body = sqlx::query_scalar("SELECT body FROM held WHERE held_id = $1")
        .bind(held_id)
        .fetch_one(&mut *tx)
        .await?;
    record(&mut tx, "show-body", act, Some(&row.queue), Some(&row)).await?;
    tx.commit().await?;
    Ok(body)
}

/// Hands a parked message to its consumer again, at once and with a clean count. It stays in the table until its effect
/// is committed, so nothing is lost when this or that is interrupted. Replaying twice is the same as once.
pub async fn replay(pool: &PgPool, held_id: Uuid, act: Act<'_>) -> Result<Parked, ParkedError> {
    let mut tx = pool.begin().await?;
    let row = replay_one(&mut tx, held_id, act).await?;
    tx.commit().await?;
    Ok(row)
}

/// As [`replay`], for several in the caller's transaction. Those that are not there any more are passed over: their turn
/// has come. Returns how many were parked and are handed over now.
///
/// # Errors
/// [`ParkedError::Unreadable`] for any of them; the caller's transaction must not be committed then.
pub async fn replay_all(conn: &mut PgConnection, ids: &[Uuid], act: Act<'_>) -> Result<usize, ParkedError> {
    let mut replayed = 0;
    for held_id in in_order(ids) {
        match replay_one(conn, held_id, act).await {
            Ok(row) => replayed += usize::from(row.kind == "parked"),
            Err(ParkedError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(replayed)
}

/// As [`drop()`], for several in the caller's transaction. Those that are not parked (any more) are passed over. Returns
/// how many were removed.
///
/// # Errors
/// The store's; nobody named.
pub async fn drop_all(conn: &mut PgConnection, ids: &[Uuid], act: Act<'_>) -> Result<usize, ParkedError> {
    let mut dropped = 0;
    for held_id in in_order(ids) {
        match drop_one(conn, held_id, act).await {
            Ok(_) => dropped += 1,
            Err(ParkedError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(dropped)
}

/// Everyone locks in the same order.
fn in_order(ids: &[Uuid]) -> std::collections::BTreeSet<Uuid> {
    ids.iter().copied().collect()
}

async fn replay_one(conn: &mut PgConnection, held_id: Uuid, act: Act<'_>) -> Result<Parked, ParkedError> {
    let row = get_locked(conn, held_id).await?;
    if row.message_kind.is_none() {
        return Err(ParkedError::Unreadable { held_id });
    }
    sqlx::query(
        "UPDATE held SET kind = 'retry', due_at = clock_timestamp(), attempts = 0, failures = 0, suspect = false,
                claim = NULL, reason = 'replayed'
          WHERE held_id = $1 AND kind = 'parked'",
    )
    .bind(held_id)
    .execute(&mut *conn)
    .await?;
    record(conn, "replay", act, Some(&row.queue), Some(&row)).await?;
    Ok(row)
}

/// Removes a parked message for good. What waits for its next attempt cannot be dropped.
pub async fn drop(pool: &PgPool, held_id: Uuid, act: Act<'_>) -> Result<Parked, ParkedError> {
    let mut tx = pool.begin().await?;
    let row = drop_one(&mut tx, held_id, act).await?;
    tx.commit().await?;
    Ok(row)
}

async fn drop_one(conn: &mut PgConnection, held_id: Uuid, act: Act<'_>) -> Result<Parked, ParkedError> {
    let row = get_locked(conn, held_id).await?;
    if row.kind != "parked" {
        return Err(ParkedError::NotFound { held_id });
    }
    sqlx::query("DELETE FROM held WHERE held_id = $1").bind(held_id).execute(&mut *conn).await?;
    record(conn, "drop", act, Some(&row.queue), Some(&row)).await?;
    Ok(row)
}

async fn get(conn: &mut PgConnection, held_id: Uuid) -> Result<Parked, ParkedError> {
    let row = sqlx::query_as(
        "SELECT held_id, queue, kind, reason, due_at, attempts, message_id, message_kind, aggregate_id,
                aggregate_version, occurred_at, traceparent, held_at, octet_length(body) AS body_bytes
           FROM held WHERE held_id = $1",
    )
    .bind(held_id)
    .fetch_optional(conn)
    .await?;
    row.ok_or(ParkedError::NotFound { held_id })
}

async fn get_locked(conn: &mut PgConnection, held_id: Uuid) -> Result<Parked, ParkedError> {
    sqlx::query("SELECT 1 FROM held WHERE held_id = $1 FOR UPDATE").bind(held_id).execute(&mut *conn).await?;
    get(conn, held_id).await
}

async fn record(
    conn: &mut PgConnection,
    action: &str,
    act: Act<'_>,
    queue: Option<&str>,
    row: Option<&Parked>,
) -> Result<(), ParkedError> {
    if act.actor.trim().is_empty() || act.purpose.trim().is_empty() {
        return Err(ParkedError::NoPurpose);
    }
    sqlx::query(
        "INSERT INTO parked_audit (action, actor, purpose, queue, held_id, message_id, message_kind, trace_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(action)
    .bind(act.actor)
    .bind(act.purpose)
    .bind(queue)
    .bind(row.map(|row| row.held_id))
    .bind(row.and_then(|row| row.message_id))
    .bind(row.and_then(|row| row.message_kind.as_deref()))
    .bind(telemetry::context::current_trace_id())
    .execute(conn)
    .await?;
    Ok(())
}
