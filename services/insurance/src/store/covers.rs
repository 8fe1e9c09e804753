//! Rows of `cover_request`. The row lock of a cover request guards everything that belongs to it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{CaseId, EnhancementMode, EnterpriseSize, Fen, Grade, LegId, Months};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{StoreError, appetites::small, legs};
use crate::domain::{Cover, CoverId, Join, Need, Phase, ReleaseCause};

/// A cover request with the trace in which it was asked for.
#[derive(Debug, Clone)]
pub struct Record {
    pub cover: Cover,
    pub root_traceparent: Option<String>,
}

pub(super) const LOCK_CASES: &str = "SELECT pg_advisory_xact_lock(hashtextextended(c.id::text, 2)) FROM (SELECT id FROM unnest($1::uuid[]) AS u(id) ORDER BY id) c";

/// Facts of one case are taken one after the other, before there is a row that could be locked.
pub async fn lock_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<(), StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query(LOCK_CASES).bind(cases).execute(conn).await?;
    Ok(())
}

pub(super) const INSERT: &str = "INSERT INTO cover_request (id, case_id, round, state, version, case_version, opened, kinds, amount_fen, term_months, park, size, grade,
        legs_total, window_closes_at, asked_at, root_traceparent)
    SELECT id, case_id, round, state, version, case_version, opened, string_to_array(kinds, ','), amount_fen, term_months, park, size, grade,
        legs_total, window_closes_at, asked_at, root_traceparent
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[], $8::text[], $9::bigint[], $10::smallint[],
            $11::text[], $12::smallint[], $13::smallint[], $14::integer[], $15::timestamptz[], $16::timestamptz[], $17::text[])
        AS n(id, case_id, round, state, version, case_version, opened, kinds, amount_fen, term_months, park, size, grade,
            legs_total, window_closes_at, asked_at, root_traceparent)";

/// Stores new cover requests: collecting, or ended because there was nobody to ask.
pub async fn insert(conn: &mut PgConnection, records: &[Record]) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let covers: Vec<&Cover> = records.iter().map(|record| &record.cover).collect();
    let kinds = |cover: &Cover| cover.need.kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(",");
    sqlx::query(INSERT)
        .bind(covers.iter().map(|c| c.id.uuid()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.case.uuid()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| i16::from(c.round)).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.phase.code()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.version).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.case_version).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.opened).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| kinds(c)).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.need.amount.get()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| small(i32::from(c.need.term.get()))).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.need.park.as_str()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.need.size.map(|size| small(size.number()))).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.need.grade.map(|grade| small(grade.number()))).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| i32::from(c.join.legs)).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.join.closes_at).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.asked_at).collect::<Vec<_>>())
        .bind(records.iter().map(|record| record.root_traceparent.clone()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const LOCK: &str = "SELECT * FROM cover_request WHERE id = ANY($1) ORDER BY id FOR UPDATE";

/// Locks cover requests with their legs, in the order of their ids, so that two batches never wait for each other in a
/// ring.
pub async fn lock(conn: &mut PgConnection, ids: &[CoverId]) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query(LOCK).bind(ids).fetch_all(&mut *conn).await?;
    with_legs(conn, rows).await
}

pub(super) const LOCK_BY_CASES: &str =
    "SELECT * FROM cover_request WHERE case_id = ANY($1) ORDER BY id FOR UPDATE";

/// Every round's of these cases.
pub async fn lock_by_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Record>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query(LOCK_BY_CASES).bind(cases).fetch_all(&mut *conn).await?;
    with_legs(conn, rows).await
}

pub(super) const LOCK_BY_LEGS: &str = "SELECT * FROM cover_request WHERE id IN (SELECT cover_id FROM cover_leg WHERE id = ANY($1)) ORDER BY id FOR UPDATE";

/// Those that these legs belong to.
pub async fn lock_by_legs(conn: &mut PgConnection, legs: &[LegId]) -> Result<Vec<Record>, StoreError> {
    let legs: Vec<Uuid> = legs.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query(LOCK_BY_LEGS).bind(legs).fetch_all(&mut *conn).await?;
    with_legs(conn, rows).await
}

pub(super) const OF_CASE: &str = "SELECT * FROM cover_request WHERE case_id = $1 ORDER BY round";

/// Every round of one case, without a lock.
pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Record>, StoreError> {
    let rows = sqlx::query(OF_CASE).bind(case.uuid()).fetch_all(&mut *conn).await?;
    with_legs(conn, rows).await
}

pub(super) const UPDATE: &str = "UPDATE cover_request c
    SET state = n.state, version = n.version, case_version = n.case_version, ended = n.ended, opened = n.opened,
        legs_answered = n.legs_answered, window_closes_at = n.window_closes_at, chosen_leg = n.chosen_leg, due_at = n.due_at, cause = n.cause
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::boolean[], $7::integer[], $8::timestamptz[], $9::uuid[],
            $10::timestamptz[], $11::text[])
        AS n(id, state, version, case_version, ended, opened, legs_answered, window_closes_at, chosen_leg, due_at, cause)
    WHERE c.id = n.id";

