//! Rows of `deadline`: what is to be done next for a case, and when. Late is never too late: there is no lower bound.

use chrono::{DateTime, Utc};
use kernel::{
    CaseId,
    calendar::{Due, Span},
};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Ask whitelist and catalog, then accept, reject or dispatch.
    Plan,
    /// The window of the present round: ask the silent again, or close it.
    Window,
    /// The enterprise's time to supplement.
    Supplement,
    /// Insurance is being waited for: ask again, or go on without.
    Cover,
    /// The enterprise's time to choose, or the end of the offer that lasts longest.
    Selection,
    /// The chosen bank's time to approve.
    Approval,
    /// How long a case without an offer waits for another round.
    NoOffer,
    /// Whoever was chosen and is silent is told again.
    Chosen,
    /// The chosen evaluator's time to confirm, and then to deliver.
    Valuation,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Plan,
        Self::Window,
        Self::Supplement,
        Self::Cover,
        Self::Selection,
        Self::Approval,
        Self::NoOffer,
        Self::Chosen,
        Self::Valuation,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Plan => "PLAN",
            Self::Window => "WINDOW",
            Self::Supplement => "SUPPLEMENT",
            Self::Cover => "COVER",
            Self::Selection => "SELECTION",
            Self::Approval => "APPROVAL",
            Self::NoOffer => "NO_OFFER",
            Self::Chosen => "CHOSEN",
            Self::Valuation => "VALUATION",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

#[derive(Debug, Clone)]
pub struct Deadline {
    pub case: CaseId,
    pub kind: Kind,
    /// None while the calendar is missing.
    pub due_at: Option<DateTime<Utc>>,
    pub since: DateTime<Utc>,
    pub span: Span,
}

impl Deadline {
    /// Work to be taken up at once.
    pub fn now(case: CaseId, kind: Kind, now: DateTime<Utc>) -> Self {
        Self { case, kind, due_at: Some(now), since: now, span: Span::Seconds(0) }
    }

    pub fn due(case: CaseId, kind: Kind, now: DateTime<Utc>, span: Span, due: Due) -> Self {
        let due_at = match due {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        };
        Self { case, kind, due_at, since: now, span }
    }
}

pub(super) const PUT: &str = "INSERT INTO deadline (case_id, kind, due_at, since, span)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
    ON CONFLICT (case_id, kind) DO UPDATE SET due_at = excluded.due_at, since = excluded.since, span = excluded.span, attempts = 0";

fn put(writes: &mut Writes, deadlines: &[Deadline]) {
    if deadlines.is_empty() {
        return;
    }
    writes
        .add(PUT)
        .bind(deadlines.iter().map(|d| d.case.uuid()).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.kind.code()).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.due_at).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.since).collect::<Vec<_>>())
        .bind(deadlines.iter().map(|d| d.span.to_string()).collect::<Vec<_>>());
}

pub(super) const CLEAR: &str = "DELETE FROM deadline d USING unnest($1::uuid[], $2::text[]) AS o(case_id, kind) WHERE d.case_id = o.case_id AND d.kind = o.kind";

fn clear(writes: &mut Writes, done: &[(CaseId, Kind)]) {
    if done.is_empty() {
        return;
    }
    writes
        .add(CLEAR)
        .bind(done.iter().map(|(case, _)| case.uuid()).collect::<Vec<_>>())
        .bind(done.iter().map(|(_, kind)| kind.code()).collect::<Vec<_>>());
}

/// Puts some and clears others; none is in both.
pub fn put_and_clear(writes: &mut Writes, put_now: &[Deadline], done: &[(CaseId, Kind)]) {
    clear(writes, done);
    put(writes, put_now);
}

pub(super) const HASTEN: &str =
    "UPDATE deadline d SET due_at = n.due_at FROM unnest($1::uuid[], $2::timestamptz[]) AS n(case_id, due_at)
    WHERE d.case_id = n.case_id AND d.kind = $3 AND (d.due_at IS NULL OR d.due_at > n.due_at)";

/// Has these looked at by then at the latest: what they were computed from has changed.
pub fn hasten(writes: &mut Writes, kind: Kind, cases: &[(CaseId, DateTime<Utc>)]) {
    if cases.is_empty() {
        return;
    }
    writes
        .add(HASTEN)
        .bind(cases.iter().map(|(case, _)| case.uuid()).collect::<Vec<_>>())
        .bind(cases.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .bind(kind.code());
}

pub(super) const POSTPONE: &str =
    "UPDATE deadline SET due_at = $3, attempts = attempts + 1 WHERE case_id = ANY($1) AND kind = $2";

/// Tries these again at `due_at`.
pub async fn postpone(
    conn: &mut PgConnection,
    cases: &[CaseId],
    kind: Kind,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query(POSTPONE).bind(cases).bind(kind.code()).bind(due_at).execute(conn).await?;
    Ok(())
}

/// A deadline that has come.
#[derive(Debug, Clone)]
pub struct Fired {
    pub case: CaseId,
    pub due_at: DateTime<Utc>,
    /// From when the span runs.
    pub since: DateTime<Utc>,
    pub attempts: u32,
}

type FiredColumns = (Uuid, DateTime<Utc>, DateTime<Utc>, i32);

pub(super) const DUE: &str = "SELECT case_id, due_at, since, attempts FROM deadline WHERE kind = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";

/// The longest overdue first. Nothing is locked: whoever acts locks the case and looks again.
pub async fn due(
    conn: &mut PgConnection,
    kind: Kind,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Fired>, StoreError> {
    let rows: Vec<FiredColumns> =
        sqlx::query_as(DUE).bind(kind.code()).bind(now).bind(limit).fetch_all(conn).await?;
    let fired = |(case, due_at, since, attempts): FiredColumns| Fired {
        case: CaseId::from_uuid(case),
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

pub(super) const OF_CASE: &str =
    "SELECT kind, due_at, since, span FROM deadline WHERE case_id = $1 ORDER BY kind";

type KeptColumns = (String, Option<DateTime<Utc>>, DateTime<Utc>, String);

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Deadline>, StoreError> {
    let rows: Vec<KeptColumns> = sqlx::query_as(OF_CASE).bind(case.uuid()).fetch_all(conn).await?;
    let corrupt = |what| StoreError::Corrupt { table: "deadline", id: case.uuid(), what };
    let deadline = |(kind, due_at, since, span): KeptColumns| {
        Ok(Deadline {
            case,
            kind: Kind::from_code(&kind).ok_or_else(|| corrupt("kind"))?,
            due_at,
            since,
            span: span.parse().map_err(|_| corrupt("span"))?,
        })
    };
    rows.into_iter().map(deadline).collect()
}

pub(super) const PENDING: &str =
    "SELECT case_id, kind, since, span FROM deadline WHERE due_at IS NULL LIMIT $1";

/// Deadlines that wait for a calendar: case, kind, since, span.
pub async fn pending(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(Uuid, String, DateTime<Utc>, String)>, StoreError> {
    Ok(sqlx::query_as(PENDING).bind(limit).fetch_all(conn).await?)
}

pub(super) const FIX: &str =
    "UPDATE deadline SET due_at = $3 WHERE case_id = $1 AND kind = $2 AND due_at IS NULL";

/// Sets what a newly loaded calendar makes computable.
pub async fn fix(
    conn: &mut PgConnection,
    case: Uuid,
    kind: &str,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(FIX).bind(case).bind(kind).bind(due_at).execute(conn).await?;
    Ok(())
}
