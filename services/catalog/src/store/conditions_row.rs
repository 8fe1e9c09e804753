//! The conditions of a product version as columns, and back.

use chrono::NaiveDate;
use kernel::{
    BasisPoints, Fen, IpType,
    loan::dated::{InterestBasis, SETTLE_DAYS},
};

use crate::domain::{
    codes::{Code, CodeSet},
    conditions::{Conditions, FeeItem, Price, Sla},
    pledge::Caps,
};

/// A fee has an amount or a share; the other column holds this.
const NO_PRICE: i32 = 0;

#[derive(sqlx::FromRow)]
pub(super) struct ConditionsRow {
    product_code: String,
    lpr_tenor: Option<String>,
    rate_reset: String,
    cap_types: Vec<String>,
    cap_bp: Vec<i32>,
    portfolio_cap_bp: i32,
    interest_basis: i32,
    settle_day: i32,
    guarantee_required: bool,
    evaluation: String,
    fee_codes: Vec<String>,
    fee_kinds: Vec<String>,
    fee_amounts_fen: Vec<i64>,
    fee_rates_bp: Vec<i32>,
    prepay_penalty_bp: i32,
    first_loan_ok: bool,
    renewal_ok: bool,
    line_type: String,
    sla_response_wd: i32,
    sla_offer_wd: i32,
    sla_approval_wd: i32,
    department: Option<String>,
    channels: Vec<String>,
    effective_from: Option<NaiveDate>,
    effective_to: Option<NaiveDate>,
}

impl ConditionsRow {
    /// The column that is impossible, if one is.
    pub(super) fn into_conditions(self) -> Result<Conditions, &'static str> {
        let days = |days: i32, column| u8::try_from(days).map_err(|_| column);
        Ok(Conditions {
            lpr_tenor: self.lpr_tenor.as_deref().map(|text| code(text, "lpr_tenor")).transpose()?,
            rate_reset: code(&self.rate_reset, "rate_reset")?,
            caps: caps(&self.cap_types, &self.cap_bp)?,
            portfolio_cap: BasisPoints::new(self.portfolio_cap_bp),
            basis: InterestBasis::of_days(self.interest_basis).ok_or("interest_basis")?,
            settle_day: days(self.settle_day, "settle_day")
                .and_then(|day| Some(day).filter(|day| SETTLE_DAYS.contains(day)).ok_or("settle_day"))?,
            guarantee_required: self.guarantee_required,
            evaluation: code(&self.evaluation, "evaluation")?,
            fees: fees(&self.fee_codes, &self.fee_kinds, &self.fee_amounts_fen, &self.fee_rates_bp)?,
            prepay_penalty: BasisPoints::new(self.prepay_penalty_bp),
            first_loan_ok: self.first_loan_ok,
            renewal_ok: self.renewal_ok,
            line: code(&self.line_type, "line_type")?,
            sla: Sla {
                response: days(self.sla_response_wd, "sla_response_wd")?,
                offer: days(self.sla_offer_wd, "sla_offer_wd")?,
                approval: days(self.sla_approval_wd, "sla_approval_wd")?,
            },
            department: self.department,
            channels: CodeSet::from_codes(&self.channels).ok_or("channels")?,
            effective_from: self.effective_from,
            effective_to: self.effective_to,
            code: self.product_code,
        })
    }
}

fn code<C: Code>(text: &str, column: &'static str) -> Result<C, &'static str> {
    C::from_code(text).ok_or(column)
}

fn caps(types: &[String], bp: &[i32]) -> Result<Caps, &'static str> {
    let each = types.iter().zip(bp).map(|(kind, bp)| Some((IpType::from_code(kind)?, BasisPoints::new(*bp))));
    each.collect::<Option<_>>().map(Caps).ok_or("cap_types")
}

fn fees(
    codes: &[String],
    kinds: &[String],
    amounts: &[i64],
    rates: &[i32],
) -> Result<Vec<FeeItem>, &'static str> {
    let each = codes.iter().zip(kinds).zip(amounts.iter().zip(rates));
    each.map(|((code_text, kind), (amount, rate))| {
        let price = match (*amount, *rate) {
            (amount, NO_PRICE) if amount > 0 => Price::Amount(Fen::new(amount)),
            (0, rate) if rate > 0 => Price::Share(BasisPoints::new(rate)),
            _ => return Err("fee_amounts_fen"),
        };
        Ok(FeeItem { code: code_text.clone(), kind: code(kind, "fee_kinds")?, price })
    })
    .collect()
}

/// The fees as columns: codes, kinds, amounts, shares.
pub(super) struct FeeColumns<'a> {
    pub(super) codes: Vec<&'a str>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) amounts: Vec<i64>,
    pub(super) rates: Vec<i32>,
}

impl<'a> FeeColumns<'a> {
    pub(super) fn of(fees: &'a [FeeItem]) -> Self {
        let priced = |price| match price {
            Price::Amount(fen) => (fen.get(), NO_PRICE),
            Price::Share(rate) => (0, rate.get()),
        };
        Self {
            codes: fees.iter().map(|fee| fee.code.as_str()).collect(),
            kinds: fees.iter().map(|fee| fee.kind.code()).collect(),
            amounts: fees.iter().map(|fee| priced(fee.price).0).collect(),
            rates: fees.iter().map(|fee| priced(fee.price).1).collect(),
        }
    }
}
