//! The whole table of (state, command), written out by hand from domain.md §3.2 b and compared pair by pair.

use std::collections::BTreeSet;

use super::*;
use crate::codes::DeclineReason;

const SEQ: u32 = 2;
const REASON: DeclineReason = DeclineReason::R03;

/// Every state; those with an offer have number 2, so that there is one below and one above.
pub(super) fn all_states() -> Vec<LegState> {
    use LegState::*;
    vec![
        Created,
        Received,
        Reviewing,
        InfoRequested,
        Offered { seq: SEQ },
        Declined { reason: REASON },
        TimedOut,
        Expired { seq: SEQ },
        WithdrawnByInstitution { seq: SEQ },
        Selected { seq: SEQ },
        Confirmed { seq: SEQ },
        Released,
        Fulfilled { seq: SEQ },
        Breached { seq: SEQ },
    ]
}

/// Every command; offers with a number below, equal to and above the standing one, and the impossible 0.
fn all_commands() -> Vec<(&'static str, LegCommand)> {
    use LegCommand::*;
    vec![
        ("rcv", Receive),
        ("rev", Review),
        ("ask", AskInfo),
        ("ans", AnswerInfo),
        ("of0", Offer { seq: 0 }),
        ("of1", Offer { seq: SEQ - 1 }),
        ("of2", Offer { seq: SEQ }),
        ("of3", Offer { seq: SEQ + 1 }),
        ("dec", Decline { reason: DeclineReason::R08 }),
        ("tmo", TimeOut),
        ("exp", Expire),
        ("wdr", WithdrawOffer),
        ("sel", Select),
        ("uns", Unselect),
        ("cnf", Confirm),
        ("rel", Release),
        ("ful", Fulfil),
        ("bre", Breach),
    ]
}

// Capital: the state it moves to, with the offer's number where it has one. `=` already applied, `late`, `sup`
// superseded. Lower case: refused (seq, shut, stands, chosen, nooff, noask, nosel, nocnf, cnfd).
const TABLE: &str = "
                  rcv rev ask ans   of0 of1    of2    of3    dec    tmo exp   wdr    sel   uns   cnf   rel ful   bre
CREATED           RCV REV ASK noask seq OFF1   OFF2   OFF3   DEC    TMO nooff nooff  nooff nooff nosel REL nocnf nocnf
RECEIVED          =   REV ASK noask seq OFF1   OFF2   OFF3   DEC    TMO nooff nooff  nooff nooff nosel REL nocnf nocnf
REVIEWING         =   =   ASK =     seq OFF1   OFF2   OFF3   DEC    TMO nooff nooff  nooff nooff nosel REL nocnf nocnf
INFO_REQUESTED    =   =   =   REV   seq OFF1   OFF2   OFF3   DEC    TMO nooff nooff  nooff nooff nosel REL nocnf nocnf
OFFERED           =   =   =   =     seq sup    =      OFF3   stands =   EXP2  WDR2   SEL2  =     nosel REL nocnf nocnf
DECLINED          =   =   =   =     seq shut   shut   shut   =      =   nooff nooff  shut  shut  nosel =   nocnf nocnf
TIMED_OUT         =   =   late shut seq late   late   late   late   =   nooff late   shut  shut  nosel =   nocnf nocnf
EXPIRED           =   =   =   =     seq sup    =      shut   shut   =   =     =      shut  shut  nosel =   nocnf nocnf
WITHDRAWN_BY_INST =   =   =   =     seq sup    =      shut   shut   =   =     =      shut  shut  nosel =   nocnf nocnf
SELECTED          =   =   =   =     seq sup    =      chosen chosen =   =     chosen =     OFF2  CNF2  REL nocnf nocnf
CONFIRMED         =   =   =   =     seq sup    =      chosen chosen =   =     chosen =     cnfd  =     REL FUL2  BRE2
RELEASED          =   =   late shut seq late   late   late   late   =   =     late   shut  shut  late  =   late  shut
FULFILLED         =   =   =   =     seq sup    =      shut   shut   =   =     shut   =     cnfd  =     =   =     shut
BREACHED          =   =   =   =     seq sup    =      shut   shut   =   =     shut   =     cnfd  =     =   shut  =
";

