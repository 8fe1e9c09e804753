//! A bank's indicative offer (授信意向) and its order among others.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, LegId, Months, RepaymentMethod, ReplyId};

use super::leg::{Loan, Standing};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub reply: ReplyId,
    pub leg: LegId,
    pub case: CaseId,
    pub seq: u32,
    pub amount: Fen,
    pub term: Months,
    /// Nominal yearly rate.
    pub rate: BasisPoints,
    pub repayment: RepaymentMethod,
    pub enhancement: EnhancementMode,
    /// One-off fees of the bank.
    pub fees: Fen,
    pub valid_until: DateTime<Utc>,
    pub submitted_at: DateTime<Utc>,
    pub late: bool,
}

impl Offer {
    /// What the case needs to know of it while it stands.
    pub fn standing(&self) -> Standing {
        Standing {
            valid_until: self.valid_until,
            loan: Some(Loan { amount: self.amount, term: self.term, enhancement: self.enhancement }),
        }
    }
}
