//! Rows of `event`: the feeds, their leases and acknowledgements.
//!
//! Whoever locks several events does so by assignment; a pull never waits for a locked one. So nobody deadlocks.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId, ReplyId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{FeedEntry, FeedKind};

const INSERT: &str = "\
    INSERT INTO event (event_id, institution_id, assignment_id, kind, ordinal, subject, reply_id, reason, created_at, \
                       traceparent, held) \
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::uuid[], \
                         $8::text[], $9::timestamptz[], $10::text[], $11::boolean[]) \
    ON CONFLICT ON CONSTRAINT event_told_once DO NOTHING";

const RELEASE: &str = "UPDATE event SET held = false WHERE assignment_id = ANY($1) AND held";

// One round of pulls, at most one of each institution. An event is handed out when it is neither acknowledged nor
// leased, and nothing before it in its assignment is still leased to somebody or has arrived after it.
const LEASE: &str = "\
    WITH ready AS ( \
        SELECT w.event_id, p.lease_until \
        FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS p(institution_id, most, lease_until) \
        CROSS JOIN LATERAL ( \
            SELECT e.event_id FROM event AS e \
            WHERE e.institution_id = p.institution_id AND e.acked_at IS NULL AND NOT e.held \
              AND (e.lease_until IS NULL OR e.lease_until <= $4) \
              AND NOT EXISTS ( \
                  SELECT 1 FROM event AS b \
                  WHERE b.assignment_id = e.assignment_id AND b.acked_at IS NULL AND b.ordinal < e.ordinal \
                    AND (b.lease_until > $4 OR b.seq > e.seq)) \
            ORDER BY e.seq LIMIT p.most FOR UPDATE SKIP LOCKED) AS w) \
    UPDATE event AS e SET lease_until = ready.lease_until, attempt = e.attempt + 1 \
    FROM ready WHERE e.event_id = ready.event_id \
    RETURNING e.event_id, e.seq, e.institution_id, e.assignment_id, e.kind, e.reply_id, e.reason, e.created_at, \
              e.traceparent, e.attempt";

const SERIALISE: &str = "\
    SELECT pg_advisory_xact_lock(hashtextextended(i::text, 0)) \
    FROM (SELECT i FROM unnest($1::uuid[]) AS i ORDER BY i) AS sorted";

const FIND_NAMED: &str = "\
    SELECT named.institution_id, e.*, a.* \
    FROM unnest($1::uuid[], $2::uuid[]) AS named(id, institution_id) \
    CROSS JOIN LATERAL ( \
        SELECT event_id, assignment_id, kind, acked_at IS NOT NULL AS acked FROM event \
        WHERE event_id = named.id AND event.institution_id = named.institution_id AND NOT held LIMIT 1) AS e \
    CROSS JOIN LATERAL ( \
        SELECT coalesce((SELECT state = 1 FROM assignment WHERE assignment_id = e.assignment_id LIMIT 1), false) \
            AS untouched) AS a";

const ACKNOWLEDGE: &str = "\
    WITH named AS ( \
        SELECT event_id FROM event WHERE event_id = ANY($1) AND acked_at IS NULL \
        ORDER BY assignment_id, event_id FOR UPDATE) \
    UPDATE event SET acked_at = $2 FROM named WHERE event.event_id = named.event_id";

const ACKNOWLEDGE_ISSUED: &str = "\
    WITH named AS ( \
        SELECT e.event_id FROM unnest($1::uuid[]) AS wanted(id) \
        CROSS JOIN LATERAL ( \
            SELECT event_id FROM event \
            WHERE assignment_id = wanted.id AND kind = 1 AND acked_at IS NULL LIMIT 1 FOR UPDATE) AS e) \
    UPDATE event SET acked_at = $2 FROM named WHERE event.event_id = named.event_id";

pub(super) const ALL: &[&str] =
    &[INSERT, RELEASE, LEASE, SERIALISE, FIND_NAMED, ACKNOWLEDGE, ACKNOWLEDGE_ISSUED];

/// One event as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub event_id: EventId,
    pub assignment_id: LegId,
    pub kind: FeedKind,
    pub created_at: DateTime<Utc>,
    /// 1 for the first delivery.
    pub attempt: i32,
    pub reply_id: Option<ReplyId>,
    pub reason: Option<String>,
    /// Where the trace goes on (W3C `traceparent`).
    pub trace: Option<String>,
}

/// One institution's wish in a round of pulls.
#[derive(Debug, Clone, Copy)]
pub struct Pull {
    pub institution_id: InstitutionId,
    pub most: i64,
    pub now: DateTime<Utc>,
    pub lease_until: DateTime<Utc>,
}

