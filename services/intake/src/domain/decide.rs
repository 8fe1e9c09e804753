//! Decides commands on a case (domain.md §3.2 a). Deciding changes nothing; `apply` carries out.

use chrono::{DateTime, Utc};

use super::{
    application::Missing,
    case::{Case, Collection, Cover, ExpiryCause, MAX_ROUNDS, Phase, ReopenCause, WithdrawCause},
    command::Command,
    event::Event,
    selection::{Choice, CoverNeed},
};

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
    #[error("what {field} names does not stand")]
    OfferNotStanding { field: &'static str },
    #[error("the offer calls for cover")]
    CoverRequired,
    #[error("the offer calls for no cover")]
    CoverNotCalledFor,
    #[error("the cover does not fit the offer")]
    CoverTooSmall,
}

use Decision::{AlreadyApplied, Executed};

type Decided = Result<Decision, Refusal>;

fn one(event: Event) -> Decided {
    Ok(Executed(vec![event]))
}

/// What `command` does to `case` at `now`.
///
/// # Errors
/// A [`Refusal`] that names the state and the command; nothing has changed then.
pub fn decide(case: &Case, command: Command, now: DateTime<Utc>) -> Decided {
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
            one(Event::Withdrawn { cause: WithdrawCause::SupplementTimeout, cover: false })
        }
        (Phase::Accepted | Phase::NoOffer { again: true, .. }, command @ Command::Dispatch { .. }) => {
            dispatch(case, command)
        }
        (Phase::Accepted | Phase::NoOffer { again: true, .. }, Command::FailScreen { reasons }) => {
            one(Event::ScreenFailed { reasons })
        }

        (Phase::NoOffer { again: true, .. }, Command::Redispatch) => Ok(AlreadyApplied),
        (Phase::NoOffer { .. }, Command::Redispatch) if case.round >= MAX_ROUNDS => {
            Err(Refusal::RoundsUsedUp)
        }
        (Phase::NoOffer { .. }, Command::Redispatch) => one(Event::RedispatchRequested),
        (Phase::NoOffer { .. }, Command::GiveUp) => one(Event::GivenUp),
        (Phase::NoOffer { again: false, .. }, Command::Lapse) => one(Event::Lapsed),

        // Late answers are kept whatever has become of the case.
        (_, Command::KeepLate { leg, decline }) => one(Event::LegAnsweredLate { leg, decline }),
        // A report that was owed since before the end.
        (Phase::Withdrawn { .. } | Phase::Expired { .. }, Command::TakeReport { leg }) => {
            one(Event::LegAnsweredLate { leg, decline: None })
        }

        (Phase::Withdrawn { .. }, Command::Withdraw { .. }) => Ok(AlreadyApplied),
        (
            Phase::Draft
            | Phase::Submitted { .. }
            | Phase::Supplement { .. }
            | Phase::Accepted
            | Phase::Collecting(_)
            | Phase::OffersReady(_)
            | Phase::Selected { .. }
            | Phase::Approved { .. }
            | Phase::NoOffer { .. },
            Command::Withdraw { cause },
        ) => one(Event::Withdrawn { cause, cover: case.phase.has_cover() }),

        (Phase::Collecting(round), command) => collecting(case, *round, command),
        (Phase::OffersReady(round), command) => offers_ready(case, *round, command),
        (Phase::Selected { round, choice }, command) => selected(case, *round, choice, command),
        (Phase::Approved { choice, .. }, command) => approved(case, choice, command),
        // An evaluator of the last round may take its quote back.
        (Phase::NoOffer { .. }, Command::TakeBack { leg, offer }) => {
            one(Event::AnswerTakenBack { leg, offer })
        }
        (phase, command) => Err(refused(phase, &command)),
    }
}

fn refused(phase: &Phase, command: &Command) -> Refusal {
    Refusal::State { state: phase.code(), command: command.name() }
}

