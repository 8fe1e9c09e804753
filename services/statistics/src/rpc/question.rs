//! What a question about figures is about, and the two ways to its answer: the book in use, or the facts themselves.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use rpc::{Fault, check::Checker};

use super::service::{Face, refused};
use crate::{
    domain::figures::Numbers,
    reasons,
    store::{self, facts, figures, figures::InUse},
    work,
};

/// Longest code of a park.
const PARK: usize = 40;

/// As known when, and of which park.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// `None`: everything that is known now.
    pub(super) known_at: Option<DateTime<Utc>>,
    /// Empty: all.
    pub(super) park: String,
}

/// The book in use, if the answer can be read off it, and the time that the answer is pinned to.
pub(super) struct Ground {
    pub(super) known_at: DateTime<Utc>,
    pub(super) book: Option<InUse>,
}

pub(super) fn known_at(check: &mut Checker, value: Option<&Timestamp>) -> Option<Option<DateTime<Utc>>> {
    match value {
        None => Some(None),
        given @ Some(_) => check.time("known_at", given).map(Some),
    }
}

pub(super) fn park(check: &mut Checker, value: &str) -> Option<String> {
    check.optional_text("park", value, PARK)
}

impl Question {
    /// Sees to it that nothing can be added any more to what the question is about, and that the book in use holds all
    /// that is known.
    pub(super) async fn settle(&self, face: &Face) -> Result<(), Fault> {
        if let Some(known_at) = self.known_at {
            let mut conn = face.pool.acquire().await?;
            // The record may be some microseconds ahead of the clock: such a time has come as well.
            if known_at > facts::record_end(&mut conn).await.map_err(refused)? {
                if known_at > face.clock.now() {
                    return Err(Fault::new(&reasons::TIME_IN_FUTURE).field("known_at"));
                }
                facts::close(&mut conn, known_at).await.map_err(refused)?;
            }
        }
        work::catch_up(&face.pool).await.map_err(refused)
    }

    /// The book holds the facts recorded up to its end. It has the answer if these are the facts that were known, and if
    /// all of them had happened.
    pub(super) fn ground(&self, book: InUse, happened_before: DateTime<Utc>) -> Ground {
        let known_at = self.known_at.unwrap_or(book.folded_to);
        let holds_all = book.folded_to >= book.last_fact_at && book.last_fact_at <= known_at;
        let holds_known = self.known_at.is_none() || holds_all;
        let usable = holds_known && book.latest_occurred_at < happened_before;
        Ground { known_at, book: usable.then_some(book) }
    }

    /// From the facts: slow, and the same for ever.
    pub(super) async fn past(
        &self,
        face: &Face,
        known_at: DateTime<Utc>,
        happened_before: DateTime<Utc>,
    ) -> Result<Numbers, Fault> {
        let internal = |error| Fault::new(&rpc::reasons::INTERNAL).source(error);
        let _permit = face.past.acquire().await.map_err(internal)?;
        work::as_known(&face.pool, known_at, happened_before, &self.park).await.map_err(refused)
    }
}

/// Reads the book in use in one state.
pub(super) async fn one_state(face: &Face) -> Result<(sqlx::PgTransaction<'static>, InUse), Fault> {
    let mut state = store::begin_one_state(&face.pool).await.map_err(refused)?;
    let book = figures::in_use(&mut state).await.map_err(refused)?;
    Ok((state, book))
}
