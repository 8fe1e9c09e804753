//! The fold against a recomputation that knows no fold: it sorts all facts and looks at each aspect by itself.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    figures::{Durations, Figures, Numbers, days},
    step::Legs,
};

const PARKS: [&str; 2] = ["JY-GX", "JY-HL"];

fn start() -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn leg() -> impl Strategy<Value = Leg> {
    (1..6_i32, 5..9_i32, proptest::option::of(0..500_000_i64)).prop_map(|(role, outcome, response_ms)| Leg {
        role,
        outcome,
        response_ms,
    })
}

fn legs() -> impl Strategy<Value = Legs> {
    let teller = prop_oneof![Just(Teller::Intake), Just(Teller::Insurance)];
    (teller, 1..3_i32, proptest::collection::vec(leg(), 1..5)).prop_map(|(teller, round, legs)| Legs {
        teller,
        round,
        legs,
    })
}

fn step() -> impl Strategy<Value = Step> {
    (
        (1..4_u128, 1..7_i64, 0..400_000_i64, 0..4_u8),
        proptest::option::of(proptest::sample::select(CaseState::ALL)),
        proptest::option::of((proptest::sample::select(Moment::ALL), 0..1_000_i64)),
        proptest::option::of(proptest::sample::select(&PARKS[..])),
        proptest::option::of(legs()),
    )
        .prop_map(|((case, version, seconds, rank), state, moment, park, legs)| Step {
            case_id: Uuid::from_u128(case),
            order: Order {
                version,
                occurred_at: start() + TimeDelta::seconds(seconds),
                rank,
                message_id: Uuid::nil(),
            },
            state,
            moment,
            park: park.map(str::to_owned),
            legs,
        })
}

/// Facts with ids of their own, and the same in another order.
fn steps() -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    let named = proptest::collection::vec(step(), 0..40).prop_map(|mut steps| {
        for (n, step) in steps.iter_mut().enumerate() {
            step.order.message_id = Uuid::from_u128(n as u128 + 1);
        }
        steps
    });
    named.prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle()))
}

fn folded(steps: &[Step]) -> Tally {
    let mut sheets: BTreeMap<Uuid, Sheet> = BTreeMap::new();
    for step in steps {
        sheets.entry(step.case_id).or_default().take(step);
    }
    let mut tally = Tally::default();
    sheets.values().for_each(|sheet| sheet.tally(1, &mut tally));
    tally
}

fn quantiles(mut values: Vec<i64>) -> Durations {
    values.sort_unstable();
    let at =
        |percent: usize| values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(0);
    Durations { count: i64::try_from(values.len()).unwrap(), median_ms: at(50), p90_ms: at(90) }
}

fn recomputed(steps: &[Step], park: &str) -> Figures {
    let mut figures = Figures::default();
    let (mut cases, mut legs): (BTreeMap<i32, i64>, BTreeMap<(i32, i32), i64>) = Default::default();
    let mut responses: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    let (mut to_offers, mut to_approval) = (vec![], vec![]);
    for case in 1..4_u128 {
        let mut of_case: Vec<&Step> =
            steps.iter().filter(|step| step.case_id == Uuid::from_u128(case)).collect();
        of_case.sort_by_key(|step| step.order);
        let own = of_case.iter().rev().find_map(|step| step.park.as_deref()).unwrap_or("");
        if of_case.is_empty() || !(park.is_empty() || park == own) {
            continue;
        }
        figures.facts += i64::try_from(of_case.len()).unwrap();
        if let Some(state) = of_case.iter().rev().find_map(|step| step.state) {
            *cases.entry(state.number()).or_default() += 1;
        }
        for teller in [Teller::Intake, Teller::Insurance] {
            for round in 1..3 {
                let told = of_case.iter().rev().filter_map(|step| step.legs.as_ref());
                let Some(last) = told.clone().find(|legs| legs.teller == teller && legs.round == round)
                else {
                    continue;
                };
                for leg in &last.legs {
                    *legs.entry((leg.role, leg.outcome)).or_default() += 1;
                    responses.entry(leg.role).or_default().extend(leg.response_ms);
                }
            }
        }
        let first = |wanted: Moment| {
            let of = of_case.iter().filter(|step| step.moment.is_some_and(|(moment, _)| moment == wanted));
            of.map(|step| step.order.occurred_at).min()
        };
        let sum = |wanted: Moment| -> i64 {
            of_case
                .iter()
                .filter_map(|step| step.moment)
                .filter(|(moment, _)| *moment == wanted)
                .map(|m| m.1)
                .sum()
        };
        figures.submitted_fen += sum(Moment::Submitted);
        figures.approved_fen += sum(Moment::Approved);
        for (values, end) in [(&mut to_offers, Moment::OffersReady), (&mut to_approval, Moment::Approved)] {
            if let (Some(start), Some(end)) = (first(Moment::Submitted), first(end)) {
                values.push((end - start).num_milliseconds().max(0));
            }
        }
    }
    figures.cases = cases.into_iter().collect();
    figures.legs = legs.into_iter().map(|((role, outcome), n)| (role, outcome, n)).collect();
    let answered = responses.into_iter().filter(|(_, values)| !values.is_empty());
    figures.responses = answered.map(|(role, values)| (role, quantiles(values))).collect();
    figures.to_offers = quantiles(to_offers);
    figures.to_approval = quantiles(to_approval);
    figures
}

proptest! {
    #[test]
    fn figures_are_those_of_a_plain_recomputation_whatever_the_order((steps, shuffled) in steps()) {
        let tally = folded(&shuffled);
        prop_assert_eq!(&folded(&steps), &tally);
        for park in ["", PARKS[0], PARKS[1], "JY-NONE"] {
            prop_assert_eq!(Figures::of(&Numbers::of(&tally, park)), recomputed(&steps, park));
        }
    }

    #[test]
    fn amounts_of_all_days_add_up_to_the_amount_of_the_overview((steps, _) in steps()) {
        let numbers = Numbers::of(&folded(&steps), "");
        let first = date_of(start());
        let span = days(&numbers, first, first + TimeDelta::days(10));
        prop_assert_eq!(span.len(), 11);
        let figures = Figures::of(&numbers);
        prop_assert_eq!(span.iter().map(|day| day.submitted_fen).sum::<i64>(), figures.submitted_fen);
        prop_assert_eq!(span.iter().map(|day| day.approved_fen).sum::<i64>(), figures.approved_fen);
    }

    #[test]
    fn a_change_takes_back_what_the_case_added_before((steps, _) in steps()) {
        let mut sheets: BTreeMap<Uuid, Sheet> = BTreeMap::new();
        let mut running = Tally::default();
        for step in &steps {
            let sheet = sheets.entry(step.case_id).or_default();
            sheet.tally(-1, &mut running);
            sheet.take(step);
            sheet.tally(1, &mut running);
        }
        let whole = folded(&steps);
        prop_assert_eq!(running.numbers().collect::<Vec<_>>(), whole.numbers().collect::<Vec<_>>());
    }
}
