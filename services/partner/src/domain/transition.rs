//! What an institution may do with its assignment, and what a change makes of it. The words of the leg machine
//! (domain.md §3.2 b) as far as the institution has part in them.

use chrono::{DateTime, Utc};
use kernel::ReplyId;
use thiserror::Error;

use super::{Assignment, Choice, CloseCause, Standing, State, Terms};

/// What an institution does. `by` is the reply by which it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Has read the dossier or acknowledged the event.
    Receive,
    /// Takes it into review.
    Accept,
    /// Answers: with an offer, a quote or a commitment if `offers`, else with a refusal.
    Decide { file_if_late: bool, offers: bool },
    /// Asks for more documents.
    Ask,
    /// Takes its offer back.
    TakeBack { by: ReplyId },
    /// Confirms that it was chosen.
    Confirm { by: ReplyId },
    /// Was chosen, and does not want to.
    Refuse { by: ReplyId },
    /// Delivers its report.
    Report { by: ReplyId },
}

/// A change that has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Received,
    Accepted,
    /// `late`: given after the window because `file_if_late` was set; the service centre judges it.
    Answered {
        late: bool,
        offers: bool,
    },
    Asked,
    TakenBack {
        by: ReplyId,
    },
    Confirmed {
        by: ReplyId,
    },
    Refused {
        by: ReplyId,
    },
    Reported {
        by: ReplyId,
    },
    Issued(Terms),
    /// A later `leg-issued` fixed or moved the deadline.
    Rescheduled(Terms),
    Closed(CloseCause),
    Supplemented,
    Selected {
        version: i64,
        choice: Choice,
    },
    Unselected {
        version: i64,
    },
    /// A reply that had moved the assignment was refused by the service centre.
    Undone {
        reply: ReplyId,
    },
}

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The window has ended, or the assignment has.
    WindowClosed,
    /// The last question has not been answered yet.
    QuestionOpen,
    /// An answered assignment takes another answer, but no question.
    AlreadyAnswered,
    /// The enterprise has chosen the offer: it can be confirmed or refused, not changed or taken back.
    OfferSelected,
    /// There is no offer that could be taken back.
    NothingOffered,
    /// It has ended otherwise than by being taken back.
    Ended,
    /// The enterprise has not chosen this institution, or not any more.
    NotSelected,
    /// What was confirmed cannot be refused.
    AlreadyConfirmed,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("{command:?} refused in state {state:?}: {why:?}")]
pub struct Refusal {
    pub state: State,
    pub command: Command,
    pub why: Why,
}

impl Command {
    /// The reply by which the institution has said the same before, in an assignment that stands like this.
    pub const fn said_before(self, state: State) -> Option<ReplyId> {
        match (self, state) {
            (Self::TakeBack { .. }, State::Answered(Standing::TakenBack { by }))
            | (Self::Refuse { .. }, State::Answered(Standing::Refused { by, .. }))
            | (Self::Confirm { .. }, State::Confirmed { by, .. })
            | (Self::Confirm { .. }, State::Fulfilled { confirmed_by: Some(by), .. })
            | (Self::Confirm { .. }, State::Fulfilled { confirmed_by: None, by, .. })
            | (Self::Report { .. }, State::Fulfilled { by, .. }) => Some(by),
            _ => None,
        }
    }
}

