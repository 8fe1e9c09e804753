//! Entries, what happened to them, and what is to be done next for them.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseId, Grade};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    entry::{Entry, Judged, Level, State, Term, Why},
    hearing::Told,
    ids::{EntryId, RunId},
    screening::{Exclusions, Points},
};

/// An enterprise that has a live entry keeps it.
const INSERT: &str = "INSERT INTO entry (entry_id, enterprise_id, source_level, parent_id, state, version, hits, waiting,
        updated_at, told)
    SELECT entry_id, enterprise_id, source_level, parent_id, state, version, hits, waiting, updated_at,
        string_to_array(told, ',')::int[]
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[], $7::int[],
        $8::boolean[], $9::timestamptz[], $10::text[])
        AS n (entry_id, enterprise_id, source_level, parent_id, state, version, hits, waiting, updated_at, told)
    ON CONFLICT (enterprise_id) WHERE state NOT IN ('REJECTED', 'REMOVED', 'EXPIRED') DO NOTHING RETURNING entry_id";
const UPDATE: &str = "UPDATE entry SET state = n.state, version = n.version, run_id = n.run_id, score = n.score,
        grade = n.grade, hits = n.hits, waiting = n.waiting, since = n.since, ends_at = n.ends_at,
        listed_on = n.listed_on, expires_on = n.expires_on, why = n.why, updated_at = n.updated_at,
        told = string_to_array(n.told, ',')::int[], fresh_from = n.fresh_from
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::int[], $8::boolean[],
        $9::timestamptz[], $10::timestamptz[], $11::date[], $12::date[], $13::text[], $14::timestamptz[],
        $15::text[], $16::timestamptz[])
        AS n (entry_id, state, version, run_id, score, grade, hits, waiting, since, ends_at, listed_on, expires_on, why,
            updated_at, told, fresh_from)
    WHERE entry.entry_id = n.entry_id";
const LOCK: &str = "SELECT e.* FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) AS id ORDER BY id) AS asked
    CROSS JOIN LATERAL (SELECT * FROM entry WHERE entry.entry_id = asked.id LIMIT 1 FOR UPDATE) e";
const FIND: &str = "SELECT * FROM entry WHERE entry_id = $1";
const FIND_LATEST: &str = "SELECT * FROM entry WHERE enterprise_id = $1 ORDER BY entry_id DESC LIMIT 1";
const LATEST_OF_MANY: &str = "SELECT e.* FROM unnest($1::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT * FROM entry WHERE entry.enterprise_id = asked.id ORDER BY entry_id DESC LIMIT 1) e";
const FIND_LIVE: &str = "SELECT e.* FROM unnest($1::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT * FROM entry WHERE entry.enterprise_id = asked.id
        AND state NOT IN ('REJECTED', 'REMOVED', 'EXPIRED') LIMIT 1) e";
const PAGE: &str = "SELECT * FROM entry WHERE ($1::uuid IS NULL OR entry_id > $1) ORDER BY entry_id LIMIT $2";
const PAGE_OF_STATE: &str = "SELECT * FROM entry WHERE state = $3 AND ($1::uuid IS NULL OR entry_id > $1)
    ORDER BY entry_id LIMIT $2";
const INSERT_EVENTS: &str = "INSERT INTO entry_event (entry_id, version, kind, actor, note, run_id, at)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::timestamptz[])";
const COUNTS: &str = "SELECT state, count(*) FROM entry WHERE state NOT IN ('REJECTED', 'REMOVED', 'EXPIRED')
    GROUP BY state";
/// Left the zone's list, or has become known to be excluded, which matters to who stands on the union by the province's.
const LEFT: &str = "SELECT EXISTS (SELECT 1 FROM entry
        WHERE state IN ('SUSPENDED', 'REMOVED', 'EXPIRED') AND updated_at >= $1)
    OR EXISTS (SELECT 1 FROM entry WHERE hits <> 0 AND updated_at >= $1)
    OR EXISTS (SELECT 1 FROM exclusion_record WHERE cured_at IS NULL AND recorded_at >= $1)
    OR EXISTS (SELECT 1 FROM standing WHERE exclusions <> '{}' AND recorded_at >= $1)";