/// Writes the present state of locked cover requests.
pub async fn update(conn: &mut PgConnection, covers: &[Cover]) -> Result<(), StoreError> {
    if covers.is_empty() {
        return Ok(());
    }
    let due = |cover: &Cover| match cover.phase {
        Phase::Held { due_at, .. } => due_at,
        Phase::Collecting | Phase::Quoted | Phase::NoQuote | Phase::Bound { .. } | Phase::Released { .. } => {
            None
        }
    };
    let cause = |cover: &Cover| match cover.phase {
        Phase::Released { cause } => Some(cause.code()),
        Phase::Collecting | Phase::Quoted | Phase::NoQuote | Phase::Held { .. } | Phase::Bound { .. } => None,
    };
    sqlx::query(UPDATE)
        .bind(covers.iter().map(|c| c.id.uuid()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.phase.code()).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.version).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.case_version).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.ended).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.opened).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| i32::from(c.join.answered)).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.join.closes_at).collect::<Vec<_>>())
        .bind(covers.iter().map(|c| c.phase.chosen().map(|leg| leg.uuid())).collect::<Vec<_>>())
        .bind(covers.iter().map(due).collect::<Vec<_>>())
        .bind(covers.iter().map(cause).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

async fn with_legs(conn: &mut PgConnection, rows: Vec<PgRow>) -> Result<Vec<Record>, StoreError> {
    let mut records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
    if records.is_empty() {
        return Ok(records);
    }
    let ids: Vec<CoverId> = records.iter().map(|record| record.cover.id).collect();
    let mut legs: HashMap<CoverId, Vec<_>> = HashMap::new();
    for (cover, leg) in legs::of_covers(conn, &ids).await? {
        legs.entry(cover).or_default().push(leg);
    }
    for record in &mut records {
        record.cover.legs = legs.remove(&record.cover.id).unwrap_or_default();
    }
    Ok(records)
}

fn record(row: &PgRow) -> Result<Record, StoreError> {
    let id: Uuid = row.try_get("id")?;
    let corrupt = |what| StoreError::Corrupt { table: "cover_request", id, what };
    let count = |column: &str, what| -> Result<u16, StoreError> {
        u16::try_from(row.try_get::<i32, _>(column)?).map_err(|_| corrupt(what))
    };
    let chosen = row.try_get::<Option<Uuid>, _>("chosen_leg")?.map(LegId::from_uuid);
    let due_at: Option<DateTime<Utc>> = row.try_get("due_at")?;
    let cause: Option<String> = row.try_get("cause")?;
    let phase = match (row.try_get::<String, _>("state")?.as_str(), chosen) {
        ("COLLECTING", None) => Phase::Collecting,
        ("QUOTED", None) => Phase::Quoted,
        ("NONE", None) => Phase::NoQuote,
        ("HELD", Some(leg)) => Phase::Held { leg, due_at },
        ("BOUND", Some(leg)) => Phase::Bound { leg },
        ("RELEASED", None) => Phase::Released {
            cause: cause.as_deref().and_then(ReleaseCause::from_code).ok_or_else(|| corrupt("cause"))?,
        },
        _ => return Err(corrupt("state")),
    };
    let need = Need {
        kinds: row
            .try_get::<Vec<String>, _>("kinds")?
            .iter()
            .map(|code| EnhancementMode::from_code(code).ok_or_else(|| corrupt("kind")))
            .collect::<Result<_, _>>()?,
        amount: Fen::amount(row.try_get("amount_fen")?).map_err(|_| corrupt("amount"))?,
        term: Months::term(i32::from(row.try_get::<i16, _>("term_months")?)).map_err(|_| corrupt("term"))?,
        park: row.try_get("park")?,
        size: row
            .try_get::<Option<i16>, _>("size")?
            .map(|number| EnterpriseSize::from_number(i32::from(number)).ok_or_else(|| corrupt("size")))
            .transpose()?,
        grade: row
            .try_get::<Option<i16>, _>("grade")?
            .map(|number| Grade::from_number(i32::from(number)).ok_or_else(|| corrupt("grade")))
            .transpose()?,
    };
    let cover = Cover {
        id: CoverId::from_uuid(id),
        case: CaseId::from_uuid(row.try_get("case_id")?),
        round: u8::try_from(row.try_get::<i16, _>("round")?).map_err(|_| corrupt("round"))?,
        version: row.try_get("version")?,
        case_version: row.try_get("case_version")?,
        ended: row.try_get("ended")?,
        opened: row.try_get("opened")?,
        need,
        join: Join {
            legs: count("legs_total", "number of legs")?,
            answered: count("legs_answered", "number of answers")?,
            closes_at: row.try_get("window_closes_at")?,
        },
        phase,
        asked_at: row.try_get("asked_at")?,
        legs: Vec::new(),
    };
    Ok(Record { cover, root_traceparent: row.try_get("root_traceparent")? })
}
