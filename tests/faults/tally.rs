//! What the cases' drivers share: how many are in flight, what they saw, what they complain of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use proto::intake::v1::CaseState;

use crate::plan::Kind;

#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    in_flight: usize,
    /// Calls that failed for a reason that passes, and were made again.
    tried_again: usize,
    ends: BTreeMap<&'static str, usize>,
    seen: BTreeMap<&'static str, usize>,
    kinds: BTreeMap<Kind, usize>,
    complaints: Vec<String>,
}

impl Tally {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn begins(&self) {
        self.with(|inner| inner.in_flight += 1);
    }

    pub(crate) fn ends(&self, kind: Kind, state: CaseState) {
        self.with(|inner| {
            inner.in_flight -= 1;
            *inner.ends.entry(state.as_str_name()).or_default() += 1;
            *inner.kinds.entry(kind).or_default() += 1;
        });
    }

    pub(crate) fn saw(&self, state: CaseState) {
        self.with(|inner| *inner.seen.entry(state.as_str_name()).or_default() += 1);
    }

    pub(crate) fn again(&self) {
        self.with(|inner| inner.tried_again += 1);
    }

    pub(crate) fn complain(&self, text: String) {
        self.with(|inner| inner.complaints.push(text));
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.with(|inner| inner.in_flight)
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.with(|inner| inner.complaints.clone())
    }

    pub(crate) fn states_seen(&self) -> BTreeMap<&'static str, usize> {
        self.with(|inner| inner.seen.clone())
    }

    pub(crate) fn kinds_done(&self) -> BTreeMap<Kind, usize> {
        self.with(|inner| inner.kinds.clone())
    }

    pub(crate) fn print(&self) {
        self.with(|inner| {
            println!("calls made again: {}", inner.tried_again);
            let row = |counts: &BTreeMap<&str, usize>| {
                let cells: Vec<String> = counts
                    .iter()
                    .map(|(state, count)| format!("{} {count}", state.trim_start_matches("CASE_STATE_")))
                    .collect();
                cells.join(" · ")
            };
            println!("states seen on the way: {}", row(&inner.seen));
            println!("last states: {}", row(&inner.ends));
            let kinds: Vec<String> =
                inner.kinds.iter().map(|(kind, count)| format!("{kind:?} {count}")).collect();
            println!("kinds of cases: {}", kinds.join(" · "));
        });
    }
}