/// Whether a consent that covers profile and IP assets holds, and whether the last word on it was a revocation.
const CONSENTS: &str = "SELECT asked.id, c.active, c.revoked FROM unnest($1::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT
            coalesce(bool_or(revoked_at IS NULL AND signed_at <= $2 AND valid_to >= $2), false) AS active,
            coalesce(bool_or(revoked_at IS NOT NULL), false) AS revoked
        FROM consent WHERE consent.enterprise_id = asked.id AND person_hash IS NULL
            AND purpose IN ('IP_PLEDGE_FINANCING', 'CREDIT_SCREENING') AND categories @> ARRAY['ENTERPRISE_PROFILE', 'IP_ASSETS']) c";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    UPDATE,
    LOCK,
    FIND,
    FIND_LATEST,
    LATEST_OF_MANY,
    FIND_LIVE,
    PAGE,
    PAGE_OF_STATE,
    INSERT_EVENTS,
    COUNTS,
    LEFT,
    CONSENTS,
];

/// Something that happened to an entry.
#[derive(Debug, Clone)]
pub struct Happened {
    pub entry_id: EntryId,
    pub version: i64,
    pub kind: &'static str,
    pub actor: String,
    pub note: String,
    pub run_id: Option<RunId>,
    pub at: DateTime<Utc>,
}

/// The ids of those that were inserted: the enterprises of the others have live entries.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<Vec<EntryId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(INSERT)
        .bind(entries.iter().map(|entry| entry.id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.enterprise_id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.source_level.code()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.parent).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.state.code()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.hits.bits()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.waiting).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.updated_at).collect::<Vec<_>>())
        .bind(entries.iter().map(told).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    Ok(ids.into_iter().map(EntryId::from_uuid).collect())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let columns: Vec<Columns> = entries.iter().map(|entry| Columns::of(entry.state)).collect();
    let judged: Vec<Option<Judged>> = entries.iter().map(|entry| entry.judged).collect();
    sqlx::query(UPDATE)
        .bind(entries.iter().map(|entry| entry.id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.state.code()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(judged.iter().map(|judged| judged.map(|judged| judged.run.uuid())).collect::<Vec<_>>())
        .bind(judged.iter().map(|judged| judged.map(|judged| judged.total.0)).collect::<Vec<_>>())
        .bind(judged.iter().map(|judged| judged.map(|judged| judged.grade.code())).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.hits.bits()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.waiting).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.since).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.ends_at).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.term.map(|term| term.from)).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.term.map(|term| term.to)).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.why.map(Why::code)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.updated_at).collect::<Vec<_>>())
        .bind(entries.iter().map(told).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.fresh_from).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// As text: arrays of arrays would have to be of one length.
fn told(entry: &Entry) -> String {
    entry.told.bits().map(|bits| bits.to_string()).join(",")
}

/// Kept from others until the transaction ends, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, ids: &[EntryId]) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    all(sqlx::query_as(LOCK).bind(ids).fetch_all(conn).await?)
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(conn: &mut PgConnection, id: EntryId) -> Result<Option<Entry>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Entry::try_from).transpose()
}

/// The latest entry of an enterprise, live or not.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_latest(conn: &mut PgConnection, id: EnterpriseId) -> Result<Option<Entry>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND_LATEST).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Entry::try_from).transpose()
}

/// The latest entry of each of these enterprises that has one, live or not.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_latest(conn: &mut PgConnection, ids: &[EnterpriseId]) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    all(sqlx::query_as(LATEST_OF_MANY).bind(ids).fetch_all(conn).await?)
}

/// The live entries of these enterprises.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_live(conn: &mut PgConnection, ids: &[EnterpriseId]) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    all(sqlx::query_as(FIND_LIVE).bind(ids).fetch_all(conn).await?)
}

/// At most `limit` entries after `after`, of one state where one is named.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn page(
    conn: &mut PgConnection,
    state: Option<&str>,
    after: Option<EntryId>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let after = after.map(|id| id.uuid());
    let rows = match state {
        None => sqlx::query_as(PAGE).bind(after).bind(limit).fetch_all(conn).await?,
        Some(state) => {
            sqlx::query_as(PAGE_OF_STATE).bind(after).bind(limit).bind(state).fetch_all(conn).await?
        }
    };
    all(rows)
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn record(conn: &mut PgConnection, events: &[Happened]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT_EVENTS)
        .bind(events.iter().map(|event| event.entry_id.uuid()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.kind).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.actor.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.note.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.run_id.map(|run| run.uuid())).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// How many live entries there are in each state.
pub async fn counts(conn: &mut PgConnection) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(sqlx::query_as(COUNTS).fetch_all(conn).await?)
}

