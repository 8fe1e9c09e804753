//! Versions of scorecard and exclusion rules.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::screening::{Rulebook, Scorecard};

const INSERT: &str = "INSERT INTO rulebook (kind, version, active_from, body, recorded_at)
    SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4 FROM rulebook WHERE kind = $1 RETURNING version";
const ACTIVE: &str = "SELECT version, body FROM rulebook WHERE kind = $1 AND active_from <= $2
    ORDER BY active_from DESC, version DESC LIMIT 1";
const FIND: &str = "SELECT version, body FROM rulebook WHERE kind = $1 AND version = $2";
const LIST: &str = "SELECT version, active_from, body, recorded_at FROM rulebook WHERE kind = $1
    ORDER BY version DESC LIMIT 1000";
/// Versions count up one by one: who adds one waits for who is adding another.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('rulebook ' || $1, 0))";

pub(super) const STATEMENTS: &[&str] = &[INSERT, ACTIVE, FIND, LIST, ALONE];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookKind {
    Scorecard,
    Exclusions,
}

impl BookKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Scorecard => "SCORECARD",
            Self::Exclusions => "EXCLUSIONS",
        }
    }
}

/// A version as it was recorded.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Recorded {
    pub version: i32,
    pub active_from: NaiveDate,
    pub body: String,
    pub recorded_at: DateTime<Utc>,
}

/// What a screening goes by.
#[derive(Debug, Clone)]
pub struct Books {
    pub scorecard_version: i32,
    pub card: Scorecard,
    pub rules_version: i32,
    pub rules: Rulebook,
}

/// The number of the new version.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    kind: BookKind,
    active_from: NaiveDate,
    body: &str,
    now: DateTime<Utc>,
) -> Result<i32, StoreError> {
    sqlx::query(ALONE).bind(kind.code()).execute(&mut *conn).await?;
    let inserted = sqlx::query_scalar(INSERT).bind(kind.code()).bind(active_from).bind(body).bind(now);
    Ok(inserted.fetch_one(conn).await?)
}

/// Newest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection, kind: BookKind) -> Result<Vec<Recorded>, StoreError> {
    Ok(sqlx::query_as(LIST).bind(kind.code()).fetch_all(conn).await?)
}

/// What holds on `day`; `None` before the first version.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn active(conn: &mut PgConnection, day: NaiveDate) -> Result<Option<Books>, StoreError> {
    let card = sqlx::query_as(ACTIVE).bind(BookKind::Scorecard.code()).bind(day);
    let card: Option<(i32, String)> = card.fetch_optional(&mut *conn).await?;
    let rules = sqlx::query_as(ACTIVE).bind(BookKind::Exclusions.code()).bind(day);
    let rules: Option<(i32, String)> = rules.fetch_optional(conn).await?;
    card.zip(rules).map(|(card, rules)| read(card, rules)).transpose()
}

/// The versions that a run names.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get(conn: &mut PgConnection, scorecard: i32, rules: i32) -> Result<Books, StoreError> {
    let card = sqlx::query_as(FIND).bind(BookKind::Scorecard.code()).bind(scorecard);
    let card = card.fetch_one(&mut *conn).await?;
    let rules = sqlx::query_as(FIND).bind(BookKind::Exclusions.code()).bind(rules).fetch_one(conn).await?;
    read(card, rules)
}

/// One version of the scorecard.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn get_card(conn: &mut PgConnection, version: i32) -> Result<Scorecard, StoreError> {
    let card = sqlx::query_as(FIND).bind(BookKind::Scorecard.code()).bind(version);
    let (_, card): (i32, String) = card.fetch_one(conn).await?;
    Scorecard::parse(&card).map_err(|_| StoreError::Impossible {
        table: "rulebook",
        id: Uuid::nil(),
        column: "body",
    })
}

fn read(
    (scorecard_version, card): (i32, String),
    (rules_version, rules): (i32, String),
) -> Result<Books, StoreError> {
    // Only what could be read was stored.
    let impossible = StoreError::Impossible { table: "rulebook", id: Uuid::nil(), column: "body" };
    match (Scorecard::parse(&card), Rulebook::parse(&rules)) {
        (Ok(card), Ok(rules)) => Ok(Books { scorecard_version, card, rules_version, rules }),
        _ => Err(impossible),
    }
}
