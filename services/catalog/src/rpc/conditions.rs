//! The conditions of a product as requests carry them, checked; and what a fee and a cap are in any request.

use std::collections::BTreeMap;

use kernel::{
    BasisPoints, Fen, IpType,
    loan::dated::{InterestBasis, SETTLE_DAYS},
};
use proto::catalog::v1 as wire;
use rpc::check::Checker;

use crate::{
    domain::{
        choices::{Channel, Evaluation, LineType, RateReset},
        codes::{Code, CodeSet},
        conditions::{
            Conditions, DEPARTMENT_MAX, FEES_MAX, FeeItem, PENALTY_MAX, Price, SLA_MAX, Sla, is_code,
        },
        pledge::{Caps, UsualCaps},
    },
    reasons,
};

const WHOLE: i32 = 10_000;

pub(super) fn conditions(
    check: &mut Checker,
    given: &wire::ProductTerms,
    usual_caps: &UsualCaps,
) -> Option<Conditions> {
    let usual = Conditions::default();
    let code = if given.product_code.is_empty() {
        Some(String::new())
    } else {
        code(check, "product_code", &given.product_code)
    };
    let lpr_tenor = chosen(check, "lpr_tenor", given.lpr_tenor);
    let rate_reset = chosen::<RateReset>(check, "rate_reset", given.rate_reset);
    let caps = caps(check, "pledge_caps", &given.pledge_caps);
    let portfolio_cap = portfolio_cap(check, given.portfolio_cap_bp, usual_caps);
    let basis = basis(check, "interest_basis", given.interest_basis);
    let settle_day = settle_day(check, given.settle_day);
    let evaluation = chosen::<Evaluation>(check, "evaluation_required", given.evaluation_required);
    let fees = fees(check, "fee_items", &given.fee_items);
    let prepay_penalty = check.number("prepay_penalty_bp", given.prepay_penalty_bp, 0..=PENALTY_MAX);
    let line = chosen::<LineType>(check, "line_type", given.line_type);
    let sla = match &given.sla_wd {
        None => Some(usual.sla),
        Some(sla) => check.within("sla_wd", |check| {
            let mut days = |field, days| {
                let days = check.number(field, days, 1..=SLA_MAX)?;
                u8::try_from(days).ok()
            };
            let (response, offer) = (days("response", sla.response), days("offer", sla.offer));
            Some(Sla { response: response?, offer: offer?, approval: days("approval", sla.approval)? })
        }),
    };
    let department = check.optional_text("responsible_dept", &given.responsible_dept, DEPARTMENT_MAX);
    let channels = check.codes("channels", &given.channels, Channel::every().len(), Channel::from_number);
    let effective_from = check.optional_date("effective_from", &given.effective_from);
    let effective_to = check.optional_date("effective_to", &given.effective_to);
    let channels: CodeSet<Channel> = channels?.into_iter().collect();
    Some(Conditions {
        code: code?,
        lpr_tenor: lpr_tenor?,
        rate_reset: rate_reset?.unwrap_or(usual.rate_reset),
        caps: caps?,
        portfolio_cap: portfolio_cap?,
        basis: basis?,
        settle_day: settle_day?,
        guarantee_required: given.guarantee_required,
        evaluation: evaluation?.unwrap_or(usual.evaluation),
        fees: fees?,
        prepay_penalty: BasisPoints::new(prepay_penalty?),
        first_loan_ok: given.first_loan_ok.unwrap_or(usual.first_loan_ok),
        renewal_ok: given.renewal_ok,
        line: line?.unwrap_or(usual.line),
        sla: sla?,
        department: Some(department?).filter(|department| !department.is_empty()),
        channels: if channels.is_empty() { usual.channels } else { channels },
        effective_from: effective_from?,
        effective_to: effective_to?,
    })
}

/// A choice that need not be made.
pub(super) fn chosen<C: Code>(check: &mut Checker, field: &str, number: i32) -> Option<Option<C>> {
    if number == 0 { Some(None) } else { check.code(field, number, C::from_number).map(Some) }
}

