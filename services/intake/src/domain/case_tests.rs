//! The case machine by table (every state with every command) and by property (any sequence of commands).

use chrono::{DateTime, Utc};
use kernel::{CaseId, DeclineReason, EnterpriseId, LegId, documents::DocumentCode};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Case, Channel, Collection, Command, Decision, Missing, Phase, WithdrawCause, apply, case::MAX_ROUNDS,
    decide,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_663_200_000, 0).unwrap()
}

fn case(phase: Phase) -> Case {
    Case {
        id: CaseId::from_uuid(Uuid::nil()),
        version: 3,
        channel: Channel::Api,
        supplemented: false,
        round: 1,
        phase,
    }
}

fn round(legs: u16, answered: u16, offers: u16) -> Collection {
    Collection { wave: 1, legs, answered, offers, closes_at: None }
}

fn phases() -> Vec<Phase> {
    vec![
        Phase::Draft,
        Phase::Submitted { held: Vec::new() },
        Phase::Supplement { asked: vec![DocumentCode::from_code("D04").unwrap()] },
        Phase::Accepted,
        Phase::Collecting(round(3, 1, 1)),
        Phase::OffersReady(round(3, 3, 1)),
        Phase::NoOffer { reasons: Vec::new(), again: false, last: Some(round(3, 3, 0)) },
        Phase::NoOffer { reasons: Vec::new(), again: true, last: Some(round(3, 3, 0)) },
        Phase::Rejected { reasons: Vec::new() },
        Phase::Withdrawn { cause: WithdrawCause::Enterprise },
    ]
}

fn commands() -> Vec<Command> {
    let leg = LegId::from_uuid(Uuid::nil());
    let d04 = vec![DocumentCode::from_code("D04").unwrap()];
    let enterprise = EnterpriseId::from_uuid(Uuid::nil());
    let dispatch = |legs| Command::Dispatch { legs, closes_at: None, reasons: Vec::new() };
    vec![
        Command::ChangeDraft,
        Command::Submit { missing: Vec::new() },
        Command::Hold { reasons: vec!["ASSET_UNKNOWN".to_owned()] },
        Command::RequestSupplement { asked: d04.clone() },
        Command::Supplement { given: d04.clone() },
        Command::SupplementElapsed,
        Command::Accept { automatic: true, enterprise, park: "JY-GX".to_owned() },
        Command::FailScreen { reasons: vec!["HX01".to_owned()] },
        dispatch(2),
        dispatch(0),
        Command::MarkDelivered { leg },
        Command::MarkReviewing { leg },
        Command::Question { leg, asked: d04 },
        Command::AnswerQuestion { leg },
        Command::CountAnswer { leg, offered: true },
        Command::KeepLate { leg, decline: Some(DeclineReason::R08) },
        Command::FixWindow { closes_at: now() },
        Command::CloseWindow { open: 2 },
        Command::Redispatch,
        Command::GiveUp,
        Command::Withdraw { cause: WithdrawCause::Enterprise },
    ]
}

