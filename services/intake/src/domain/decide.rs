//! Decides commands on a case and applies events to it (domain.md §3.2 a). Deciding changes nothing; applying cannot
//! fail.

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, EnterpriseId, LegId, documents::DocumentCode};

use super::{
    application::Missing,
    case::{Case, Collection, MAX_ROUNDS, Phase, WithdrawCause},
    event::Event,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    ChangeDraft,
    /// `missing` is what the form lacks; it must be empty.
    Submit {
        missing: Vec<Missing>,
    },
    Hold {
        reasons: Vec<String>,
    },
    RequestSupplement {
        asked: Vec<DocumentCode>,
    },
    Supplement {
        given: Vec<DocumentCode>,
    },
    SupplementElapsed,
    Accept {
        automatic: bool,
        enterprise: EnterpriseId,
        park: String,
    },
    FailScreen {
        reasons: Vec<String>,
    },
    /// `legs` frozen; 0 is an outcome of its own.
    Dispatch {
        legs: u16,
        closes_at: Option<DateTime<Utc>>,
        reasons: Vec<String>,
    },
    MarkDelivered {
        leg: LegId,
    },
    MarkReviewing {
        leg: LegId,
    },
    Question {
        leg: LegId,
        asked: Vec<DocumentCode>,
    },
    AnswerQuestion {
        leg: LegId,
    },
    CountAnswer {
        leg: LegId,
        offered: bool,
    },
    KeepLate {
        leg: LegId,
        decline: Option<DeclineReason>,
    },
    /// The calendar of that year has come.
    FixWindow {
        closes_at: DateTime<Utc>,
    },
    /// `open` legs have not answered; they time out.
    CloseWindow {
        open: u16,
    },
    Redispatch,
    GiveUp,
    Withdraw {
        cause: WithdrawCause,
    },
}

/// Doing a thing twice is a value, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Executed(Vec<Event>),
    AlreadyApplied,
}

/// Why a command is refused in this state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{command} is not possible in state {state}")]
    State { state: &'static str, command: &'static str },
    #[error("the application is incomplete")]
    Incomplete(Vec<Missing>),
    #[error("the one-time notice has been given")]
    SecondSupplement,
    #[error("the case has been dispatched {MAX_ROUNDS} times")]
    RoundsUsedUp,
}

use Decision::{AlreadyApplied, Executed};

/// What `command` does to `case` at `now`.
///
/// # Errors
/// A [`Refusal`] that names the state and the command; nothing has changed then.
pub fn decide(case: &Case, command: Command, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let one = |event| Ok(Executed(vec![event]));
    match (&case.phase, command) {
        (Phase::Draft, Command::ChangeDraft) => one(Event::DraftChanged),
        (Phase::Draft, Command::Submit { missing }) if missing.is_empty() => {
            one(Event::Submitted { at: now })
        }
        (Phase::Draft, Command::Submit { missing }) => Err(Refusal::Incomplete(missing)),

        (Phase::Submitted { held }, Command::Hold { reasons }) if *held == reasons => Ok(AlreadyApplied),
        (Phase::Submitted { .. }, Command::Hold { reasons }) => one(Event::Held { reasons }),
        (Phase::Submitted { .. }, Command::RequestSupplement { .. }) if case.supplemented => {
            Err(Refusal::SecondSupplement)
        }
        (Phase::Submitted { .. }, Command::RequestSupplement { asked }) => {
            one(Event::SupplementRequested { asked })
        }
        (Phase::Submitted { .. }, Command::Accept { automatic, enterprise, park }) => {
            one(Event::Accepted { automatic, enterprise: Some(enterprise), park })
        }
        (Phase::Supplement { .. }, Command::Supplement { given }) => one(Event::Supplemented { given }),
        (Phase::Supplement { .. }, Command::SupplementElapsed) => {
            one(Event::Withdrawn { cause: WithdrawCause::SupplementTimeout })
        }
        (Phase::Accepted, Command::FailScreen { reasons }) => one(Event::ScreenFailed { reasons }),

        (
            Phase::Accepted | Phase::NoOffer { again: true, .. },
            Command::Dispatch { legs: 0, reasons, .. },
        ) => one(Event::NobodyToAsk { reasons }),
        (Phase::Accepted | Phase::NoOffer { again: true, .. }, Command::Dispatch { legs, closes_at, .. }) => {
            one(Event::Dispatched { round: case.round + 1, legs, closes_at })
        }
        (Phase::NoOffer { again: true, .. }, Command::FailScreen { reasons }) => {
            one(Event::ScreenFailed { reasons })
        }

        (Phase::Collecting(round), Command::CountAnswer { leg, offered }) => {
            let mut events = vec![Event::LegAnswered { leg, offered }];
            if round.answered + 1 == round.legs {
                events.push(if round.offers > 0 || offered { Event::OffersReady } else { Event::NoOffer });
            }
            Ok(Executed(events))
        }
        (Phase::Collecting(round), Command::CloseWindow { open }) => {
            let end = if round.offers > 0 { Event::OffersReady } else { Event::NoOffer };
            Ok(Executed(vec![Event::WindowElapsed { timed_out: open }, end]))
        }
        (Phase::Collecting(Collection { closes_at: None, .. }), Command::FixWindow { closes_at }) => {
            one(Event::WindowFixed { closes_at })
        }
        (Phase::Collecting(_), Command::FixWindow { .. }) => Ok(AlreadyApplied),
        (Phase::Collecting(_), Command::MarkDelivered { leg }) => one(Event::LegDelivered { leg }),
        (Phase::Collecting(_), Command::MarkReviewing { leg }) => one(Event::LegReviewing { leg }),
        (Phase::Collecting(_), Command::Question { leg, asked }) => one(Event::LegQuestioned { leg, asked }),
        (Phase::Collecting(_), Command::AnswerQuestion { leg }) => one(Event::LegQuestionAnswered { leg }),
        // Late answers are kept whatever has become of the case.
        (_, Command::KeepLate { leg, decline }) => one(Event::LegAnsweredLate { leg, decline }),

        (Phase::NoOffer { again: true, .. }, Command::Redispatch) => Ok(AlreadyApplied),
        (Phase::NoOffer { .. }, Command::Redispatch) if case.round >= MAX_ROUNDS => {
            Err(Refusal::RoundsUsedUp)
        }
        (Phase::NoOffer { .. }, Command::Redispatch) => one(Event::RedispatchRequested),
        (Phase::NoOffer { .. }, Command::GiveUp) => one(Event::GivenUp),

        (Phase::Withdrawn { .. }, Command::Withdraw { .. }) => Ok(AlreadyApplied),
        (
            Phase::Draft
            | Phase::Submitted { .. }
            | Phase::Supplement { .. }
            | Phase::Accepted
            | Phase::Collecting(_)
            | Phase::OffersReady(_)
            | Phase::NoOffer { .. },
            Command::Withdraw { cause },
        ) => one(Event::Withdrawn { cause }),

        (phase, command) => Err(Refusal::State { state: phase.code(), command: command.name() }),
    }
}

