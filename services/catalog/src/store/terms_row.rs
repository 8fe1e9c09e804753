//! Terms of a product version as columns, and back.

use kernel::{BasisPoints, Fen, Grade, Months, RateKind};
use uuid::Uuid;

use super::{StoreError, conditions_row::ConditionsRow};
use crate::domain::{
    codes::{CodeSet, Park, Region},
    terms::{ProductTerms, Span},
};

/// The columns of terms of the table `v`, as [`TermsRow`] reads them.
macro_rules! terms_columns {
    () => {
        "v.name, v.regions, v.parks, v.sizes, v.any_qualification, v.accepted_ip, v.min_assets, v.amount_min_fen,
        v.amount_max_fen, v.term_min_months, v.term_max_months, v.rate_kind, v.rate_min_bp, v.rate_max_bp, v.repayment,
        v.enhancement, v.lowest_grade, v.product_code, v.lpr_tenor, v.rate_reset, v.cap_types, v.cap_bp,
        v.portfolio_cap_bp, v.interest_basis, v.settle_day, v.guarantee_required, v.evaluation, v.fee_codes, v.fee_kinds,
        v.fee_amounts_fen, v.fee_rates_bp, v.prepay_penalty_bp, v.first_loan_ok, v.renewal_ok, v.line_type,
        v.sla_response_wd, v.sla_offer_wd, v.sla_approval_wd, v.department, v.channels, v.effective_from, v.effective_to"
    };
}
pub(super) use terms_columns;

/// The columns of terms, read beside others with `#[sqlx(flatten)]`.
#[derive(sqlx::FromRow)]
pub(super) struct TermsRow {
    name: String,
    regions: Vec<String>,
    parks: Vec<String>,
    sizes: Vec<String>,
    any_qualification: Vec<String>,
    accepted_ip: Vec<String>,
    min_assets: i32,
    amount_min_fen: i64,
    amount_max_fen: i64,
    term_min_months: i32,
    term_max_months: i32,
    rate_kind: String,
    rate_min_bp: i32,
    rate_max_bp: i32,
    repayment: Vec<String>,
    enhancement: Vec<String>,
    lowest_grade: Option<String>,
    #[sqlx(flatten)]
    conditions: ConditionsRow,
}

impl TermsRow {
    /// `product_id` names the row if it is impossible.
    pub(super) fn into_terms(self, product_id: Uuid) -> Result<ProductTerms, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "product_version", id: product_id, column };
        let terms = ProductTerms {
            name: self.name,
            regions: every(&self.regions, Region::parse).ok_or_else(|| impossible("regions"))?,
            parks: every(&self.parks, Park::parse).ok_or_else(|| impossible("parks"))?,
            sizes: CodeSet::from_codes(&self.sizes).ok_or_else(|| impossible("sizes"))?,
            any_qualification: CodeSet::from_codes(&self.any_qualification)
                .ok_or_else(|| impossible("any_qualification"))?,
            accepted_ip: CodeSet::from_codes(&self.accepted_ip).ok_or_else(|| impossible("accepted_ip"))?,
            min_assets: u16::try_from(self.min_assets).map_err(|_| impossible("min_assets"))?,
            amount: Fen::amount(self.amount_min_fen)
                .ok()
                .zip(Fen::amount(self.amount_max_fen).ok())
                .and_then(|(min, max)| Span::new(min, max))
                .ok_or_else(|| impossible("amount"))?,
            term: Months::term(self.term_min_months)
                .ok()
                .zip(Months::term(self.term_max_months).ok())
                .and_then(|(min, max)| Span::new(min, max))
                .ok_or_else(|| impossible("term"))?,
            rate_kind: RateKind::from_code(&self.rate_kind).ok_or_else(|| impossible("rate_kind"))?,
            rate: Span::new(BasisPoints::new(self.rate_min_bp), BasisPoints::new(self.rate_max_bp))
                .ok_or_else(|| impossible("rate"))?,
            repayment: CodeSet::from_codes(&self.repayment).ok_or_else(|| impossible("repayment"))?,
            enhancement: CodeSet::from_codes(&self.enhancement).ok_or_else(|| impossible("enhancement"))?,
            lowest_grade: self
                .lowest_grade
                .map(|code| Grade::from_code(&code).ok_or_else(|| impossible("lowest_grade")))
                .transpose()?,
            conditions: self.conditions.into_conditions().map_err(impossible)?,
        };
        if terms.faults().is_empty() { Ok(terms) } else { Err(impossible("terms")) }
    }
}

pub(super) fn every<T: Ord>(
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
) -> Option<std::collections::BTreeSet<T>> {
    texts.iter().map(|text| parse(text)).collect()
}
