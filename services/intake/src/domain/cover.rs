//! What insurance has told of the round's cover: quotes and commitments, as the comparison and the choice need them.

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, CaseId, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months};

/// One quote or commitment (报价、担保意向).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverOption {
    pub case: CaseId,
    pub round: u8,
    /// Of insurance.
    pub leg: LegId,
    pub institution: InstitutionId,
    pub role: InstitutionRole,
    pub kind: EnhancementMode,
    /// Largest principal covered.
    pub amount: Fen,
    pub max_term: Months,
    pub coverage: BasisPoints,
    /// Premium or fee, yearly.
    pub rate: BasisPoints,
    pub min_cost: Fen,
    /// For the amount and term that were asked for.
    pub cost: Fen,
    pub valid_until: DateTime<Utc>,
    /// Taken back, refused or released since.
    pub gone: bool,
}

impl CoverOption {
    pub fn stands_at(&self, now: DateTime<Utc>) -> bool {
        !self.gone && self.valid_until > now
    }
}
