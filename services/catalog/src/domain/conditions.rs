//! The conditions of a product beside what it is matched on (domain.md §4.2): pricing, fees, caps, service levels, times.

use chrono::NaiveDate;
use kernel::{BasisPoints, EnhancementMode, Fen, RepaymentMethod, loan::dated::InterestBasis};

use super::{
    choices::{Channel, Evaluation, FeeKind, LineType, LprTenor, RateReset},
    codes::CodeSet,
    pledge::Caps,
};

/// Longest code of a product or a fee, in characters.
pub const CODE_MAX: usize = 32;
/// Most fees of a product.
pub const FEES_MAX: usize = 20;
/// Highest penalty for early repayment, in basis points.
pub const PENALTY_MAX: i32 = 1_000;
/// Longest time that a bank gives itself for one step, in working days.
pub const SLA_MAX: i32 = 60;
/// Longest department, in characters.
pub const DEPARTMENT_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// The bank's own; may be empty.
    pub code: String,
    /// `None`: by the loan's term.
    pub lpr_tenor: Option<LprTenor>,
    pub rate_reset: RateReset,
    pub caps: Caps,
    pub portfolio_cap: BasisPoints,
    pub basis: InterestBasis,
    /// 结息日.
    pub settle_day: u8,
    pub guarantee_required: bool,
    pub evaluation: Evaluation,
    /// Paid once, at the beginning.
    pub fees: Vec<FeeItem>,
    pub prepay_penalty: BasisPoints,
    pub first_loan_ok: bool,
    /// 无还本续贷.
    pub renewal_ok: bool,
    pub line: LineType,
    pub sla: Sla,
    /// `None`: the bank's.
    pub department: Option<String>,
    /// Never empty.
    pub channels: CodeSet<Channel>,
    pub effective_from: Option<NaiveDate>,
    /// The last day.
    pub effective_to: Option<NaiveDate>,
}

/// Working days for response, offer and approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sla {
    pub response: u8,
    pub offer: u8,
    pub approval: u8,
}

impl Default for Sla {
    /// domain.md §3.1, steps 6a and 8.
    fn default() -> Self {
        Self { response: 3, offer: 5, approval: 5 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeeItem {
    pub code: String,
    pub kind: FeeKind,
    pub price: Price,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Price {
    Amount(Fen),
    /// Of the amount of the loan.
    Share(BasisPoints),
}

impl Price {
    /// What it comes to for a loan of `amount`; `None` beyond 64 bits.
    pub fn of(self, amount: Fen) -> Option<Fen> {
        match self {
            Self::Amount(fen) => Some(fen),
            Self::Share(rate) => amount.mul_bp(rate),
        }
    }
}

/// What the fees come to for a loan of `amount`; `None` beyond 64 bits.
pub fn total(fees: &[FeeItem], amount: Fen) -> Option<Fen> {
    fees.iter().try_fold(Fen::ZERO, |sum, fee| sum.checked_add(fee.price.of(amount)?))
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            code: String::new(),
            lpr_tenor: None,
            rate_reset: RateReset::None,
            caps: Caps::default(),
            portfolio_cap: BasisPoints::new(10_000),
            basis: InterestBasis::Actual360,
            settle_day: 20,
            guarantee_required: false,
            evaluation: Evaluation::Either,
            fees: Vec::new(),
            prepay_penalty: BasisPoints::new(0),
            first_loan_ok: true,
            renewal_ok: false,
            line: LineType::Single,
            sla: Sla::default(),
            department: None,
            channels: [Channel::Offline].into_iter().collect(),
            effective_from: None,
            effective_to: None,
        }
    }
}

impl Conditions {
    /// Asking for a guarantee and offering the pledge alone contradict each other.
    pub fn contradicts(&self, enhancement: CodeSet<EnhancementMode>) -> bool {
        self.guarantee_required && enhancement.contains(EnhancementMode::IpOnly)
    }

    /// Whether it ends before it begins.
    pub fn ends_before_it_begins(&self) -> bool {
        self.effective_from.zip(self.effective_to).is_some_and(|(from, to)| to < from)
    }

    /// Whether its last day has passed.
    pub fn has_ended(&self, today: NaiveDate) -> bool {
        self.effective_to.is_some_and(|last| last < today)
    }
}

/// The accepted way that costs least: the later the principal is paid back, the longer the fees are spread.
pub fn cheapest(
    offered: CodeSet<RepaymentMethod>,
    accepted: CodeSet<RepaymentMethod>,
) -> Option<RepaymentMethod> {
    const BY_COST: [RepaymentMethod; 5] = [
        RepaymentMethod::Bullet,
        RepaymentMethod::InterestFirst,
        RepaymentMethod::Revolving,
        RepaymentMethod::Annuity,
        RepaymentMethod::EqualPrincipal,
    ];
    BY_COST
        .into_iter()
        .find(|method| offered.contains(*method) && (accepted.is_empty() || accepted.contains(*method)))
}

/// Whether a text can be a code: letters, digits, "-", "_", ".".
pub fn is_code(text: &str) -> bool {
    (1..=CODE_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_add_up_to_the_fen() {
        let fee = |price| FeeItem { code: "F".to_owned(), kind: FeeKind::Evaluation, price };
        let fees = [fee(Price::Amount(Fen::new(2_000_000))), fee(Price::Share(BasisPoints::new(15)))];
        // 3,000,000.33 yuan × 0.15 % = 4,500.0005, HALF_UP.
        assert_eq!(total(&fees, Fen::new(300_000_033)), Some(Fen::new(2_450_000)));
        assert_eq!(total(&[], Fen::new(1)), Some(Fen::ZERO));
        assert!(total(&fees, Fen::new(i64::MAX)).is_some());
    }

    #[test]
    fn of_the_ways_that_both_accept_the_one_with_the_latest_principal_is_cheapest() {
        let set = |methods: &[RepaymentMethod]| methods.iter().copied().collect::<CodeSet<_>>();
        let all = set(RepaymentMethod::ALL);
        assert_eq!(cheapest(all, CodeSet::EMPTY), Some(RepaymentMethod::Bullet));
        let even = set(&[RepaymentMethod::EqualPrincipal, RepaymentMethod::Annuity]);
        assert_eq!(cheapest(all, even), Some(RepaymentMethod::Annuity));
        assert_eq!(cheapest(even, set(&[RepaymentMethod::Bullet])), None);
    }

    #[test]
    fn codes_have_no_blanks_and_no_end() {
        for good in ["ZQD-01", "a.b_c", &"x".repeat(32)] {
            assert!(is_code(good), "{good}");
        }
        for bad in ["", "a b", "知", &"x".repeat(33)] {
            assert!(!is_code(bad), "{bad}");
        }
    }
}
