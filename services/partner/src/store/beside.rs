//! Replay and audit rows of many callers in one statement each. The tables belong to `rpc`, whose own functions write
//! the rows of one caller; a batch here has as many callers as acts.

use rpc::replay::BodyHash;
use sqlx::{FromRow, PgConnection};

use super::StoreError;
use super::acts::Act;

const FIND_ANSWERS: &str = "\
    SELECT asked.place, r.method, r.body_hash, r.response \
    FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked(caller, request_id, place) \
    CROSS JOIN LATERAL ( \
        SELECT method, body_hash, response FROM request_replay \
        WHERE caller = asked.caller AND request_id = asked.request_id LIMIT 1) AS r";

const KEEP_ANSWERS: &str = "\
    INSERT INTO request_replay (caller, request_id, method, body_hash, response, created_at) \
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[]) \
    ON CONFLICT DO NOTHING";

const RECORD: &str = "\
    INSERT INTO audit_entry (at, issuer, actor, person, action, object_kind, object_id, purpose, result, trace_id) \
    SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], \
                         $8::text[], $9::text[], $10::text[])";

pub(super) const ALL: &[&str] = &[FIND_ANSWERS, KEEP_ANSWERS, RECORD];

/// What was answered to a request before.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    pub(super) method: String,
    pub(super) body_hash: Vec<u8>,
    pub(super) response: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    place: i64,
    method: String,
    body_hash: Vec<u8>,
    response: Vec<u8>,
}

impl Earlier {
    /// Whether it was the same request, and not only the same id.
    pub(super) fn is_of(&self, method: &str, body_hash: &BodyHash) -> bool {
        self.method == method && self.body_hash == body_hash
    }
}

/// For each act, what its request was answered before, if it was. Asked after the assignments are locked: a repeat
/// that had to wait for the first one finds its answer.
pub(super) async fn find_answers(
    conn: &mut PgConnection,
    acts: &[Act],
) -> Result<Vec<Option<Earlier>>, StoreError> {
    let mut answers: Vec<Option<Earlier>> = acts.iter().map(|_| None).collect();
    let asking: Vec<(usize, &Act, uuid::Uuid)> = acts
        .iter()
        .enumerate()
        .filter_map(|(place, act)| act.request.as_ref().map(|request| (place, act, request.id.uuid())))
        .collect();
    if asking.is_empty() {
        return Ok(answers);
    }
    let rows: Vec<Row> = sqlx::query_as(FIND_ANSWERS)
        .bind(asking.iter().map(|(_, act, _)| act.caller.audit_name()).collect::<Vec<_>>())
        .bind(asking.iter().map(|(_, _, id)| *id).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    for row in rows {
        let asked = usize::try_from(row.place - 1).ok().and_then(|nth| asking.get(nth));
        if let Some((place, _, _)) = asked {
            answers[*place] =
                Some(Earlier { method: row.method, body_hash: row.body_hash, response: row.response });
        }
    }
    Ok(answers)
}

/// Keeps the answers for repeats. [`StoreError::Raced`] if one of the requests has been answered in the meantime: the
/// transaction must be given up then.
pub(super) async fn keep_answers(
    conn: &mut PgConnection,
    answered: &[(&Act, Vec<u8>)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = answered
        .iter()
        .filter_map(|(act, answer)| act.request.as_ref().map(|request| (act, request, answer.as_slice())))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let kept = sqlx::query(KEEP_ANSWERS)
        .bind(rows.iter().map(|(act, _, _)| act.caller.audit_name()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, request, _)| request.id.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, request, _)| request.method).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, request, _)| request.body_hash.as_slice()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, _, answer)| *answer).collect::<Vec<_>>())
        .bind(rows.iter().map(|(act, _, _)| act.now).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    let expected = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if kept.rows_affected() == expected { Ok(()) } else { Err(StoreError::Raced) }
}

/// One audit row for each act.
pub(super) async fn record(conn: &mut PgConnection, acts: &[&Act]) -> Result<(), StoreError> {
    if acts.is_empty() {
        return Ok(());
    }
    let text = |field: fn(&Act) -> &'static str| acts.iter().map(|act| field(act)).collect::<Vec<_>>();
    sqlx::query(RECORD)
        .bind(acts.iter().map(|act| act.now).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.issuer.as_str()).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.audit_name()).collect::<Vec<_>>())
        .bind(acts.iter().map(|act| act.caller.person()).collect::<Vec<_>>())
        .bind(text(|act| act.audit.action))
        .bind(text(|act| act.audit.object_kind))
        .bind(acts.iter().map(|act| act.audit.object_id).collect::<Vec<_>>())
        .bind(text(|act| act.audit.purpose))
        .bind(text(|act| act.audit.result))
        .bind(acts.iter().map(|act| act.trace_id.as_deref()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
