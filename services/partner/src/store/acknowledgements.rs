//! Acknowledging events. For an assignment that has not been seen yet it is a change of state, and goes the way of all
//! acts; everything else is bookkeeping: what many institutions name at once shares a statement, which is a transaction by
//! itself and commits asynchronously.

use std::collections::HashSet;

use bus::Pace;
use host::Batcher;
use kernel::{EventId, InstitutionId, LegId};
use sqlx::PgPool;

use super::acts::{Act, Acts};
use super::error::unreachable;
use super::events::{self, Named};
use super::known::Place;
use super::{Known, StoreError};
use crate::domain::FeedKind;

/// Transactions at a time, and calls in one.
const WORKERS: usize = 1;
const MOST: usize = 64;
/// So many in the time of one turn are worth waiting for.
const WORTH: u32 = 8;

/// What one call names.
struct Naming {
    institution_id: InstitutionId,
    events: HashSet<EventId>,
}

/// Ends deliveries.
pub struct Acknowledgements {
    batcher: Batcher<Naming, Result<Vec<Named>, StoreError>>,
}

impl Acknowledgements {
    pub fn start(pool: PgPool, known: Known) -> Self {
        Self {
            batcher: Batcher::start(WORKERS, MOST, (Pace::new(WORTH), named), move |batch| {
                let (pool, known) = (pool.clone(), known.clone());
                async move { all(&pool, &known, batch).await }
            }),
        }
    }

    /// Ends the delivery of those of `named` that are the institution's; gives back the others. `receive` makes the act
    /// by which an assignment counts as received.
    pub async fn acknowledge(
        &self,
        acts: &Acts,
        institution_id: InstitutionId,
        named: &[EventId],
        receive: impl Fn(LegId) -> Act,
    ) -> Result<HashSet<EventId>, StoreError> {
        if named.is_empty() {
            return Ok(HashSet::new());
        }
        let events = named.iter().copied().collect();
        let own = self.batcher.submit(Naming { institution_id, events }).await??;
        let known: HashSet<EventId> = own.iter().map(|event| event.event_id).collect();
        let first_contact = own.iter().filter(|event| event.is_first_contact());
        acts.carry_out_all(first_contact.map(|event| receive(event.assignment_id)).collect()).await?;
        Ok(named.iter().copied().filter(|id| !known.contains(id)).collect())
    }
}

impl Named {
    /// One that is not a first contact, whether or not it is acknowledged already.
    fn at(event_id: EventId, place: Place) -> Self {
        let Place { institution: institution_id, assignment: assignment_id, kind, .. } = place;
        Self { institution_id, event_id, assignment_id, kind, untouched: false, acked: false }
    }

    /// Acknowledged for the first time, and nothing else is known of the institution's having seen it.
    fn is_first_contact(&self) -> bool {
        !self.acked && self.kind == FeedKind::AssignmentIssued && self.untouched
    }
}

fn named(answer: &Result<Vec<Named>, StoreError>) -> usize {
    answer.as_ref().map_or(0, Vec::len)
}

async fn all(pool: &PgPool, known: &Known, batch: Vec<Naming>) -> Vec<Result<Vec<Named>, StoreError>> {
    match together(pool, known, &batch).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if batch.len() == 1 => vec![Err(error)],
        Err(error) if error.is_away() => unreachable(&batch, &error),
        // One institution's trouble is not the others'.
        Err(_) => {
            let mut answers = Vec::with_capacity(batch.len());
            for naming in batch {
                answers.push(together(pool, known, &[naming]).await.map(|mut answer| answer.remove(0)));
            }
            answers
        }
    }
}

/// For each call those of its events that are the institution's; their delivery is ended but where that is an act.
async fn together(pool: &PgPool, known: &Known, batch: &[Naming]) -> Result<Vec<Vec<Named>>, StoreError> {
    let named: HashSet<(InstitutionId, EventId)> = batch
        .iter()
        .flat_map(|naming| naming.events.iter().map(|event| (naming.institution_id, *event)))
        .collect();
    let named: Vec<_> = named.into_iter().collect();
    let places = known.places(&named.iter().map(|(_, event)| *event).collect::<Vec<_>>());
    let (mut own, mut ending, mut others) = (Vec::with_capacity(named.len()), Vec::new(), Vec::new());
    for ((institution, event), place) in named.into_iter().zip(places) {
        // Whether it is a first contact is to be read.
        match place.filter(|at| at.institution == institution && at.kind != FeedKind::AssignmentIssued) {
            Some(place) => {
                ending.push((institution, place.seq));
                own.push(Named::at(event, place));
            }
            None => others.push((institution, event.uuid())),
        }
    }
    ending.sort_unstable();
    let mut conn = pool.acquire().await?;
    if !ending.is_empty() {
        events::acknowledge_at(&mut conn, &ending).await?;
    }
    if !others.is_empty() {
        own.extend(events::acknowledge(&mut conn, &others).await?);
    }
    let of = |naming: &Naming| {
        let is_its = |event: &&Named| {
            event.institution_id == naming.institution_id && naming.events.contains(&event.event_id)
        };
        own.iter().filter(is_its).copied().collect()
    };
    Ok(batch.iter().map(of).collect())
}
