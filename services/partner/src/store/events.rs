//! Rows of `event`, the log of what institutions were told, and of `feed`, what of it waits for them.
//!
//! Whoever writes several rows of the feed does so by institution and `seq`. So nobody deadlocks.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId, ReplyId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;
use writes::{Binding, Writes};

use super::StoreError;
use super::known::Place;
use crate::domain::{FeedEntry, FeedKind};

/// Writes events into the log, with or without a look at what was told before.
macro_rules! tell {
    ($told_before:literal) => {
        concat!(
            "INSERT INTO event (event_id, institution_id, assignment_id, kind, ordinal, subject, reply_id, reason, created_at, \
                                traceparent, held) \
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], $7::uuid[], \
                                  $8::text[], $9::timestamptz[], $10::text[], $11::boolean[]) ",
            $told_before,
            "RETURNING institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent, \
                       held"
        )
    };
}

const TELL_NEW: &str = tell!("");

// The key `event_told_once` alone is looked at: an event's own id is always another.
const TELL: &str = tell!("ON CONFLICT (assignment_id, kind, subject) DO NOTHING ");

const RELEASE: &str = "\
    UPDATE event SET held = false WHERE assignment_id = ANY($1) AND held \
    RETURNING institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent, held";

/// What one of the two above has written, under the name that [`insert`] and [`release`] give it.
macro_rules! feed_from {
    ($name:literal) => {
        concat!(
            "INSERT INTO feed (institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, \
                               traceparent) \
             SELECT institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent \
             FROM ",
            $name,
            " WHERE NOT held"
        )
    };
}

// Those that are still under the lease by which they were handed over: another's is left alone.
const GIVE_BACK: &str = "\
    UPDATE feed SET lease_until = NULL, attempt = 0 FROM ( \
        SELECT e.institution_id, e.seq, named.until FROM unnest($1::uuid[], $2::timestamptz[]) AS named(id, until) \
        CROSS JOIN LATERAL (SELECT institution_id, seq FROM event WHERE event_id = named.id LIMIT 1) AS e \
        ORDER BY e.institution_id, e.seq) AS named \
    WHERE feed.institution_id = named.institution_id AND feed.seq = named.seq AND feed.lease_until = named.until \
    RETURNING feed.event_id";

const LEASE: &str = "\
    SELECT event_id, seq, institution_id, assignment_id, kind, reply_id, reason, created_at, traceparent, attempt, beginning \
    FROM lease_events($1, $2, $3, $4, $5)";

// An event that is not in the feed any more is acknowledged. Those that are a first contact stay: ending them is an act. An
// acknowledgement that is lost only means that the event comes again.
const ACKNOWLEDGE: &str = "\
    WITH named AS ( \
        SELECT named.institution_id, e.*, f.seq AS waits, coalesce(a.state = 1, false) AS untouched \
        FROM unnest($1::uuid[], $2::uuid[]) AS named(id, institution_id) \
        CROSS JOIN LATERAL ( \
            SELECT event_id, seq, assignment_id, kind FROM event \
            WHERE event_id = named.id AND event.institution_id = named.institution_id AND NOT held LIMIT 1) AS e \
        LEFT JOIN LATERAL ( \
            SELECT seq FROM feed WHERE feed.institution_id = named.institution_id AND feed.seq = e.seq LIMIT 1) AS f ON true \
        LEFT JOIN LATERAL ( \
            SELECT state FROM assignment WHERE e.kind = 1 AND assignment_id = e.assignment_id LIMIT 1) AS a ON true \
        ORDER BY named.institution_id, e.seq), \
    ended AS ( \
        DELETE FROM feed USING named \
        WHERE feed.institution_id = named.institution_id AND feed.seq = named.waits AND NOT named.untouched) \
    SELECT institution_id, event_id, assignment_id, kind, untouched, waits IS NULL AS acked, loosely.set_config \
    FROM named CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS loosely";

// Of events whose place in the feed is known.
const ACKNOWLEDGE_AT: &str = "\
    WITH ended AS ( \
        DELETE FROM feed USING unnest($1::uuid[], $2::bigint[]) AS named(institution_id, seq) \
        WHERE feed.institution_id = named.institution_id AND feed.seq = named.seq) \
    SELECT set_config('synchronous_commit', 'off', true)";

const ACKNOWLEDGE_ISSUED: &str = "\
    DELETE FROM feed USING ( \
        SELECT f.institution_id, f.seq FROM unnest($1::uuid[]) AS wanted(id) \
        CROSS JOIN LATERAL ( \
            SELECT institution_id, seq FROM feed WHERE assignment_id = wanted.id AND kind = 1 LIMIT 1) AS f \
        ORDER BY f.institution_id, f.seq) AS named \
    WHERE feed.institution_id = named.institution_id AND feed.seq = named.seq";

pub(super) const ALL: &[&str] =
    &[TELL, TELL_NEW, RELEASE, LEASE, ACKNOWLEDGE, ACKNOWLEDGE_AT, ACKNOWLEDGE_ISSUED, GIVE_BACK];

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
    beginning: i64,
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
pub(super) fn insert(writes: &mut Writes, entries: &[FeedEntry]) {
    if !entries.is_empty() {
        tell(writes.add_named("told", TELL), entries);
        writes.add(feed_from!("told"));
    }
}

