//! The assignment machine: what an institution may do, and what intake's messages change, in any order and
//! repetition. The words of the leg machine (domain.md §3.2 b) as far as the institution has part in them.

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::{Assignment, CloseCause, State, Terms};

/// What an institution does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Has read the dossier or acknowledged the event.
    Receive,
    /// Takes it into review.
    Accept,
    /// Gives an offer or a refusal.
    Decide { file_if_late: bool },
    /// Asks for more documents.
    Ask,
}

/// What a message of intake says about a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Issued(Terms),
    Closed(CloseCause),
    Supplemented,
    /// The fate of a reply: told to the institution, changes nothing here.
    Judged,
}

/// A change that has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Received,
    Accepted,
    /// `late`: given after the window because `file_if_late` was set; intake judges it.
    Answered {
        late: bool,
    },
    Asked,
    Issued(Terms),
    /// A later `leg-issued` fixed or moved the deadline.
    Rescheduled(Terms),
    Closed(CloseCause),
    Supplemented,
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
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("{command:?} refused in state {state:?}: {why:?}")]
pub struct Refusal {
    pub state: State,
    pub command: Command,
    pub why: Why,
}

impl Assignment {
    /// `Ok(None)`: already so, nothing to do.
    pub fn decide(&self, command: Command, now: DateTime<Utc>) -> Result<Option<Change>, Refusal> {
        let refuse = |why| Err(Refusal { state: self.state, command, why });
        let ended = self.state.is_closed() || self.is_past_due(now);
        match (command, self.state) {
            (Command::Receive, State::Issued) => Ok(Some(Change::Received)),
            (Command::Receive, _) => Ok(None),
            (Command::Accept, State::Issued | State::Received) => Ok(Some(Change::Accepted)),
            (Command::Accept, State::Reviewing | State::InfoRequested | State::Answered) => Ok(None),
            (Command::Accept, State::Closed(_)) => refuse(Why::WindowClosed),
            (Command::Decide { file_if_late: false }, _) if ended => refuse(Why::WindowClosed),
            (Command::Decide { .. }, _) => Ok(Some(Change::Answered { late: ended })),
            (Command::Ask, _) if ended => refuse(Why::WindowClosed),
            (Command::Ask, State::InfoRequested) => refuse(Why::QuestionOpen),
            (Command::Ask, State::Answered) => refuse(Why::AlreadyAnswered),
            (Command::Ask, State::Issued | State::Received | State::Reviewing) => Ok(Some(Change::Asked)),
            (Command::Ask, State::Closed(_)) => refuse(Why::WindowClosed),
        }
    }

    /// What a message changes; `None` when it only has to be told, or was known.
    pub fn heed(&self, notice: Notice) -> Option<Change> {
        match (notice, &self.terms) {
            (Notice::Issued(terms), None) => Some(Change::Issued(terms)),
            (Notice::Issued(terms), Some(known)) => (terms.issued_version > known.issued_version
                && terms.due_at != known.due_at)
                .then(|| Change::Rescheduled(Terms { trace: known.trace.clone(), ..terms })),
            (Notice::Closed(cause), _) => (!self.state.is_closed()).then_some(Change::Closed(cause)),
            (Notice::Supplemented, _) => (self.state == State::InfoRequested).then_some(Change::Supplemented),
            (Notice::Judged, _) => None,
        }
    }

