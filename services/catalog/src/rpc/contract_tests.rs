//! The code tables of the domain against the contract's enums, so that neither can drift.

use proto::catalog::v1 as wire;

use crate::domain::{
    choices::{
        AgreementLine, BranchKind, Channel, Evaluation, FeeKind, LineType, LprTenor, PolicyKind, RateReset,
        TechOrigin,
    },
    codes::Code,
};

fn equals<C: Code + std::fmt::Debug + PartialEq>(prefix: &str, name: impl Fn(i32) -> Option<&'static str>) {
    for value in C::every() {
        let named = name(value.number()).unwrap();
        assert_eq!(named.strip_prefix(prefix), Some(value.code()));
        assert_eq!(C::from_number(value.number()), Some(*value));
        assert_eq!(C::from_code(value.code()), Some(*value));
    }
    let next = i32::try_from(C::every().len()).unwrap() + 1;
    assert_eq!(name(next), None, "{prefix} has more values in the contract");
    assert_eq!(C::from_number(0), None);
}

#[test]
fn every_table_equals_the_contract() {
    macro_rules! table {
        ($ours:ty, $theirs:ty, $prefix:literal) => {
            equals::<$ours>($prefix, |n| <$theirs>::try_from(n).ok().map(|value| value.as_str_name()));
        };
    }
    table!(LprTenor, wire::LprTenor, "LPR_TENOR_");
    table!(RateReset, wire::RateReset, "RATE_RESET_");
    table!(Evaluation, wire::EvaluationRequired, "EVALUATION_REQUIRED_");
    table!(LineType, wire::LineType, "LINE_TYPE_");
    table!(Channel, wire::Channel, "CHANNEL_");
    table!(FeeKind, wire::FeeKind, "FEE_KIND_");
    table!(BranchKind, wire::BranchKind, "BRANCH_KIND_");
    table!(TechOrigin, wire::TechBranchOrigin, "TECH_BRANCH_ORIGIN_");
    table!(AgreementLine, wire::AgreementLine, "AGREEMENT_LINE_");
    table!(PolicyKind, wire::PolicyKind, "POLICY_KIND_");
}
