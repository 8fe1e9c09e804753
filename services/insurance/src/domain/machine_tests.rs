//! The machine by property: whatever facts and replies come, in whatever order and however often.

use chrono::TimeDelta;
use kernel::{DeclineReason, ReplyId, leg::LegState};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Command, Cover, Decision, EndCause, Phase,
    cover_tests::{approved, collecting, fact, leg_id, now, quote, run, say, selected},
    decide,
    decide::CaseFact,
    event::apply,
    reply::{Reply, judge},
};

#[derive(Debug, Clone)]
enum Step {
    Said { leg: u128, reply: Reply, late: bool },
    Fact { fact: CaseFact, version: i64 },
    Close,
    Expire,
    Again,
}

fn reply(leg: u128) -> impl Strategy<Value = Reply> {
    let id = ReplyId::from_uuid(Uuid::from_u128(1));
    prop_oneof![
        Just(Reply::Received),
        Just(Reply::Accepted),
        (1..4_u32).prop_map(move |seq| quote(leg, seq)),
        (1..4_u32).prop_map(move |seq| quote(leg, seq)),
        Just(Reply::Decline { reply: id, reason: DeclineReason::R01 }),
        Just(Reply::Question { reply: id }),
        Just(Reply::TakenBack { reply: id }),
        Just(Reply::Confirmed { reply: id, document_no: "BX".to_owned() }),
        Just(Reply::Confirmed { reply: id, document_no: "BX".to_owned() }),
        Just(Reply::Refused { reply: id, reason: DeclineReason::R08 }),
    ]
}

fn case_fact() -> impl Strategy<Value = CaseFact> {
    let leg = prop::option::weighted(0.8, 1..5_u128);
    prop_oneof![
        4 => leg.clone().prop_map(selected),
        2 => leg.prop_map(approved),
        2 => Just(CaseFact::Reopened),
        1 => prop::sample::select(EndCause::ALL.to_vec()).prop_map(CaseFact::Ended),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let said = (1..4_u128, prop::bool::weighted(0.1))
        .prop_flat_map(|(leg, late)| reply(leg).prop_map(move |reply| Step::Said { leg, reply, late }));
    prop_oneof![
        8 => said,
        4 => (case_fact(), 1..40_i64).prop_map(|(fact, version)| Step::Fact { fact, version }),
        1 => Just(Step::Close),
        1 => Just(Step::Expire),
        1 => Just(Step::Again),
    ]
}

/// Takes a step; a reply that was judged possible is never refused by the cover's state.
fn take(cover: &mut Cover, step: &Step) {
    let before = cover.version;
    let command = match step {
        Step::Said { leg, reply, late } => {
            let at = if *late { now() + TimeDelta::hours(2) } else { now() };
            judge(cover, cover.leg(leg_id(*leg)).unwrap(), reply, at).command
        }
        Step::Fact { fact, version } => Some(Command::TakeFact { fact: *fact, version: *version }),
        Step::Close => Some(Command::CloseWindow),
        Step::Expire => Some(Command::ExpireQuotes { before: now() + TimeDelta::days(31) }),
        Step::Again => Some(Command::AskAgain),
    };
    let Some(command) = command else { return };
    if let Decision::Executed(events) = decide(cover, command, now()).unwrap() {
        let counted = i64::try_from(events.len()).unwrap();
        for event in &events {
            *cover = apply(cover.clone(), event);
        }
        assert_eq!(cover.version, before + counted, "one version for each event");
    }
}

fn holds_together(cover: &Cover) {
    let chosen: Vec<_> = cover
        .legs
        .iter()
        .filter(|leg| matches!(leg.state, LegState::Selected { .. } | LegState::Confirmed { .. }))
        .collect();
    assert!(chosen.len() <= 1, "two chosen legs");
    assert_eq!(chosen.first().map(|leg| leg.id), cover.phase.chosen());
    match cover.phase {
        Phase::Held { .. } => assert!(matches!(chosen[0].state, LegState::Selected { .. })),
        Phase::Bound { .. } => assert!(matches!(chosen[0].state, LegState::Confirmed { .. })),
        Phase::Quoted => assert!(cover.legs.iter().any(|leg| leg.is_offered())),
        Phase::Collecting => assert!(cover.join.answered < cover.join.legs),
        Phase::NoQuote | Phase::Released { .. } => {}
    }
    if matches!(cover.phase, Phase::NoQuote | Phase::Released { .. }) || cover.ended {
        assert!(
            cover.legs.iter().all(|leg| !leg.stands() && !leg.state.is_open()),
            "an answer stands, or is waited for, after the end"
        );
    }
    if !matches!(cover.phase, Phase::Collecting) {
        assert!(cover.legs.iter().all(|leg| !leg.state.is_open()), "nobody is waited for after the window");
    }
    assert!(cover.join.answered <= cover.join.legs);
}

proptest! {
    #[test]
    fn whatever_comes_there_are_never_two_chosen_and_nothing_stands_after_the_end(
        steps in prop::collection::vec(step(), 0..40)
    ) {
        let mut cover = collecting();
        for step in &steps {
            take(&mut cover, step);
            holds_together(&cover);
        }
    }

    #[test]
    fn a_fact_taken_twice_is_taken_once(steps in prop::collection::vec(step(), 0..25), again in case_fact(), version in 1..40_i64) {
        let mut cover = collecting();
        for step in &steps {
            take(&mut cover, step);
        }
        let repeat = Step::Fact { fact: again, version };
        take(&mut cover, &repeat);
        let once = cover.clone();
        take(&mut cover, &repeat);
        prop_assert_eq!(cover, once);
    }

    #[test]
    fn facts_in_any_order_end_where_their_own_order_ends(
        order in Just(vec![0_usize, 1, 2, 0, 1, 2]).prop_shuffle(),
        end in prop::option::of((0..6_usize, prop::sample::select(EndCause::ALL.to_vec())))
    ) {
        let history = [(selected(Some(1)), 5), (CaseFact::Reopened, 6), (selected(Some(2)), 7)];
        let mut cover = collecting();
        for leg in 1..=3 {
            say(&mut cover, leg, &quote(leg, 1), now());
        }
        for (place, index) in order.into_iter().enumerate() {
            if let Some((_, cause)) = end.filter(|(at, _)| *at == place) {
                fact(&mut cover, CaseFact::Ended(cause), 8);
            }
            fact(&mut cover, history[index].0, history[index].1);
            holds_together(&cover);
        }
        match end {
            None => prop_assert_eq!(cover.phase.chosen(), Some(leg_id(2))),
            Some(_) => {
                let released = matches!(cover.phase, Phase::Released { .. });
                prop_assert!(released);
            }
        }
        prop_assert!(run(&mut cover, Command::CloseWindow).is_empty());
    }
}
