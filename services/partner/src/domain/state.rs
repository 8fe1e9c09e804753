//! Where an assignment stands, and how that is kept in the columns of its row.

use chrono::{DateTime, Utc};
use kernel::ReplyId;
use thiserror::Error;

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
    Answered(Standing),
    /// 待确认: the enterprise has chosen this answer.
    Selected(Choice),
    /// 已确认, by this reply.
    Confirmed { choice: Choice, by: ReplyId },
    /// 已履行: the report is delivered by this reply; it may have been confirmed before.
    Fulfilled { choice: Choice, confirmed_by: Option<ReplyId>, by: ReplyId },
    /// 已结束: takes no more answers. `seen`: the institution had read or acknowledged it before.
    Closed { cause: CloseCause, seen: bool },
}

/// What stands of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// An offer, a quote or a commitment.
    Offer,
    /// A refusal, or only something that was filed late.
    Nothing,
    /// The offer was taken back by this reply.
    TakenBack { by: ReplyId },
    /// The enterprise's choice was refused by this reply.
    Refused { choice: Choice, by: ReplyId },
}

/// What the enterprise's choice asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Until when to confirm it; absent where no time is set.
    pub confirm_by: Option<DateTime<Utc>>,
}

/// Why an assignment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    TimedOut,
    /// The one cause of every ending by the service centre.
    Released,
    /// The institution's own offer ran out.
    Expired,
    /// The institution took its own offer back.
    WithdrawnByInstitution,
}

/// The columns of a row that hold its state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns {
    /// The number of proto `AssignmentState`.
    pub state: i16,
    pub close_cause: Option<i16>,
    pub seen: Option<bool>,
    pub answer: Option<i16>,
    pub confirm_by: Option<DateTime<Utc>>,
    pub confirmed_by: Option<ReplyId>,
    pub ended_by: Option<ReplyId>,
}

/// A stored state that cannot be: the row needs a person.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("impossible assignment state {}", .0.state)]
pub struct StateError(pub Columns);

const OFFER: i16 = 1;
const NOTHING: i16 = 2;
const TAKEN_BACK: i16 = 3;
const REFUSED: i16 = 4;

impl CloseCause {
    pub const ALL: [Self; 4] = [Self::TimedOut, Self::Released, Self::Expired, Self::WithdrawnByInstitution];

    pub const fn number(self) -> i16 {
        match self {
            Self::TimedOut => 1,
            Self::Released => 2,
            Self::Expired => 3,
            Self::WithdrawnByInstitution => 4,
        }
    }

