//! The IP asset (知识产权) of an enterprise.

use chrono::NaiveDate;
use kernel::{AssetId, Checked, EnterpriseId, IpNumber, IpType};

/// Longest title in characters.
pub const TITLE_MAX: usize = 200;

/// A registered IP asset, domain.md §4.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpAsset {
    pub id: AssetId,
    pub enterprise_id: EnterpriseId,
    pub kind: IpType,
    /// Normalised by its kind, domain.md §2.2 to §2.5, with what is odd about it but no reason to refuse it.
    pub number: Checked<IpNumber>,
    pub title: String,
    pub dates: AssetDates,
}

/// When the right was filed for and granted; either may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssetDates {
    filed: Option<NaiveDate>,
    granted: Option<NaiveDate>,
}

/// Which date cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssetDatesError {
    #[error("filed in the future")]
    FiledInFuture,
    #[error("granted in the future")]
    GrantedInFuture,
    #[error("granted before it was filed")]
    GrantedBeforeFiled,
}

impl AssetDates {
    /// Checks both against `today` (Asia/Shanghai) and against each other.
    pub fn new(
        filed: Option<NaiveDate>,
        granted: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Self, AssetDatesError> {
        if filed.is_some_and(|date| date > today) {
            return Err(AssetDatesError::FiledInFuture);
        }
        if granted.is_some_and(|date| date > today) {
            return Err(AssetDatesError::GrantedInFuture);
        }
        Self::stored(filed, granted).ok_or(AssetDatesError::GrantedBeforeFiled)
    }

    /// Dates that were once accepted: `None` only if granted before filed.
    pub fn stored(filed: Option<NaiveDate>, granted: Option<NaiveDate>) -> Option<Self> {
        let ordered = filed.zip(granted).is_none_or(|(filed, granted)| filed <= granted);
        ordered.then_some(Self { filed, granted })
    }

    pub fn filed(&self) -> Option<NaiveDate> {
        self.filed
    }

    pub fn granted(&self) -> Option<NaiveDate> {
        self.granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_lie_in_the_past_and_in_order() {
        let day = |d| NaiveDate::from_ymd_opt(2022, 9, d).unwrap();
        let (none, early, late, tomorrow) = (None, Some(day(1)), Some(day(10)), Some(day(16)));
        let today = day(15);
        for (filed, granted, wanted) in [
            (none, none, None),
            (early, late, None),
            (early, early, None),
            (none, late, None),
            (late, early, Some(AssetDatesError::GrantedBeforeFiled)),
            (tomorrow, none, Some(AssetDatesError::FiledInFuture)),
            (early, tomorrow, Some(AssetDatesError::GrantedInFuture)),
        ] {
            assert_eq!(AssetDates::new(filed, granted, today).err(), wanted, "{filed:?} {granted:?}");
        }
    }
}