/// The case after `event`; its version rises by one.
pub fn apply(mut case: Case, event: &Event) -> Case {
    case.version += 1;
    case.phase = match (event, case.phase) {
        (Event::Drafted | Event::DraftChanged, phase) => phase,
        (Event::Submitted { .. }, _) => Phase::Submitted { held: Vec::new() },
        (Event::Held { reasons }, _) => Phase::Submitted { held: reasons.clone() },
        (Event::SupplementRequested { asked }, _) => {
            case.supplemented = true;
            Phase::Supplement { asked: asked.clone() }
        }
        (Event::Supplemented { .. }, _) => Phase::Submitted { held: Vec::new() },
        (Event::Accepted { .. }, _) => Phase::Accepted,
        (Event::ScreenFailed { reasons }, _) => Phase::Rejected { reasons: reasons.clone() },
        (Event::Dispatched { round, legs, closes_at }, _) => {
            case.round = *round;
            Phase::Collecting(Collection {
                wave: 1,
                legs: *legs,
                answered: 0,
                offers: 0,
                closes_at: *closes_at,
            })
        }
        (Event::NobodyToAsk { reasons }, phase) => {
            Phase::NoOffer { reasons: reasons.clone(), again: false, last: phase.collection().copied() }
        }
        (Event::LegAnswered { offered, .. }, Phase::Collecting(round)) => Phase::Collecting(Collection {
            answered: round.answered + 1,
            offers: round.offers + u16::from(*offered),
            ..round
        }),
        (Event::WindowElapsed { timed_out }, Phase::Collecting(round)) => {
            Phase::Collecting(Collection { answered: round.answered + timed_out, ..round })
        }
        (Event::WindowFixed { closes_at }, Phase::Collecting(round)) => {
            Phase::Collecting(Collection { closes_at: Some(*closes_at), ..round })
        }
        (Event::OffersReady, Phase::Collecting(round)) => Phase::OffersReady(round),
        (Event::NoOffer, Phase::Collecting(round)) => {
            Phase::NoOffer { reasons: Vec::new(), again: false, last: Some(round) }
        }
        (Event::RedispatchRequested, Phase::NoOffer { reasons, last, .. }) => {
            Phase::NoOffer { reasons, again: true, last }
        }
        (Event::GivenUp, Phase::NoOffer { .. }) => Phase::Rejected { reasons: vec!["GIVEN_UP".to_owned()] },
        (Event::Withdrawn { cause }, _) => Phase::Withdrawn { cause: *cause },
        // A leg's own step leaves the case where it is; so does an event of a state that is no longer there.
        (
            Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegQuestioned { .. }
            | Event::LegQuestionAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::LegAnswered { .. }
            | Event::WindowElapsed { .. }
            | Event::WindowFixed { .. }
            | Event::OffersReady
            | Event::NoOffer
            | Event::RedispatchRequested
            | Event::GivenUp,
            phase,
        ) => phase,
    };
    case
}

impl Command {
    pub fn name(&self) -> &'static str {
        match self {
            Self::ChangeDraft => "change draft",
            Self::Submit { .. } => "submit",
            Self::Hold { .. } => "hold",
            Self::RequestSupplement { .. } => "request supplement",
            Self::Supplement { .. } => "supplement",
            Self::SupplementElapsed => "supplement deadline",
            Self::Accept { .. } => "accept",
            Self::FailScreen { .. } => "fail screening",
            Self::Dispatch { .. } => "dispatch",
            Self::MarkDelivered { .. } => "mark delivered",
            Self::MarkReviewing { .. } => "mark reviewing",
            Self::Question { .. } => "question",
            Self::AnswerQuestion { .. } => "answer question",
            Self::CountAnswer { .. } => "count answer",
            Self::KeepLate { .. } => "keep late answer",
            Self::FixWindow { .. } => "fix window",
            Self::CloseWindow { .. } => "close window",
            Self::Redispatch => "redispatch",
            Self::GiveUp => "give up",
            Self::Withdraw { .. } => "withdraw",
        }
    }
}