/// As [`insert`], where all of it is taken to be new: if something was told before, the keys refuse all of it.
pub(super) fn insert_new(writes: &mut Writes, entries: &[FeedEntry]) {
    if !entries.is_empty() {
        tell(writes.add_named("told", TELL_NEW), entries);
        writes.add(feed_from!("told"));
    }
}

/// The same for what is handed over when it is committed, leased to its institution until then.
pub(super) fn insert_leased(
    writes: &mut Writes,
    entries: &[FeedEntry],
    leases: &[(InstitutionId, DateTime<Utc>)],
) {
    if !entries.is_empty() {
        tell(writes.add_named("handed", TELL_NEW), entries);
        writes
            .add(
                "\
                 INSERT INTO feed (institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, \
                                   traceparent, lease_until, attempt) \
                 SELECT institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent, \
                        lease.until, 1 \
                 FROM handed CROSS JOIN LATERAL ( \
                     SELECT until FROM unnest($1::uuid[], $2::timestamptz[]) AS lease(of, until) \
                     WHERE lease.of = handed.institution_id LIMIT 1) AS lease",
            )
            .bind(leases.iter().map(|(institution, _)| institution.uuid()).collect::<Vec<_>>())
            .bind(leases.iter().map(|(_, until)| *until).collect::<Vec<_>>());
    }
}

fn tell(binding: Binding<'_>, entries: &[FeedEntry]) {
    binding
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
        .bind(entries.iter().map(|entry| entry.held).collect::<Vec<_>>());
}

/// Ends leases that end at these instants, as if they had never begun; tells which there were.
pub(super) async fn give_back(
    conn: &mut PgConnection,
    named: &[(EventId, DateTime<Utc>)],
) -> Result<Vec<EventId>, StoreError> {
    let back: Vec<Uuid> = sqlx::query_scalar(GIVE_BACK)
        .bind(named.iter().map(|(event, _)| event.uuid()).collect::<Vec<_>>())
        .bind(named.iter().map(|(_, until)| *until).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    Ok(back.into_iter().map(EventId::from_uuid).collect())
}

/// Lets go what was kept back until these assignments were issued.
pub(super) fn release(writes: &mut Writes, assignments: &[Uuid]) {
    if !assignments.is_empty() {
        writes.add_named("released", RELEASE).bind(assignments);
        writes.add(feed_from!("released"));
    }
}

/// What a round of pulls has handed out.
pub(super) struct Leased {
    pub(super) deliveries: Vec<(InstitutionId, Delivery)>,
    /// The first row of each feed that something was handed out of, leased or not.
    pub(super) beginnings: Vec<(InstitutionId, i64)>,
    /// Of what was handed out.
    pub(super) places: Vec<(EventId, Place)>,
}

/// Hands out one round, each from a given row of the feed on; it is sorted by institution, and none may occur twice in it.
pub(super) async fn lease(
    conn: &mut PgConnection,
    round: &[(Pull, i64)],
    now: DateTime<Utc>,
) -> Result<Leased, StoreError> {
    let mut rows: Vec<DeliveryRow> = sqlx::query_as(LEASE)
        .bind(round.iter().map(|(pull, _)| pull.institution_id.uuid()).collect::<Vec<_>>())
        .bind(round.iter().map(|(pull, _)| pull.most).collect::<Vec<_>>())
        .bind(round.iter().map(|(pull, _)| pull.lease_until).collect::<Vec<_>>())
        .bind(round.iter().map(|(_, beginning)| *beginning).collect::<Vec<_>>())
        .bind(now)
        .fetch_all(conn)
        .await?;
    rows.sort_unstable_by_key(|row| row.seq);
    let mut leased = Leased {
        deliveries: Vec::with_capacity(rows.len()),
        beginnings: Vec::with_capacity(rows.len()),
        places: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        let (institution, seq) = (InstitutionId::from_uuid(row.institution_id), row.seq);
        leased.beginnings.push((institution, row.beginning));
        let delivery = Delivery::try_from(row)?;
        let place = Place { institution, seq, assignment: delivery.assignment_id, kind: delivery.kind };
        leased.places.push((delivery.event_id, place));
        leased.deliveries.push((institution, delivery));
    }
    Ok(leased)
}

/// Ends the delivery of those of the events that are the institution's that named them, but for first contacts. Gives back
/// what they were before.
pub(super) async fn acknowledge(
    conn: &mut PgConnection,
    named: &[(InstitutionId, Uuid)],
) -> Result<Vec<Named>, StoreError> {
    let rows: Vec<NamedRow> = sqlx::query_as(ACKNOWLEDGE)
        .bind(named.iter().map(|(_, event)| *event).collect::<Vec<_>>())
        .bind(named.iter().map(|(institution, _)| institution.uuid()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Named::try_from).collect()
}

/// Ends the delivery of what lies at these places, which must be sorted.
pub(super) async fn acknowledge_at(
    conn: &mut PgConnection,
    places: &[(InstitutionId, i64)],
) -> Result<(), StoreError> {
    sqlx::query(ACKNOWLEDGE_AT)
        .bind(places.iter().map(|(institution, _)| institution.uuid()).collect::<Vec<_>>())
        .bind(places.iter().map(|(_, seq)| *seq).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the delivery of `ASSIGNMENT_ISSUED` of these assignments.
pub(super) fn acknowledge_issued(writes: &mut Writes, assignments: &[Uuid]) {
    if !assignments.is_empty() {
        writes.add(ACKNOWLEDGE_ISSUED).bind(assignments);
    }
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
