//! What an insurer quotes (报价单, D13) or a guarantor commits to (担保意向函, D14), and the rules it is held to
//! (domain.md §4.5): figures to the fen, caps, gates.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, EnhancementMode, Fen, InstitutionRole, Months, cover::cost};
use serde::{Deserialize, Serialize};

use super::appetite::{self, Need};

/// Up to this amount a government-backed guarantor may ask 1 % a year, above it 1.5 % (domain.md §4.5).
const SMALL_AMOUNT: Fen = Fen::new(500_000_000);
const SMALL_FEE_CAP: BasisPoints = BasisPoints::new(100);
const LARGE_FEE_CAP: BasisPoints = BasisPoints::new(150);

/// An answer that can be compared and chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Terms {
    Insurance(Insurance),
    Guarantee(Guarantee),
}

/// Which risk is insured (险种).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InsuranceKind {
    /// 贷款保证保险
    Surety,
    /// 信用保险
    Credit,
}

/// What the sum insured is counted on (保额基础).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SumInsuredBasis {
    Principal,
    PrincipalInterest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurance {
    pub kind: InsuranceKind,
    pub basis: SumInsuredBasis,
    /// Largest principal that is covered.
    pub amount: Fen,
    pub coverage: BasisPoints,
    /// Yearly.
    pub premium_rate: BasisPoints,
    pub min_premium: Fen,
    /// For the amount and term asked.
    pub premium: Fen,
    pub waiting_days: u16,
    pub deductible: BasisPoints,
    pub deductible_abs: Fen,
    pub max_term: Months,
    pub conditions: Vec<String>,
    pub valid_until: DateTime<Utc>,
    pub core_solvency: BasisPoints,
    pub comprehensive_solvency: BasisPoints,
}

/// What a guarantor asks in return (反担保).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CounterGuarantee {
    None,
    Ip,
    Equity,
    Personal,
    Receivable,
}

/// Shares of a loss; they sum to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskShare {
    pub guarantor: BasisPoints,
    pub re_guarantor: BasisPoints,
    pub fund: BasisPoints,
    pub bank: BasisPoints,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// Largest principal that is guaranteed.
    pub amount: Fen,
    pub cover: BasisPoints,
    /// Yearly.
    pub fee_rate: BasisPoints,
    /// For the amount and term asked.
    pub fee: Fen,
    pub max_term: Months,
    pub counter: Vec<CounterGuarantee>,
    pub deposit: BasisPoints,
    pub payout_days: u16,
    pub risk_share: RiskShare,
    pub valid_until: DateTime<Utc>,
}

/// Why an answer is refused; told to the institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsFault {
    KindNotAsked,
    SolvencyTooLow,
    TermTooShort,
    PremiumWrong,
    FeeWrong,
    FeeAboveCap,
    RiskShareWrong,
    ValidUntilPassed,
}

impl TermsFault {
    pub fn code(self) -> &'static str {
        match self {
            Self::KindNotAsked => "KIND_NOT_ASKED",
            Self::SolvencyTooLow => "SOLVENCY_TOO_LOW",
            Self::TermTooShort => "TERM_TOO_SHORT",
            Self::PremiumWrong => "PREMIUM_WRONG",
            Self::FeeWrong => "FEE_WRONG",
            Self::FeeAboveCap => "FEE_ABOVE_CAP",
            Self::RiskShareWrong => "RISK_SHARE_WRONG",
            Self::ValidUntilPassed => "VALID_UNTIL_PASSED",
        }
    }
}

impl Terms {
    pub fn kind(&self) -> EnhancementMode {
        match self {
            Self::Insurance(quote) => match quote.kind {
                InsuranceKind::Surety => EnhancementMode::IpSuretyIns,
                InsuranceKind::Credit => EnhancementMode::IpCreditIns,
            },
            Self::Guarantee(_) => EnhancementMode::IpGuarantee,
        }
    }

    /// Largest principal covered.
    pub fn amount(&self) -> Fen {
        match self {
            Self::Insurance(quote) => quote.amount,
            Self::Guarantee(commitment) => commitment.amount,
        }
    }

    pub fn max_term(&self) -> Months {
        match self {
            Self::Insurance(quote) => quote.max_term,
            Self::Guarantee(commitment) => commitment.max_term,
        }
    }

    pub fn coverage(&self) -> BasisPoints {
        match self {
            Self::Insurance(quote) => quote.coverage,
            Self::Guarantee(commitment) => commitment.cover,
        }
    }

    pub fn annual_rate(&self) -> BasisPoints {
        match self {
            Self::Insurance(quote) => quote.premium_rate,
            Self::Guarantee(commitment) => commitment.fee_rate,
        }
    }

    /// A guarantor has no least fee.
    pub fn min_cost(&self) -> Fen {
        match self {
            Self::Insurance(quote) => quote.min_premium,
            Self::Guarantee(_) => Fen::ZERO,
        }
    }

    /// Premium or fee for the amount and term asked.
    pub fn cost(&self) -> Fen {
        match self {
            Self::Insurance(quote) => quote.premium,
            Self::Guarantee(commitment) => commitment.fee,
        }
    }

    pub fn valid_until(&self) -> DateTime<Utc> {
        match self {
            Self::Insurance(quote) => quote.valid_until,
            Self::Guarantee(commitment) => commitment.valid_until,
        }
    }

    /// Whether this answers `need`, given at `at` by an institution of `role`. An amount below the one asked is an
    /// answer to a part of it: the cost is then that of the part.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(
        &self,
        need: &Need,
        (role, government_backed): (InstitutionRole, bool),
        at: DateTime<Utc>,
    ) -> Result<(), TermsFault> {
        let kind = self.kind();
        if !need.kinds.contains(&kind) || !appetite::kinds_of(role).contains(&kind) {
            return Err(TermsFault::KindNotAsked);
        }
        if self.valid_until() <= at {
            return Err(TermsFault::ValidUntilPassed);
        }
        if self.max_term() < need.term {
            return Err(TermsFault::TermTooShort);
        }
        let amount = need.amount.min(self.amount());
        let exact = cost(amount, self.coverage(), self.annual_rate(), need.term, self.min_cost());
        let right = exact == Some(self.cost());
        match self {
            Self::Insurance(quote) => {
                if !appetite::is_solvent(quote.core_solvency, quote.comprehensive_solvency) {
                    return Err(TermsFault::SolvencyTooLow);
                }
                if right { Ok(()) } else { Err(TermsFault::PremiumWrong) }
            }
            Self::Guarantee(commitment) => {
                let cap = if amount <= SMALL_AMOUNT { SMALL_FEE_CAP } else { LARGE_FEE_CAP };
                if government_backed && commitment.fee_rate > cap {
                    return Err(TermsFault::FeeAboveCap);
                }
                if !commitment.risk_share.is_whole() {
                    return Err(TermsFault::RiskShareWrong);
                }
                if right { Ok(()) } else { Err(TermsFault::FeeWrong) }
            }
        }
    }
}

impl RiskShare {
    fn is_whole(&self) -> bool {
        let parts = [self.guarantor, self.re_guarantor, self.fund, self.bank];
        parts.iter().all(|part| part.get() >= 0)
            && parts.iter().map(|part| i64::from(part.get())).sum::<i64>()
                == i64::from(BasisPoints::WHOLE.get())
    }
}
