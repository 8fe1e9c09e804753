//! The outbox table. Every statement is an array statement, and none of the relay's plans may depend on statistics: its
//! connection forbids sequential scans, because an outbox looks empty whenever it is analysed.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use writes::Writes;

use super::Outgoing;
use crate::envelope::Envelope;
use crate::parcel;

const INSERT: &str =
    "INSERT INTO outbox (message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body, letters)
     SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[],
                          $8::int[])";

/// Writes what a state change owes, in the transaction of that change and in one statement. An id that is already in
/// the outbox violates `outbox_pkey`.
pub async fn enqueue(conn: &mut PgConnection, messages: &[Outgoing]) -> Result<(), sqlx::Error> {
    let mut writes = Writes::new();
    enqueue_with(&mut writes, messages);
    writes.execute(conn).await.map(drop)
}

/// As [`enqueue`], together with the other writes of the transaction.
pub fn enqueue_with(writes: &mut Writes, messages: &[Outgoing]) {
    let rows = messages.iter().map(|message| NewRow {
        first: message,
        traceparent: message.traceparent.as_deref(),
        body: Cow::Borrowed(message.body.as_slice()),
        letters: 1,
    });
    insert(writes, &rows.collect::<Vec<_>>());
}

/// As [`enqueue`], but messages of one type share a row, and with it their way to the consumers: for transactions that
/// owe many at once. What concerns one aggregate stays in order.
pub async fn enqueue_together(conn: &mut PgConnection, messages: &[Outgoing]) -> Result<(), sqlx::Error> {
    let mut writes = Writes::new();
    enqueue_together_with(&mut writes, messages);
    writes.execute(conn).await.map(drop)
}

/// As [`enqueue_together`], together with the other writes of the transaction.
pub fn enqueue_together_with(writes: &mut Writes, messages: &[Outgoing]) {
    let packed = parcel::pack(messages);
    let rows = packed.iter().filter_map(|parcel| {
        Some(NewRow {
            first: parcel.first()?,
            traceparent: parcel.traceparent(),
            body: parcel.body(),
            letters: i32::try_from(parcel.letters()).unwrap_or(i32::MAX),
        })
    });
    insert(writes, &rows.collect::<Vec<_>>());
}

/// A row to be written: the envelope is that of its first message.
struct NewRow<'a> {
    first: &'a Outgoing,
    traceparent: Option<&'a str>,
    body: Cow<'a, [u8]>,
    letters: i32,
}

fn insert(writes: &mut Writes, rows: &[NewRow<'_>]) {
    if rows.is_empty() {
        return;
    }
    let column = |f: fn(&Outgoing) -> Uuid| rows.iter().map(|row| f(row.first)).collect::<Vec<_>>();
    writes
        .add(INSERT)
        .bind(column(|m| m.message_id.uuid()))
        .bind(rows.iter().map(|row| row.first.kind).collect::<Vec<_>>())
        .bind(column(|m| m.aggregate_id))
        .bind(rows.iter().map(|row| row.first.aggregate_version).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.first.occurred_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.traceparent).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.body.as_ref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.letters).collect::<Vec<_>>());
}

/// A row that is to be published.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) envelope: Envelope,
    pub(super) body: Vec<u8>,
    /// How many messages the body holds.
    pub(super) letters: i32,
}

impl Row {
    /// How many messages the body holds.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.letters).unwrap_or(1)
    }
}

type RowTuple = (Uuid, String, Uuid, i64, DateTime<Utc>, Option<String>, Vec<u8>, i32);

/// The oldest rows that nothing holds back, that are not under way and not of the types in `left_out`, in the order of their
/// insertion. No cursor: a row that commits late would be skipped by it.
pub(super) async fn ready(
    conn: &mut PgConnection,
    under_way: &[Uuid],
    left_out: &[&str],
    limit: usize,
) -> Result<Vec<Row>, sqlx::Error> {
    let rows: Vec<RowTuple> = sqlx::query_as(
        "SELECT message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body, letters
           FROM outbox WHERE retry_at IS NULL AND message_id <> ALL($1) AND kind <> ALL($2) ORDER BY seq LIMIT $3",
    )
    .bind(under_way)
    .bind(left_out)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(row).collect())
}

/// As [`ready`], and removes what was confirmed and not returned in the same statement.
pub(super) async fn delete_and_ready(
    conn: &mut PgConnection,
    confirmed: &[Uuid],
    under_way: &[Uuid],
    left_out: &[&str],
    limit: usize,
) -> Result<Vec<Row>, sqlx::Error> {
    let rows: Vec<RowTuple> = sqlx::query_as(
        "WITH sent AS (DELETE FROM outbox WHERE message_id = ANY($1))
         SELECT message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body, letters
           FROM outbox
          WHERE retry_at IS NULL AND message_id <> ALL($1) AND message_id <> ALL($2) AND kind <> ALL($3)
          ORDER BY seq LIMIT $4",
    )
    .bind(confirmed)
    .bind(under_way)
    .bind(left_out)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(row).collect())
}

fn row(row: RowTuple) -> Row {
    let (id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body, letters) = row;
    Row {
        envelope: Envelope { id, kind, aggregate_id, aggregate_version, occurred_at, traceparent },
        body,
        letters,
    }
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
