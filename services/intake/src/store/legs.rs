//! Rows of `leg` and `leg_supplement`; written only under the lock of their case, or with the case, compared.

use chrono::{DateTime, Utc};
use kernel::{
    CaseId, DeclineReason, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months, ProductId,
    ReplyId, documents::DocumentCode, leg::LegState,
};
use sqlx::{PgConnection, Row, postgres::PgRow, types::Json};
use uuid::Uuid;
use writes::Writes;

use super::StoreError;
use crate::domain::{Document, Leg, Loan, ProductVersion, Standing};

pub(super) const INSERT: &str = "INSERT INTO leg (id, case_id, round, wave, role, institution_id, product_id, product_version, state, version, issued_at, due_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::smallint[], $5::smallint[], $6::uuid[], $7::uuid[], $8::integer[], $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[])";

/// Stores the frozen roster of a round.
pub fn insert(writes: &mut Writes, legs: &[Leg]) {
    if legs.is_empty() {
        return;
    }
    writes
        .add(INSERT)
        .bind(legs.iter().map(|leg| leg.id.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.case.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| i16::from(leg.round)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| i16::from(leg.wave)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| role_column(leg.role)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.institution.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.product.map(|product| product.id.uuid())).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.product.map(|product| product.version)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.state.code()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.version).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.issued_at).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.due_at).collect::<Vec<_>>());
}

pub(super) const UPDATE: &str = "UPDATE leg l
    SET state = n.state, seq = n.seq, decline_reason = n.decline_reason, version = n.version, delivered_at = n.delivered_at,
        replied_at = n.replied_at, standing_reply = n.standing_reply, asked_codes = string_to_array(n.asked_codes, ','), asked_note = n.asked_note,
        due_at = n.due_at, valid_until = n.valid_until, amount_fen = n.amount_fen, term_months = n.term_months, enhancement = n.enhancement
    FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::smallint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::text[], $10::text[],
                $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::smallint[], $15::smallint[])
        AS n(id, state, seq, decline_reason, version, delivered_at, replied_at, standing_reply, asked_codes, asked_note,
             due_at, valid_until, amount_fen, term_months, enhancement)
    WHERE l.id = n.id";

/// Writes the present state of legs whose cases are locked, or compared by the same statement.
pub fn update(writes: &mut Writes, legs: &[&Leg]) {
    if legs.is_empty() {
        return;
    }
    let loans: Vec<Option<Loan>> =
        legs.iter().map(|leg| leg.standing.and_then(|standing| standing.loan)).collect();
    let codes = |leg: &Leg| leg.asked.iter().map(|code| code.code()).collect::<Vec<_>>().join(",");
    writes
        .add(UPDATE)
        .bind(legs.iter().map(|leg| leg.id.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.state.code()).collect::<Vec<_>>())
        .bind(
            legs.iter()
                .map(|leg| leg.state.seq().and_then(|seq| i32::try_from(seq).ok()))
                .collect::<Vec<_>>(),
        )
        .bind(legs.iter().map(|leg| decline_column(leg.state)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.version).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.delivered_at).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.replied_at).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.standing_reply.map(|id| id.uuid())).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| codes(leg)).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.asked_note.as_str()).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.due_at).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.standing.map(|standing| standing.valid_until)).collect::<Vec<_>>())
        .bind(loans.iter().map(|loan| loan.map(|loan| loan.amount.get())).collect::<Vec<_>>())
        .bind(loans.iter().map(|loan| loan.map(term_column)).collect::<Vec<_>>())
        .bind(loans.iter().map(|loan| loan.map(enhancement_column)).collect::<Vec<_>>());
}

pub(super) const BY_IDS: &str = "SELECT * FROM leg WHERE id = ANY($1)";

pub async fn by_ids(conn: &mut PgConnection, ids: &[LegId]) -> Result<Vec<Leg>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query(BY_IDS).bind(ids).fetch_all(conn).await?.iter().map(leg).collect()
}

pub(super) const OF_CASES: &str =
    "SELECT * FROM leg WHERE case_id = ANY($1) ORDER BY case_id, round, wave, id";

/// All legs of these cases, every round; within a round in the order of their random ids.
pub async fn of_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Leg>, StoreError> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query(OF_CASES).bind(cases).fetch_all(conn).await?.iter().map(leg).collect()
}

pub(super) const INSERT_SUPPLEMENT: &str =
    "INSERT INTO leg_supplement (leg_id, given_at, documents, note) VALUES ($1, $2, $3, $4)";

pub async fn insert_supplement(
    conn: &mut PgConnection,
    leg: LegId,
    given_at: DateTime<Utc>,
    documents: &[Document],
    note: &str,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_SUPPLEMENT)
        .bind(leg.uuid())
        .bind(given_at)
        .bind(Json(documents))
        .bind(note)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const SUPPLEMENTS: &str =
    "SELECT documents FROM leg_supplement WHERE leg_id = $1 ORDER BY given_at";