    /// What the institution reads in `ASSIGNMENT_CLOSED`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "TIMED_OUT",
            Self::Released => "RELEASED",
            Self::Expired => "EXPIRED",
            Self::WithdrawnByInstitution => "WITHDRAWN",
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
            Self::Answered(_) => 5,
            Self::Closed { .. } => 6,
            Self::Selected(_) => 7,
            Self::Confirmed { .. } => 8,
            Self::Fulfilled { .. } => 9,
        }
    }

    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Ended before the institution had read or acknowledged it: the dossier stays shut for good.
    pub const fn is_closed_unseen(self) -> bool {
        matches!(self, Self::Closed { seen: false, .. })
    }

    /// The choice that stands, with the time to confirm it.
    pub const fn choice(self) -> Option<Choice> {
        match self {
            Self::Selected(choice) | Self::Confirmed { choice, .. } | Self::Fulfilled { choice, .. } => {
                Some(choice)
            }
            Self::Issued
            | Self::Received
            | Self::Reviewing
            | Self::InfoRequested
            | Self::Answered(_)
            | Self::Closed { .. } => None,
        }
    }

    /// As it is kept.
    pub fn columns(self) -> Columns {
        let bare = Columns { state: self.number(), ..Columns::default() };
        match self {
            Self::Issued | Self::Received | Self::Reviewing | Self::InfoRequested => bare,
            Self::Answered(Standing::Offer) => Columns { answer: Some(OFFER), ..bare },
            Self::Answered(Standing::Nothing) => Columns { answer: Some(NOTHING), ..bare },
            Self::Answered(Standing::TakenBack { by }) => {
                Columns { answer: Some(TAKEN_BACK), ended_by: Some(by), ..bare }
            }
            Self::Answered(Standing::Refused { choice, by }) => {
                let confirm_by = choice.confirm_by;
                Columns { answer: Some(REFUSED), ended_by: Some(by), confirm_by, ..bare }
            }
            Self::Selected(choice) => Columns { confirm_by: choice.confirm_by, ..bare },
            Self::Confirmed { choice, by } => {
                Columns { confirm_by: choice.confirm_by, confirmed_by: Some(by), ..bare }
            }
            Self::Fulfilled { choice, confirmed_by, by } => {
                Columns { confirm_by: choice.confirm_by, confirmed_by, ended_by: Some(by), ..bare }
            }
            Self::Closed { cause, seen } => {
                Columns { close_cause: Some(cause.number()), seen: Some(seen), ..bare }
            }
        }
    }

    /// From the columns of a row.
    ///
    /// # Errors
    /// A combination that no state has.
    pub fn from_columns(kept: Columns) -> Result<Self, StateError> {
        let choice = Choice { confirm_by: kept.confirm_by };
        let state = match (kept.state, kept.confirmed_by, kept.ended_by) {
            (1, ..) => Some(Self::Issued),
            (2, ..) => Some(Self::Received),
            (3, ..) => Some(Self::Reviewing),
            (4, ..) => Some(Self::InfoRequested),
            (5, _, by) => match (kept.answer, by) {
                (Some(OFFER), _) => Some(Self::Answered(Standing::Offer)),
                (Some(NOTHING), _) => Some(Self::Answered(Standing::Nothing)),
                (Some(TAKEN_BACK), Some(by)) => Some(Self::Answered(Standing::TakenBack { by })),
                (Some(REFUSED), Some(by)) => Some(Self::Answered(Standing::Refused { choice, by })),
                _ => None,
            },
            (6, ..) => match (kept.close_cause.and_then(CloseCause::from_number), kept.seen) {
                (Some(cause), Some(seen)) => Some(Self::Closed { cause, seen }),
                _ => None,
            },
            (7, ..) => Some(Self::Selected(choice)),
            (8, Some(by), _) => Some(Self::Confirmed { choice, by }),
            (9, confirmed_by, Some(by)) => Some(Self::Fulfilled { choice, confirmed_by, by }),
            _ => None,
        };
        // What the state would write must be what was there: nothing is left over from another state.
        state.filter(|state| state.columns() == kept).ok_or(StateError(kept))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_state_survives_its_columns() {
        let by = ReplyId::from_uuid(Uuid::from_u128(9));
        let timed = Choice { confirm_by: Some(DateTime::UNIX_EPOCH) };
        let untimed = Choice { confirm_by: None };
        let mut all = vec![
            State::Issued,
            State::Received,
            State::Reviewing,
            State::InfoRequested,
            State::Answered(Standing::Offer),
            State::Answered(Standing::Nothing),
            State::Answered(Standing::TakenBack { by }),
        ];
        for choice in [timed, untimed] {
            all.extend([
                State::Answered(Standing::Refused { choice, by }),
                State::Selected(choice),
                State::Confirmed { choice, by },
                State::Fulfilled { choice, confirmed_by: None, by },
                State::Fulfilled { choice, confirmed_by: Some(by), by },
            ]);
        }
        for cause in CloseCause::ALL {
            all.extend([true, false].map(|seen| State::Closed { cause, seen }));
        }
        for state in all {
            assert_eq!(State::from_columns(state.columns()), Ok(state));
        }
    }

    #[test]
    fn impossible_columns_are_an_error() {
        let by = Some(ReplyId::from_uuid(Uuid::from_u128(9)));
        let none = Columns::default();
        for kept in [
            none,
            Columns { state: 10, ..none },
            Columns { state: 1, close_cause: Some(1), ..none },
            Columns { state: 5, ..none },
            Columns { state: 5, answer: Some(5), ..none },
            Columns { state: 5, answer: Some(3), ..none },
            Columns { state: 5, answer: Some(1), ended_by: by, ..none },
            Columns { state: 6, close_cause: Some(1), ..none },
            Columns { state: 6, close_cause: Some(5), seen: Some(true), ..none },
            Columns { state: 7, confirmed_by: by, ..none },
            Columns { state: 8, ..none },
            Columns { state: 9, confirmed_by: by, ..none },
        ] {
            assert_eq!(State::from_columns(kept), Err(StateError(kept)));
        }
    }
}
