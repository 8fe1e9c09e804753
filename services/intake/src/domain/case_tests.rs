//! The case machine by table (every state with every command) and by property (any sequence of commands).

use chrono::{DateTime, Utc};
use kernel::{
    BasisPoints, CaseId, DeclineReason, EnhancementMode, EnterpriseId, Fen, LegId, Months,
    documents::DocumentCode,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Approval, Case, Channel, Choice, Collection, Command, Cover, CoverNeed, Decision, ExpiryCause, Missing,
    Phase, ReopenCause, WithdrawCause, apply, case::MAX_ROUNDS, decide,
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
    Collection { wave: 1, legs, answered, offers, closes_at: None, cover: Cover::NotAsked }
}

fn wave_two(offers: u16) -> Collection {
    Collection { wave: 2, cover: Cover::Asked, ..round(3, 3, offers) }
}

fn leg(number: u128) -> LegId {
    LegId::from_uuid(Uuid::from_u128(number))
}

/// The bank is leg 0, as in the commands; cover is leg 8, the evaluator leg 9.
fn choice() -> Choice {
    Choice {
        bank: leg(0),
        cover: Some(leg(8)),
        evaluator: Some(leg(9)),
        selected_at: now(),
        approve_by: None,
        cover_bound: false,
        cover_lost: false,
        amount: Fen::new(1_000),
        term: Months::new(12),
    }
}

fn approval() -> Approval {
    Approval {
        number: "批2022-7".to_owned(),
        amount: Fen::new(1_000),
        term: Months::new(12),
        rate: BasisPoints::new(400),
        approved_at: now(),
    }
}

fn need() -> CoverNeed {
    CoverNeed { kinds: vec![EnhancementMode::IpSuretyIns], amount: Fen::new(1_000), term: Months::new(12) }
}

fn phases() -> Vec<Phase> {
    vec![
        Phase::Draft,
        Phase::Submitted { held: Vec::new() },
        Phase::Supplement { asked: vec![DocumentCode::from_code("D04").unwrap()] },
        Phase::Accepted,
        Phase::Collecting(round(3, 1, 1)),
        Phase::Collecting(wave_two(1)),
        Phase::OffersReady(round(3, 3, 1)),
        Phase::OffersReady(Collection { cover: Cover::Lapsed, ..wave_two(2) }),
        Phase::Selected { round: wave_two(2), choice: choice() },
        Phase::Approved { round: wave_two(2), choice: choice(), approval: approval() },
        Phase::NoOffer { reasons: Vec::new(), again: false, last: Some(round(3, 3, 0)) },
        Phase::NoOffer { reasons: Vec::new(), again: true, last: Some(round(3, 3, 0)) },
        Phase::Rejected { reasons: Vec::new() },
        Phase::Withdrawn { cause: WithdrawCause::Enterprise },
        Phase::Expired { cause: ExpiryCause::SelectionTimeout, last: round(3, 3, 1) },
    ]
}

fn commands() -> Vec<Command> {
    let (leg, cover, evaluator) = (leg(0), leg(8), leg(9));
    let d04 = vec![DocumentCode::from_code("D04").unwrap()];
    let enterprise = EnterpriseId::from_uuid(Uuid::nil());
    let dispatch = |legs| Command::Dispatch { legs, closes_at: None, reasons: Vec::new(), cover: None };
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
        Command::CountAnswer { leg, offered: true, need: None },
        Command::KeepLate { leg, decline: Some(DeclineReason::R08) },
        Command::FixWindow { closes_at: now() },
        Command::CloseWindow { open: 2, need: None },
        Command::CloseWindow { open: 2, need: Some(need()) },
        Command::TakeBack { leg, offer: true },
        Command::QuoteCover { round: 1 },
        Command::CoverElapsed,
        Command::Select { choice: choice() },
        Command::SelectionElapsed { cause: ExpiryCause::SelectionTimeout },
        Command::FixApproval { approve_by: now() },
        Command::Approve { approval: approval() },
        Command::LoseBank { cause: ReopenCause::BankDeclined, left: true },
        Command::LoseBank { cause: ReopenCause::ApprovalTimeout, left: false },
        Command::LoseCover { leg: cover, left: true },
        Command::LoseCover { leg: cover, left: false },
        Command::BindCover { leg: cover },
        Command::EngageEvaluator { leg: evaluator, at: now(), working_days: 7 },
        Command::LoseEvaluator { leg: evaluator },
        Command::BreachEvaluator { leg: evaluator },
        Command::TakeReport { leg: evaluator },
        Command::Lapse,
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
        let mark = match &phase {
            Phase::NoOffer { again: true, .. } => "+",
            Phase::Collecting(round) if round.wave == 2 => "2",
            Phase::OffersReady(round) if round.wave == 2 => "2",
            _ => "",
        };
        table.push_str(&format!("{:<13}", format!("{}{mark}", phase.code())));
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
    let expected = TABLE.trim_start_matches('\n');
    assert_eq!(table, expected, "\n{table}");
}

