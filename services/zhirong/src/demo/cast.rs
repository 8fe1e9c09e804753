//! Which institution plays which part, so that everything that may happen to a leg is seen once.

use std::time::Duration;

use kernel::DeclineReason;
use proto::common::v1::InstitutionRole;

use super::board::Seat;
use crate::simulate::data::{HouseTerms, Loaded, LoadedHouse};
use crate::simulate::{Casting, Delays, Manner, Part, Script};

/// The windows of the demo, and the time after them in which answers given before their end may still arrive.
pub(super) const WINDOW: Duration = Duration::from_secs(6);
pub(super) const COVER_WINDOW: Duration = Duration::from_secs(5);
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The banks that are asked.
pub(super) const BANKS: usize = 12;

/// Parts in the order of the banks.
const PARTS: [Script; BANKS] = [
    Script::Offer,
    Script::Offer,
    Script::AskThenOffer,
    Script::OfferTwice,
    Script::Decline(DeclineReason::R08),
    Script::Offer,
    Script::Offer,
    Script::Decline(DeclineReason::R03),
    Script::Late,
    Script::Silent,
    Script::Offer,
    Script::Offer,
];

/// How the bank with this index behaves. Everyone who means to answer in time does so well within the window, also on
/// a slow machine.
pub(super) fn bank(index: usize) -> Part {
    part(PARTS.get(index).copied().unwrap_or(Script::Offer), (400, 3600))
}

/// How another institution behaves: all quote but the last evaluator and the last guarantor, who decline.
pub(super) fn house(house: &LoadedHouse, all: &[LoadedHouse]) -> Part {
    let role = house.terms.role();
    let last = all.iter().rev().find(|other| other.terms.role() == role);
    let declines = role != InstitutionRole::Insurer && last.is_some_and(|last| last.id == house.id);
    let script = if declines { Script::Decline(DeclineReason::R08) } else { Script::Offer };
    part(script, (300, 1800))
}

fn part(script: Script, quick: (u64, u64)) -> Part {
    let (least, most) = match script {
        Script::Offer | Script::Decline(_) | Script::OfferTwice => quick,
        Script::AskThenOffer => (2400, 3200),
        Script::Late => (800, 1600),
        Script::Silent => (0, 0),
    };
    let delays = Delays { least: Duration::from_millis(least), most: Duration::from_millis(most) };
    Part { manner: Manner::Always(script), delays, casting: Casting::none() }
}

/// The first wave's lines: banks and evaluators.
pub(super) fn first_wave(loaded: &Loaded, houses: &[LoadedHouse]) -> Vec<Seat> {
    let bank =
        |id: String, name: &str, left_out| Seat { id, name: name.to_owned(), trade: "银行", left_out };
    let mut seats: Vec<Seat> =
        loaded.banks.iter().map(|one| bank(one.id.to_string(), &one.name, None)).collect();
    let without = &loaded.without_department;
    seats.push(bank(without.id.to_string(), &without.name, Some("未设专门部门")));
    seats.extend(houses.iter().filter(|house| is_evaluator(house)).map(|house| seat(house, "评估")));
    seats
}

/// The second wave's lines: insurers and guarantors.
pub(super) fn second_wave(houses: &[LoadedHouse]) -> Vec<Seat> {
    houses
        .iter()
        .filter_map(|house| match house.terms {
            HouseTerms::Insurer(_) => Some(seat(house, "保险")),
            HouseTerms::Guarantor(_) => Some(seat(house, "担保")),
            HouseTerms::Evaluator(_) => None,
        })
        .collect()
}

pub(super) fn is_evaluator(house: &LoadedHouse) -> bool {
    house.terms.role() == InstitutionRole::Evaluator
}

/// An insurer below the solvency gate is not asked (domain.md §4.5).
pub(super) fn is_unsound(house: &LoadedHouse) -> bool {
    const GATE_BP: (i32, i32) = (7_500, 15_000);
    match &house.terms {
        HouseTerms::Insurer(terms) => {
            terms.core_solvency_bp < GATE_BP.0 || terms.comprehensive_solvency_bp < GATE_BP.1
        }
        HouseTerms::Guarantor(_) | HouseTerms::Evaluator(_) => false,
    }
}

fn seat(house: &LoadedHouse, trade: &'static str) -> Seat {
    let left_out = is_unsound(house).then_some("偿付能力不达标");
    Seat { id: house.id.to_string(), name: house.name.clone(), trade, left_out }
}