fn dispatch(case: &Case, command: Command) -> Decided {
    match command {
        // A round in which nobody could be asked is one of the rounds, or there would be no end to asking for another.
        Command::Dispatch { legs: 0, reasons, .. } => {
            one(Event::NobodyToAsk { round: case.round + 1, reasons })
        }
        Command::Dispatch { legs, closes_at, cover, .. } => {
            let mut events = vec![Event::Dispatched { round: case.round + 1, legs, closes_at }];
            events.extend(cover.map(|need| Event::CoverRequested { need }));
            Ok(Executed(events))
        }
        command => Err(refused(&case.phase, &command)),
    }
}

fn collecting(case: &Case, round: Collection, command: Command) -> Decided {
    match command {
        Command::CountAnswer { leg, offered, need } if round.wave == 1 => {
            let mut events = vec![Event::LegAnswered { leg, offered }];
            if round.answered + 1 == round.legs {
                events.extend(end_of_wave(&round, round.offers + u16::from(offered), need));
            }
            Ok(Executed(events))
        }
        Command::CloseWindow { open, need } if round.wave == 1 => {
            let mut events = vec![Event::WindowElapsed { timed_out: open }];
            events.extend(end_of_wave(&round, round.offers, need));
            Ok(Executed(events))
        }
        Command::CloseWindow { .. } => Ok(AlreadyApplied),
        Command::FixWindow { closes_at } if round.closes_at.is_none() => {
            one(Event::WindowFixed { closes_at })
        }
        Command::FixWindow { .. } => Ok(AlreadyApplied),
        Command::MarkDelivered { leg } => one(Event::LegDelivered { leg }),
        Command::MarkReviewing { leg } => one(Event::LegReviewing { leg }),
        Command::Question { leg, asked } => one(Event::LegQuestioned { leg, asked }),
        Command::AnswerQuestion { leg } => one(Event::LegQuestionAnswered { leg }),
        Command::TakeBack { leg, offer } => {
            let mut events = vec![Event::AnswerTakenBack { leg, offer }];
            // The banks have all answered already: with the last offer the round is over.
            if offer && round.wave == 2 && round.offers <= 1 {
                events.push(Event::NoOffer);
            }
            Ok(Executed(events))
        }
        Command::QuoteCover { round: asked } if asked == case.round && round.cover == Cover::Asked => {
            Ok(Executed(after_cover(&round, Event::CoverQuoted)))
        }
        Command::QuoteCover { .. } => Ok(AlreadyApplied),
        Command::CoverElapsed if round.cover == Cover::Asked => {
            Ok(Executed(after_cover(&round, Event::CoverLapsed)))
        }
        Command::CoverElapsed => Ok(AlreadyApplied),
        command => Err(refused(&case.phase, &command)),
    }
}

/// Banks and evaluators have all answered or ended.
fn end_of_wave(round: &Collection, offers: u16, need: Option<CoverNeed>) -> Vec<Event> {
    match (offers, round.cover, need) {
        (0, _, _) => vec![Event::NoOffer],
        (_, Cover::Asked, _) => vec![Event::WaveClosed],
        (_, Cover::NotAsked, Some(need)) => vec![Event::WaveClosed, Event::CoverRequested { need }],
        (_, Cover::NotAsked | Cover::Quoted | Cover::Lapsed, _) => vec![Event::OffersReady],
    }
}

/// Where the banks are still being waited for, the answer of insurance changes only what is known.
fn after_cover(round: &Collection, event: Event) -> Vec<Event> {
    let mut events = vec![event];
    if round.wave == 2 {
        events.push(Event::OffersReady);
    }
    events
}

