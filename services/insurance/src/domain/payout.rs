//! What an insurer pays for a loss (赔付, domain.md §4.5).

use kernel::{BasisPoints, Fen};

/// Sum insured, share of the loss that is covered, and what the insured bears first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    pub sum_insured: Fen,
    pub coverage: BasisPoints,
    /// Share of the covered loss that the insured bears.
    pub deductible: BasisPoints,
    /// What the insured bears beyond that, whatever the loss.
    pub deductible_abs: Fen,
}

/// min(sum insured, covered loss × coverage × (1 − deductible)) − absolute deductible; never below nothing. `None` where
/// a share is above the whole.
pub fn payout(promise: &Promise, covered_loss: Fen) -> Option<Fen> {
    let kept = BasisPoints::WHOLE.get().checked_sub(promise.deductible.get()).filter(|kept| *kept >= 0)?;
    let covered = covered_loss.mul_bp(promise.coverage)?;
    let share = covered.mul_bp(BasisPoints::new(kept))?;
    let paid = share.min(promise.sum_insured).checked_sub(promise.deductible_abs)?;
    Some(paid.max(Fen::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(sum_insured: i64, deductible_abs: i64) -> Promise {
        Promise {
            sum_insured: Fen::new(sum_insured),
            coverage: BasisPoints::new(8_000),
            deductible: BasisPoints::new(1_000),
            deductible_abs: Fen::new(deductible_abs),
        }
    }

    /// domain.md §4.5: 1,800,000.00 and 90 days' interest of 19,575.00, 80 % covered, 10 % borne by the insured.
    #[test]
    fn the_payout_fixture() {
        let loss = Fen::new(180_000_000 + 1_957_500);
        assert_eq!(payout(&promise(300_000_000, 0), loss), Some(Fen::new(131_009_400)));
    }

    #[test]
    fn a_payout_is_never_above_the_sum_insured_nor_below_nothing() {
        let loss = Fen::new(181_957_500);
        assert_eq!(payout(&promise(100_000_000, 0), loss), Some(Fen::new(100_000_000)));
        assert_eq!(payout(&promise(100_000_000, 1_000), loss), Some(Fen::new(99_999_000)));
        assert_eq!(payout(&promise(300_000_000, 0), Fen::ZERO), Some(Fen::ZERO));
        assert_eq!(payout(&promise(300_000_000, 5), Fen::ZERO), Some(Fen::ZERO));
    }
}