/// Every document given in answer to this leg's questions.
pub async fn supplements(conn: &mut PgConnection, leg: LegId) -> Result<Vec<Document>, StoreError> {
    let rows: Vec<(Json<Vec<Document>>,)> =
        sqlx::query_as(SUPPLEMENTS).bind(leg.uuid()).fetch_all(conn).await?;
    Ok(rows.into_iter().flat_map(|(Json(documents),)| documents).collect())
}

pub(super) fn role_column(role: InstitutionRole) -> i16 {
    // The numbers are 1 to 9.
    i16::try_from(role.number()).unwrap_or_default()
}

fn term_column(loan: Loan) -> i16 {
    // At most 120.
    i16::try_from(loan.term.get()).unwrap_or_default()
}

fn enhancement_column(loan: Loan) -> i16 {
    i16::try_from(loan.enhancement.number()).unwrap_or_default()
}

fn decline_column(state: LegState) -> Option<i16> {
    match state {
        LegState::Declined { reason } => i16::try_from(reason.number()).ok(),
        LegState::Created
        | LegState::Received
        | LegState::Reviewing
        | LegState::InfoRequested
        | LegState::Offered { .. }
        | LegState::TimedOut
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. }
        | LegState::Selected { .. }
        | LegState::Confirmed { .. }
        | LegState::Released
        | LegState::Fulfilled { .. }
        | LegState::Breached { .. } => None,
    }
}

fn leg(row: &PgRow) -> Result<Leg, StoreError> {
    let id: Uuid = row.try_get("id")?;
    let corrupt = |what| StoreError::Corrupt { table: "leg", id, what };
    let small = |column: &str, what| -> Result<u8, StoreError> {
        u8::try_from(row.try_get::<i16, _>(column)?).map_err(|_| corrupt(what))
    };
    let decline = match row.try_get::<Option<i16>, _>("decline_reason")? {
        Some(number) => {
            Some(DeclineReason::from_number(i32::from(number)).ok_or_else(|| corrupt("decline reason"))?)
        }
        None => None,
    };
    let state: String = row.try_get("state")?;
    Ok(Leg {
        id: LegId::from_uuid(id),
        case: CaseId::from_uuid(row.try_get("case_id")?),
        round: small("round", "round")?,
        wave: small("wave", "wave")?,
        role: InstitutionRole::from_number(i32::from(row.try_get::<i16, _>("role")?))
            .ok_or_else(|| corrupt("role"))?,
        institution: InstitutionId::from_uuid(row.try_get("institution_id")?),
        product: row
            .try_get::<Option<Uuid>, _>("product_id")?
            .zip(row.try_get::<Option<i32>, _>("product_version")?)
            .map(|(id, version)| ProductVersion { id: ProductId::from_uuid(id), version }),
        state: LegState::from_parts(&state, row.try_get("seq")?, decline).map_err(|_| corrupt("state"))?,
        version: row.try_get("version")?,
        issued_at: row.try_get("issued_at")?,
        due_at: row.try_get("due_at")?,
        delivered_at: row.try_get("delivered_at")?,
        replied_at: row.try_get("replied_at")?,
        standing_reply: row.try_get::<Option<Uuid>, _>("standing_reply")?.map(ReplyId::from_uuid),
        standing: standing(row).map_err(|error| error.unwrap_or_else(|| corrupt("standing answer")))?,
        asked: row
            .try_get::<Vec<String>, _>("asked_codes")?
            .iter()
            .map(|code| DocumentCode::from_code(code).ok_or_else(|| corrupt("document code")))
            .collect::<Result<_, _>>()?,
        asked_note: row.try_get("asked_note")?,
    })
}

/// None as an error: the columns contradict each other.
fn standing(row: &PgRow) -> Result<Option<Standing>, Option<StoreError>> {
    let failed = |error: sqlx::Error| Some(StoreError::Database(error));
    let Some(valid_until) = row.try_get("valid_until").map_err(failed)? else { return Ok(None) };
    let amount: Option<i64> = row.try_get("amount_fen").map_err(failed)?;
    let term: Option<i16> = row.try_get("term_months").map_err(failed)?;
    let mode: Option<i16> = row.try_get("enhancement").map_err(failed)?;
    let loan = match (amount, term, mode) {
        (Some(amount), Some(term), Some(mode)) => Some(Loan {
            amount: Fen::amount(amount).map_err(|_| None)?,
            term: Months::term(i32::from(term)).map_err(|_| None)?,
            enhancement: EnhancementMode::from_number(i32::from(mode)).ok_or(None)?,
        }),
        (_, _, _) => None,
    };
    Ok(Some(Standing { valid_until, loan }))
}
