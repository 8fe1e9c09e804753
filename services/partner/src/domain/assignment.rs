//! An assignment (任务): one leg of a case as its institution sees it. How it moves is in `transition` and `hearing`.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ProductId};

use super::State;

/// One question to one institution. The leg's random id is the assignment's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub id: LegId,
    pub institution_id: InstitutionId,
    /// Absent while only something later than `leg-issued` has arrived: messages come in any order. The institution
    /// sees nothing of such an assignment.
    pub terms: Option<Terms>,
    pub state: State,
    /// The leg's version of the newest choice, or undoing of one, that was heard; 0 before any.
    pub selection_version: i64,
    /// Counts the changes; the etag, and the version of what is published.
    pub version: i64,
}

/// What `leg-issued` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub role: InstitutionRole,
    /// For banks, and only for them.
    pub product: Option<Product>,
    pub issued_at: DateTime<Utc>,
    /// End of the window; absent while the calendar does not know its year (`CALENDAR_MISSING`).
    pub due_at: Option<DateTime<Utc>>,
    /// The leg's version that these terms are of: a later one may fix or move the deadline.
    pub issued_version: i64,
    /// Where the case's trace goes on (W3C `traceparent`).
    pub trace: Option<String>,
}

/// The bank's product that fits, as it was when the case was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub version: i32,
}

impl Terms {
    /// Whether the leg is one of `insurance`: cover, and not a loan or its valuation.
    pub const fn is_cover(&self) -> bool {
        matches!(self.role, InstitutionRole::Insurer | InstitutionRole::Guarantor)
    }
}

impl Assignment {
    /// What is known before the first message about this leg is applied.
    pub const fn unheard_of(id: LegId, institution_id: InstitutionId) -> Self {
        Self { id, institution_id, terms: None, state: State::Issued, selection_version: 0, version: 0 }
    }

    /// Opaque to the institution; changes with every change of the assignment.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// Whether an answer now would be after the window. The last instant of the window is still in it.
    pub fn is_past_due(&self, now: DateTime<Utc>) -> bool {
        self.terms.as_ref().and_then(|terms| terms.due_at).is_some_and(|due| now > due)
    }
}
