//! Rows of `financing_case`. The row lock of a case guards everything that belongs to it; who has not taken it compares version
//! and [`Read::touched`] when it writes the case.

mod row;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kernel::{CaseId, CaseNumber, ConsentId, LegId};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;
use writes::Writes;

use self::row::{locked, record};
use super::StoreError;
use crate::domain::{Case, Channel, Collection, Cover, Form, Phase};

/// A case with what only reads and planning need.
#[derive(Debug, Clone)]
pub struct Record {
    pub case: Case,
    pub number: CaseNumber,
    pub form: Form,
    pub created_at: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub root_traceparent: Option<String>,
}

/// A case locked for a change, without its form.
#[derive(Debug, Clone)]
pub struct Locked {
    pub case: Case,
    pub root_traceparent: Option<String>,
    /// How often legs of it have changed without it.
    pub touched: i64,
}

/// What a case was when it was read without a lock.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    pub version: i64,
    /// None: it has no legs yet.
    pub touched: Option<i64>,
}

pub(super) const INSERT: &str = "INSERT INTO financing_case (id, case_no, state, version, channel, form, consent_id, created_at, submitted_at, root_traceparent,
        round, wave, legs_total, window_closes_at, codes, cover)
    SELECT id, case_no, state, version, channel, form, consent_id, created_at, submitted_at, root_traceparent,
        round, wave, legs_total, window_closes_at, string_to_array(codes, ','), cover
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::smallint[], $6::jsonb[], $7::uuid[], $8::timestamptz[], $9::timestamptz[], $10::text[],
                $11::smallint[], $12::smallint[], $13::integer[], $14::timestamptz[], $15::text[], $16::text[])
        AS n(id, case_no, state, version, channel, form, consent_id, created_at, submitted_at, root_traceparent,
             round, wave, legs_total, window_closes_at, codes, cover)";

/// Stores new cases, as drafts, as submitted, or as planning leaves them: no institution has answered yet.
pub fn insert(writes: &mut Writes, records: &[Record]) {
    if records.is_empty() {
        return;
    }
    let of = |f: &dyn Fn(&Record) -> Uuid| records.iter().map(f).collect::<Vec<_>>();
    let rounds: Vec<Collection> = records.iter().map(|record| round_columns(&record.case)).collect();
    writes
        .add(INSERT)
        .bind(of(&|r| r.case.id.uuid()))
        .bind(records.iter().map(|r| r.number.to_string()).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.case.phase.code()).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.case.version).collect::<Vec<_>>())
        .bind(records.iter().map(|r| channel_column(r.case.channel)).collect::<Vec<_>>())
        .bind(records.iter().map(|r| Json(&r.form)).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.form.consent.map(|id| id.uuid())).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.created_at).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.submitted_at).collect::<Vec<_>>())
        .bind(records.iter().map(|r| r.root_traceparent.clone()).collect::<Vec<_>>())
        .bind(records.iter().map(|r| i16::from(r.case.round)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i16::from(r.wave)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i32::from(r.legs)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| r.closes_at).collect::<Vec<_>>())
        .bind(records.iter().map(|r| codes_column(&r.case.phase)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| r.cover.code()).collect::<Vec<_>>());
}

macro_rules! locked_columns {
    () => {
        "c.id, c.state, c.version, c.channel, c.supplemented, c.round, c.wave, c.legs_total, c.legs_answered, c.offers, c.window_closes_at, c.codes, c.redispatching, c.root_traceparent, c.cover, c.choice, c.approval, c.touched"
    };
}
macro_rules! record_columns {
    () => {
        concat!(locked_columns!(), ", c.case_no, c.form, c.created_at, c.submitted_at")
    };
}

pub(super) const LOCK: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM financing_case c WHERE c.id = ANY($1) ORDER BY c.id FOR UPDATE"
);

/// Locks cases, in the order of their ids, so that two batches never wait for each other in a ring.
pub async fn lock(conn: &mut PgConnection, ids: &[CaseId]) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query(LOCK).bind(ids).fetch_all(conn).await?.iter().map(record).collect()
}

pub(super) const READ: &str =
    concat!("SELECT ", record_columns!(), " FROM financing_case c WHERE c.id = ANY($1) ORDER BY c.id");

/// Reads cases without a lock: whoever acts on them locks them and compares their versions.
pub async fn read(conn: &mut PgConnection, ids: &[CaseId]) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query(READ).bind(ids).fetch_all(conn).await?.iter().map(record).collect()
}

pub(super) const LOCK_BY_LEGS: &str = concat!(
    "SELECT ",
    locked_columns!(),
    " FROM financing_case c WHERE c.id IN (SELECT case_id FROM leg WHERE id = ANY($1)) ORDER BY c.id FOR UPDATE"
);

pub(super) const READ_BY_LEGS: &str = concat!(
    "SELECT ",
    locked_columns!(),
    " FROM financing_case c WHERE c.id IN (SELECT case_id FROM leg WHERE id = ANY($1)) ORDER BY c.id"
);

