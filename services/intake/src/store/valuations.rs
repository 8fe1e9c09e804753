//! Rows of `valuation` and `valuation_report`: what evaluators quoted, every version of it, and what they delivered.

use kernel::{CaseId, Fen, LegId, ReplyId};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;
use writes::Writes;

use super::StoreError;
use crate::domain::{Report, Valuation, valuation::Method};

pub(super) const INSERT: &str = "INSERT INTO valuation (reply_id, leg_id, case_id, seq, fee_fen, working_days, methods, valid_until, submitted_at, late)
    SELECT reply_id, leg_id, case_id, seq, fee_fen, working_days, string_to_array(methods, ',')::smallint[], valid_until, submitted_at, late
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::bigint[], $6::smallint[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::boolean[])
        AS n(reply_id, leg_id, case_id, seq, fee_fen, working_days, methods, valid_until, submitted_at, late)";

pub fn insert(writes: &mut Writes, quotes: &[Valuation]) {
    if quotes.is_empty() {
        return;
    }
    let methods = |quote: &Valuation| {
        quote.methods.iter().map(|method| method.number().to_string()).collect::<Vec<_>>().join(",")
    };
    writes
        .add(INSERT)
        .bind(quotes.iter().map(|quote| quote.reply.uuid()).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.leg.uuid()).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.case.uuid()).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| i32::try_from(quote.seq).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.fee.get()).collect::<Vec<_>>())
        .bind(
            quotes
                .iter()
                .map(|quote| i16::try_from(quote.working_days).unwrap_or(i16::MAX))
                .collect::<Vec<_>>(),
        )
        .bind(quotes.iter().map(methods).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.valid_until).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.submitted_at).collect::<Vec<_>>())
        .bind(quotes.iter().map(|quote| quote.late).collect::<Vec<_>>());
}

pub(super) const OF_CASE: &str = "SELECT * FROM valuation WHERE case_id = $1 ORDER BY submitted_at, reply_id";

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Valuation>, StoreError> {
    sqlx::query(OF_CASE).bind(case.uuid()).fetch_all(conn).await?.iter().map(valuation).collect()
}

pub(super) const BY_REPLIES: &str = "SELECT * FROM valuation WHERE reply_id = ANY($1)";

pub async fn by_replies(conn: &mut PgConnection, replies: &[ReplyId]) -> Result<Vec<Valuation>, StoreError> {
    let replies: Vec<Uuid> = replies.iter().map(|id| id.uuid()).collect();
    sqlx::query(BY_REPLIES).bind(replies).fetch_all(conn).await?.iter().map(valuation).collect()
}

fn valuation(row: &PgRow) -> Result<Valuation, StoreError> {
    let id: Uuid = row.try_get("reply_id")?;
    let corrupt = |what| StoreError::Corrupt { table: "valuation", id, what };
    Ok(Valuation {
        reply: ReplyId::from_uuid(id),
        leg: LegId::from_uuid(row.try_get("leg_id")?),
        case: CaseId::from_uuid(row.try_get("case_id")?),
        seq: u32::try_from(row.try_get::<i32, _>("seq")?).map_err(|_| corrupt("seq"))?,
        fee: Fen::new(row.try_get("fee_fen")?),
        working_days: u16::try_from(row.try_get::<i16, _>("working_days")?)
            .map_err(|_| corrupt("number of days"))?,
        methods: row
            .try_get::<Vec<i16>, _>("methods")?
            .into_iter()
            .map(|number| Method::from_number(i32::from(number)).ok_or_else(|| corrupt("method")))
            .collect::<Result<_, _>>()?,
        valid_until: row.try_get("valid_until")?,
        submitted_at: row.try_get("submitted_at")?,
        late: row.try_get("late")?,
    })
}

pub(super) const INSERT_REPORT: &str = "INSERT INTO valuation_report (reply_id, leg_id, case_id, base_date, valid_until, total_fen, fee_fen, submitted_at, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Reports come one at a time, weeks after the fan-out.
pub fn insert_reports(writes: &mut Writes, reports: &[Report]) {
    for report in reports {
        writes
            .add(INSERT_REPORT)
            .bind(report.reply.uuid())
            .bind(report.leg.uuid())
            .bind(report.case.uuid())
            .bind(report.base_date)
            .bind(report.valid_until)
            .bind(report.total.get())
            .bind(report.fee.get())
            .bind(report.submitted_at)
            .bind(report.body.as_slice());
    }
}

pub(super) const REPORTS: &str = "SELECT leg_id, body FROM valuation_report WHERE case_id = $1";

/// The encoded reports of a case, by leg.
pub async fn reports(conn: &mut PgConnection, case: CaseId) -> Result<Vec<(LegId, Vec<u8>)>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(REPORTS).bind(case.uuid()).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(leg, body)| (LegId::from_uuid(leg), body)).collect())
}

pub(super) const REPORTED: &str = "SELECT leg_id FROM valuation_report WHERE leg_id = ANY($1)";

/// Which of these legs have delivered.
pub async fn reported(conn: &mut PgConnection, legs: &[LegId]) -> Result<Vec<LegId>, StoreError> {
    let legs: Vec<Uuid> = legs.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid,)> = sqlx::query_as(REPORTED).bind(legs).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(leg,)| LegId::from_uuid(leg)).collect())
}