const TABLE: &str = "
DRAFT         DRA SUB .   .   .   .   .   .   .   .   .   .   .   .   .   DRA .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
SUBMITTED     .   .   SUB SUP .   .   ACC .   .   .   .   .   .   .   .   SUB .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
SUPPLEMENT    .   .   .   .   SUB WIT .   .   .   .   .   .   .   .   .   SUP .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
ACCEPTED      .   .   .   .   .   .   .   REJ COL NO_ .   .   .   .   .   ACC .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
COLLECTING    .   .   .   .   .   .   .   .   .   .   COL COL COL COL COL COL COL OFF COL COL =   =   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
COLLECTING2   .   .   .   .   .   .   .   .   .   .   COL COL COL COL .   COL COL =   =   NO_ OFF OFF .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT
OFFERS_READY  .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   OFF .   .   .   EXP =   .   SEL EXP .   .   .   .   =   =   =   OFF .   OFF OFF .   .   .   WIT
OFFERS_READY2 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   OFF .   .   .   OFF OFF .   SEL EXP .   .   .   .   =   =   =   OFF .   OFF OFF .   .   .   WIT
SELECTED      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   SEL .   .   .   SEL SEL .   .   .   SEL APP OFF EXP OFF EXP SEL SEL SEL SEL SEL .   .   .   WIT
APPROVED      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   APP .   .   .   .   =   .   .   .   .   .   .   .   APP APP APP APP APP APP APP .   .   .   WIT
NO_OFFER      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   NO_ .   .   .   NO_ .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   REJ NO_ REJ WIT
NO_OFFER+     .   .   .   .   .   .   .   REJ COL NO_ .   .   .   .   .   NO_ .   .   .   NO_ .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   =   REJ WIT
REJECTED      .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   REJ .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
WITHDRAWN     .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   WIT .   .   .   =
EXPIRED       .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   EXP .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   EXP .   .   .   .
";

