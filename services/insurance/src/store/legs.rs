//! Rows of `cover_leg`, each with the answer that stands; written only under the lock of their cover request.

use kernel::{CaseId, DeclineReason, InstitutionId, InstitutionRole, LegId, leg::LegState};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{StoreError, appetites::small, quotes};
use crate::domain::{CoverId, Leg};

pub(super) const INSERT: &str = "INSERT INTO cover_leg (id, cover_id, role, institution_id, government_backed, state, version, issued_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::boolean[], $6::text[], $7::bigint[], $8::timestamptz[])";

/// Stores the frozen roster of a round.
pub async fn insert(conn: &mut PgConnection, legs: &[(CoverId, Leg)]) -> Result<(), StoreError> {
    if legs.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(legs.iter().map(|(_, leg)| leg.id.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|(cover, _)| cover.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| small(leg.role.number())).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| leg.institution.uuid()).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| leg.government_backed).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| leg.state.code()).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| leg.version).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| leg.issued_at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const UPDATE: &str = "UPDATE cover_leg l
    SET state = n.state, seq = n.seq, decline_reason = n.decline_reason, version = n.version, delivered_at = n.delivered_at,
        replied_at = n.replied_at, standing_reply = n.standing_reply, document_no = n.document_no
    FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::smallint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::text[])
        AS n(id, state, seq, decline_reason, version, delivered_at, replied_at, standing_reply, document_no)
    WHERE l.id = n.id";

/// Writes the present state of legs whose cover requests are locked. A leg that is chosen in place of another is written
/// after it: the schema never sees two.
pub async fn update(conn: &mut PgConnection, legs: &[Leg]) -> Result<(), StoreError> {
    let chosen = |leg: &&Leg| matches!(leg.state, LegState::Selected { .. } | LegState::Confirmed { .. });
    let (last, first): (Vec<&Leg>, Vec<&Leg>) = legs.iter().partition(chosen);
    for some in [first, last] {
        if some.is_empty() {
            continue;
        }
        let seq = |leg: &&Leg| leg.state.seq().and_then(|seq| i32::try_from(seq).ok());
        let reason = |leg: &&Leg| leg.decline_reason().map(|reason| small(reason.number()));
        let reply = |leg: &&Leg| leg.quote.as_ref().map(|quote| quote.reply.uuid());
        sqlx::query(UPDATE)
            .bind(some.iter().map(|leg| leg.id.uuid()).collect::<Vec<_>>())
            .bind(some.iter().map(|leg| leg.state.code()).collect::<Vec<_>>())
            .bind(some.iter().map(seq).collect::<Vec<_>>())
            .bind(some.iter().map(reason).collect::<Vec<_>>())
            .bind(some.iter().map(|leg| leg.version).collect::<Vec<_>>())
            .bind(some.iter().map(|leg| leg.delivered_at).collect::<Vec<_>>())
            .bind(some.iter().map(|leg| leg.replied_at).collect::<Vec<_>>())
            .bind(some.iter().map(reply).collect::<Vec<_>>())
            .bind(some.iter().map(|leg| leg.document_no.as_str()).collect::<Vec<_>>())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

pub(super) const OF_COVERS: &str = "SELECT l.*, q.reply_id, q.seq AS quote_seq, q.terms, q.submitted_at
    FROM cover_leg l LEFT JOIN cover_quote q ON q.reply_id = l.standing_reply WHERE l.cover_id = ANY($1) ORDER BY l.id";

/// All legs of these, in the order of their random ids.
pub async fn of_covers(
    conn: &mut PgConnection,
    covers: &[CoverId],
) -> Result<Vec<(CoverId, Leg)>, StoreError> {
    let covers: Vec<Uuid> = covers.iter().map(|id| id.uuid()).collect();
    sqlx::query(OF_COVERS)
        .bind(covers)
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| Ok((CoverId::from_uuid(row.try_get("cover_id")?), leg(row)?)))
        .collect()
}

/// A leg as one institution may ask about it.
#[derive(Debug, Clone)]
pub struct Place {
    pub case: CaseId,
    pub round: u8,
    pub cover: CoverId,
    pub role: InstitutionRole,
}

pub(super) const FIND: &str = "SELECT c.case_id, c.round, c.id AS cover_id, l.role
    FROM cover_leg l JOIN cover_request c ON c.id = l.cover_id WHERE l.id = $1 AND l.institution_id = $2";

/// One indexed query; None for another institution's leg.
pub async fn find(
    conn: &mut PgConnection,
    leg: LegId,
    institution: InstitutionId,
) -> Result<Option<Place>, StoreError> {
    let row: Option<(Uuid, i16, Uuid, i16)> =
        sqlx::query_as(FIND).bind(leg.uuid()).bind(institution.uuid()).fetch_optional(conn).await?;
    let corrupt = |what| StoreError::Corrupt { table: "cover_leg", id: leg.uuid(), what };
    row.map(|(case, round, cover, role)| {
        Ok(Place {
            case: CaseId::from_uuid(case),
            round: u8::try_from(round).map_err(|_| corrupt("round"))?,
            cover: CoverId::from_uuid(cover),
            role: InstitutionRole::from_number(i32::from(role)).ok_or_else(|| corrupt("role"))?,
        })
    })
    .transpose()
}

fn leg(row: &PgRow) -> Result<Leg, StoreError> {
    let id: Uuid = row.try_get("id")?;
    let corrupt = |what| StoreError::Corrupt { table: "cover_leg", id, what };
    let decline = row
        .try_get::<Option<i16>, _>("decline_reason")?
        .map(|number| DeclineReason::from_number(i32::from(number)).ok_or_else(|| corrupt("decline reason")))
        .transpose()?;
    let state: String = row.try_get("state")?;
    let quote = match row.try_get::<Option<Uuid>, _>("reply_id")? {
        Some(_) => Some(quotes::quote(row, "quote_seq")?),
        None => None,
    };
    Ok(Leg {
        id: LegId::from_uuid(id),
        institution: InstitutionId::from_uuid(row.try_get("institution_id")?),
        role: InstitutionRole::from_number(i32::from(row.try_get::<i16, _>("role")?))
            .ok_or_else(|| corrupt("role"))?,
        government_backed: row.try_get("government_backed")?,
        state: LegState::from_parts(&state, row.try_get("seq")?, decline).map_err(|_| corrupt("state"))?,
        version: row.try_get("version")?,
        issued_at: row.try_get("issued_at")?,
        delivered_at: row.try_get("delivered_at")?,
        replied_at: row.try_get("replied_at")?,
        quote,
        document_no: row.try_get("document_no")?,
    })
}