/// An event that an institution named and that is its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) institution_id: InstitutionId,
    pub(super) event_id: EventId,
    pub(super) assignment_id: LegId,
    pub(super) kind: FeedKind,
    /// The institution has neither read nor acknowledged the assignment.
    pub(super) untouched: bool,
    pub(super) acked: bool,
}

#[derive(FromRow)]
struct DeliveryRow {
    event_id: Uuid,
    seq: i64,
    institution_id: Uuid,
    assignment_id: Uuid,
    kind: i16,
    reply_id: Option<Uuid>,
    reason: Option<String>,
    created_at: DateTime<Utc>,
    traceparent: Option<String>,
    attempt: i32,
}

#[derive(FromRow)]
struct NamedRow {
    institution_id: Uuid,
    event_id: Uuid,
    assignment_id: Uuid,
    kind: i16,
    untouched: bool,
    acked: bool,
}

/// What was told before stays one event.
pub(super) async fn insert(conn: &mut PgConnection, entries: &[FeedEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(entries.iter().map(|entry| entry.id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.institution_id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.assignment_id.uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.kind.number()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.ordinal).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.subject).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.reply_id.map(|id| id.uuid())).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.reason.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.trace.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.held).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets go what was kept back until these assignments were issued.
pub(super) async fn release(conn: &mut PgConnection, assignments: &[Uuid]) -> Result<(), StoreError> {
    if !assignments.is_empty() {
        sqlx::query(RELEASE).bind(assignments).execute(conn).await?;
    }
    Ok(())
}

/// Hands out one round; no institution may occur twice in it. The advisory locks keep two pulls of one institution
/// apart; they come in a statement of their own because a statement sees what was committed before it began.
pub(super) async fn lease(
    conn: &mut PgConnection,
    round: &[Pull],
    now: DateTime<Utc>,
) -> Result<Vec<(InstitutionId, Delivery)>, StoreError> {
    let institutions: Vec<Uuid> = round.iter().map(|pull| pull.institution_id.uuid()).collect();
    sqlx::query(SERIALISE).bind(&institutions).execute(&mut *conn).await?;
    let mut rows: Vec<DeliveryRow> = sqlx::query_as(LEASE)
        .bind(&institutions)
        .bind(round.iter().map(|pull| pull.most).collect::<Vec<_>>())
        .bind(round.iter().map(|pull| pull.lease_until).collect::<Vec<_>>())
        .bind(now)
        .fetch_all(conn)
        .await?;
    rows.sort_unstable_by_key(|row| row.seq);
    rows.into_iter()
        .map(|row| Ok((InstitutionId::from_uuid(row.institution_id), Delivery::try_from(row)?)))
        .collect()
}

/// Those of the events that are the institution's that named them, acknowledged or not.
pub(super) async fn find_named(
    conn: &mut PgConnection,
    named: &[(InstitutionId, Uuid)],
) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<NamedRow> = sqlx::query_as(FIND_NAMED)
        .bind(named.iter().map(|(_, event)| *event).collect::<Vec<_>>())
        .bind(named.iter().map(|(institution, _)| institution.uuid()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Named::try_from).collect()
}

/// Ends the delivery of these events.
pub(super) async fn acknowledge(
    conn: &mut PgConnection,
    events: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(ACKNOWLEDGE).bind(events).bind(now).execute(conn).await?;
    Ok(())
}

/// Ends the delivery of `ASSIGNMENT_ISSUED` of these assignments, which must be sorted.
pub(super) async fn acknowledge_issued(
    conn: &mut PgConnection,
    assignments: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !assignments.is_empty() {
        sqlx::query(ACKNOWLEDGE_ISSUED).bind(assignments).bind(now).execute(conn).await?;
    }
    Ok(())
}

fn kind_of(event_id: Uuid, number: i16) -> Result<FeedKind, StoreError> {
    FeedKind::from_number(number).ok_or(StoreError::Row { table: "event", id: event_id, column: "kind" })
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Self {
            event_id: EventId::from_uuid(row.event_id),
            assignment_id: LegId::from_uuid(row.assignment_id),
            kind: kind_of(row.event_id, row.kind)?,
            created_at: row.created_at,
            attempt: row.attempt,
            reply_id: row.reply_id.map(ReplyId::from_uuid),
            reason: row.reason,
            trace: row.traceparent,
        })
    }
}

impl TryFrom<NamedRow> for Named {
    type Error = StoreError;

    fn try_from(row: NamedRow) -> Result<Self, StoreError> {
        Ok(Self {
            institution_id: InstitutionId::from_uuid(row.institution_id),
            event_id: EventId::from_uuid(row.event_id),
            assignment_id: LegId::from_uuid(row.assignment_id),
            kind: kind_of(row.event_id, row.kind)?,
            untouched: row.untouched,
            acked: row.acked,
        })
    }
}
