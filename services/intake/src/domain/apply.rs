//! Applies events to a case. Applying cannot fail: an event of a state that is no longer there changes nothing but the
//! version.

use super::{
    case::{Case, Collection, Cover, Phase},
    event::Event,
    selection::Choice,
};

/// The case after `event`; its version rises by one.
pub fn apply(mut case: Case, event: &Event) -> Case {
    case.version += 1;
    match event {
        Event::SupplementRequested { .. } => case.supplemented = true,
        Event::Dispatched { round, .. } | Event::NobodyToAsk { round, .. } => case.round = *round,
        _ => {}
    }
    case.phase = match case.phase {
        Phase::Collecting(round) => collecting(round, event),
        Phase::OffersReady(round) => offers_ready(round, event),
        Phase::Selected { round, choice } => selected(round, choice, event),
        Phase::Approved { round, choice, approval } => {
            Phase::Approved { round, choice: chosen(choice, event), approval }
        }
        phase => before(phase, event),
    };
    if let Event::Withdrawn { cause, .. } = event {
        case.phase = Phase::Withdrawn { cause: *cause };
    }
    case
}

/// States without answers.
fn before(phase: Phase, event: &Event) -> Phase {
    match (event, phase) {
        (Event::Submitted { .. } | Event::Supplemented { .. }, _) => Phase::Submitted { held: Vec::new() },
        (Event::Held { reasons }, _) => Phase::Submitted { held: reasons.clone() },
        (Event::SupplementRequested { asked }, _) => Phase::Supplement { asked: asked.clone() },
        (Event::Accepted { .. }, _) => Phase::Accepted,
        (Event::ScreenFailed { reasons }, _) => Phase::Rejected { reasons: reasons.clone() },
        (Event::Dispatched { legs, closes_at, .. }, _) => Phase::Collecting(Collection {
            wave: 1,
            legs: *legs,
            answered: 0,
            offers: 0,
            closes_at: *closes_at,
            cover: Cover::NotAsked,
        }),
        (Event::NobodyToAsk { reasons, .. }, phase) => {
            Phase::NoOffer { reasons: reasons.clone(), again: false, last: phase.collection().copied() }
        }
        (Event::RedispatchRequested, Phase::NoOffer { reasons, last, .. }) => {
            Phase::NoOffer { reasons, again: true, last }
        }
        (Event::GivenUp, Phase::NoOffer { .. }) => Phase::Rejected { reasons: vec!["GIVEN_UP".to_owned()] },
        (Event::Lapsed, Phase::NoOffer { .. }) => {
            Phase::Rejected { reasons: vec!["NO_OFFER_LAPSED".to_owned()] }
        }
        (_, phase) => phase,
    }
}

fn collecting(round: Collection, event: &Event) -> Phase {
    match event {
        Event::LegAnswered { offered, .. } => Phase::Collecting(Collection {
            answered: round.answered + 1,
            offers: round.offers + u16::from(*offered),
            ..round
        }),
        Event::WindowElapsed { timed_out } => Phase::Collecting(Collection {
            answered: round.answered.saturating_add(*timed_out).min(round.legs),
            ..round
        }),
        Event::WindowFixed { closes_at } => {
            Phase::Collecting(Collection { closes_at: Some(*closes_at), ..round })
        }
        Event::WaveClosed => Phase::Collecting(Collection { wave: 2, ..round }),
        Event::OffersReady => Phase::OffersReady(round),
        Event::NoOffer => Phase::NoOffer { reasons: Vec::new(), again: false, last: Some(round) },
        _ => Phase::Collecting(answers(round, event)),
    }
}

fn offers_ready(round: Collection, event: &Event) -> Phase {
    match event {
        Event::Selected { choice } => Phase::Selected { round, choice: choice.clone() },
        Event::Expired { cause, .. } => Phase::Expired { cause: *cause, last: round },
        _ => Phase::OffersReady(answers(round, event)),
    }
}

fn selected(round: Collection, choice: Choice, event: &Event) -> Phase {
    match event {
        Event::Approved { approval } => Phase::Approved { round, choice, approval: approval.clone() },
        Event::Reopened { cause, .. } => Phase::OffersReady(Collection {
            offers: round.offers.saturating_sub(u16::from(cause.loses_bank())),
            ..round
        }),
        _ => Phase::Selected { round: answers(round, event), choice: chosen(choice, event) },
    }
}

/// What changes of the round's numbers in any state.
fn answers(round: Collection, event: &Event) -> Collection {
    match event {
        Event::AnswerTakenBack { offer, .. } => {
            Collection { offers: round.offers.saturating_sub(u16::from(*offer)), ..round }
        }
        Event::CoverRequested { .. } => Collection { cover: Cover::Asked, ..round },
        Event::CoverQuoted => Collection { cover: Cover::Quoted, ..round },
        Event::CoverLapsed => Collection { cover: Cover::Lapsed, ..round },
        _ => round,
    }
}

fn chosen(choice: Choice, event: &Event) -> Choice {
    match event {
        Event::ApprovalFixed { approve_by } => Choice { approve_by: Some(*approve_by), ..choice },
        Event::CoverBound => Choice { cover_bound: true, ..choice },
        Event::CoverLost => Choice { cover_bound: false, cover_lost: true, ..choice },
        Event::EvaluatorLost { leg } if choice.evaluator == Some(*leg) => {
            Choice { evaluator: None, ..choice }
        }
        _ => choice,
    }
}