/// Reads the cases that these legs belong to, without a lock: whoever writes them compares their versions.
pub async fn read_by_legs(conn: &mut PgConnection, legs: &[LegId]) -> Result<Vec<Locked>, StoreError> {
    let legs: Vec<Uuid> = legs.iter().map(|id| id.uuid()).collect();
    sqlx::query(READ_BY_LEGS).bind(legs).fetch_all(conn).await?.iter().map(locked).collect()
}

/// Locks the cases that these legs belong to.
pub async fn lock_by_legs(conn: &mut PgConnection, legs: &[LegId]) -> Result<Vec<Locked>, StoreError> {
    let legs: Vec<Uuid> = legs.iter().map(|id| id.uuid()).collect();
    sqlx::query(LOCK_BY_LEGS).bind(legs).fetch_all(conn).await?.iter().map(locked).collect()
}

pub(super) const LOCK_BY_CONSENT: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM financing_case c WHERE c.consent_id = ANY($1) AND c.state NOT IN ('REJECTED','WITHDRAWN','EXPIRED') ORDER BY c.id FOR UPDATE"
);

/// Locks the cases that rest on these consents and have not ended.
pub async fn lock_by_consent(
    conn: &mut PgConnection,
    consents: &[ConsentId],
) -> Result<Vec<Record>, StoreError> {
    let consents: Vec<Uuid> = consents.iter().map(|id| id.uuid()).collect();
    sqlx::query(LOCK_BY_CONSENT).bind(consents).fetch_all(conn).await?.iter().map(record).collect()
}

pub(super) const UPDATE: &str = "UPDATE financing_case c
    SET state = n.state, version = n.version, supplemented = n.supplemented, round = n.round, wave = n.wave,
        legs_total = n.legs_total, legs_answered = n.legs_answered, offers = n.offers,
        window_closes_at = n.window_closes_at, codes = string_to_array(n.codes, ','), redispatching = n.redispatching,
        submitted_at = coalesce(c.submitted_at, n.submitted_at), cover = n.cover
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::smallint[], $6::smallint[], $7::integer[],
                $8::integer[], $9::integer[], $10::timestamptz[], $11::text[], $12::boolean[], $13::timestamptz[], $14::text[], $15::bigint[], $16::bigint[])
        AS n(id, state, version, supplemented, round, wave, legs_total, legs_answered, offers, window_closes_at, codes, redispatching, submitted_at, cover, read, touched)
    WHERE c.id = n.id AND c.version = coalesce(n.read, c.version) AND c.touched = coalesce(n.touched, c.touched)";

/// Writes the present state of cases that are locked, or that have still the version in which they were read: if one of them
/// has not, nothing at all is written.
pub fn update(writes: &mut Writes, cases: &[(Case, Option<DateTime<Utc>>)], read: &HashMap<CaseId, Read>) {
    if cases.is_empty() {
        return;
    }
    // Whoever writes without a lock takes the rows in the same order as who locks them.
    let mut cases: Vec<&(Case, Option<DateTime<Utc>>)> = cases.iter().collect();
    cases.sort_unstable_by_key(|(case, _)| case.id.uuid());
    let rounds: Vec<Collection> = cases.iter().map(|(case, _)| round_columns(case)).collect();
    writes
        .add_exactly(cases.len(), UPDATE)
        .bind(cases.iter().map(|(case, _)| case.id.uuid()).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| case.phase.code()).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| case.version).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| case.supplemented).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| i16::from(case.round)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i16::from(r.wave)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i32::from(r.legs)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i32::from(r.answered)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| i32::from(r.offers)).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| r.closes_at).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| codes_column(&case.phase)).collect::<Vec<_>>())
        .bind(
            cases
                .iter()
                .map(|(case, _)| matches!(case.phase, Phase::NoOffer { again: true, .. }))
                .collect::<Vec<_>>(),
        )
        .bind(cases.iter().map(|(_, submitted)| *submitted).collect::<Vec<_>>())
        .bind(rounds.iter().map(|r| r.cover.code()).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| read.get(&case.id).map(|read| read.version)).collect::<Vec<_>>())
        .bind(cases.iter().map(|(case, _)| read.get(&case.id)?.touched).collect::<Vec<_>>());
}

pub(super) const TOUCH: &str = "UPDATE financing_case SET touched = touched + 1 WHERE id = ANY($1)";

/// Says that legs of these cases, which are locked, change without them.
pub fn touch(writes: &mut Writes, cases: &BTreeSet<CaseId>) {
    if !cases.is_empty() {
        writes.add(TOUCH).bind(cases.iter().map(|case| case.uuid()).collect::<Vec<_>>());
    }
}

pub(super) const UPDATE_CHOICE: &str = "UPDATE financing_case c SET choice = n.choice, approval = n.approval
    FROM unnest($1::uuid[], $2::jsonb[], $3::jsonb[]) AS n(id, choice, approval) WHERE c.id = n.id";

