//! Rows of `deadline`: what is to be done next for a cover request, and when. Late is never too late: there is no lower bound.

use chrono::{DateTime, Utc};
use kernel::calendar::{Due, Span};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::CoverId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The window: ask the silent again, or close it.
    Window,
    /// The end of the first quote that is not chosen.
    Expire,
    /// A chosen institution has not confirmed: it is told again.
    Hold,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Window, Self::Expire, Self::Hold];

    pub fn code(self) -> &'static str {
        match self {
            Self::Window => "WINDOW",
            Self::Expire => "EXPIRE",
            Self::Hold => "HOLD",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Deadline {
    pub cover: CoverId,
    pub kind: Kind,
    /// None while the calendar is missing.
    pub due_at: Option<DateTime<Utc>>,
    pub since: DateTime<Utc>,
    pub span: Span,
}

impl Deadline {
    /// At an instant that no calendar has a say in.
    pub fn at(cover: CoverId, kind: Kind, since: DateTime<Utc>, due_at: DateTime<Utc>) -> Self {
        Self { cover, kind, due_at: Some(due_at), since, span: Span::Seconds(0) }
    }

    pub fn due(cover: CoverId, kind: Kind, now: DateTime<Utc>, span: Span, due: Due) -> Self {
        let due_at = match due {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        };
        Self { cover, kind, due_at, since: now, span }
    }
}

pub(super) const PUT: &str = "INSERT INTO deadline (cover_id, kind, due_at, since, span)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
    ON CONFLICT (cover_id, kind) DO UPDATE SET due_at = excluded.due_at, since = excluded.since, span = excluded.span, attempts = 0";

pub async fn put(conn: &mut PgConnection, deadlines: &[Deadline]) -> Result<(), StoreError> {
    if deadlines.is_empty() {
        return Ok(());
    }
    sqlx::query(PUT)
        .bind(deadlines.iter().map(|d| d.cover.uuid()).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.kind.code()).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.due_at).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.since).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.span.to_string()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const CLEAR: &str = "DELETE FROM deadline d USING unnest($1::uuid[], $2::text[]) AS o(cover_id, kind) WHERE d.cover_id = o.cover_id AND d.kind = o.kind";

pub async fn clear(conn: &mut PgConnection, done: &[(CoverId, Kind)]) -> Result<(), StoreError> {
    if done.is_empty() {
        return Ok(());
    }
    sqlx::query(CLEAR)
        .bind(done.iter().map(|(cover, _)| cover.uuid()).collect::<Vec<_>>())
        .bind(done.iter().map(|(_, kind)| kind.code()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const POSTPONE: &str =
    "UPDATE deadline SET due_at = $3, attempts = attempts + 1 WHERE cover_id = ANY($1) AND kind = $2";

/// Tries these again at `due_at`.
pub async fn postpone(
    conn: &mut PgConnection,
    covers: &[CoverId],
    kind: Kind,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let covers: Vec<Uuid> = covers.iter().map(|id| id.uuid()).collect();
    sqlx::query(POSTPONE).bind(covers).bind(kind.code()).bind(due_at).execute(conn).await?;
    Ok(())
}

/// A deadline that has come.
#[derive(Debug, Clone)]
pub struct Fired {
    pub cover: CoverId,
    pub due_at: DateTime<Utc>,
    /// From when the span runs.
    pub since: DateTime<Utc>,
    pub attempts: u32,
}

type FiredColumns = (Uuid, DateTime<Utc>, DateTime<Utc>, i32);

pub(super) const DUE: &str = "SELECT cover_id, due_at, since, attempts FROM deadline WHERE kind = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";

/// The longest overdue first. Nothing is locked: whoever acts locks the cover request and looks again.
pub async fn due(
    conn: &mut PgConnection,
    kind: Kind,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Fired>, StoreError> {
    let rows: Vec<FiredColumns> =
        sqlx::query_as(DUE).bind(kind.code()).bind(now).bind(limit).fetch_all(conn).await?;
    let fired = |(cover, due_at, since, attempts): FiredColumns| Fired {
        cover: CoverId::from_uuid(cover),
        due_at,
        since,
        attempts: u32::try_from(attempts).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(fired).collect())
}

pub(super) const BACKLOG: &str =
    "SELECT count(*), min(due_at) FROM deadline WHERE kind = $1 AND due_at <= $2";

/// How many are overdue, and since when the first.
pub async fn backlog(
    conn: &mut PgConnection,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    Ok(sqlx::query_as(BACKLOG).bind(kind.code()).bind(now).fetch_one(conn).await?)
}

pub(super) const NEXT: &str = "SELECT min(due_at) FROM deadline WHERE kind = $1";

pub async fn next(conn: &mut PgConnection, kind: Kind) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar(NEXT).bind(kind.code()).fetch_one(conn).await?)
}

pub(super) const PENDING: &str =
    "SELECT cover_id, kind, since, span FROM deadline WHERE due_at IS NULL LIMIT $1";

/// Deadlines that wait for a calendar: cover request, kind, since, span.
pub async fn pending(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(Uuid, String, DateTime<Utc>, String)>, StoreError> {
    Ok(sqlx::query_as(PENDING).bind(limit).fetch_all(conn).await?)
}

pub(super) const FIX: &str =
    "UPDATE deadline SET due_at = $3 WHERE cover_id = $1 AND kind = $2 AND due_at IS NULL";

/// Sets what a newly loaded calendar makes computable.
pub async fn fix(
    conn: &mut PgConnection,
    cover: Uuid,
    kind: &str,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(FIX).bind(cover).bind(kind).bind(due_at).execute(conn).await?;
    Ok(())
}
