//! Rows of `cover_request` and `cover_option`: what insurance was asked, and what it answered.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;
use writes::Writes;

use super::{StoreError, legs::role_column};
use crate::domain::CoverOption;

/// A request as it was published.
#[derive(Debug, Clone)]
pub struct Asked {
    pub case: CaseId,
    pub round: u8,
    pub asked_at: DateTime<Utc>,
    /// Version of the newest answer that was taken.
    pub answered: Option<i64>,
    /// An encoded `zhirong.intake.v1.CoverRequested`.
    pub body: Vec<u8>,
}

pub(super) const INSERT: &str = "INSERT INTO cover_request (case_id, round, asked_at, body)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::bytea[])";

pub fn insert(writes: &mut Writes, asked: &[Asked]) {
    if asked.is_empty() {
        return;
    }
    writes
        .add(INSERT)
        .bind(asked.iter().map(|one| one.case.uuid()).collect::<Vec<_>>())
        .bind(asked.iter().map(|one| i16::from(one.round)).collect::<Vec<_>>())
        .bind(asked.iter().map(|one| one.asked_at).collect::<Vec<_>>())
        .bind(asked.iter().map(|one| one.body.as_slice()).collect::<Vec<_>>());
}

pub(super) const ASKED: &str =
    "SELECT case_id, round, asked_at, answered, body FROM cover_request WHERE case_id = ANY($1)";

type AskedColumns = (Uuid, i16, DateTime<Utc>, Option<i64>, Vec<u8>);

/// Every request of these cases, of any round.
pub async fn asked(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Asked>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows: Vec<AskedColumns> = sqlx::query_as(ASKED).bind(cases).fetch_all(conn).await?;
    let one = |(case, round, asked_at, answered, body): AskedColumns| Asked {
        case: CaseId::from_uuid(case),
        round: u8::try_from(round).unwrap_or_default(),
        asked_at,
        answered,
        body,
    };
    Ok(rows.into_iter().map(one).collect())
}

pub(super) const ANSWERED: &str = "UPDATE cover_request SET answered = $3 WHERE case_id = $1 AND round = $2";

pub async fn answered(
    conn: &mut PgConnection,
    case: CaseId,
    round: u8,
    version: i64,
) -> Result<(), StoreError> {
    sqlx::query(ANSWERED).bind(case.uuid()).bind(i16::from(round)).bind(version).execute(conn).await?;
    Ok(())
}

pub(super) const OPTIONS: &str =
    "SELECT * FROM cover_option WHERE case_id = ANY($1) ORDER BY cost_fen, leg_id";

/// What was quoted for these cases in any round, cheapest first; what has gone since too.
pub async fn options(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<CoverOption>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query(OPTIONS).bind(cases).fetch_all(conn).await?.iter().map(option).collect()
}

pub(super) const PUT_OPTIONS: &str = "INSERT INTO cover_option (leg_id, case_id, round, institution_id, role, kind, amount_fen, max_term_months, coverage_bp, annual_rate_bp, min_cost_fen, cost_fen, valid_until, gone)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::smallint[], $6::smallint[], $7::bigint[], $8::smallint[], $9::integer[], $10::integer[], $11::bigint[], $12::bigint[], $13::timestamptz[], $14::boolean[])
    ON CONFLICT (leg_id) DO UPDATE SET kind = excluded.kind, amount_fen = excluded.amount_fen, max_term_months = excluded.max_term_months,
        coverage_bp = excluded.coverage_bp, annual_rate_bp = excluded.annual_rate_bp, min_cost_fen = excluded.min_cost_fen,
        cost_fen = excluded.cost_fen, valid_until = excluded.valid_until, gone = excluded.gone";

/// Stores options, or what has become of them.
pub fn put_options(writes: &mut Writes, options: &[CoverOption]) {
    if options.is_empty() {
        return;
    }
    let small = |number: i32| i16::try_from(number).unwrap_or_default();
    writes
        .add(PUT_OPTIONS)
        .bind(options.iter().map(|one| one.leg.uuid()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.case.uuid()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| i16::from(one.round)).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.institution.uuid()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| role_column(one.role)).collect::<Vec<_>>())
        .bind(options.iter().map(|one| small(one.kind.number())).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.amount.get()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| small(i32::from(one.max_term.get()))).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.coverage.get()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.rate.get()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.min_cost.get()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.cost.get()).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.valid_until).collect::<Vec<_>>())
        .bind(options.iter().map(|one| one.gone).collect::<Vec<_>>());
}

fn option(row: &PgRow) -> Result<CoverOption, StoreError> {
    let id: Uuid = row.try_get("leg_id")?;
    let corrupt = |what| StoreError::Corrupt { table: "cover_option", id, what };
    Ok(CoverOption {
        case: CaseId::from_uuid(row.try_get("case_id")?),
        round: u8::try_from(row.try_get::<i16, _>("round")?).map_err(|_| corrupt("round"))?,
        leg: LegId::from_uuid(id),
        institution: InstitutionId::from_uuid(row.try_get("institution_id")?),
        role: InstitutionRole::from_number(i32::from(row.try_get::<i16, _>("role")?))
            .ok_or_else(|| corrupt("role"))?,
        kind: EnhancementMode::from_number(i32::from(row.try_get::<i16, _>("kind")?))
            .ok_or_else(|| corrupt("kind"))?,
        amount: Fen::amount(row.try_get("amount_fen")?).map_err(|_| corrupt("amount"))?,
        max_term: Months::term(i32::from(row.try_get::<i16, _>("max_term_months")?))
            .map_err(|_| corrupt("term"))?,
        coverage: BasisPoints::new(row.try_get("coverage_bp")?),
        rate: BasisPoints::new(row.try_get("annual_rate_bp")?),
        min_cost: Fen::new(row.try_get("min_cost_fen")?),
        cost: Fen::new(row.try_get("cost_fen")?),
        valid_until: row.try_get("valid_until")?,
        gone: row.try_get("gone")?,
    })
}
