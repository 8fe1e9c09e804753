//! Messages come in any order and more than once: the leg ends where the institution's own order ends.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::codes::DeclineReason;

fn apply(state: LegState, command: LegCommand) -> LegState {
    match state.decide(command) {
        Ok(LegStep::Moved(next)) => next,
        Ok(LegStep::AlreadyApplied | LegStep::Late | LegStep::Superseded) | Err(_) => state,
    }
}

fn run(commands: &[LegCommand]) -> LegState {
    commands.iter().copied().fold(LegState::Created, apply)
}

/// What one institution says, in its own order: reading, reviewing, asking, then offers with rising numbers or a
/// refusal, or nothing more.
fn history() -> impl Strategy<Value = Vec<LegCommand>> {
    let ending = prop_oneof![
        Just(Vec::new()),
        (1..6_u32).prop_map(|offers| (1..=offers).map(|seq| LegCommand::Offer { seq }).collect()),
        prop::sample::select(DeclineReason::ALL).prop_map(|reason| vec![LegCommand::Decline { reason }]),
    ];
    (any::<[bool; 3]>(), ending).prop_map(|(said, ending)| {
        let before = [LegCommand::Receive, LegCommand::Review, LegCommand::AskInfo];
        before
            .into_iter()
            .zip(said)
            .filter(|(_, said)| *said)
            .map(|(command, _)| command)
            .chain(ending)
            .collect()
    })
}

/// A history as the courier brings it: everything at least once, anything again, in any order.
fn delivery() -> impl Strategy<Value = (Vec<LegCommand>, Vec<LegCommand>)> {
    (history(), prop::collection::vec(any::<Index>(), 0..10)).prop_flat_map(|(history, again)| {
        let mut delivered = history.clone();
        if !history.is_empty() {
            delivered.extend(again.iter().map(|index| *index.get(&history)));
        }
        (Just(history), Just(delivered).prop_shuffle())
    })
}

fn any_command() -> impl Strategy<Value = LegCommand> {
    prop_oneof![
        Just(LegCommand::Receive),
        Just(LegCommand::Review),
        Just(LegCommand::AskInfo),
        Just(LegCommand::AnswerInfo),
        (0..4_u32).prop_map(|seq| LegCommand::Offer { seq }),
        prop::sample::select(DeclineReason::ALL).prop_map(|reason| LegCommand::Decline { reason }),
        Just(LegCommand::TimeOut),
        Just(LegCommand::Expire),
        Just(LegCommand::WithdrawOffer),
        Just(LegCommand::Select),
        Just(LegCommand::Unselect),
        Just(LegCommand::Confirm),
        Just(LegCommand::Release),
        Just(LegCommand::Fulfil),
        Just(LegCommand::Breach),
    ]
}

proptest! {
    #[test]
    fn any_order_with_any_repetition_converges((history, delivered) in delivery()) {
        prop_assert_eq!(run(&delivered), run(&history));
    }

    #[test]
    fn a_delivery_of_what_was_said_is_never_refused((_, delivered) in delivery()) {
        let mut state = LegState::Created;
        for command in delivered {
            prop_assert!(state.decide(command).is_ok(), "{:?} {:?}", state, command);
            state = apply(state, command);
        }
    }

    #[test]
    fn whatever_comes_after_the_end_the_end_stays(before in prop::collection::vec(any_command(), 0..12), after in prop::collection::vec(any_command(), 0..12)) {
        for end in [LegCommand::TimeOut, LegCommand::Release] {
            let ended = apply(run(&before), end);
            if ended.is_terminal() {
                prop_assert_eq!(after.iter().copied().fold(ended, apply), ended);
            }
        }
    }

    #[test]
    fn no_command_makes_an_answered_leg_unanswered_but_release(commands in prop::collection::vec(any_command(), 0..20)) {
        let mut state = LegState::Created;
        for command in commands {
            let next = apply(state, command);
            prop_assert!(!state.is_answered() || next.is_answered() || command == LegCommand::Release);
            prop_assert!(state.is_open() || !next.is_open(), "a closed leg never opens again");
            prop_assert!(next.seq().unwrap_or(u32::MAX) >= state.seq().unwrap_or(0), "a lower offer never replaces a higher");
            state = next;
        }
    }
}
