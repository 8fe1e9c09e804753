//! The outbox table. Every statement is an array statement, and none of the relay's plans may depend on statistics: its
//! connection forbids sequential scans, because an outbox looks empty whenever it is analysed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Outgoing;
use crate::envelope::Envelope;

/// Writes what a state change owes, in the transaction of that change and in one statement. An id that is already in
/// the outbox violates `outbox_pkey`.
pub async fn enqueue(conn: &mut PgConnection, messages: &[Outgoing]) -> Result<(), sqlx::Error> {
    if messages.is_empty() {
        return Ok(());
    }
    let column = |f: fn(&Outgoing) -> Uuid| messages.iter().map(f).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO outbox (message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[])",
    )
    .bind(column(|m| m.message_id.uuid()))
    .bind(messages.iter().map(|m| m.kind).collect::<Vec<_>>())
    .bind(column(|m| m.aggregate_id))
    .bind(messages.iter().map(|m| m.aggregate_version).collect::<Vec<_>>())
    .bind(messages.iter().map(|m| m.occurred_at).collect::<Vec<_>>())
    .bind(messages.iter().map(|m| m.traceparent.as_deref()).collect::<Vec<_>>())
    .bind(messages.iter().map(|m| m.body.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// A row that is to be published.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) envelope: Envelope,
    pub(super) body: Vec<u8>,
}

type RowTuple = (Uuid, String, Uuid, i64, DateTime<Utc>, Option<String>, Vec<u8>);

/// The oldest rows that nothing holds back, in the order of their insertion. No cursor: a row that commits late would
/// be skipped by it.
pub(super) async fn ready(conn: &mut PgConnection, limit: usize) -> Result<Vec<Row>, sqlx::Error> {
    let rows: Vec<RowTuple> = sqlx::query_as(
        "SELECT message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body
           FROM outbox WHERE retry_at IS NULL ORDER BY seq LIMIT $1",
    )
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    let row = |(id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body)| Row {
        envelope: Envelope { id, kind, aggregate_id, aggregate_version, occurred_at, traceparent },
        body,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Removes what was confirmed and not returned.
pub(super) async fn delete(conn: &mut PgConnection, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("DELETE FROM outbox WHERE message_id = ANY($1)").bind(ids).execute(conn).await?;
    Ok(done.rows_affected())
}

/// Holds rows back for a second, doubling with each attempt up to `max`.
pub(super) async fn hold_back(
    conn: &mut PgConnection,
    ids: &[Uuid],
    trouble: &str,
    max: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE outbox
            SET attempts = attempts + 1,
                trouble = $2,
                retry_at = clock_timestamp() + LEAST($3, power(2, LEAST(attempts, 20))) * interval '1 second'
          WHERE message_id = ANY($1)",
    )
    .bind(ids)
    .bind(trouble)
    .bind(max.as_secs_f64())
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes rows ready again whose pause is over. Returns how many.
pub(super) async fn release_due(conn: &mut PgConnection, limit: usize) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE outbox SET retry_at = NULL WHERE message_id = ANY (ARRAY(
            SELECT message_id FROM outbox WHERE retry_at <= clock_timestamp() ORDER BY retry_at LIMIT $1))",
    )
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// What has not been sent yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Backlog {
    pub(crate) rows: i64,
    pub(crate) unroutable: i64,
    /// Age of the oldest row in seconds.
    pub(crate) oldest: f64,
}

pub(crate) async fn backlog(pool: &PgPool) -> Result<Backlog, sqlx::Error> {
    let (rows, unroutable, oldest): (i64, i64, f64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE trouble = 'unroutable'),
                coalesce(extract(epoch FROM clock_timestamp() - min(enqueued_at)), 0)::float8
           FROM outbox",
    )
    .fetch_one(pool)
    .await?;
    Ok(Backlog { rows, unroutable, oldest })
}
