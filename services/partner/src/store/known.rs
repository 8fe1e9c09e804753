//! What this process knows of assignments and events because it wrote or handed them out itself. It saves reading them again
//! a moment later; whatever is not known here, or may have changed since, is read.

use std::sync::Arc;

use host::Recent;
use kernel::{EventId, InstitutionId, LegId};

use crate::domain::{Assignment, FeedKind};

/// Assignments, and events, that are remembered at most; some 4 MiB together.
const ASSIGNMENTS: usize = 4096;
const EVENTS: usize = 8192;

#[derive(Debug, Clone)]
pub struct Known(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    assignments: Recent<LegId, Assignment>,
    events: Recent<EventId, Place>,
}

/// Where an event that was handed out lies in its institution's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) institution: InstitutionId,
    pub(super) seq: i64,
    pub(super) assignment: LegId,
    pub(super) kind: FeedKind,
}

impl Default for Known {
    fn default() -> Self {
        let (assignments, events) = (Recent::new(ASSIGNMENTS), Recent::new(EVENTS));
        Self(Arc::new(Memory { assignments, events }))
    }
}

impl Known {
    /// Assignments as they were committed.
    pub fn committed(&self, assignments: impl IntoIterator<Item = Assignment>) {
        self.0.assignments.put(assignments.into_iter().map(|assignment| (assignment.id, assignment)));
    }

    /// One for each id. It may have changed since; that it is issued, and whose it is, never changes.
    pub(super) fn assignments(&self, ids: &[LegId]) -> Vec<Option<Assignment>> {
        self.0.assignments.get_all(ids)
    }

    /// One of these assignments was not any more as it was known.
    pub(super) fn doubt(&self, ids: &[LegId]) {
        self.0.assignments.forget(ids);
        self.0.assignments.doubt();
    }

    pub(super) fn handed_out(&self, events: impl IntoIterator<Item = (EventId, Place)>) {
        self.0.events.put(events);
    }

    /// One for each event. Neither the place nor the institution of an event ever changes.
    pub(super) fn places(&self, events: &[EventId]) -> Vec<Option<Place>> {
        self.0.events.get_all(events)
    }
}
