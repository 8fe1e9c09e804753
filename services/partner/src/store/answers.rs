//! Replay and audit rows of a batch of acts, which has as many callers as acts. The tables belong to `rpc`.

use rpc::audit;
use rpc::replay::{self, Asked, BodyHash, Found};
use sqlx::PgConnection;
use writes::Writes;

use super::StoreError;
use super::acts::{Act, Request};

/// What was answered to a request before.
#[derive(Debug, Clone)]
pub(super) enum Earlier {
    /// The same request, and not only the same id.
    Answer(Vec<u8>),
    /// Another request under the same id.
    Another,
}

fn asked<'a>(act: &'a Act, request: &'a Request) -> Asked<'a> {
    Asked {
        caller: &act.caller,
        request_id: request.id,
        method: request.method,
        body_hash: &request.body_hash,
    }
}

/// For each act, what its request was answered before, if it was. Asked after the assignments are locked: a repeat
/// that had to wait for the first one finds its answer.
pub(super) async fn find(conn: &mut PgConnection, acts: &[Act]) -> Result<Vec<Option<Earlier>>, StoreError> {
    let asking: Vec<Asked<'_>> =
        acts.iter().filter_map(|act| act.request.as_ref().map(|request| asked(act, request))).collect();
    if asking.is_empty() {
        return Ok(acts.iter().map(|_| None).collect());
    }
    let mut found = replay::find_all(conn, &asking).await?.into_iter();
    let earlier = |act: &Act| {
        act.request.as_ref()?;
        match found.next()? {
            Found::Nothing => None,
            Found::Answer(response) => Some(Earlier::Answer(response)),
            Found::Reused => Some(Earlier::Another),
        }
    };
    Ok(acts.iter().map(earlier).collect())
}

/// Keeps the answers for repeats. Where one of the requests has been answered in another transaction, nothing is written at
/// all.
pub(super) fn keep(writes: &mut Writes, answered: &[(&Act, Vec<u8>)]) {
    let rows: Vec<_> = answered
        .iter()
        .filter_map(|(act, answer)| {
            act.request.as_ref().map(|request| (asked(act, request), answer.clone(), act.now))
        })
        .collect();
    replay::claim_all(writes, &rows);
}

/// One audit row for each act.
pub(super) fn record(writes: &mut Writes, acts: &[&Act]) {
    let acts: Vec<audit::Act<'_>> = acts
        .iter()
        .map(|act| audit::Act {
            caller: &act.caller,
            at: act.now,
            entry: act.audit,
            trace_id: act.trace_id.as_deref(),
        })
        .collect();
    audit::record_acts(writes, &acts);
}

impl Earlier {
    /// The answer to a request of this batch, as its twin in the same batch finds it.
    pub(super) fn of_twin(first: &Taken, method: &str, body_hash: &BodyHash) -> Self {
        let same = first.method == method && first.body_hash == *body_hash;
        if same { Self::Answer(first.response.clone()) } else { Self::Another }
    }
}

/// A request of a batch that has been carried out.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) method: &'static str,
    pub(super) body_hash: BodyHash,
    pub(super) response: Vec<u8>,
}
