//! The banks of the demonstration zone (domain.md §9), and one product of each.

use kernel::regions::JIYUAN;
use proto::catalog::v1::ProductTerms;
use proto::common::v1::{EnhancementMode as With, Grade, IpType, RateKind, RepaymentMethod as By};

const WAN_FEN: i64 = 1_000_000;
const DEPARTMENT: &str = "知识产权金融部";

/// A bank to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    pub name: String,
    /// Empty: the bank receives no cases (C33).
    pub department: &'static str,
    pub terms: ProductTerms,
}

/// One line of the table: name, product, largest amount in 万元, longest term, rate, repayment, enhancement.
type Line = (&'static str, &'static str, i64, i32, Rate, &'static [By], &'static [With]);

#[derive(Clone, Copy)]
enum Rate {
    /// Spread over LPR in basis points.
    Float(i32, i32),
    /// The rate in basis points.
    Fixed(i32, i32),
}

use Rate::{Fixed, Float};

const BANKS: [Line; 12] = [
    (
        "沁源商业银行济源分行",
        "沁知贷",
        1000,
        36,
        Float(55, 120),
        &[By::InterestFirst],
        &[With::IpOnly, With::IpGuarantee],
    ),
    (
        "济水村镇银行",
        "济知贷",
        1000,
        24,
        Float(70, 150),
        &[By::Annuity, By::InterestFirst],
        &[With::IpPersonal],
    ),
    (
        "愚公农村商业银行",
        "愚公知产贷",
        1500,
        36,
        Float(50, 130),
        &[By::InterestFirst, By::Annuity],
        &[With::IpGuarantee],
    ),
    (
        "王屋银行济源分行",
        "王屋智融贷",
        2000,
        36,
        Float(45, 110),
        &[By::InterestFirst],
        &[With::IpSuretyIns, With::IpOnly],
    ),
    ("黄河湾银行", "湾知贷", 2000, 24, Float(60, 120), &[By::InterestFirst], &[With::IpMixed]),
    (
        "中岳科创银行济源科技支行",
        "科创知产贷",
        3000,
        60,
        Float(30, 80),
        &[By::InterestFirst, By::Revolving],
        &[With::IpOnly],
    ),
    (
        "太行实业银行",
        "太行质押贷",
        3000,
        36,
        Fixed(385, 460),
        &[By::EqualPrincipal],
        &[With::IpMixed, With::IpGuarantee],
    ),
    ("轵城惠民银行", "惠民知产贷", 800, 24, Float(80, 150), &[By::Annuity], &[With::IpPersonal]),
    ("玉川产业银行", "产业智押贷", 2500, 36, Float(40, 115), &[By::InterestFirst], &[With::IpPool]),
    ("天坛信用联社", "天坛信知贷", 800, 24, Fixed(420, 520), &[By::Annuity], &[With::IpGuarantee]),
    (
        "北海普惠银行",
        "普惠知押贷",
        1000,
        36,
        Float(50, 125),
        &[By::Revolving, By::InterestFirst],
        &[With::IpCreditIns],
    ),
    (
        "小浪底开发银行",
        "开发知融贷",
        3000,
        60,
        Float(35, 90),
        &[By::EqualPrincipal, By::InterestFirst],
        &[With::IpOnly],
    ),
];

/// The first `count` banks; beyond the twelve that have names of their own, numbered ones.
pub fn banks(count: usize) -> Vec<Bank> {
    let line = |index: usize| {
        let line = &BANKS[index % BANKS.len()];
        let name =
            if index < BANKS.len() { line.0.to_owned() } else { format!("模拟银行{:03}号", index + 1) };
        bank(name, DEPARTMENT, line)
    };
    (0..count).map(line).collect()
}

/// The negative case: a bank that has named no responsible department and therefore is never asked. A thirteenth bank,
/// so that each of the twelve has a line of its own in the fan-out.
pub fn without_department() -> Bank {
    bank("济渎村镇银行".to_owned(), "", &BANKS[1])
}

fn bank(name: String, department: &'static str, line: &Line) -> Bank {
    let (_, product, most_wan, longest, rate, repayment, enhancement) = *line;
    let (kind, least_bp, most_bp) = match rate {
        Rate::Float(least, most) => (RateKind::LprFloat, least, most),
        Rate::Fixed(least, most) => (RateKind::Fixed, least, most),
    };
    let accepted = [IpType::Invention, IpType::Utility, IpType::Design, IpType::Trademark, IpType::Software];
    let terms = ProductTerms {
        name: product.to_owned(),
        regions: vec![JIYUAN.to_owned()],
        parks: Vec::new(),
        sizes: Vec::new(),
        any_qualification: Vec::new(),
        accepted_ip: accepted.map(i32::from).to_vec(),
        min_assets: 1,
        amount_min_fen: 10 * WAN_FEN,
        amount_max_fen: most_wan * WAN_FEN,
        term_min_months: 6,
        term_max_months: longest,
        rate_kind: kind.into(),
        rate_min_bp: least_bp,
        rate_max_bp: most_bp,
        repayment: repayment.iter().map(|method| i32::from(*method)).collect(),
        enhancement: enhancement.iter().map(|mode| i32::from(*mode)).collect(),
        lowest_grade: Grade::C.into(),
        ..ProductTerms::default()
    };
    Bank { name, department, terms }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_different_and_only_one_bank_has_no_department() {
        let all = banks(30);
        let names: BTreeSet<&str> = all.iter().map(|bank| bank.name.as_str()).collect();
        assert_eq!(names.len(), 30);
        assert!(all.iter().all(|bank| !bank.department.is_empty()));
        let without = without_department();
        assert!(without.department.is_empty() && !names.contains(without.name.as_str()));
    }
}
