//! The tables of taking: `inbox` remembers, `held` keeps what could not be finished. All statements take arrays.
//! Those that look rows of `held` up are planned anew each time: a plan that was made while the table was empty, as it
//! mostly is, would read all of it when thousands wait.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::aside::{Aside, Wait};
use crate::Message;
use crate::envelope::Envelope;

/// Remembers messages as taken by `queue` and tells which of them had not been taken before. Two consumers with the same
/// message wait for each other here.
pub(super) async fn take(
    conn: &mut PgConnection,
    queue: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let fresh: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO inbox (message_id, queue) SELECT id, $2 FROM UNNEST($1::uuid[]) AS id
         ON CONFLICT DO NOTHING RETURNING message_id",
    )
    .bind(ids)
    .bind(queue)
    .fetch_all(conn)
    .await?;
    Ok(fresh.into_iter().collect())
}

/// As [`take`], together with the effects: nothing at all is written if one of them had been taken before.
pub(super) fn take_with(writes: &mut Writes, queue: &str, ids: &[Uuid]) {
    writes
        .add_exactly(
            ids.len(),
            "INSERT INTO inbox (message_id, queue) SELECT id, $2 FROM UNNEST($1::uuid[]) AS id ON CONFLICT DO NOTHING",
        )
        .bind(ids)
        .bind(queue);
}

/// Writes messages into `held`; due times are the database's, so that replicas agree on them.
pub(super) async fn hold(conn: &mut PgConnection, queue: &str, rows: &[Aside]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let envelopes = || rows.iter().map(|row| row.envelope.as_ref());
    sqlx::query(
        "INSERT INTO held (queue, kind, reason, due_at, attempts, failures, suspect, message_id, message_kind,
                           aggregate_id, aggregate_version, occurred_at, traceparent, body)
         SELECT $1, CASE WHEN r.seconds IS NULL THEN 'parked' ELSE 'retry' END, r.reason,
                clock_timestamp() + r.seconds * interval '1 second', r.attempts, r.failures, r.suspect,
                r.message_id, r.message_kind, r.aggregate_id, r.aggregate_version, r.occurred_at, r.traceparent, r.body
           FROM UNNEST($2::float8[], $3::text[], $4::int[], $5::int[], $6::bool[], $7::uuid[], $8::text[], $9::uuid[],
                       $10::bigint[], $11::timestamptz[], $12::text[], $13::bytea[])
             AS r (seconds, reason, attempts, failures, suspect, message_id, message_kind, aggregate_id, aggregate_version,
                   occurred_at, traceparent, body)",
    )
    .bind(queue)
    .bind(rows.iter().map(|row| row.wait.seconds()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| i32::try_from(row.attempts).unwrap_or(i32::MAX)).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| i32::try_from(row.failures).unwrap_or(i32::MAX)).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.wait == Wait::Suspect).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.message_id).collect::<Vec<_>>())
    .bind(envelopes().map(|e| e.map(|e| e.kind.as_str())).collect::<Vec<_>>())
    .bind(envelopes().map(|e| e.map(|e| e.aggregate_id)).collect::<Vec<_>>())
    .bind(envelopes().map(|e| e.map(|e| e.aggregate_version)).collect::<Vec<_>>())
    .bind(envelopes().map(|e| e.map(|e| e.occurred_at)).collect::<Vec<_>>())
    .bind(envelopes().map(|e| e.and_then(|e| e.traceparent.as_deref())).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.body.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// A held message that a worker has in hand.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) held_id: Uuid,
    /// How often in succession its handling has failed or died, this time counted in advance.
    pub(super) failures: u32,
    pub(super) message: Message,
}

type ClaimedTuple = (Uuid, i32, i32, Uuid, String, Uuid, i64, DateTime<Utc>, Option<String>, Vec<u8>);

