//! A bank's indicative offer (授信意向) and its order among others.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, LegId, Months, RepaymentMethod, ReplyId};

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
    /// Rate plus fees spread over amount and term, in hundredths of a basis point per year: the order in which offers
    /// are shown. The comparable cost by repayment plan (domain.md §4.2) is the catalogue's.
    pub fn yearly_cost(&self) -> i128 {
        let (amount, months) = (i128::from(self.amount.get()), i128::from(self.term.get()));
        let fees = i128::from(self.fees.get()) * 12 * 1_000_000;
        i128::from(self.rate.get()) * 100 + fees / (amount * months).max(1)
    }
}