    /// The assignment after a change. Every change raises the version.
    pub fn apply(mut self, change: &Change) -> Self {
        self.version += 1;
        match change {
            Change::Received => self.state = State::Received,
            Change::Accepted | Change::Supplemented => self.state = State::Reviewing,
            Change::Answered { .. } if self.state.is_closed() => {}
            Change::Answered { .. } => self.state = State::Answered,
            Change::Asked => self.state = State::InfoRequested,
            Change::Issued(terms) | Change::Rescheduled(terms) => self.terms = Some(terms.clone()),
            Change::Closed(cause) => self.state = State::Closed(*cause),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kernel::{InstitutionId, InstitutionRole, LegId, ProductId};
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn terms(due: Option<i64>, version: i64) -> Terms {
        Terms {
            role: InstitutionRole::Bank,
            product_id: ProductId::from_uuid(Uuid::from_u128(3)),
            product_version: 1,
            issued_at: NOW,
            due_at: due.map(|seconds| NOW + TimeDelta::seconds(seconds)),
            issued_version: version,
            trace: None,
        }
    }

    fn standing(state: State, due: Option<i64>) -> Assignment {
        Assignment {
            id: LegId::from_uuid(Uuid::from_u128(1)),
            institution_id: InstitutionId::from_uuid(Uuid::from_u128(2)),
            terms: Some(terms(due, 1)),
            state,
            version: 7,
        }
    }

    const OPEN: [State; 5] =
        [State::Issued, State::Received, State::Reviewing, State::InfoRequested, State::Answered];
    const CLOSED: [State; 2] = [State::Closed(CloseCause::TimedOut), State::Closed(CloseCause::Released)];

    #[test]
    fn each_command_in_each_open_state_does_what_the_table_says() {
        use Why::{AlreadyAnswered, QuestionOpen};
        let decide = Command::Decide { file_if_late: false };
        let answered = || Ok(Some(Change::Answered { late: false }));
        // In the order of OPEN.
        type Row = [Result<Option<Change>, Why>; 5];
        let table: [(Command, Row); 4] = [
            (Command::Receive, [Ok(Some(Change::Received)), Ok(None), Ok(None), Ok(None), Ok(None)]),
            (
                Command::Accept,
                [Ok(Some(Change::Accepted)), Ok(Some(Change::Accepted)), Ok(None), Ok(None), Ok(None)],
            ),
            (decide, [answered(), answered(), answered(), answered(), answered()]),
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
        ];
        for (command, row) in table {
            for (state, expected) in OPEN.into_iter().zip(row) {
                let outcome = standing(state, None).decide(command, NOW).map_err(|refusal| refusal.why);
                assert_eq!(outcome, expected, "{command:?} in {state:?}");
            }
        }
    }

    #[test]
    fn a_decision_is_taken_to_the_last_instant_of_the_window_and_refused_after_it() {
        let decide = Command::Decide { file_if_late: false };
        for state in OPEN {
            let assignment = standing(state, Some(10));
            let end = NOW + TimeDelta::seconds(10);
            assert_eq!(assignment.decide(decide, end), Ok(Some(Change::Answered { late: false })));
            let after = assignment.decide(decide, end + TimeDelta::microseconds(1));
            assert_eq!(after.map_err(|refusal| refusal.why), Err(Why::WindowClosed));
        }
    }

    #[test]
    fn a_decision_filed_late_is_kept_and_leaves_a_closed_assignment_closed() {
        for state in CLOSED {
            let assignment = standing(state, None);
            let refused = assignment.decide(Command::Decide { file_if_late: false }, NOW);
            assert_eq!(refused.map_err(|refusal| refusal.why), Err(Why::WindowClosed));
            let change = assignment.decide(Command::Decide { file_if_late: true }, NOW);
            assert_eq!(change, Ok(Some(Change::Answered { late: true })));
            let after = assignment.apply(&Change::Answered { late: true });
            assert_eq!((after.state, after.version), (state, 8));
        }
    }

    #[test]
    fn a_closed_assignment_takes_no_question_and_no_acceptance_but_may_be_read() {
        for state in CLOSED {
            let assignment = standing(state, None);
            for command in [Command::Ask, Command::Accept] {
                let outcome = assignment.decide(command, NOW).map_err(|refusal| refusal.why);
                assert_eq!(outcome, Err(Why::WindowClosed));
            }
            assert_eq!(assignment.decide(Command::Receive, NOW), Ok(None));
        }
    }

    fn fold(notices: &[Notice]) -> Assignment {
        let fresh = Assignment::unheard_of(
            LegId::from_uuid(Uuid::from_u128(1)),
            InstitutionId::from_uuid(Uuid::from_u128(2)),
        );
        notices.iter().fold(fresh, |assignment, notice| match assignment.heed(notice.clone()) {
            Some(change) => assignment.apply(&change),
            None => assignment,
        })
    }

    #[test]
    fn notices_in_any_order_and_twice_end_in_the_same_place() {
        let issued = Notice::Issued(terms(None, 1));
        let fixed = Notice::Issued(terms(Some(60), 2));
        let closed = Notice::Closed(CloseCause::TimedOut);
        let all = [issued, fixed, closed, Notice::Judged];
        for start in 0..all.len() {
            for step in [1, 3] {
                let once: Vec<Notice> =
                    (0..all.len()).map(|i| all[(start + i * step) % all.len()].clone()).collect();
                let twice: Vec<Notice> = once.iter().chain(&once).cloned().collect();
                for order in [once, twice] {
                    let end = fold(&order);
                    assert_eq!(end.state, State::Closed(CloseCause::TimedOut), "{order:?}");
                    assert_eq!(end.terms, Some(terms(Some(60), 2)), "{order:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_to_a_question_brings_the_assignment_back_into_review_and_nowhere_else() {
        for state in OPEN.into_iter().chain(CLOSED) {
            let change = standing(state, None).heed(Notice::Supplemented);
            assert_eq!(change.is_some(), state == State::InfoRequested, "{state:?}");
        }
        let back = standing(State::InfoRequested, None).apply(&Change::Supplemented);
        assert_eq!(back.state, State::Reviewing);
    }
}
