//! An assignment (任务): one leg of a case as its institution sees it. How it moves is in `transition`.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ProductId};
use thiserror::Error;

/// One question to one institution. The leg's random id is the assignment's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub id: LegId,
    pub institution_id: InstitutionId,
    /// Absent while only something later than `leg-issued` has arrived: messages come in any order. The institution
    /// sees nothing of such an assignment.
    pub terms: Option<Terms>,
    pub state: State,
    /// Counts the changes; the etag, and the version of what is published.
    pub version: i64,
}

/// What `leg-issued` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub role: InstitutionRole,
    pub product_id: ProductId,
    pub product_version: i32,
    pub issued_at: DateTime<Utc>,
    /// End of the window; absent while the calendar does not know its year (`CALENDAR_MISSING`).
    pub due_at: Option<DateTime<Utc>>,
    /// The leg's version that these terms are of: a later one may fix or move the deadline.
    pub issued_version: i64,
    /// Where the case's trace goes on (W3C `traceparent`).
    pub trace: Option<String>,
}

/// Where an assignment stands (proto `AssignmentState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 已派发
    Issued,
    /// 已送达
    Received,
    /// 审查中
    Reviewing,
    /// 待补充
    InfoRequested,
    /// 已回复
    Answered,
    /// 已结束: takes no more answers.
    Closed(CloseCause),
}

/// Why an assignment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    TimedOut,
    Released,
}

/// A stored state that cannot be: the row needs a person.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("impossible assignment state {number} with close cause {cause:?}")]
pub struct StateError {
    pub number: i16,
    pub cause: Option<i16>,
}

impl CloseCause {
    pub const ALL: [Self; 2] = [Self::TimedOut, Self::Released];

    pub const fn number(self) -> i16 {
        match self {
            Self::TimedOut => 1,
            Self::Released => 2,
        }
    }

    /// What the institution reads in `ASSIGNMENT_CLOSED`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "TIMED_OUT",
            Self::Released => "RELEASED",
        }
    }

    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.number() == number)
    }
}

impl State {
    /// The number of proto `AssignmentState`, which the schema keeps too.
    pub const fn number(self) -> i16 {
        match self {
            Self::Issued => 1,
            Self::Received => 2,
            Self::Reviewing => 3,
            Self::InfoRequested => 4,
            Self::Answered => 5,
            Self::Closed(_) => 6,
        }
    }

    pub const fn cause(self) -> Option<CloseCause> {
        match self {
            Self::Closed(cause) => Some(cause),
            Self::Issued | Self::Received | Self::Reviewing | Self::InfoRequested | Self::Answered => None,
        }
    }

    pub const fn is_closed(self) -> bool {
        self.cause().is_some()
    }

    /// From the two columns of a row.
    pub fn from_parts(number: i16, cause: Option<i16>) -> Result<Self, StateError> {
        let impossible = StateError { number, cause };
        match (number, cause.map(CloseCause::from_number)) {
            (1, None) => Ok(Self::Issued),
            (2, None) => Ok(Self::Received),
            (3, None) => Ok(Self::Reviewing),
            (4, None) => Ok(Self::InfoRequested),
            (5, None) => Ok(Self::Answered),
            (6, Some(Some(cause))) => Ok(Self::Closed(cause)),
            _ => Err(impossible),
        }
    }
}

impl Assignment {
    /// What is known before the first message about this leg is applied.
    pub const fn unheard_of(id: LegId, institution_id: InstitutionId) -> Self {
        Self { id, institution_id, terms: None, state: State::Issued, version: 0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_its_columns() {
        let all = [
            State::Issued,
            State::Received,
            State::Reviewing,
            State::InfoRequested,
            State::Answered,
            State::Closed(CloseCause::TimedOut),
            State::Closed(CloseCause::Released),
        ];
        for state in all {
            let cause = state.cause().map(CloseCause::number);
            assert_eq!(State::from_parts(state.number(), cause), Ok(state));
        }
    }

    #[test]
    fn impossible_columns_are_an_error() {
        for (number, cause) in [(0, None), (7, None), (6, None), (6, Some(3)), (1, Some(1))] {
            assert_eq!(State::from_parts(number, cause), Err(StateError { number, cause }));
        }
    }
}