impl Assignment {
    /// `Ok(None)`: already so, nothing to do.
    pub fn decide(&self, command: Command, now: DateTime<Utc>) -> Result<Option<Change>, Refusal> {
        let refuse = |why| Err(Refusal { state: self.state, command, why });
        let ended = self.state.takes_no_answer() || self.is_past_due(now);
        match command {
            Command::Receive => Ok((self.state == State::Issued).then_some(Change::Received)),
            Command::Accept => match self.state {
                State::Issued | State::Received => Ok(Some(Change::Accepted)),
                State::Closed { .. } => refuse(Why::WindowClosed),
                State::Reviewing
                | State::InfoRequested
                | State::Answered(_)
                | State::Selected(_)
                | State::Confirmed { .. }
                | State::Fulfilled { .. } => Ok(None),
            },
            Command::Decide { .. } if self.state.choice().is_some() => refuse(Why::OfferSelected),
            Command::Decide { file_if_late: false, .. } if ended => refuse(Why::WindowClosed),
            Command::Decide { offers, .. } => Ok(Some(Change::Answered { late: ended, offers })),
            Command::Ask if ended => refuse(Why::WindowClosed),
            Command::Ask => match self.state {
                State::Issued | State::Received | State::Reviewing => Ok(Some(Change::Asked)),
                State::InfoRequested => refuse(Why::QuestionOpen),
                State::Answered(_)
                | State::Selected(_)
                | State::Confirmed { .. }
                | State::Fulfilled { .. } => refuse(Why::AlreadyAnswered),
                State::Closed { .. } => refuse(Why::WindowClosed),
            },
            Command::TakeBack { by } => match self.state {
                State::Answered(Standing::Offer) => Ok(Some(Change::TakenBack { by })),
                State::Answered(Standing::TakenBack { .. })
                | State::Closed { cause: CloseCause::WithdrawnByInstitution, .. } => Ok(None),
                State::Answered(Standing::Nothing | Standing::Refused { .. })
                | State::Issued
                | State::Received
                | State::Reviewing
                | State::InfoRequested => refuse(Why::NothingOffered),
                State::Selected(_) | State::Confirmed { .. } | State::Fulfilled { .. } => {
                    refuse(Why::OfferSelected)
                }
                State::Closed { .. } => refuse(Why::Ended),
            },
            Command::Confirm { by } => match self.state {
                State::Selected(_) => Ok(Some(Change::Confirmed { by })),
                State::Confirmed { .. } | State::Fulfilled { .. } => Ok(None),
                State::Issued
                | State::Received
                | State::Reviewing
                | State::InfoRequested
                | State::Answered(_)
                | State::Closed { .. } => refuse(Why::NotSelected),
            },
            Command::Refuse { by } => match self.state {
                State::Selected(_) => Ok(Some(Change::Refused { by })),
                State::Answered(Standing::Refused { .. }) => Ok(None),
                State::Confirmed { .. } | State::Fulfilled { .. } => refuse(Why::AlreadyConfirmed),
                State::Issued
                | State::Received
                | State::Reviewing
                | State::InfoRequested
                | State::Answered(Standing::Offer | Standing::Nothing | Standing::TakenBack { .. })
                | State::Closed { .. } => refuse(Why::NotSelected),
            },
            Command::Report { by } => match self.state {
                State::Selected(_) | State::Confirmed { .. } => Ok(Some(Change::Reported { by })),
                State::Fulfilled { .. } => Ok(None),
                State::Issued
                | State::Received
                | State::Reviewing
                | State::InfoRequested
                | State::Answered(_)
                | State::Closed { .. } => refuse(Why::NotSelected),
            },
        }
    }

    /// The assignment after a change. Every change raises the version.
    pub fn apply(mut self, change: &Change) -> Self {
        self.version += 1;
        self.state = match (change, self.state) {
            (Change::Issued(terms) | Change::Rescheduled(terms), state) => {
                self.terms = Some(terms.clone());
                state
            }
            (Change::Received, _) => State::Received,
            (Change::Accepted | Change::Supplemented, _) => State::Reviewing,
            (Change::Asked, _) => State::InfoRequested,
            (Change::Answered { late: false, offers: true }, _) => State::Answered(Standing::Offer),
            (Change::Answered { late: false, offers: false }, _) => State::Answered(Standing::Nothing),
            (Change::Answered { late: true, .. }, state) => state.filed_late(),
            (Change::TakenBack { by }, _) => State::Answered(Standing::TakenBack { by: *by }),
            (Change::Confirmed { by }, state) => state.confirmed(*by),
            (Change::Refused { by }, state) => state.refused(*by),
            (Change::Reported { by }, state) => state.fulfilled(*by),
            (Change::Closed(cause), state) => State::Closed { cause: *cause, seen: state != State::Issued },
            (Change::Selected { version, choice }, state) => {
                self.selection_version = *version;
                state.selected(*choice)
            }
            (Change::Unselected { version }, state) => {
                self.selection_version = *version;
                state.unselected()
            }
            (Change::Undone { reply }, state) => state.without(*reply).unwrap_or(state),
        };
        self
    }
}

