//! Goes on with runs, a piece at a time: results and how far the run is are one transaction, so that whoever dies in between
//! leaves nothing half done, and the next one goes on from there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::EnterpriseId;
use sqlx::PgPool;

use super::judge;
use crate::{
    domain::screening::{Digest, Run, RunState},
    store::{
        StoreError, screening_books, screening_results, screening_runs,
        screening_subjects::{self, Ears, Moment},
    },
};

/// Enterprises of one piece: about ten of their rights each, so some megabytes at a time.
pub(crate) const PIECE: usize = 2_000;

/// Does one piece of the oldest run that nobody is at. `false`: there is none.
///
/// # Errors
/// The database's; nothing of the piece is kept then.
pub async fn step(pool: &PgPool, ears: &Ears, now: DateTime<Utc>, piece: usize) -> Result<bool, StoreError> {
    let mut tx = pool.begin().await?;
    let Some(mut run) = screening_runs::take(&mut tx).await? else { return Ok(false) };
    let books = screening_books::get(&mut tx, run.scorecard_version, run.rules_version).await?;
    let keys = keys(&mut tx, &run, piece).await?;
    // Whoever has taken a consent back since the run began is not read any more.
    let moment = Moment { day: run.as_of, at: run.started_at, now, fresh_from: &BTreeMap::new() };
    let seen = screening_subjects::list(&mut tx, &keys, &books.card, ears, moment).await?;
    let pairs = judge::screen_all(seen.into_iter().map(|one| one.subject), &books);
    screening_results::insert(&mut tx, run.id, &pairs).await?;
    judge::advance(&mut run, &pairs);
    run.cursor = keys.last().copied().or(run.cursor);
    if keys.len() < piece {
        run.state = RunState::Done { at: now };
    }
    screening_runs::advance(&mut tx, &run).await?;
    tx.commit().await?;
    Ok(true)
}

async fn keys(
    conn: &mut sqlx::PgConnection,
    run: &Run,
    piece: usize,
) -> Result<Vec<EnterpriseId>, StoreError> {
    match &run.scope {
        None => screening_runs::keys(conn, run.cursor, i64::try_from(piece).unwrap_or(i64::MAX)).await,
        Some(scope) => {
            let rest = scope.iter().filter(|id| run.cursor.is_none_or(|cursor| **id > cursor));
            Ok(rest.take(piece).copied().collect())
        }
    }
}

/// What a recomputation from pinned inputs came to.
pub(crate) struct Replayed {
    pub digest: Digest,
    pub compared: i64,
    /// Digest, number and each single result are what the run kept.
    pub identical: bool,
}

/// Computes `run` again from what it pinned.
pub(crate) async fn replay(conn: &mut sqlx::PgConnection, run: &Run) -> Result<Replayed, StoreError> {
    let books = screening_books::get(conn, run.scorecard_version, run.rules_version).await?;
    let mut again =
        Run::start(run.id, run.as_of, (run.scorecard_version, run.rules_version), None, run.started_at);
    let (mut same, mut after) = (true, None);
    loop {
        let limit = i64::try_from(PIECE).unwrap_or(i64::MAX);
        let kept = screening_results::page(conn, run.id, after, limit).await?;
        let Some((last, _)) = kept.last() else { break };
        after = Some(last.enterprise_id);
        let (subjects, screened): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        let pairs = judge::screen_all(subjects, &books);
        same &= pairs.iter().map(|(_, screened)| screened).eq(screened.iter());
        judge::advance(&mut again, &pairs);
    }
    let identical = same && again.digest == run.digest && again.screened == run.screened;
    Ok(Replayed { digest: again.digest, compared: again.screened, identical })
}
