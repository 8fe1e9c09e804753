//! Who owns an asset, and in which parts (权利人与份额, domain.md §4.3).

use kernel::{BasisPoints, Uscc};

use super::profile::Personal;

/// Most owners of one asset.
pub const OWNERS_MAX: usize = 50;

/// Who owns: a party with a USCC, or somebody who is known by name only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// `name` may be known beside the code.
    Coded { uscc: Uscc, name: Option<Personal> },
    /// Perhaps a person: the name is treated as personal.
    Named(Personal),
}

impl Party {
    pub fn uscc(&self) -> Option<&Uscc> {
        match self {
            Self::Coded { uscc, .. } => Some(uscc),
            Self::Named(_) => None,
        }
    }

    pub fn name(&self) -> Option<&Personal> {
        match self {
            Self::Coded { name, .. } => name.as_ref(),
            Self::Named(name) => Some(name),
        }
    }

    /// Whether both name the same: by code where both have one, otherwise by name.
    pub fn same(&self, other: &Self) -> bool {
        match (self.uscc(), other.uscc()) {
            (Some(one), Some(two)) => one == two,
            _ => self.name().is_some() && self.name() == other.name(),
        }
    }
}

/// An owner and what part is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub party: Party,
    pub share: BasisPoints,
}

/// All owners; none named means that the enterprise for which the asset is registered owns it alone. One who is not
/// that enterprise owns it where a geographical indication's association does (domain.md §0 no. 5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owners(Vec<Owner>);

/// Why owners are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnersError {
    #[error("one owner is named twice")]
    Repeated,
    #[error("shares are not all above zero or do not sum to the whole")]
    SharesNotWhole,
}

impl Owners {
    /// Shares are given for all, and then sum to 10,000 basis points, or for none: then the parts are equal, and what
    /// does not divide goes to the one who is named first.
    ///
    /// # Errors
    /// [`OwnersError`].
    pub fn new(given: Vec<(Party, Option<i32>)>) -> Result<Self, OwnersError> {
        for (index, (party, _)) in given.iter().enumerate() {
            if given.iter().take(index).any(|(other, _)| other.same(party)) {
                return Err(OwnersError::Repeated);
            }
        }
        let shares = if given.iter().all(|(_, share)| share.is_none()) {
            equal(given.len())
        } else {
            given.iter().map(|(_, share)| *share).collect::<Option<_>>().ok_or(OwnersError::SharesNotWhole)?
        };
        Self::stored(given.into_iter().map(|(party, _)| party).zip(shares).collect())
            .ok_or(OwnersError::SharesNotWhole)
    }

    /// Owners that were once accepted: `None` only if the shares are not the whole.
    pub fn stored(owners: Vec<(Party, i32)>) -> Option<Self> {
        let whole = owners.iter().try_fold(0_i32, |sum, (_, share)| sum.checked_add(*share))
            == Some(BasisPoints::WHOLE.get());
        let good = owners.is_empty() || (whole && owners.iter().all(|(_, share)| *share > 0));
        let owner = |(party, share)| Owner { party, share: BasisPoints::new(share) };
        good.then(|| Self(owners.into_iter().map(owner).collect()))
    }

    pub fn named(&self) -> &[Owner] {
        &self.0
    }

    /// Whether the register names nobody, so that the enterprise owns it alone.
    pub fn is_sole(&self) -> bool {
        self.0.is_empty()
    }
}

fn equal(count: usize) -> Vec<i32> {
    let Ok(divisor) = i32::try_from(count) else { return Vec::new() };
    if divisor == 0 {
        return Vec::new();
    }
    let (each, left) = (BasisPoints::WHOLE.get() / divisor, BasisPoints::WHOLE.get() % divisor);
    (0..count).map(|place| if place == 0 { each + left } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn firm(code: &str) -> Party {
        Party::Coded { uscc: Uscc::parse(code).unwrap().value, name: None }
    }

    fn named(name: &str) -> Party {
        Party::Named(Personal::parse(name).unwrap())
    }

    fn shares(given: Vec<(Party, Option<i32>)>) -> Result<Vec<i32>, OwnersError> {
        Owners::new(given).map(|owners| owners.named().iter().map(|owner| owner.share.get()).collect())
    }

    #[test]
    fn shares_sum_to_the_whole_or_are_equal() {
        let (one, two) = (firm("91419001MA9ABC128H"), firm("91419001MA9K7Q3R0T"));
        let three = named("济源市冬凌草协会");
        assert_eq!(shares(vec![]), Ok(vec![]));
        assert_eq!(shares(vec![(one.clone(), None), (two.clone(), None)]), Ok(vec![5000, 5000]));
        let equal = vec![(one.clone(), None), (two.clone(), None), (three.clone(), None)];
        assert_eq!(shares(equal), Ok(vec![3334, 3333, 3333]));
        assert_eq!(shares(vec![(one.clone(), Some(7000)), (two.clone(), Some(3000))]), Ok(vec![7000, 3000]));
        let wrong = Err(OwnersError::SharesNotWhole);
        for given in [
            [Some(7000), Some(3001)],
            [Some(7000), Some(2999)],
            [Some(10_000), Some(0)],
            [Some(10_000), None],
        ] {
            assert_eq!(shares(vec![(one.clone(), given[0]), (two.clone(), given[1])]), wrong);
        }
        assert_eq!(shares(vec![(one.clone(), Some(i32::MAX)), (two, Some(i32::MAX))]), wrong);
        assert_eq!(shares(vec![(one.clone(), None), (one, None)]), Err(OwnersError::Repeated));
        assert_eq!(shares(vec![(three.clone(), None), (three, None)]), Err(OwnersError::Repeated));
    }

    proptest! {
        #[test]
        fn equal_shares_sum_to_the_whole(count in 1..=OWNERS_MAX) {
            prop_assert_eq!(equal(count).iter().sum::<i32>(), 10_000);
        }
    }
}