/// Letters, digits, "-", "_", "."; no identifier of a person or firm.
pub(super) fn code(check: &mut Checker, field: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        check.refuse(field, &rpc::reasons::FIELD_REQUIRED);
        return None;
    }
    if !is_code(text) {
        check.refuse(field, &rpc::reasons::FIELD_INVALID);
        return None;
    }
    check.note(field, text, text.len())
}

/// Days of a year; 0 means 360.
pub(super) fn basis(check: &mut Checker, field: &str, days: i32) -> Option<InterestBasis> {
    let basis = if days == 0 { Some(InterestBasis::Actual360) } else { InterestBasis::of_days(days) };
    if basis.is_none() {
        check.refuse(field, &reasons::INTEREST_BASIS_UNKNOWN);
    }
    basis
}

/// 结息日; 0 means the 20th.
pub(super) fn settle_day(check: &mut Checker, day: i32) -> Option<u8> {
    let day = if day == 0 { 20 } else { day };
    let days = i32::from(*SETTLE_DAYS.start())..=i32::from(*SETTLE_DAYS.end());
    u8::try_from(check.number("settle_day", day, days)?).ok()
}

/// 0 means the usual one.
pub(super) fn portfolio_cap(check: &mut Checker, bp: i32, usual: &UsualCaps) -> Option<BasisPoints> {
    let bp = if bp == 0 { usual.bundle.get() } else { bp };
    check.number("portfolio_cap_bp", bp, 1..=WHOLE).map(BasisPoints::new)
}

pub(super) fn caps(check: &mut Checker, field: &str, given: &[wire::PledgeCap]) -> Option<Caps> {
    check.count(field, given.len(), 0..=IpType::ALL.len())?;
    let mut caps = BTreeMap::new();
    for (index, cap) in given.iter().enumerate() {
        let kind = check.code(format!("{field}[{index}].type"), cap.r#type, IpType::from_number);
        let bp = check.number(format!("{field}[{index}].cap_bp"), cap.cap_bp, 1..=WHOLE);
        if let Some((kind, bp)) = kind.zip(bp)
            && caps.insert(kind, BasisPoints::new(bp)).is_some()
        {
            check.refuse(format!("{field}[{index}].type"), &rpc::reasons::FIELD_REPEATED);
        }
    }
    Some(Caps(caps))
}

pub(super) fn fees(check: &mut Checker, field: &str, given: &[wire::FeeItem]) -> Option<Vec<FeeItem>> {
    check.count(field, given.len(), 0..=FEES_MAX)?;
    let mut fees: Vec<FeeItem> = Vec::with_capacity(given.len());
    for (index, fee) in given.iter().enumerate() {
        let fee = check.within(format!("{field}[{index}]"), |check| {
            let code = code(check, "code", &fee.code);
            let kind = check.code("kind", fee.kind, Code::from_number);
            let price = match fee.price {
                None => {
                    check.refuse("price", &rpc::reasons::FIELD_REQUIRED);
                    None
                }
                Some(wire::fee_item::Price::AmountFen(fen)) => {
                    check.amount("amount_fen", fen).map(Price::Amount)
                }
                Some(wire::fee_item::Price::RateBp(bp)) => {
                    check.number("rate_bp", bp, 1..=WHOLE).map(|bp| Price::Share(BasisPoints::new(bp)))
                }
            };
            let code = code?;
            if fees.iter().any(|fee| fee.code == code) {
                check.refuse("code", &rpc::reasons::FIELD_REPEATED);
                return None;
            }
            Some(FeeItem { code, kind: kind?, price: price? })
        });
        fees.extend(fee);
    }
    (fees.len() == given.len()).then_some(fees)
}

pub(super) fn fee(fee: &FeeItem) -> wire::FeeItem {
    let price = match fee.price {
        Price::Amount(fen) => wire::fee_item::Price::AmountFen(Fen::get(fen)),
        Price::Share(bp) => wire::fee_item::Price::RateBp(bp.get()),
    };
    wire::FeeItem { code: fee.code.clone(), kind: fee.kind.number(), price: Some(price) }
}
