//! Facts and their counts.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::fact::Fact;

/// One statement, so that a fact and its count can never part. Counts are raised in the order of types: two batches that
/// meet wait for each other instead of for ever.
const INSERT_NEW: &str = "WITH fresh AS (
        INSERT INTO fact (message_id, type, aggregate_id, aggregate_version, occurred_at, body, taken_at)
        SELECT given.*, $7 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::bytea[])
            AS given (message_id, type, aggregate_id, aggregate_version, occurred_at, body)
        ORDER BY given.message_id
        ON CONFLICT ON CONSTRAINT fact_pkey DO NOTHING
        RETURNING type)
    INSERT INTO fact_count AS counted (type, count) SELECT type, count(*) FROM fresh GROUP BY type ORDER BY type
    ON CONFLICT ON CONSTRAINT fact_count_pkey DO UPDATE SET count = counted.count + excluded.count";
const COUNTS: &str = "SELECT type, count FROM fact_count ORDER BY type COLLATE \"C\"";

pub(super) const STATEMENTS: &[&str] = &[INSERT_NEW, COUNTS];

/// Keeps those that are not kept yet, and counts them. A message id that occurs twice is one fact.
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
