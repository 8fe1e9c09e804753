//! Request ids: a repeated change is given its first answer, and the same id with another body is refused.

use chrono::{DateTime, Utc};
use kernel::RequestId;
use ring::digest::{SHA256, digest};
use sqlx::{PgConnection, PgPool};
use writes::Writes;

use crate::Fault;
use crate::caller::Caller;
use crate::reasons;

/// SHA-256 of an encoded request.
pub type BodyHash = [u8; 32];

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The id is new; the answer is stored when the transaction commits.
    Fresh,
    /// Another transaction with the same request came first: roll back and send this answer.
    Repeat(Vec<u8>),
}

/// The hash of the request as it came, `request_id` included. Our messages hold no maps, so that equal messages
/// have equal bytes.
pub fn body_hash(request: &impl prost::Message) -> BodyHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &request.encode_to_vec()).as_ref());
    hash
}

/// The stored answer of an earlier call, if there is one. Ask before doing the work.
///
/// # Errors
/// `REQUEST_ID_REUSED` if the id came with another body or for another method.
pub async fn find(
    conn: &mut PgConnection,
    caller: &Caller,
    request_id: RequestId,
    method: &str,
    body_hash: &BodyHash,
) -> Result<Option<Vec<u8>>, Fault> {
    let row: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT method, body_hash, response FROM request_replay WHERE caller = $1 AND request_id = $2",
    )
    .bind(caller.audit_name())
    .bind(request_id.uuid())
    .fetch_optional(conn)
    .await?;
    match row {
        None => Ok(None),
        Some((first_method, first_hash, response)) if first_method == method && first_hash == body_hash => {
            Ok(Some(response))
        }
        Some(_) => Err(Fault::new(&reasons::REQUEST_ID_REUSED).field("request_id")),
    }
}

/// Stores the answer under the id, in the transaction of the change. Waits for another transaction that claims the
/// same id; if that one commits, this one must be rolled back.
///
/// # Errors
/// `REQUEST_ID_REUSED` as in [`find`].
pub async fn claim(
    conn: &mut PgConnection,
    caller: &Caller,
    request_id: RequestId,
    method: &str,
    body_hash: &BodyHash,
    response: &[u8],
    now: DateTime<Utc>,
) -> Result<Claim, Fault> {
    let stored = sqlx::query(
        "INSERT INTO request_replay (caller, request_id, method, body_hash, response, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT request_replay_pk DO NOTHING",
    )
    .bind(caller.audit_name())
    .bind(request_id.uuid())
    .bind(method)
    .bind(body_hash.as_slice())
    .bind(response)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    if stored.rows_affected() == 1 {
        return Ok(Claim::Fresh);
    }
    match find(conn, caller, request_id, method, body_hash).await? {
        Some(first) => Ok(Claim::Repeat(first)),
        // Removed by `purge` between the two statements: only a repeat after the configured time can meet this.
        None => Err(Fault::new(&reasons::TRY_AGAIN)),
    }
}

/// One request of many callers' in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub caller: &'a Caller,
    pub request_id: RequestId,
    pub method: &'static str,
    pub body_hash: &'a BodyHash,
}

/// What [`find_all`] found for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// The stored answer to the same request.
    Answer(Vec<u8>),
    /// The id came with another body or for another method: `REQUEST_ID_REUSED`.
    Reused,
}

/// As [`find`], for many requests at once; one answer for each, in order.
///
/// # Errors
/// The database's.
pub async fn find_all(conn: &mut PgConnection, asked: &[Asked<'_>]) -> Result<Vec<Found>, sqlx::Error> {
    let rows: Vec<(i64, String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT asked.place, r.method, r.body_hash, r.response
           FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked (caller, request_id, place)
          CROSS JOIN LATERAL (SELECT method, body_hash, response FROM request_replay
                WHERE caller = asked.caller AND request_id = asked.request_id LIMIT 1) AS r",
    )
    .bind(asked.iter().map(|one| one.caller.audit_name()).collect::<Vec<_>>())
    .bind(asked.iter().map(|one| one.request_id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    let mut found: Vec<Found> = asked.iter().map(|_| Found::Nothing).collect();
    for (place, method, body_hash, response) in rows {
        let place = usize::try_from(place - 1).unwrap_or(usize::MAX);
        if let (Some(one), Some(slot)) = (asked.get(place), found.get_mut(place)) {
            let same = one.method == method && one.body_hash.as_slice() == body_hash;
            *slot = if same { Found::Answer(response) } else { Found::Reused };
        }
    }
    Ok(found)
}

const CLAIM_ALL: &str =
    "INSERT INTO request_replay (caller, request_id, method, body_hash, response, created_at)
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[])";

/// As [`claim`], for many requests at once and together with the other writes. Waits for other transactions that claim one
/// of the ids. Where another was first with one of them, nothing at all is written ([`is_claimed`]).
pub fn claim_all(writes: &mut Writes, answers: &[(Asked<'_>, Vec<u8>, DateTime<Utc>)]) {
    if answers.is_empty() {
        return;
    }
    writes
        .add(CLAIM_ALL)
        .bind(answers.iter().map(|(one, ..)| one.caller.audit_name()).collect::<Vec<_>>())
        .bind(answers.iter().map(|(one, ..)| one.request_id.uuid()).collect::<Vec<_>>())
        .bind(answers.iter().map(|(one, ..)| one.method).collect::<Vec<_>>())
        .bind(answers.iter().map(|(one, ..)| one.body_hash.as_slice()).collect::<Vec<_>>())
        .bind(answers.iter().map(|(_, answer, _)| answer.as_slice()).collect::<Vec<_>>())
        .bind(answers.iter().map(|(.., now)| *now).collect::<Vec<_>>());
}

/// Whether one of the requests of [`claim_all`] has been answered before.
#[must_use]
pub fn is_claimed(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|refusal| {
        refusal.is_unique_violation() && refusal.constraint() == Some("request_replay_pk")
    })
}

/// Removes answers stored before `before`, at most `limit` at a time; returns how many.
pub async fn purge(pool: &PgPool, before: DateTime<Utc>, limit: i64) -> Result<u64, sqlx::Error> {
    let removed = sqlx::query(
        "DELETE FROM request_replay WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM request_replay WHERE created_at < $1 LIMIT $2))",
    )
    .bind(before)
    .bind(limit)
    .execute(pool)
    .await?;
    Ok(removed.rows_affected())
}