impl State {
    /// Ended, or given up by the institution itself: what is still said can only be filed late.
    const fn takes_no_answer(self) -> bool {
        matches!(
            self,
            Self::Closed { .. } | Self::Answered(Standing::TakenBack { .. } | Standing::Refused { .. })
        )
    }

    /// What is filed late changes nothing that stands.
    const fn filed_late(self) -> Self {
        match self {
            Self::Issued | Self::Received | Self::Reviewing | Self::InfoRequested => {
                Self::Answered(Standing::Nothing)
            }
            Self::Answered(_)
            | Self::Selected(_)
            | Self::Confirmed { .. }
            | Self::Fulfilled { .. }
            | Self::Closed { .. } => self,
        }
    }

    fn confirmed(self, by: ReplyId) -> Self {
        self.choice().map_or(self, |choice| Self::Confirmed { choice, by })
    }

    fn refused(self, by: ReplyId) -> Self {
        self.choice().map_or(self, |choice| Self::Answered(Standing::Refused { choice, by }))
    }

    fn fulfilled(self, by: ReplyId) -> Self {
        let confirmed_by = match self {
            Self::Confirmed { by, .. } => Some(by),
            _ => None,
        };
        self.choice().map_or(self, |choice| Self::Fulfilled { choice, confirmed_by, by })
    }

    /// A choice that is told again leaves what was confirmed.
    const fn selected(self, choice: Choice) -> Self {
        match self {
            Self::Confirmed { by, .. } => Self::Confirmed { choice, by },
            Self::Fulfilled { confirmed_by, by, .. } => Self::Fulfilled { choice, confirmed_by, by },
            Self::Closed { .. } => self,
            Self::Issued
            | Self::Received
            | Self::Reviewing
            | Self::InfoRequested
            | Self::Answered(_)
            | Self::Selected(_) => Self::Selected(choice),
        }
    }

    /// The answer stands again.
    const fn unselected(self) -> Self {
        match self {
            Self::Selected(_)
            | Self::Confirmed { .. }
            | Self::Fulfilled { .. }
            | Self::Answered(Standing::Refused { .. }) => Self::Answered(Standing::Offer),
            Self::Issued
            | Self::Received
            | Self::Reviewing
            | Self::InfoRequested
            | Self::Answered(Standing::Offer | Standing::Nothing | Standing::TakenBack { .. })
            | Self::Closed { .. } => self,
        }
    }

