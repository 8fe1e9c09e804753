//! Hands out events: many institutions' pulls share a transaction, which commits asynchronously, since a lost lease
//! only means that events come again.

use std::collections::{HashMap, HashSet};

use host::Batcher;
use kernel::InstitutionId;
use sqlx::PgPool;

use super::error::unreachable;
use super::events::{self, Delivery, Pull};
use super::{BEGIN_LOOSELY, StoreError};

/// Leases are cheap: one batch at a time keeps two pulls of one institution apart without waiting in the database.
const WORKERS: usize = 1;
const MOST: usize = 64;

pub struct Pulls {
    batcher: Batcher<Pull, Result<Vec<Delivery>, StoreError>>,
}

impl Pulls {
    pub fn start(pool: PgPool) -> Self {
        Self {
            batcher: Batcher::start(WORKERS, MOST, move |batch| {
                let pool = pool.clone();
                async move { all(&pool, batch).await }
            }),
        }
    }

    /// What the institution may have now, oldest first, in order within each assignment; empty if nothing waits.
    pub async fn pull(&self, pull: Pull) -> Result<Vec<Delivery>, StoreError> {
        self.batcher.submit(pull).await?
    }
}

async fn all(pool: &PgPool, batch: Vec<Pull>) -> Vec<Result<Vec<Delivery>, StoreError>> {
    match together(pool, &batch).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if batch.len() == 1 => vec![Err(error)],
        Err(error) if error.is_away() => unreachable(&batch, &error),
        // One institution's trouble is not the others'.
        Err(_) => {
            let mut answers = Vec::with_capacity(batch.len());
            for pull in batch {
                answers.push(together(pool, &[pull]).await.map(|mut answer| answer.remove(0)));
            }
            answers
        }
    }
}

async fn together(pool: &PgPool, batch: &[Pull]) -> Result<Vec<Vec<Delivery>>, StoreError> {
    let mut answers: Vec<Vec<Delivery>> = batch.iter().map(|_| Vec::new()).collect();
    let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
    for round in rounds(batch) {
        let Some(now) = round.iter().map(|place| batch[*place].now).max() else { continue };
        let pulls: Vec<Pull> = round.iter().map(|place| batch[*place]).collect();
        let places: HashMap<InstitutionId, usize> =
            round.iter().map(|place| (batch[*place].institution_id, *place)).collect();
        for (institution, delivery) in events::lease(&mut transaction, &pulls, now).await? {
            if let Some(place) = places.get(&institution) {
                answers[*place].push(delivery);
            }
        }
    }
    transaction.commit().await?;
    Ok(answers)
}

/// Splits a batch so that no institution occurs twice in a round, each round in the order of arrival. The first round
/// has every institution, so that all advisory locks are taken together and in one order.
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