/// The state after each command: `.` refused, `=` already applied, else the first letters of the new state.
#[test]
fn every_state_answers_every_command_as_the_table_says() {
    let mut table = String::new();
    for phase in phases() {
        let again = matches!(phase, Phase::NoOffer { again: true, .. });
        table.push_str(&format!("{:<13}", format!("{}{}", phase.code(), if again { "+" } else { "" })));
        for command in commands() {
            let from = case(phase.clone());
            let cell = match decide(&from, command, now()) {
                Err(_) => ".".to_owned(),
                Ok(Decision::AlreadyApplied) => "=".to_owned(),
                Ok(Decision::Executed(events)) => {
                    let after = events.iter().fold(from, apply);
                    after.phase.code()[..3].to_owned()
                }
            };
            table.push_str(&format!(" {cell:<3}"));
        }
        table.push('\n');
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let expected = "\
DRAFT         DRA SUB .   .   .   .   .   .   .   .   .   .   .   .   .   DRA .   .   .   .   WIT
SUBMITTED     .   .   SUB SUP .   .   ACC .   .   .   .   .   .   .   .   SUB .   .   .   .   WIT
SUPPLEMENT    .   .   .   .   SUB WIT .   .   .   .   .   .   .   .   .   SUP .   .   .   .   WIT
ACCEPTED      .   .   .   .   .   .   .   REJ COL NO_ .   .   .   .   .   ACC .   .   .   .   WIT
COLLECTING    .   .   .   .   .   .   .   .   .   .   COL COL COL COL COL COL COL OFF .   .   WIT
OFFERS_READY  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   OFF .   .   .   .   WIT
NO_OFFER      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   NO_ .   .   NO_ REJ WIT
NO_OFFER+     .   .   .   .   .   .   .   REJ COL NO_ .   .   .   .   .   NO_ .   .   =   REJ WIT
REJECTED      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   REJ .   .   .   .   .
WITHDRAWN     .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT .   .   .   .   =
";
    assert_eq!(table, expected, "\n{table}");
}

#[test]
fn the_last_answer_ends_the_round_by_what_was_offered() {
    let leg = LegId::from_uuid(Uuid::nil());
    let ends = |offers, offered| {
        let from = case(Phase::Collecting(round(3, 2, offers)));
        let Ok(Decision::Executed(events)) = decide(&from, Command::CountAnswer { leg, offered }, now())
        else {
            panic!("refused");
        };
        events.iter().fold(from, apply).phase.code()
    };
    assert_eq!(ends(0, true), "OFFERS_READY");
    assert_eq!(ends(2, false), "OFFERS_READY");
    assert_eq!(ends(0, false), "NO_OFFER");
}

#[test]
fn a_window_that_elapses_without_an_offer_ends_in_no_offer() {
    let from = case(Phase::Collecting(round(3, 1, 0)));
    let Ok(Decision::Executed(events)) = decide(&from, Command::CloseWindow { open: 2 }, now()) else {
        panic!("refused");
    };
    let after = events.iter().fold(from, apply);
    assert_eq!(after.phase.code(), "NO_OFFER");
    assert_eq!(after.phase.collection().map(|round| round.answered), Some(3));
}

#[test]
fn a_submission_names_everything_that_is_missing_and_a_second_notice_is_refused() {
    let missing = vec![Missing { field: "purpose", document: None }];
    assert!(decide(&case(Phase::Draft), Command::Submit { missing }, now()).is_err());
    let mut noticed = case(Phase::Submitted { held: Vec::new() });
    noticed.supplemented = true;
    assert!(decide(&noticed, Command::RequestSupplement { asked: Vec::new() }, now()).is_err());
}

#[test]
fn a_case_is_dispatched_at_most_three_times() {
    let mut last = case(Phase::NoOffer { reasons: Vec::new(), again: false, last: None });
    last.round = MAX_ROUNDS;
    assert!(decide(&last, Command::Redispatch, now()).is_err());
}

proptest! {
    /// Whatever is asked in whatever order, the join never overcounts, rounds stay within their number, the version
    /// counts the events, and offers are ready only where there is one.
    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(picks in proptest::collection::vec(0_usize..21, 0..60)) {
        let mut state = case(Phase::Draft);
        state.round = 0;
        for pick in picks {
            let before = state.clone();
            let events = match decide(&state, commands().remove(pick), now()) {
                Ok(Decision::Executed(events)) => events,
                Ok(Decision::AlreadyApplied) | Err(_) => continue,
            };
            state = events.iter().fold(state, apply);
            prop_assert_eq!(state.version, before.version + i64::try_from(events.len()).unwrap());
            prop_assert!(state.round <= MAX_ROUNDS);
            if let Some(round) = state.phase.collection() {
                // CloseWindow is given the number of open legs by its caller; the table uses a fixed one.
                prop_assert!(round.offers <= round.answered);
            }
            if matches!(state.phase, Phase::OffersReady(_)) {
                prop_assert!(state.phase.collection().is_some_and(|round| round.offers > 0));
            }
            if matches!((&before.phase, &state.phase), (Phase::Collecting(_), Phase::NoOffer { .. })) {
                prop_assert!(state.phase.collection().is_some_and(|round| round.offers == 0));
            }
        }
    }
}