/// Writes what has been chosen and approved; to be called before `update`, which the schema lets through only then.
pub async fn update_choice<'a>(
    conn: &mut PgConnection,
    cases: impl Iterator<Item = &'a Case>,
) -> Result<(), StoreError> {
    let (mut ids, mut choices, mut approvals) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        let (choice, approval) = match &case.phase {
            Phase::Selected { choice, .. } => (choice, None),
            Phase::Approved { choice, approval, .. } => (choice, Some(Json(approval))),
            Phase::Draft
            | Phase::Submitted { .. }
            | Phase::Supplement { .. }
            | Phase::Accepted
            | Phase::Collecting(_)
            | Phase::OffersReady(_)
            | Phase::NoOffer { .. }
            | Phase::Rejected { .. }
            | Phase::Withdrawn { .. }
            | Phase::Expired { .. } => continue,
        };
        ids.push(case.id.uuid());
        choices.push(Json(choice));
        approvals.push(approval);
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(UPDATE_CHOICE).bind(ids).bind(choices).bind(approvals).execute(conn).await?;
    Ok(())
}

pub(super) const UPDATE_FORM: &str = "UPDATE financing_case SET form = $2, consent_id = $3 WHERE id = $1";

/// Writes a changed form (drafts, supplements).
pub async fn update_form(conn: &mut PgConnection, id: CaseId, form: &Form) -> Result<(), StoreError> {
    sqlx::query(UPDATE_FORM)
        .bind(id.uuid())
        .bind(Json(form))
        .bind(form.consent.map(|consent| consent.uuid()))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const ROOT: &str = "UPDATE financing_case SET root_traceparent = $2 WHERE id = $1";

/// Keeps the trace in which a draft was submitted.
pub async fn root(conn: &mut PgConnection, id: CaseId, traceparent: Option<&str>) -> Result<(), StoreError> {
    sqlx::query(ROOT).bind(id.uuid()).bind(traceparent).execute(conn).await?;
    Ok(())
}

pub(super) const GET: &str = concat!("SELECT ", record_columns!(), " FROM financing_case c WHERE c.id = $1");

pub async fn find(conn: &mut PgConnection, id: CaseId) -> Result<Option<Record>, StoreError> {
    sqlx::query(GET).bind(id.uuid()).fetch_optional(conn).await?.as_ref().map(record).transpose()
}

pub(super) const GET_BY_NUMBER: &str =
    concat!("SELECT ", record_columns!(), " FROM financing_case c WHERE c.case_no = $1");

pub async fn find_by_number(
    conn: &mut PgConnection,
    number: &CaseNumber,
) -> Result<Option<Record>, StoreError> {
    sqlx::query(GET_BY_NUMBER)
        .bind(number.to_string())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

pub(super) const LIST: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM financing_case c
      WHERE (cardinality($1::text[]) = 0 OR c.state = ANY($1)) AND ($2::timestamptz IS NULL OR (c.created_at, c.id) < ($2, $3))
      ORDER BY c.created_at DESC, c.id DESC LIMIT $4"
);

/// A page of cases, newest first; `after` is the last one of the page before.
pub async fn list(
    conn: &mut PgConnection,
    states: &[&str],
    after: Option<(DateTime<Utc>, CaseId)>,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    sqlx::query(LIST)
        .bind(states)
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(record)
        .collect()
}

pub(super) const COVER_LOST: &str =
    "SELECT count(*) FROM financing_case WHERE choice->>'cover_lost' = 'true' AND state = 'APPROVED'";

/// How many cases are approved whose cover was lost since: each waits for a person.
pub async fn cover_lost(conn: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(COVER_LOST).fetch_one(conn).await?)
}

/// The numbers of the round; zeros before the first.
fn round_columns(case: &Case) -> Collection {
    case.phase.collection().copied().unwrap_or(Collection {
        wave: 0,
        legs: 0,
        answered: 0,
        offers: 0,
        closes_at: None,
        cover: Cover::NotAsked,
    })
}

fn channel_column(channel: Channel) -> i16 {
    // The numbers are 1 to 3.
    i16::try_from(channel.number()).unwrap_or_default()
}

fn codes_column(phase: &Phase) -> String {
    match phase {
        Phase::Submitted { held } => held.join(","),
        Phase::Supplement { asked } => asked.iter().map(|code| code.code()).collect::<Vec<_>>().join(","),
        Phase::NoOffer { reasons, .. } | Phase::Rejected { reasons } => reasons.join(","),
        Phase::Withdrawn { cause } => cause.code().to_owned(),
        Phase::Expired { cause, .. } => cause.code().to_owned(),
        Phase::Draft
        | Phase::Accepted
        | Phase::Collecting(_)
        | Phase::OffersReady(_)
        | Phase::Selected { .. }
        | Phase::Approved { .. } => String::new(),
    }
}
