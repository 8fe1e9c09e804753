//! What the service centre's messages change in an assignment, in any order and repetition.

use kernel::ReplyId;

use super::{Assignment, Change, Choice, CloseCause, State, Terms};

/// What a message says about a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Issued(Terms),
    Closed(CloseCause),
    Supplemented,
    /// The enterprise has chosen this answer. `version` is the leg's.
    Selected {
        version: i64,
        choice: Choice,
    },
    /// The choice is undone, the answer stands again.
    Unselected {
        version: i64,
    },
    /// The fate of a reply: told to the institution, changes nothing here.
    Judged,
    /// This reply contradicts what stands: if it has moved the assignment, that was for nothing.
    Rejected(ReplyId),
}

impl Assignment {
    /// What a message changes; `None` when it only has to be told, or was known.
    pub fn heed(&self, notice: Notice) -> Option<Change> {
        let is_news = |version: i64| !self.state.is_closed() && version > self.selection_version;
        match (notice, &self.terms) {
            (Notice::Issued(terms), None) => Some(Change::Issued(terms)),
            (Notice::Issued(terms), Some(known)) => (terms.issued_version > known.issued_version
                && terms.due_at != known.due_at)
                .then(|| Change::Rescheduled(Terms { trace: known.trace.clone(), ..terms })),
            (Notice::Closed(cause), _) => (!self.state.is_closed()).then_some(Change::Closed(cause)),
            (Notice::Supplemented, _) => (self.state == State::InfoRequested).then_some(Change::Supplemented),
            (Notice::Selected { version, choice }, _) => {
                is_news(version).then_some(Change::Selected { version, choice })
            }
            (Notice::Unselected { version }, _) => is_news(version).then_some(Change::Unselected { version }),
            (Notice::Judged, _) => None,
            (Notice::Rejected(reply), _) => self.state.without(reply).map(|_| Change::Undone { reply }),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use kernel::{InstitutionId, InstitutionRole, LegId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Command, Standing};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn reply(number: u128) -> ReplyId {
        ReplyId::from_uuid(Uuid::from_u128(number))
    }

    fn terms(due: Option<i64>, version: i64) -> Terms {
        Terms {
            role: InstitutionRole::Evaluator,
            product: None,
            issued_at: NOW,
            due_at: due.map(|seconds| NOW + TimeDelta::seconds(seconds)),
            issued_version: version,
            trace: None,
        }
    }

    fn standing(state: State) -> Assignment {
        let fresh = Assignment::unheard_of(
            LegId::from_uuid(Uuid::from_u128(1)),
            InstitutionId::from_uuid(Uuid::from_u128(2)),
        );
        Assignment { terms: Some(terms(None, 1)), state, version: 7, ..fresh }
    }

    fn after(assignment: Assignment, notices: &[Notice]) -> Assignment {
        notices.iter().fold(assignment, |assignment, notice| match assignment.heed(notice.clone()) {
            Some(change) => assignment.apply(&change),
            None => assignment,
        })
    }

    fn does(assignment: Assignment, command: Command) -> Assignment {
        let change = assignment.decide(command, NOW).unwrap().unwrap();
        assignment.apply(&change)
    }

    const CHOICE: Choice = Choice { confirm_by: None };

    fn selected(version: i64) -> Notice {
        Notice::Selected { version, choice: CHOICE }
    }

    #[test]
    fn notices_in_any_order_and_twice_end_in_the_same_place() {
        let all = [
            Notice::Issued(terms(None, 1)),
            Notice::Issued(terms(Some(60), 2)),
            selected(4),
            Notice::Unselected { version: 5 },
            selected(6),
            Notice::Judged,
            Notice::Closed(CloseCause::TimedOut),
        ];
        let fresh = Assignment { terms: None, version: 0, ..standing(State::Issued) };
        for start in 0..all.len() {
            for step in [1, 2, 3, 4, 5, 6] {
                let once: Vec<Notice> =
                    (0..all.len()).map(|i| all[(start + i * step) % all.len()].clone()).collect();
                let twice: Vec<Notice> = once.iter().chain(&once).cloned().collect();
                for order in [once, twice] {
                    let open: Vec<Notice> =
                        order.iter().filter(|n| !matches!(n, Notice::Closed(_))).cloned().collect();
                    let end = after(fresh.clone(), &open);
                    assert_eq!(end.state, State::Selected(CHOICE), "{open:?}");
                    assert_eq!(end.terms, Some(terms(Some(60), 2)), "{open:?}");
                    let closed = after(fresh.clone(), &order);
                    assert!(closed.state.is_closed(), "{order:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_to_a_question_brings_the_assignment_back_into_review_and_nowhere_else() {
        for state in [
            State::Issued,
            State::Received,
            State::Reviewing,
            State::InfoRequested,
            State::Answered(Standing::Offer),
            State::Selected(CHOICE),
            State::Closed { cause: CloseCause::Released, seen: true },
        ] {
            let change = standing(state).heed(Notice::Supplemented);
            assert_eq!(change.is_some(), state == State::InfoRequested, "{state:?}");
        }
        let back = standing(State::InfoRequested).apply(&Change::Supplemented);
        assert_eq!(back.state, State::Reviewing);
    }

    #[test]
    fn closing_remembers_whether_it_had_been_seen() {
        for (state, seen) in
            [(State::Issued, false), (State::Received, true), (State::Selected(CHOICE), true)]
        {
            let closed = after(standing(state), &[Notice::Closed(CloseCause::Released)]);
            assert_eq!(closed.state, State::Closed { cause: CloseCause::Released, seen });
            let again = after(closed.clone(), &[Notice::Closed(CloseCause::Expired), selected(9)]);
            assert_eq!(again, closed, "the first ending holds");
        }
    }

    #[test]
    fn a_choice_that_is_undone_lets_the_offer_stand_and_be_chosen_again() {
        let offered = standing(State::Answered(Standing::Offer));
        let chosen = after(offered, &[selected(3)]);
        let confirmed = does(chosen, Command::Confirm { by: reply(1) });
        let told_again = after(confirmed.clone(), &[selected(3), selected(4)]);
        assert_eq!(told_again.state, confirmed.state, "what was confirmed stays so");
        let undone = after(told_again, &[Notice::Unselected { version: 5 }]);
        assert_eq!(undone.state, State::Answered(Standing::Offer));
        assert_eq!(after(undone.clone(), &[selected(4)]).state, undone.state, "an older choice is no news");
        assert_eq!(after(undone, &[selected(6)]).state, State::Selected(CHOICE));
    }

    #[test]
    fn a_reply_that_is_refused_leaves_the_assignment_as_it_was_before_it() {
        let (offer, chosen) = (State::Answered(Standing::Offer), State::Selected(CHOICE));
        let (one, two) = (reply(1), reply(2));
        for (before, command) in [
            (offer, Command::TakeBack { by: one }),
            (chosen, Command::Confirm { by: one }),
            (chosen, Command::Refuse { by: one }),
            (chosen, Command::Report { by: one }),
            (State::Confirmed { choice: CHOICE, by: two }, Command::Report { by: one }),
        ] {
            let moved = does(standing(before), command);
            assert_eq!(after(moved.clone(), &[Notice::Rejected(reply(3))]), moved, "another reply's fate");
            assert_eq!(after(moved, &[Notice::Rejected(one)]).state, before, "{command:?}");
        }
        let reported =
            does(does(standing(chosen), Command::Confirm { by: one }), Command::Report { by: two });
        let unconfirmed = after(reported, &[Notice::Rejected(one)]);
        assert_eq!(unconfirmed.state, State::Fulfilled { choice: CHOICE, confirmed_by: None, by: two });
    }
}
