//! CompareCost: what offers cost beside each other, with their fees and net of what is expected back.

use kernel::{
    BasisPoints, Fen, Months, RepaymentMethod,
    loan::{Terms, dated::Dated},
};
use proto::catalog::v1 as wire;
use rpc::{Fault, check::Checker};

use super::{
    conditions::{basis, code, fees},
    quotes::{rate, settle},
};
use crate::{
    domain::{
        conditions::total,
        cost::{Figures, Paid},
        lpr::LprTable,
    },
    reasons,
};

const LINES_MAX: usize = 50;
const SUBSIDIES_MAX: usize = 20;
/// Longest reference of a line, in characters.
const REFERENCE_MAX: usize = 64;

pub(super) fn compare(
    form: &wire::CompareCostRequest,
    lpr: &LprTable,
) -> Result<wire::CompareCostResponse, Fault> {
    let mut check = Checker::new();
    let mut costs = Vec::with_capacity(form.lines.len());
    if check.count("lines", form.lines.len(), 1..=LINES_MAX).is_some() {
        for (index, given) in form.lines.iter().enumerate() {
            costs.extend(check.within(format!("lines[{index}]"), |check| cost(check, given, lpr)));
        }
    }
    check.finish()?;
    let order = |cost: &wire::Cost| (cost.net_yearly_bp.unwrap_or(i32::MAX), cost.net_cost_fen);
    let mut keys: Vec<_> = costs.iter().map(order).collect();
    keys.sort_unstable();
    for cost in &mut costs {
        let cheaper = keys.partition_point(|key| *key < order(cost));
        cost.rank = i32::try_from(cheaper + 1).unwrap_or(i32::MAX);
    }
    Ok(wire::CompareCostResponse { costs })
}

fn cost(check: &mut Checker, given: &wire::CostLine, lpr: &LprTable) -> Option<wire::Cost> {
    let reference = check.optional_text("reference", &given.reference, REFERENCE_MAX);
    let amount = check.amount("amount_fen", given.amount_fen);
    let term = check.term("term_months", given.term_months);
    let nominal = rate(check, given.rate.as_ref(), term, lpr);
    let method = check.code("method", given.method, RepaymentMethod::from_number);
    let basis = basis(check, "interest_basis", given.interest_basis);
    let fees = fees(check, "fees", &given.fees);
    let months = term.map_or(Months::MAX_TERM, |term| term).get();
    let subsidies = subsidies(check, &given.subsidies, months);
    let from = check.optional_date("start_date", &given.start_date);
    let settle = settle(check, given.settle_day, given.settle_cycle);
    let (principal, term, annual_rate, method) = (amount?, term?, nominal?, method?);

    let (terms, basis) = (Terms { principal, annual_rate, term, method }, basis?);
    let paid = match from? {
        Some(from) => Paid::by_dates(&Dated { terms, from, basis, settle: settle? }).ok(),
        None => Paid::by_months(&terms, basis),
    };
    let (fees, subsidies) = (total(&fees?, principal), subsidies?);
    let figures = paid.zip(fees).and_then(|(paid, fees)| Figures::of(principal, paid, fees, &subsidies));
    let Some(figures) = figures else {
        check.refuse("amount_fen", &reasons::QUOTE_BEYOND_RANGE);
        return None;
    };
    Some(wire::Cost {
        reference: reference?,
        nominal_bp: annual_rate.get(),
        yearly_bp: figures.yearly.map(BasisPoints::get),
        net_yearly_bp: figures.net_yearly.map(BasisPoints::get),
        interest_fen: figures.interest.get(),
        fees_fen: figures.fees.get(),
        subsidies_fen: figures.subsidies.get(),
        net_cost_fen: figures.net.get(),
        rank: 0,
    })
}

/// Months and amounts.
fn subsidies(check: &mut Checker, given: &[wire::Subsidy], months: u16) -> Option<Vec<(u16, Fen)>> {
    check.count("subsidies", given.len(), 0..=SUBSIDIES_MAX)?;
    let mut subsidies = Vec::with_capacity(given.len());
    for (index, subsidy) in given.iter().enumerate() {
        subsidies.extend(check.within(format!("subsidies[{index}]"), |check| {
            let named = code(check, "code", &subsidy.code);
            let fen = check.amount("amount_fen", subsidy.amount_fen);
            let month = check.number("month", subsidy.month, 0..=i32::from(months));
            named?;
            Some((u16::try_from(month?).ok()?, fen?))
        }));
    }
    (subsidies.len() == given.len()).then_some(subsidies)
}