    /// Where it would stand if this reply had not been given; `None` if the reply moved nothing that still stands.
    pub(super) fn without(self, reply: ReplyId) -> Option<Self> {
        match self {
            Self::Answered(Standing::TakenBack { by }) if by == reply => {
                Some(Self::Answered(Standing::Offer))
            }
            Self::Answered(Standing::Refused { choice, by }) | Self::Confirmed { choice, by }
                if by == reply =>
            {
                Some(Self::Selected(choice))
            }
            Self::Fulfilled { choice, confirmed_by, by } if by == reply => {
                Some(confirmed_by.map_or(Self::Selected(choice), |by| Self::Confirmed { choice, by }))
            }
            Self::Fulfilled { choice, confirmed_by, by } if confirmed_by == Some(reply) => {
                Some(Self::Fulfilled { choice, confirmed_by: None, by })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kernel::{InstitutionId, InstitutionRole, LegId, ProductId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::Product;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const CHOICE: Choice = Choice { confirm_by: None };

    fn reply(number: u128) -> ReplyId {
        ReplyId::from_uuid(Uuid::from_u128(number))
    }

    fn standing(state: State, due: Option<i64>) -> Assignment {
        let terms = Terms {
            role: InstitutionRole::Bank,
            product: Some(Product { id: ProductId::from_uuid(Uuid::from_u128(3)), version: 1 }),
            issued_at: NOW,
            due_at: due.map(|seconds| NOW + TimeDelta::seconds(seconds)),
            issued_version: 1,
            trace: None,
        };
        Assignment {
            id: LegId::from_uuid(Uuid::from_u128(1)),
            institution_id: InstitutionId::from_uuid(Uuid::from_u128(2)),
            terms: Some(terms),
            state,
            selection_version: 0,
            version: 7,
        }
    }

    const OFFERED: State = State::Answered(Standing::Offer);
    const NOTHING: State = State::Answered(Standing::Nothing);
    const BEFORE: [State; 4] = [State::Issued, State::Received, State::Reviewing, State::InfoRequested];

    fn taken_back() -> State {
        State::Answered(Standing::TakenBack { by: reply(1) })
    }

    fn refused() -> State {
        State::Answered(Standing::Refused { choice: CHOICE, by: reply(1) })
    }

    fn chosen() -> [State; 3] {
        [
            State::Selected(CHOICE),
            State::Confirmed { choice: CHOICE, by: reply(1) },
            State::Fulfilled { choice: CHOICE, confirmed_by: None, by: reply(1) },
        ]
    }

    fn closed(cause: CloseCause) -> State {
        State::Closed { cause, seen: true }
    }

    fn outcome(state: State, command: Command) -> Result<Option<Change>, Why> {
        standing(state, None).decide(command, NOW).map_err(|refusal| refusal.why)
    }

    fn offer(file_if_late: bool) -> Command {
        Command::Decide { file_if_late, offers: true }
    }

    #[test]
    fn each_command_before_and_upon_an_answer_does_what_the_table_says() {
        use Why::{AlreadyAnswered, NothingOffered, QuestionOpen};
        let answered = || Ok(Some(Change::Answered { late: false, offers: true }));
        let by = reply(2);
        // In the order of BEFORE, then with an offer.
        type Row = [Result<Option<Change>, Why>; 5];
        let table: [(Command, Row); 5] = [
            (Command::Receive, [Ok(Some(Change::Received)), Ok(None), Ok(None), Ok(None), Ok(None)]),
            (
                Command::Accept,
                [Ok(Some(Change::Accepted)), Ok(Some(Change::Accepted)), Ok(None), Ok(None), Ok(None)],
            ),
            (offer(false), [answered(), answered(), answered(), answered(), answered()]),
            (
                Command::Ask,
                [
                    Ok(Some(Change::Asked)),
                    Ok(Some(Change::Asked)),
                    Ok(Some(Change::Asked)),
                    Err(QuestionOpen),
                    Err(AlreadyAnswered),
                ],
            ),
            (
                Command::TakeBack { by },
                [
                    Err(NothingOffered),
                    Err(NothingOffered),
                    Err(NothingOffered),
                    Err(NothingOffered),
                    Ok(Some(Change::TakenBack { by })),
                ],
            ),
        ];
        for (command, row) in table {
            for (state, expected) in BEFORE.into_iter().chain([OFFERED]).zip(row) {
                assert_eq!(outcome(state, command), expected, "{command:?} in {state:?}");
            }
        }
    }

    #[test]
    fn only_what_was_chosen_is_confirmed_refused_or_reported() {
        let by = reply(2);
        let (confirm, refuse, report) =
            (Command::Confirm { by }, Command::Refuse { by }, Command::Report { by });
        let elsewhere =
            BEFORE.into_iter().chain([OFFERED, NOTHING, taken_back(), closed(CloseCause::Released)]);
        for state in elsewhere {
            for command in [confirm, refuse, report] {
                assert_eq!(outcome(state, command), Err(Why::NotSelected), "{command:?} in {state:?}");
            }
        }
        let [selected, confirmed, fulfilled] = chosen();
        assert_eq!(outcome(selected, confirm), Ok(Some(Change::Confirmed { by })));
        assert_eq!(outcome(selected, refuse), Ok(Some(Change::Refused { by })));
        for state in [selected, confirmed] {
            assert_eq!(outcome(state, report), Ok(Some(Change::Reported { by })));
        }
        for (state, again) in
            [(confirmed, confirm), (fulfilled, confirm), (fulfilled, report), (refused(), refuse)]
        {
            assert_eq!(outcome(state, again), Ok(None), "{again:?} in {state:?}");
            assert_eq!(again.said_before(state), Some(reply(1)));
        }
        for state in [confirmed, fulfilled] {
            assert_eq!(outcome(state, refuse), Err(Why::AlreadyConfirmed));
        }
        for command in [confirm, report] {
            assert_eq!(outcome(refused(), command), Err(Why::NotSelected));
        }
    }

    #[test]
    fn what_was_chosen_is_neither_changed_nor_taken_back() {
        for state in chosen() {
            for command in [offer(false), offer(true), Command::TakeBack { by: reply(2) }] {
                assert_eq!(outcome(state, command), Err(Why::OfferSelected), "{command:?} in {state:?}");
            }
            assert_eq!(outcome(state, Command::Ask), Err(Why::AlreadyAnswered));
            assert_eq!(outcome(state, Command::Accept), Ok(None));
        }
    }

    #[test]
    fn taking_back_twice_is_no_error_and_taking_back_nothing_is() {
        let again = Command::TakeBack { by: reply(2) };
        for state in [taken_back(), closed(CloseCause::WithdrawnByInstitution)] {
            assert_eq!(outcome(state, again), Ok(None));
        }
        assert_eq!(again.said_before(taken_back()), Some(reply(1)));
        for state in [NOTHING, refused()] {
            assert_eq!(outcome(state, again), Err(Why::NothingOffered));
        }
        for cause in [CloseCause::TimedOut, CloseCause::Released, CloseCause::Expired] {
            assert_eq!(outcome(closed(cause), again), Err(Why::Ended));
        }
        assert_eq!(outcome(taken_back(), offer(false)), Err(Why::WindowClosed), "it is given up for good");
    }

    #[test]
    fn a_decision_is_taken_to_the_last_instant_of_the_window_and_refused_after_it() {
        for state in BEFORE.into_iter().chain([OFFERED, NOTHING]) {
            let assignment = standing(state, Some(10));
            let end = NOW + TimeDelta::seconds(10);
            let answered = Change::Answered { late: false, offers: true };
            assert_eq!(assignment.decide(offer(false), end), Ok(Some(answered)));
            let after = assignment.decide(offer(false), end + TimeDelta::microseconds(1));
            assert_eq!(after.map_err(|refusal| refusal.why), Err(Why::WindowClosed));
        }
    }

    #[test]
    fn a_decision_filed_late_is_kept_and_changes_nothing_that_stands() {
        let late = Change::Answered { late: true, offers: false };
        for cause in CloseCause::ALL {
            assert_eq!(outcome(closed(cause), offer(false)), Err(Why::WindowClosed));
            let filed = Command::Decide { file_if_late: true, offers: false };
            assert_eq!(outcome(closed(cause), filed), Ok(Some(late.clone())));
            let after = standing(closed(cause), None).apply(&late);
            assert_eq!((after.state, after.version), (closed(cause), 8));
        }
        assert_eq!(standing(OFFERED, None).apply(&late).state, OFFERED);
        assert_eq!(standing(State::Received, None).apply(&late).state, NOTHING);
    }

    #[test]
    fn a_closed_assignment_takes_no_question_and_no_acceptance_but_may_be_read() {
        for cause in CloseCause::ALL {
            for command in [Command::Ask, Command::Accept] {
                assert_eq!(outcome(closed(cause), command), Err(Why::WindowClosed));
            }
            assert_eq!(outcome(closed(cause), Command::Receive), Ok(None));
        }
    }
}
