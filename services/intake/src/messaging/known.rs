//! Cases whose round is open, as this process wrote them last. Whoever judges a reply upon one compares its version when it
//! writes it (`store/cases.rs`), as with a case that was read; so the only harm of one that has changed since is a statement
//! that writes nothing.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use host::Recent;
use kernel::{CaseId, LegId};

use crate::{
    domain::{Case, Cover, Leg, Phase},
    store::cases::Locked,
};

/// Cases that are remembered at most; some 4 MiB.
const MOST: usize = 1024;
/// Legs are remembered for as many cases, more or less.
const LEGS: usize = 16 * MOST;

#[derive(Debug, Clone)]
pub(crate) struct KnownCases(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    cases: Recent<CaseId, KnownCase>,
    /// A leg never changes its case.
    of_legs: Recent<LegId, CaseId>,
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
        Self(Arc::new(Memory { cases, of_legs }))
    }
}

impl KnownCase {
    /// Whether more replies are to be expected, and nothing else before them: insurance changes a case that waits for cover.
    fn waits_for_replies(&self) -> bool {
        matches!(&self.case.phase, Phase::Collecting(round) if round.cover != Cover::Asked)
    }

    /// Whether its window is over, so that the worker changes it next.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.case.phase.collection().and_then(|round| round.closes_at).is_some_and(|at| at <= now)
    }
}

impl KnownCases {
    /// Remembers cases that wait for replies, and forgets the others.
    pub(crate) fn committed(&self, cases: impl IntoIterator<Item = KnownCase>) {
        let (open, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(KnownCase::waits_for_replies);
        self.0.of_legs.put(open.iter().flat_map(|known| &known.legs).map(|leg| (leg.id, leg.case)));
        self.0.cases.put(open.into_iter().map(|known| (known.case.id, known)));
        self.0.cases.forget(&others.iter().map(|known| known.case.id).collect::<Vec<_>>());
    }

    /// The cases of these legs that are known, and the legs of which nothing is.
    pub(crate) fn of_legs(&self, legs: &[LegId], now: DateTime<Utc>) -> (Vec<KnownCase>, Vec<LegId>) {
        let cases = self.0.of_legs.get_all(legs);
        let mut asked: Vec<CaseId> = cases.iter().flatten().copied().collect();
        asked.sort_unstable();
        asked.dedup();
        let known: HashMap<CaseId, KnownCase> = self
            .0
            .cases
            .get_all(&asked)
            .into_iter()
            .flatten()
            .filter(|known| !known.is_over(now))
            .map(|known| (known.case.id, known))
            .collect();
        let is_known = |case: &Option<CaseId>| case.is_some_and(|case| known.contains_key(&case));
        let unknown =
            legs.iter().zip(&cases).filter(|(_, case)| !is_known(case)).map(|(leg, _)| *leg).collect();
        (known.into_values().collect(), unknown)
    }

    /// Compares what is known with what was read under the lock, because something of it could not be written.
    pub(crate) fn compare(&self, locked: &[Locked]) {
        let ids: Vec<CaseId> = locked.iter().map(|locked| locked.case.id).collect();
        let known = self.0.cases.get_all(&ids);
        let differs = locked.iter().zip(known).any(|(locked, known)| {
            let now = (locked.case.version, locked.touched);
            known.is_some_and(|known| (known.case.version, known.touched) != now)
        });
        if differs {
            self.0.cases.doubt();
        }
    }
}