/// Takes due rows in hand for the time of `lease` under the token `claim`. `suspect` ones are those whose last worker
/// never came back to them.
pub(super) async fn claim(
    conn: &mut PgConnection,
    queue: &str,
    suspect: bool,
    limit: usize,
    (claim, lease): (Uuid, Duration),
) -> Result<Vec<Claimed>, sqlx::Error> {
    let rows: Vec<ClaimedTuple> = sqlx::query_as(
        "UPDATE held
            SET claim = $4, suspect = true, attempts = attempts + 1, failures = failures + 1,
                due_at = clock_timestamp() + $5 * interval '1 second'
          WHERE held_id = ANY (ARRAY(
            SELECT held_id FROM held
             WHERE queue = $1 AND kind = 'retry' AND suspect = $2 AND due_at <= clock_timestamp()
             ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))
         RETURNING held_id, failures, attempts, message_id, message_kind, aggregate_id, aggregate_version, occurred_at,
                   traceparent, body",
    )
    .bind(queue)
    .bind(suspect)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind(claim)
    .bind(lease.as_secs_f64())
    .persistent(false)
    .fetch_all(conn)
    .await?;
    let claimed = |row: ClaimedTuple| {
        let (
            held_id,
            failures,
            attempts,
            id,
            kind,
            aggregate_id,
            aggregate_version,
            occurred_at,
            traceparent,
            body,
        ) = row;
        let envelope = Envelope { id, kind, aggregate_id, aggregate_version, occurred_at, traceparent };
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        // The attempt under way is not one before it.
        let message = envelope.into_message(body, count(attempts - 1));
        Claimed { held_id, failures: count(failures), message }
    };
    Ok(rows.into_iter().map(claimed).collect())
}

/// Locks rows in hand and tells which are still this claim's. The others belong to somebody else by now: the lease ran
/// out.
pub(super) async fn still_mine(
    conn: &mut PgConnection,
    claim: Uuid,
    held_ids: &[Uuid],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let mine: Vec<Uuid> = sqlx::query_scalar(
        "SELECT held_id FROM held WHERE held_id = ANY($1) AND claim = $2 ORDER BY held_id FOR UPDATE",
    )
    .bind(held_ids)
    .bind(claim)
    .persistent(false)
    .fetch_all(conn)
    .await?;
    Ok(mine.into_iter().collect())
}

/// Removes rows whose effect is in this transaction.
pub(super) async fn finish(conn: &mut PgConnection, held_ids: &[Uuid]) -> Result<(), sqlx::Error> {
    if held_ids.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM held WHERE held_id = ANY($1)")
        .bind(held_ids)
        .persistent(false)
        .execute(conn)
        .await?;
    Ok(())
}

/// A row in hand that goes on waiting.
#[derive(Debug)]
pub(super) struct Postponed {
    pub(super) held_id: Uuid,
    pub(super) wait: Wait,
    pub(super) reason: &'static str,
    /// The handler asked for it, so nothing has failed.
    pub(super) asked: bool,
}

/// Lets rows in hand go on waiting, or parks them.
pub(super) async fn postpone(conn: &mut PgConnection, rows: &[Postponed]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE held h
            SET kind = CASE WHEN r.seconds IS NULL THEN 'parked' ELSE 'retry' END,
                due_at = clock_timestamp() + r.seconds * interval '1 second',
                reason = r.reason, suspect = false, claim = NULL,
                failures = CASE WHEN r.asked THEN 0 ELSE failures END
           FROM UNNEST($1::uuid[], $2::float8[], $3::text[], $4::bool[]) AS r (held_id, seconds, reason, asked)
          WHERE h.held_id = r.held_id",
    )
    .bind(rows.iter().map(|row| row.held_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.wait.seconds()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.reason).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.asked).collect::<Vec<_>>())
    .persistent(false)
    .execute(conn)
    .await?;
    Ok(())
}

/// How long until the next row of the queue is due; `None` if none waits.
pub(super) async fn next_due(conn: &mut PgConnection, queue: &str) -> Result<Option<Duration>, sqlx::Error> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM LEAST(
            (SELECT due_at FROM held WHERE queue = $1 AND kind = 'retry' AND suspect = false ORDER BY due_at LIMIT 1),
            (SELECT due_at FROM held WHERE queue = $1 AND kind = 'retry' AND suspect = true ORDER BY due_at LIMIT 1)
         ) - clock_timestamp())::float8",
    )
    .bind(queue)
    .persistent(false)
    .fetch_one(conn)
    .await?;
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))))
}