/// Whether anybody may have to leave a list after `since`.
pub async fn left_since(conn: &mut PgConnection, since: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(LEFT).bind(since).fetch_one(conn).await?)
}

/// How an enterprise's consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consented {
    pub enterprise_id: EnterpriseId,
    pub active: bool,
    /// One that it gave was taken back.
    pub revoked: bool,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn consents(
    conn: &mut PgConnection,
    ids: &[EnterpriseId],
    now: DateTime<Utc>,
) -> Result<Vec<Consented>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, bool, bool)> = sqlx::query_as(CONSENTS).bind(ids).bind(now).fetch_all(conn).await?;
    let of =
        |(id, active, revoked)| Consented { enterprise_id: EnterpriseId::from_uuid(id), active, revoked };
    Ok(rows.into_iter().map(of).collect())
}

/// The columns that only some states have.
#[derive(Default)]
struct Columns {
    since: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    term: Option<Term>,
    why: Option<Why>,
    fresh_from: Option<DateTime<Utc>>,
}

impl Columns {
    fn of(state: State) -> Self {
        match state {
            State::Nominated | State::ConsentPending | State::Scored | State::Expired => Self::default(),
            State::Screening { term, suspended_since, fresh_from } => {
                Self { term, since: suspended_since, fresh_from, ..Self::default() }
            }
            State::Rejected(why) | State::Removed(why) => Self { why: Some(why), ..Self::default() },
            State::Publicity { since, ends_at } => Self { since: Some(since), ends_at, ..Self::default() },
            State::Listed(term) => Self { term: Some(term), ..Self::default() },
            State::Suspended { since, term } => Self { since: Some(since), term, ..Self::default() },
        }
    }

    fn state(&self, code: &str) -> Option<State> {
        Some(match code {
            "NOMINATED" => State::Nominated,
            "CONSENT_PENDING" => State::ConsentPending,
            "SCREENING" => {
                State::Screening { term: self.term, suspended_since: self.since, fresh_from: self.fresh_from }
            }
            "REJECTED" => State::Rejected(self.why?),
            "SCORED" => State::Scored,
            "PUBLICITY" => State::Publicity { since: self.since?, ends_at: self.ends_at },
            "LISTED" => State::Listed(self.term?),
            "SUSPENDED" => State::Suspended { since: self.since?, term: self.term },
            "REMOVED" => State::Removed(self.why?),
            "EXPIRED" => State::Expired,
            _ => return None,
        })
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<Entry>, StoreError> {
    rows.into_iter().map(Entry::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    entry_id: Uuid,
    enterprise_id: Uuid,
    source_level: String,
    parent_id: Option<Uuid>,
    state: String,
    version: i64,
    run_id: Option<Uuid>,
    score: Option<i32>,
    grade: Option<String>,
    hits: i32,
    waiting: bool,
    since: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    listed_on: Option<NaiveDate>,
    expires_on: Option<NaiveDate>,
    why: Option<String>,
    updated_at: DateTime<Utc>,
    told: Vec<i32>,
    fresh_from: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Entry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "entry", id: row.entry_id, column };
        let why = row.why.map(|code| Why::from_code(&code).ok_or_else(|| impossible("why"))).transpose()?;
        let term = row.listed_on.zip(row.expires_on).map(|(from, to)| Term { from, to });
        let columns =
            Columns { since: row.since, ends_at: row.ends_at, term, why, fresh_from: row.fresh_from };
        let judged = match (row.run_id, row.score, row.grade) {
            (Some(run), Some(score), Some(grade)) => Some(Judged {
                run: RunId::from_uuid(run),
                total: Points(score),
                grade: Grade::from_code(&grade).ok_or_else(|| impossible("grade"))?,
            }),
            _ => None,
        };
        Ok(Self {
            id: EntryId::from_uuid(row.entry_id),
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            source_level: Level::from_code(&row.source_level).ok_or_else(|| impossible("source_level"))?,
            parent: row.parent_id,
            state: columns.state(&row.state).ok_or_else(|| impossible("state"))?,
            version: row.version,
            judged,
            hits: Exclusions::from_bits(row.hits).ok_or_else(|| impossible("hits"))?,
            told: Told::from_bits(&row.told).ok_or_else(|| impossible("told"))?,
            waiting: row.waiting,
            updated_at: row.updated_at,
        })
    }
}
