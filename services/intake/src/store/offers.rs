//! Rows of `offer`: every version of every offer, late ones too.

use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, LegId, Months, RepaymentMethod, ReplyId};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;
use writes::Writes;

use super::StoreError;
use crate::domain::Offer;

pub(super) const INSERT: &str = "INSERT INTO offer (reply_id, leg_id, case_id, seq, amount_fen, term_months, annual_rate_bp, repayment, enhancement, fees_fen, valid_until, submitted_at, late)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::bigint[], $6::smallint[], $7::integer[], $8::smallint[], $9::smallint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::boolean[])";

pub fn insert(writes: &mut Writes, offers: &[Offer]) {
    if offers.is_empty() {
        return;
    }
    let small = |number: i32| i16::try_from(number).unwrap_or_default();
    writes
        .add(INSERT)
        .bind(offers.iter().map(|offer| offer.reply.uuid()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.leg.uuid()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.case.uuid()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| i32::try_from(offer.seq).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.amount.get()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| small(i32::from(offer.term.get()))).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.rate.get()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| small(offer.repayment.number())).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| small(offer.enhancement.number())).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.fees.get()).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.valid_until).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.submitted_at).collect::<Vec<_>>())
        .bind(offers.iter().map(|offer| offer.late).collect::<Vec<_>>());
}

pub(super) const OF_CASE: &str = "SELECT * FROM offer WHERE case_id = $1 ORDER BY submitted_at, reply_id";

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Offer>, StoreError> {
    sqlx::query(OF_CASE).bind(case.uuid()).fetch_all(conn).await?.iter().map(offer).collect()
}

pub(super) const BY_REPLIES: &str = "SELECT * FROM offer WHERE reply_id = ANY($1)";

pub async fn by_replies(conn: &mut PgConnection, replies: &[ReplyId]) -> Result<Vec<Offer>, StoreError> {
    let replies: Vec<Uuid> = replies.iter().map(|id| id.uuid()).collect();
    sqlx::query(BY_REPLIES).bind(replies).fetch_all(conn).await?.iter().map(offer).collect()
}

fn offer(row: &PgRow) -> Result<Offer, StoreError> {
    let id: Uuid = row.try_get("reply_id")?;
    let corrupt = |what| StoreError::Corrupt { table: "offer", id, what };
    Ok(Offer {
        reply: ReplyId::from_uuid(id),
        leg: LegId::from_uuid(row.try_get("leg_id")?),
        case: CaseId::from_uuid(row.try_get("case_id")?),
        seq: u32::try_from(row.try_get::<i32, _>("seq")?).map_err(|_| corrupt("seq"))?,
        amount: Fen::amount(row.try_get("amount_fen")?).map_err(|_| corrupt("amount"))?,
        term: u16::try_from(row.try_get::<i16, _>("term_months")?)
            .map(Months::new)
            .map_err(|_| corrupt("term"))?,
        rate: BasisPoints::new(row.try_get("annual_rate_bp")?),
        repayment: RepaymentMethod::from_number(i32::from(row.try_get::<i16, _>("repayment")?))
            .ok_or_else(|| corrupt("repayment method"))?,
        enhancement: EnhancementMode::from_number(i32::from(row.try_get::<i16, _>("enhancement")?))
            .ok_or_else(|| corrupt("enhancement"))?,
        fees: Fen::new(row.try_get("fees_fen")?),
        valid_until: row.try_get("valid_until")?,
        submitted_at: row.try_get("submitted_at")?,
        late: row.try_get("late")?,
    })
}
