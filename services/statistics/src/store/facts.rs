//! Facts in the order of their record, their counts, and the head: where the record ends.

use chrono::{DateTime, Utc};
use kernel::MessageId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::fact::{Fact, FactKind};

/// One statement, so that a fact, its count and the head can never part. The head is taken first and kept until the
/// commit: facts become visible in the order of `recorded_at`, and batches that meet wait for each other there and
/// nowhere else. A fact that is kept already leaves a gap of a microsecond, which means nothing.
const INSERT_NEW: &str = "WITH head AS (
        UPDATE fact_head SET recorded_at = greatest(recorded_at, $7::timestamptz) + $8::int * interval '1 microsecond',
               last_fact_at = greatest(recorded_at, $7::timestamptz) + $8::int * interval '1 microsecond',
               latest_occurred_at = greatest(latest_occurred_at, $9::timestamptz)
        RETURNING recorded_at - $8::int * interval '1 microsecond' AS recorded_at),
    fresh AS (
        INSERT INTO fact (message_id, type, aggregate_id, aggregate_version, occurred_at, body, recorded_at)
        SELECT given.message_id, given.type, given.aggregate_id, given.aggregate_version, given.occurred_at, given.body,
               head.recorded_at + given.n * interval '1 microsecond'
          FROM head, unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::bytea[])
            WITH ORDINALITY AS given (message_id, type, aggregate_id, aggregate_version, occurred_at, body, n)
        ON CONFLICT ON CONSTRAINT fact_pkey DO NOTHING
        RETURNING type)
    INSERT INTO fact_count AS counted (type, count) SELECT type, count(*) FROM fresh GROUP BY type ORDER BY type
    ON CONFLICT ON CONSTRAINT fact_count_pkey DO UPDATE SET count = counted.count + excluded.count";
const COUNTS: &str = "SELECT type, count FROM fact_count ORDER BY type COLLATE \"C\"";
const RECORD_END: &str = "SELECT recorded_at FROM fact_head";
const CLOSE: &str = "UPDATE fact_head SET recorded_at = $1 WHERE recorded_at < $1";
const PAGE: &str =
    "SELECT message_id, type, aggregate_id, aggregate_version, occurred_at, body, recorded_at FROM fact
      WHERE recorded_at > $1 AND recorded_at <= $2 AND occurred_at < $3 ORDER BY recorded_at LIMIT $4";

pub(super) const STATEMENTS: &[&str] = &[INSERT_NEW, COUNTS, RECORD_END, CLOSE, PAGE];

/// Keeps those that are not kept yet, and counts them. A message id that occurs twice is one fact. Each is recorded at a
/// microsecond of its own, after all that were recorded before and not before `now`.
#[tracing::instrument(level = "debug", skip_all, fields(facts = facts.len()))]
pub async fn insert_new(
    conn: &mut PgConnection,
    facts: &[Fact],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_NEW)
        .bind(facts.iter().map(|fact| fact.message_id.uuid()).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.kind.code()).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.aggregate_id).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.aggregate_version).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.occurred_at).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.body.as_slice()).collect::<Vec<_>>())
        .bind(now)
        .bind(i32::try_from(facts.len()).unwrap_or(i32::MAX))
        .bind(facts.iter().map(|fact| fact.occurred_at).max())
        .execute(conn)
        .await?;
    Ok(())
}

/// How many facts of a type have been taken.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FactCount {
    #[sqlx(rename = "type")]
    pub kind: String,
    pub count: i64,
}

/// By type, in the order of types.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn counts(conn: &mut PgConnection) -> Result<Vec<FactCount>, StoreError> {
    Ok(sqlx::query_as(COUNTS).fetch_all(conn).await?)
}

/// Later facts will be recorded after this.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn record_end(conn: &mut PgConnection) -> Result<DateTime<Utc>, StoreError> {
    Ok(sqlx::query_scalar(RECORD_END).fetch_one(conn).await?)
}

/// From now on no fact is recorded at or before `at`. Waits for batches in hand: they are recorded before, and seen.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn close(conn: &mut PgConnection, at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(CLOSE).bind(at).execute(conn).await?;
    Ok(())
}

/// A stretch of the record.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Facts recorded after this ...
    pub after: DateTime<Utc>,
    /// ... and not after this ...
    pub to: DateTime<Utc>,
    /// ... which happened before this.
    pub happened_before: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    message_id: Uuid,
    #[sqlx(rename = "type")]
    kind: String,
    aggregate_id: Uuid,
    aggregate_version: i64,
    occurred_at: DateTime<Utc>,
    body: Vec<u8>,
    recorded_at: DateTime<Utc>,
}

impl TryFrom<Row> for (DateTime<Utc>, Fact) {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let (table, id) = ("fact", row.message_id);
        let kind =
            FactKind::from_code(&row.kind).ok_or(StoreError::Impossible { table, id, column: "type" })?;
        let fact = Fact {
            message_id: MessageId::from_uuid(row.message_id),
            kind,
            aggregate_id: row.aggregate_id,
            aggregate_version: row.aggregate_version,
            occurred_at: row.occurred_at,
            body: row.body,
        };
        Ok((row.recorded_at, fact))
    }
}

/// The first of a stretch, in the order of record, each with when it was recorded. The record grows at its end only, so
/// pages read one after the other, in transactions of their own, are pages of one state. To be called after
/// [`super::keep_to_indexes`]: a plan that sorted would read the whole rest for each page.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn page(
    conn: &mut PgConnection,
    stretch: Stretch,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, Fact)>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(PAGE)
        .bind(stretch.after)
        .bind(stretch.to)
        .bind(stretch.happened_before)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
