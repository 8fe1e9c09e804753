//! QuoteRepayment, PledgeLimit: requests in, figures out. Nothing is stored and nobody is named.

use chrono::NaiveDate;
use kernel::{
    AssetId, BasisPoints, Fen, IpType, Months, RepaymentMethod,
    loan::{
        Terms,
        dated::{self, Cycle, Dated, DatedError, Movement, Settlement},
    },
};
use proto::catalog::v1 as wire;
use rpc::{Fault, check::Checker};

use super::conditions::{basis, caps, chosen, portfolio_cap, settle_day};
use crate::{
    domain::{
        conditions::PENALTY_MAX,
        lpr::LprTable,
        pledge::{self, UsualCaps},
        terms::SPREADS,
    },
    reasons,
};

/// Highest nominal rate, in basis points.
const RATE_MAX: i32 = 10_000;
const MOVEMENTS_MAX: usize = 1_000;
const ASSETS_MAX: usize = 1_000;

/// The nominal rate, given or from the LPR; floored at nothing.
pub(super) fn rate(
    check: &mut Checker,
    given: Option<&wire::Rate>,
    term: Option<Months>,
    lpr: &LprTable,
) -> Option<BasisPoints> {
    let given = check.present("rate", given.and_then(|given| given.rate.as_ref()))?;
    check.within("rate", |check| match given {
        wire::rate::Rate::FixedBp(bp) => check.number("fixed_bp", *bp, 0..=RATE_MAX).map(BasisPoints::new),
        wire::rate::Rate::Lpr(given) => check.within("lpr", |check| {
            let day = check.date("pricing_date", &given.pricing_date);
            let spread = check.number("spread_bp", given.spread_bp, SPREADS);
            let tenor = chosen(check, "tenor", given.tenor);
            let (day, spread, tenor) = (day?, spread?, tenor?);
            let base = lpr.rate(day, term?, tenor);
            if base.is_none() {
                check.refuse("pricing_date", &reasons::LPR_UNKNOWN);
            }
            Some(BasisPoints::new((base?.get() + spread).max(0)))
        }),
    })
}

/// When interest is settled (结息): 0 means quarterly, on the 20th.
pub(super) fn settle(check: &mut Checker, day: i32, cycle: i32) -> Option<Settlement> {
    let day = settle_day(check, day);
    let cycle = match wire::SettleCycle::try_from(cycle) {
        Ok(wire::SettleCycle::Monthly) => Some(Cycle::Monthly),
        Ok(wire::SettleCycle::Unspecified | wire::SettleCycle::Quarterly) => Some(Cycle::Quarterly),
        Err(_) => {
            check.refuse("settle_cycle", &rpc::reasons::ENUM_UNKNOWN);
            None
        }
    };
    Some(Settlement { day: day?, cycle: cycle? })
}

pub(super) fn repayment(
    form: &wire::QuoteRepaymentRequest,
    lpr: &LprTable,
) -> Result<wire::QuoteRepaymentResponse, Fault> {
    let mut check = Checker::new();
    let amount = check.amount("amount_fen", form.amount_fen);
    let term = check.term("term_months", form.term_months);
    let rate = rate(&mut check, form.rate.as_ref(), term, lpr);
    let method = check.code("method", form.method, RepaymentMethod::from_number);
    let from = check.date("start_date", &form.start_date);
    let basis = basis(&mut check, "interest_basis", form.interest_basis);
    let settle = settle(&mut check, form.settle_day, form.settle_cycle);
    let movements = movements(&mut check, &form.movements);
    let early = match &form.prepayment {
        None => Some(None),
        Some(given) => check.within("prepayment", |check| {
            let on = check.date("on", &given.on);
            let penalty = check.number("penalty_bp", given.penalty_bp, 0..=PENALTY_MAX);
            Some(Some((on?, BasisPoints::new(penalty?))))
        }),
    };
    let given = check.all((amount, term, rate, method, from, basis, settle, movements.zip(early)))?;
    let (principal, term, annual_rate, method, from, basis, settle, (movements, early)) = given;

    let terms = Terms { principal, annual_rate, term, method };
    let loan = Dated { terms, from, basis, settle };
    let plan = dated::plan(&loan, &movements).map_err(refused)?;
    let interest = sum(plan.iter().map(|period| period.interest))?;
    let early = match early {
        None => None,
        Some((on, penalty)) => Some(settlement(&loan, &plan, on, penalty)?),
    };
    let mut installments = Vec::with_capacity(plan.len());
    for period in &plan {
        installments.push(wire::Installment {
            from: period.from.to_string(),
            due: period.to.to_string(),
            days: i32::try_from(period.days()).unwrap_or(i32::MAX),
            principal_fen: period.principal.get(),
            interest_fen: period.interest.get(),
            total_fen: sum([period.principal, period.interest])?.get(),
            balance_fen: period.balance.get(),
        });
    }
    Ok(wire::QuoteRepaymentResponse {
        rate_bp: annual_rate.get(),
        installments,
        total_principal_fen: sum(plan.iter().map(|period| period.principal))?.get(),
        total_interest_fen: interest.get(),
        early,
    })
}

