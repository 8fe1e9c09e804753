//! Cases whose round is open, as this process wrote them last. Whoever judges a reply upon one compares its version when it
//! writes it (`store/cases.rs`), as with a case that was read; so the only harm of one that has changed since is a statement
//! that writes nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use host::Recent;
use kernel::{CaseId, LegId};

use crate::domain::{Case, Cover, Leg, Phase};

/// Cases that are remembered at most; some 4 MiB.
const MOST: usize = 1024;
/// Legs are remembered for as many cases, more or less.
const LEGS: usize = 16 * MOST;
/// After one that had changed everything is read for so long: where several processes write the same cases, each knows but
/// a part of them.
const REST: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct KnownCases(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    cases: Recent<CaseId, KnownCase>,
    of_legs: Recent<LegId, CaseId>,
    refused: Mutex<Option<Instant>>,
}

/// As it was committed.
#[derive(Debug, Clone)]
pub(crate) struct KnownCase {
    pub case: Case,
    /// How often legs of it have changed without it.
    pub touched: i64,
    /// All of them, of every round.
    pub legs: Vec<Leg>,
}

impl Default for KnownCases {
    fn default() -> Self {
        let (cases, of_legs) = (Recent::new(MOST), Recent::new(LEGS));
        Self(Arc::new(Memory { cases, of_legs, refused: Mutex::default() }))
    }
}

impl KnownCases {
    /// Remembers those to which more replies are to be expected, and from institutions next.
    pub(crate) fn committed(&self, cases: impl IntoIterator<Item = KnownCase>) {
        let is_open = |known: &KnownCase| match known.case.phase {
            Phase::Collecting(round) => round.cover != Cover::Asked,
            _ => false,
        };
        for known in cases.into_iter().filter(is_open) {
            self.0.of_legs.put(known.legs.iter().map(|leg| (leg.id, leg.case)));
            self.0.cases.put([(known.case.id, known)]);
        }
    }

    /// Takes out the cases of these legs, and gives the legs of which nothing is known. What is taken out has to be brought
    /// back ([`Self::committed`]) as it is then.
    pub(crate) fn take(&self, legs: &[LegId]) -> (Vec<KnownCase>, Vec<LegId>) {
        let refused = *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_some_and(|at| at.elapsed() < REST) {
            return (Vec::new(), legs.to_vec());
        }
        let cases = self.0.of_legs.get_all(legs);
        let mut asked: Vec<CaseId> = cases.iter().flatten().copied().collect();
        asked.sort_unstable();
        asked.dedup();
        let known: HashMap<CaseId, KnownCase> = asked
            .iter()
            .zip(self.0.cases.take_all(&asked))
            .filter_map(|(id, known)| Some((*id, known?)))
            .collect();
        let is_known = |case: &Option<CaseId>| case.is_some_and(|case| known.contains_key(&case));
        let unknown =
            legs.iter().zip(&cases).filter(|(_, case)| !is_known(case)).map(|(leg, _)| *leg).collect();
        (known.into_values().collect(), unknown)
    }

    /// One of those that were taken out was not so any more.
    pub(crate) fn was_refused(&self) {
        *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}