fn outcome(step: Result<LegStep, LegRefusal>) -> String {
    let state = match step {
        Ok(LegStep::Moved(state)) => state,
        Ok(LegStep::AlreadyApplied) => return "=".to_owned(),
        Ok(LegStep::Late) => return "late".to_owned(),
        Ok(LegStep::Superseded) => return "sup".to_owned(),
        Err(refusal) => {
            return match refusal.reason {
                LegRefusalReason::OfferSeqInvalid => "seq",
                LegRefusalReason::LegClosed => "shut",
                LegRefusalReason::OfferStands => "stands",
                LegRefusalReason::OfferSelected => "chosen",
                LegRefusalReason::NothingOffered => "nooff",
                LegRefusalReason::NothingAsked => "noask",
                LegRefusalReason::NotSelected => "nosel",
                LegRefusalReason::NotConfirmed => "nocnf",
                LegRefusalReason::AlreadyConfirmed => "cnfd",
            }
            .to_owned();
        }
    };
    let name = match state {
        LegState::Created => "CRE",
        LegState::Received => "RCV",
        LegState::Reviewing => "REV",
        LegState::InfoRequested => "ASK",
        LegState::Offered { .. } => "OFF",
        LegState::Declined { .. } => "DEC",
        LegState::TimedOut => "TMO",
        LegState::Expired { .. } => "EXP",
        LegState::WithdrawnByInstitution { .. } => "WDR",
        LegState::Selected { .. } => "SEL",
        LegState::Confirmed { .. } => "CNF",
        LegState::Released => "REL",
        LegState::Fulfilled { .. } => "FUL",
        LegState::Breached { .. } => "BRE",
    };
    state.seq().map_or_else(|| name.to_owned(), |seq| format!("{name}{seq}"))
}

#[test]
fn every_pair_of_state_and_command_does_what_the_table_says() {
    let mut lines = TABLE.trim().lines();
    let header: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let commands = all_commands();
    assert_eq!(header, commands.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let mut pairs = 0;
    for (state, line) in all_states().into_iter().zip(lines.by_ref()) {
        let mut cells = line.split_whitespace();
        assert_eq!(cells.next(), Some(state.code()));
        for (name, command) in commands.iter().copied() {
            let step = state.decide(command);
            assert_eq!(outcome(step), cells.next().unwrap(), "{} {name}", state.code());
            if let Err(refusal) = step {
                assert_eq!((refusal.state, refusal.command), (state, command), "the refusal names both");
            }
            pairs += 1;
        }
        assert_eq!(cells.next(), None, "{}", state.code());
    }
    assert_eq!(lines.next(), None);
    assert_eq!(pairs, 14 * 18);
}

#[test]
fn a_refusal_by_the_institution_keeps_its_reason() {
    let step = LegState::Created.decide(LegCommand::Decline { reason: DeclineReason::R99 });
    assert_eq!(step, Ok(LegStep::Moved(LegState::Declined { reason: DeclineReason::R99 })));
}

#[test]
fn doing_a_thing_twice_is_a_value() {
    for state in all_states() {
        for (_, command) in all_commands() {
            if let Ok(LegStep::Moved(next)) = state.decide(command) {
                // AskInfo, AnswerInfo and Unselect lead back and forth, yet each of them twice is once.
                assert_eq!(next.decide(command), Ok(LegStep::AlreadyApplied), "{state:?} {command:?}");
            }
        }
    }
}

#[test]
fn what_is_terminal_never_moves_and_everything_else_can() {
    for state in all_states() {
        let moves =
            all_commands().iter().any(|(_, command)| matches!(state.decide(*command), Ok(LegStep::Moved(_))));
        assert_eq!(moves, !state.is_terminal(), "{state:?}");
    }
}

#[test]
fn time_and_release_are_never_refused_where_they_can_fire() {
    for state in all_states() {
        assert!(state.decide(LegCommand::TimeOut).is_ok(), "{state:?}");
        assert!(state.decide(LegCommand::Release).is_ok(), "{state:?}");
    }
}

#[test]
fn an_answer_to_the_desk_does_not_tell_an_offer_from_a_refusal() {
    let offered = LegState::Offered { seq: 1 };
    let declined = LegState::Declined { reason: REASON };
    for command in [LegCommand::AnswerInfo, LegCommand::TimeOut] {
        assert_eq!(offered.decide(command), declined.decide(command));
    }
}

#[test]
fn codes_are_distinct_and_the_message_names_all_three() {
    let states: BTreeSet<_> = all_states().iter().map(|state| state.code()).collect();
    assert_eq!(states.len(), 14);
    let commands: BTreeSet<_> = all_commands().iter().map(|(_, command)| command.code()).collect();
    assert_eq!(commands.len(), 15);
    let reasons: BTreeSet<_> = LegRefusalReason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(reasons.len(), 9);
    let refusal = LegState::Created.decide(LegCommand::Select).unwrap_err();
    assert_eq!(refusal.to_string(), "SELECT is refused in leg state CREATED: NOTHING_OFFERED");
}