fn offers_ready(case: &Case, round: Collection, command: Command) -> Decided {
    match command {
        Command::TakeBack { leg, offer } => {
            let mut events = vec![Event::AnswerTakenBack { leg, offer }];
            if offer && round.offers <= 1 {
                events.push(Event::Expired {
                    cause: ExpiryCause::OffersExpired,
                    cover: round.cover.was_asked(),
                });
            }
            Ok(Executed(events))
        }
        Command::QuoteCover { round: asked } => late_cover(case, round, asked),
        Command::Select { choice } => one(Event::Selected { choice }),
        Command::SelectionElapsed { cause } => one(Event::Expired { cause, cover: round.cover.was_asked() }),
        Command::EngageEvaluator { leg, at, working_days } => {
            one(Event::EvaluatorEngaged { leg, at, working_days })
        }
        Command::BreachEvaluator { leg } => one(Event::EvaluatorBreached { leg }),
        Command::TakeReport { leg } => one(Event::ReportDelivered { leg }),
        Command::BindCover { .. } | Command::LoseCover { .. } => Ok(AlreadyApplied),
        command => Err(refused(&case.phase, &command)),
    }
}

/// An answer of insurance after it was no longer waited for.
fn late_cover(case: &Case, round: Collection, asked: u8) -> Decided {
    match round.cover {
        Cover::Asked | Cover::Lapsed if asked == case.round => one(Event::CoverQuoted),
        Cover::Asked | Cover::Lapsed | Cover::NotAsked | Cover::Quoted => Ok(AlreadyApplied),
    }
}

fn selected(case: &Case, round: Collection, choice: &Choice, command: Command) -> Decided {
    let reopened = |cause| Event::Reopened { cause, choice: choice.clone(), cover: round.cover.was_asked() };
    let with = |cause, left: bool| {
        let mut events = vec![reopened(cause)];
        if !left {
            events.push(Event::Expired { cause: ExpiryCause::OffersExpired, cover: round.cover.was_asked() });
        }
        Ok(Executed(events))
    };
    match command {
        Command::Approve { approval } => one(Event::Approved { approval }),
        Command::LoseBank { cause, left } if cause.loses_bank() => with(cause, left && round.offers > 1),
        Command::LoseCover { leg, left } if choice.cover == Some(leg) => {
            with(ReopenCause::CoverRefused, left)
        }
        Command::LoseCover { .. } => Ok(AlreadyApplied),
        Command::FixApproval { approve_by } if choice.approve_by.is_none() => {
            one(Event::ApprovalFixed { approve_by })
        }
        Command::FixApproval { .. } => Ok(AlreadyApplied),
        Command::TakeBack { leg, offer } => one(Event::AnswerTakenBack { leg, offer }),
        Command::QuoteCover { round: asked } => late_cover(case, round, asked),
        command => bound(case, choice, command),
    }
}

fn approved(case: &Case, choice: &Choice, command: Command) -> Decided {
    match command {
        // The bank has approved already: what is to be done now, a person must say.
        Command::LoseCover { leg, .. } if choice.cover == Some(leg) && !choice.cover_lost => {
            one(Event::CoverLost)
        }
        Command::LoseCover { .. } | Command::QuoteCover { .. } => Ok(AlreadyApplied),
        command => bound(case, choice, command),
    }
}

/// What the others that were chosen say, before or after the bank's approval.
fn bound(case: &Case, choice: &Choice, command: Command) -> Decided {
    match command {
        // Told in any order: what is lost was bound before, if it was.
        Command::BindCover { leg }
            if choice.cover == Some(leg) && !choice.cover_bound && !choice.cover_lost =>
        {
            one(Event::CoverBound)
        }
        Command::BindCover { .. } => Ok(AlreadyApplied),
        Command::EngageEvaluator { leg, at, working_days } => {
            one(Event::EvaluatorEngaged { leg, at, working_days })
        }
        Command::BreachEvaluator { leg } => one(Event::EvaluatorBreached { leg }),
        Command::TakeReport { leg } => one(Event::ReportDelivered { leg }),
        Command::LoseEvaluator { leg } if choice.evaluator == Some(leg) => one(Event::EvaluatorLost { leg }),
        Command::LoseEvaluator { .. } => Ok(AlreadyApplied),
        command => Err(refused(&case.phase, &command)),
    }
}