fn settlement(
    loan: &Dated,
    plan: &[dated::Period],
    on: NaiveDate,
    penalty: BasisPoints,
) -> Result<wire::EarlySettlement, Fault> {
    let early = dated::early(loan, plan, on, penalty).map_err(refused)?;
    let later = sum(plan.iter().filter(|period| period.to > on).map(|period| period.interest))?;
    Ok(wire::EarlySettlement {
        on: on.to_string(),
        principal_fen: early.principal.get(),
        interest_fen: early.interest.get(),
        penalty_fen: early.penalty.get(),
        total_fen: sum([early.principal, early.interest, early.penalty])?.get(),
        interest_saved_fen: later.checked_sub(early.interest).ok_or_else(beyond)?.get(),
    })
}

fn movements(check: &mut Checker, given: &[wire::Movement]) -> Option<Vec<Movement>> {
    check.count("movements", given.len(), 0..=MOVEMENTS_MAX)?;
    let most = Fen::MAX_AMOUNT.get();
    let each = given.iter().enumerate().map(|(index, movement)| {
        let on = check.date(format!("movements[{index}].on"), &movement.on);
        let fen = check.number(format!("movements[{index}].amount_fen"), movement.amount_fen, -most..=most);
        Some(Movement { on: on?, amount: Fen::new(fen?) })
    });
    each.collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn pledge_limit(
    form: &wire::PledgeLimitRequest,
    usual: &UsualCaps,
) -> Result<wire::PledgeLimitResponse, Fault> {
    let mut check = Checker::new();
    let assets = check.list(&"assets", &form.assets, 1..=ASSETS_MAX, |check, path, asset| {
        let id = check.id::<AssetId>(format!("{path}.asset_id"), &asset.asset_id);
        let kind = check.code(format!("{path}.type"), asset.r#type, IpType::from_number);
        let value = check.amount(format!("{path}.value_fen"), asset.value_fen);
        Some((id?, kind?, value?))
    });
    let mut seen = std::collections::BTreeSet::new();
    for (index, (id, ..)) in assets.iter().flatten().enumerate() {
        if !seen.insert(*id) {
            check.refuse(format!("assets[{index}].asset_id"), &rpc::reasons::FIELD_REPEATED);
        }
    }
    let caps = caps(&mut check, "caps", &form.caps);
    let portfolio_cap = portfolio_cap(&mut check, form.portfolio_cap_bp, usual);
    let mut optional = |field, fen| if fen == 0 { Some(None) } else { check.amount(field, fen).map(Some) };
    let most = optional("product_max_fen", form.product_max_fen);
    let loan = optional("loan_fen", form.loan_fen);
    let (assets, caps, portfolio_cap, most, loan) = check.all((assets, caps, portfolio_cap, most, loan))?;
    let caps = usual.beside(&caps);

    let valued: Vec<(IpType, Fen)> = assets.iter().map(|(_, kind, value)| (*kind, *value)).collect();
    let limit = pledge::limit(&valued, &caps, portfolio_cap, most).ok_or_else(beyond)?;
    let allocated = match loan {
        None => vec![Fen::ZERO; valued.len()],
        Some(loan) if loan > limit.amount => {
            let limit = limit.amount.get().to_string();
            return Err(Fault::new(&reasons::LOAN_ABOVE_LIMIT)
                .field("loan_fen")
                .metadata("limit_fen", limit));
        }
        Some(loan) => pledge::allocate(loan, &limit).ok_or_else(beyond)?,
    };
    let shares = assets.iter().zip(&limit.caps).zip(allocated).map(|(((id, kind, _), cap), allocated)| {
        wire::AssetShare {
            asset_id: id.to_string(),
            cap_bp: caps.of(*kind).map_or(0, BasisPoints::get),
            cap_fen: cap.get(),
            allocated_fen: allocated.get(),
        }
    });
    Ok(wire::PledgeLimitResponse {
        limit_fen: limit.amount.get(),
        bound_by: limit.bound.code().to_owned(),
        type_caps_fen: limit.type_caps.get(),
        portfolio_cap_fen: limit.portfolio.get(),
        value_fen: limit.value.get(),
        ratio_bp: loan.and_then(|loan| BasisPoints::ratio(loan, limit.value)).map(BasisPoints::get),
        shares: shares.collect(),
    })
}

fn sum(amounts: impl IntoIterator<Item = Fen>) -> Result<Fen, Fault> {
    Fen::checked_sum(amounts).ok_or_else(beyond)
}

fn beyond() -> Fault {
    Fault::new(&reasons::QUOTE_BEYOND_RANGE)
}

fn refused(error: DatedError) -> Fault {
    match error {
        DatedError::MovementOutOfOrder(index) => {
            Fault::new(&reasons::MOVEMENT_OUT_OF_ORDER).field(&format!("movements[{index}].on"))
        }
        DatedError::MovementBeyondLimit(index) => {
            Fault::new(&reasons::MOVEMENT_BEYOND_LIMIT).field(&format!("movements[{index}].amount_fen"))
        }
        DatedError::NoMovements => Fault::new(&reasons::MOVEMENTS_NOT_REVOLVING).field("movements"),
        DatedError::NotEarly => Fault::new(&reasons::PREPAYMENT_NOT_POSSIBLE).field("prepayment.on"),
        _ => beyond(),
    }
}