#[test]
fn the_last_answer_ends_the_round_by_what_was_offered() {
    let ends = |offers, offered| {
        let from = case(Phase::Collecting(round(3, 2, offers)));
        let command = Command::CountAnswer { leg: leg(0), offered, need: None };
        let Ok(Decision::Executed(events)) = decide(&from, command, now()) else {
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
    let Ok(Decision::Executed(events)) = decide(&from, Command::CloseWindow { open: 2, need: None }, now())
    else {
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

#[test]
fn a_round_in_which_nobody_could_be_asked_is_one_of_the_three() {
    let nobody = Command::Dispatch {
        legs: 0,
        closes_at: None,
        reasons: vec!["NOTHING_CHANGED".to_owned()],
        cover: None,
    };
    let mut state = Case { round: 0, ..case(Phase::Accepted) };
    for expected in 1..=MAX_ROUNDS {
        let Ok(Decision::Executed(events)) = decide(&state, nobody.clone(), now()) else {
            panic!("{state:?}")
        };
        state = events.iter().fold(state, apply);
        assert_eq!((state.phase.code(), state.round), ("NO_OFFER", expected));
        if let Ok(Decision::Executed(events)) = decide(&state, Command::Redispatch, now()) {
            state = events.iter().fold(state, apply);
        }
    }
    assert!(decide(&state, Command::Redispatch, now()).is_err());
}

fn after(phase: Phase, commands: &[Command]) -> Case {
    commands.iter().fold(case(phase), after_from)
}

#[test]
fn an_offer_that_calls_for_cover_opens_a_second_wave_that_ends_with_the_answer_of_insurance() {
    let last = Command::CountAnswer { leg: leg(0), offered: true, need: Some(need()) };
    let asked = after(Phase::Collecting(round(1, 0, 0)), std::slice::from_ref(&last));
    let wave = asked.phase.collection().unwrap();
    assert_eq!((asked.phase.code(), wave.wave, wave.cover), ("COLLECTING", 2, Cover::Asked));
    let ready = after(Phase::Collecting(round(1, 0, 0)), &[last.clone(), Command::QuoteCover { round: 1 }]);
    assert_eq!(ready.phase.code(), "OFFERS_READY");
    let other_round =
        after(Phase::Collecting(round(1, 0, 0)), &[last.clone(), Command::QuoteCover { round: 2 }]);
    assert_eq!(other_round.phase.code(), "COLLECTING");
    let lapsed = after(Phase::Collecting(round(1, 0, 0)), &[last, Command::CoverElapsed]);
    assert_eq!(lapsed.phase.collection().unwrap().cover, Cover::Lapsed);
    assert_eq!(lapsed.phase.code(), "OFFERS_READY");
}

#[test]
fn cover_asked_at_once_is_waited_for_and_not_asked_again() {
    let dispatch = Command::Dispatch { legs: 1, closes_at: None, reasons: Vec::new(), cover: Some(need()) };
    let last = Command::CountAnswer { leg: leg(0), offered: true, need: Some(need()) };
    let mut accepted = case(Phase::Accepted);
    accepted.round = 0;
    let run = |commands: &[Command]| {
        commands.iter().fold(accepted.clone(), |state, command| {
            let Ok(Decision::Executed(events)) = decide(&state, command.clone(), now()) else {
                panic!("{command:?} in {state:?}");
            };
            events.iter().fold(state, apply)
        })
    };
    let quote = Command::QuoteCover { round: 1 };
    assert_eq!(run(&[dispatch.clone(), last.clone()]).phase.code(), "COLLECTING");
    assert_eq!(run(&[dispatch.clone(), last.clone(), quote.clone()]).phase.code(), "OFFERS_READY");
    assert_eq!(run(&[dispatch.clone(), quote]).phase.code(), "COLLECTING");
    let early = [dispatch.clone(), Command::QuoteCover { round: 1 }, last.clone()];
    assert_eq!(run(&early).phase.code(), "OFFERS_READY");
    assert_eq!(run(&[dispatch, Command::CoverElapsed, last]).phase.code(), "OFFERS_READY");
}

#[test]
fn a_choice_is_undone_by_its_bank_and_by_its_cover_alone() {
    let selected = || Phase::Selected { round: wave_two(2), choice: choice() };
    let refused = Command::LoseBank { cause: ReopenCause::BankDeclined, left: true };
    let reopened = after(selected(), std::slice::from_ref(&refused));
    assert_eq!(reopened.phase.collection().unwrap().offers, 1, "the bank's offer is lost");
    let last = Phase::Selected { round: wave_two(1), choice: choice() };
    assert_eq!(after(last, &[refused]).phase.code(), "EXPIRED");
    let covered = after(selected(), &[Command::LoseCover { leg: leg(8), left: true }]);
    assert_eq!(covered.phase.collection().unwrap().offers, 2, "the bank's offer stands again");
    let other = after(selected(), &[Command::LoseCover { leg: leg(7), left: true }]);
    assert_eq!(other.phase.code(), "SELECTED");
    let alone = after(selected(), &[Command::LoseEvaluator { leg: leg(9) }]);
    assert_eq!(alone.phase.choice().unwrap().evaluator, None);
}

#[test]
fn cover_is_bound_before_or_after_the_approval_and_lost_after_it_without_undoing_it() {
    let selected = || Phase::Selected { round: wave_two(2), choice: choice() };
    let (bind, approve) = (Command::BindCover { leg: leg(8) }, Command::Approve { approval: approval() });
    for order in [[bind.clone(), approve.clone()], [approve.clone(), bind.clone()]] {
        let done = after(selected(), &order);
        assert!(done.phase.choice().unwrap().cover_bound, "{order:?}");
        assert_eq!(done.phase.code(), "APPROVED");
    }
    let lose = Command::LoseCover { leg: leg(8), left: false };
    let lost = after(selected(), &[approve.clone(), bind.clone(), lose.clone()]);
    assert_eq!(lost.phase.code(), "APPROVED");
    let choice = lost.phase.choice().unwrap();
    assert_eq!((choice.cover_bound, choice.cover_lost), (false, true));
    // Told in another order, or again, it stays lost.
    for order in [[&lose, &bind], [&lose, &lose]] {
        let once = after(selected(), &[approve.clone(), lose.clone()]);
        let twice = order.into_iter().fold(after(selected(), &[approve.clone(), lose.clone()]), after_from);
        assert_eq!(twice, once);
    }
}

fn after_from(case: Case, command: &Command) -> Case {
    match decide(&case, command.clone(), now()) {
        Ok(Decision::Executed(events)) => events.iter().fold(case, apply),
        Ok(Decision::AlreadyApplied) | Err(_) => case,
    }
}

proptest! {
    /// Whatever is asked in whatever order, the join never overcounts, rounds stay within their number, the version
    /// counts the events, and offers are ready only where there is one.
    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(picks in proptest::collection::vec(0_usize..39, 0..80)) {
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
            // Wave 2 waits for insurance and for nothing else.
            if let Phase::Collecting(round) = &state.phase {
                prop_assert!(round.wave == 1 || round.cover == Cover::Asked);
            }
            let ended = matches!(
                before.phase,
                Phase::Rejected { .. } | Phase::Withdrawn { .. } | Phase::Expired { .. }
            );
            prop_assert!(!ended || state.phase == before.phase, "an end is an end");
        }
    }
}
