//! Hands out events: many institutions' pulls share a statement, which is a transaction by itself and commits
//! asynchronously, since a lost lease only means that events come again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bus::Pace;
use host::Batcher;
use kernel::InstitutionId;
use sqlx::PgPool;

use super::error::unreachable;
use super::events::{self, Delivery, Pull};
use super::{Known, StoreError};

/// Leases are cheap: one batch at a time keeps two pulls of one institution apart without waiting in the database.
const WORKERS: usize = 1;
const MOST: usize = 64;
/// So many events in the time of one turn are worth waiting for.
const WORTH: u32 = 16;
/// How often an institution's whole feed is looked through: what was committed late, behind what has been handed out, is
/// found then.
const WHOLE: Duration = Duration::from_millis(300);

pub struct Pulls {
    batcher: Batcher<Pull, Result<Vec<Delivery>, StoreError>>,
}

/// Where each institution's feed begins: the rows before were there, and are acknowledged. Their remains in the index are
/// passed over.
type Beginnings = Arc<Mutex<HashMap<InstitutionId, Beginning>>>;

/// What every round needs.
struct Feeds {
    pool: PgPool,
    beginnings: Beginnings,
    known: Known,
}

#[derive(Debug, Clone, Copy)]
struct Beginning {
    seq: i64,
    looked_at: Instant,
}

impl Pulls {
    pub fn start(pool: PgPool, known: Known) -> Self {
        let beginnings = Beginnings::default();
        let pieces = |answer: &Result<Vec<Delivery>, StoreError>| answer.as_ref().map_or(0, Vec::len);
        Self {
            batcher: Batcher::start(WORKERS, MOST, (Pace::new(WORTH), pieces), move |batch| {
                let feeds =
                    Feeds { pool: pool.clone(), beginnings: Arc::clone(&beginnings), known: known.clone() };
                async move { all(&feeds, batch).await }
            }),
        }
    }

    /// What the institution may have now, oldest first, in order within each assignment; empty if nothing waits.
    pub async fn pull(&self, pull: Pull) -> Result<Vec<Delivery>, StoreError> {
        self.batcher.submit(pull).await?
    }
}

async fn all(feeds: &Feeds, batch: Vec<Pull>) -> Vec<Result<Vec<Delivery>, StoreError>> {
    match together(feeds, &batch).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if batch.len() == 1 => vec![Err(error)],
        Err(error) if error.is_away() => unreachable(&batch, &error),
        // One institution's trouble is not the others'.
        Err(_) => {
            let mut answers = Vec::with_capacity(batch.len());
            for pull in batch {
                answers.push(together(feeds, &[pull]).await.map(|mut answer| answer.remove(0)));
            }
            answers
        }
    }
}

async fn together(feeds: &Feeds, batch: &[Pull]) -> Result<Vec<Vec<Delivery>>, StoreError> {
    let Feeds { pool, beginnings, known } = feeds;
    let mut answers: Vec<Vec<Delivery>> = batch.iter().map(|_| Vec::new()).collect();
    let mut conn = pool.acquire().await?;
    for mut round in rounds(batch) {
        round.sort_unstable_by_key(|place| batch[*place].institution_id);
        let Some(now) = round.iter().map(|place| batch[*place].now).max() else { continue };
        let pulls: Vec<(Pull, i64)> = round
            .iter()
            .map(|place| (batch[*place], beginning(beginnings, batch[*place].institution_id)))
            .collect();
        let places: HashMap<InstitutionId, usize> =
            round.iter().map(|place| (batch[*place].institution_id, *place)).collect();
        let leased = events::lease(&mut conn, &pulls, now).await?;
        note(beginnings, &leased.beginnings);
        known.handed_out(leased.places);
        for (institution, delivery) in leased.deliveries {
            if let Some(place) = places.get(&institution) {
                answers[*place].push(delivery);
            }
        }
    }
    Ok(answers)
}

/// From where to look; 0 if it is time for the whole.
fn beginning(beginnings: &Beginnings, institution: InstitutionId) -> i64 {
    let mut beginnings = beginnings.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let known = beginnings.entry(institution).or_insert(Beginning { seq: 0, looked_at: now });
    if known.looked_at.elapsed() >= WHOLE {
        known.looked_at = now;
        return 0;
    }
    known.seq
}

fn note(beginnings: &Beginnings, seen: &[(InstitutionId, i64)]) {
    let mut beginnings = beginnings.lock().unwrap_or_else(PoisonError::into_inner);
    for (institution, seq) in seen {
        if let Some(known) = beginnings.get_mut(institution) {
            known.seq = *seq;
        }
    }
}

/// Splits a batch so that no institution occurs twice in a round, each round in the order of arrival.
fn rounds(batch: &[Pull]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<(HashSet<InstitutionId>, Vec<usize>)> = Vec::new();
    for (place, pull) in batch.iter().enumerate() {
        let free = rounds.iter_mut().find(|(there, _)| !there.contains(&pull.institution_id));
        let round = match free {
            Some(round) => round,
            None => {
                rounds.push((HashSet::new(), Vec::new()));
                let Some(last) = rounds.last_mut() else { continue };
                last
            }
        };
        round.0.insert(pull.institution_id);
        round.1.push(place);
    }
    rounds.into_iter().map(|(_, places)| places).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_institution_occurs_twice_in_a_round() {
        let of = |number: u128| Pull {
            institution_id: InstitutionId::from_uuid(Uuid::from_u128(number)),
            most: 1,
            now: DateTime::UNIX_EPOCH,
            lease_until: DateTime::UNIX_EPOCH,
        };
        let batch = [of(1), of(2), of(1), of(1), of(3)];
        assert_eq!(rounds(&batch), [vec![0, 1, 4], vec![2], vec![3]]);
        assert!(rounds(&[]).is_empty());
    }
}
