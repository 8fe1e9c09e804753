//! A set of hard exclusions, as the sixteen bits that results keep.

use crate::domain::standing::Exclusion;

/// Bit n is HX n; bit 0 is never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Exclusions(u16);

impl Exclusions {
    pub const NONE: Self = Self(0);
    const KNOWN: u16 = 0xFFFE;

    /// `None` for bits that stand for no exclusion.
    pub fn from_bits(bits: i32) -> Option<Self> {
        u16::try_from(bits).ok().filter(|bits| bits & !Self::KNOWN == 0).map(Self)
    }

    pub fn bits(self) -> i32 {
        i32::from(self.0)
    }

    pub fn insert(&mut self, one: Exclusion) {
        self.0 |= 1 << one.number();
    }

    pub fn contains(self, one: Exclusion) -> bool {
        self.0 & (1 << one.number()) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Exclusion> {
        Exclusion::all().filter(move |one| self.contains(*one))
    }

    /// "HX01", in order.
    pub fn codes(self) -> Vec<String> {
        self.iter().map(|one| one.to_string()).collect()
    }
}

impl FromIterator<Exclusion> for Exclusions {
    fn from_iter<I: IntoIterator<Item = Exclusion>>(all: I) -> Self {
        let mut set = Self::NONE;
        all.into_iter().for_each(|one| set.insert(one));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_its_bits_and_knows_no_other() {
        let set: Exclusions = ["HX01", "HX15"].iter().filter_map(|code| Exclusion::parse(code)).collect();
        assert_eq!(set.codes(), ["HX01", "HX15"]);
        assert_eq!(Exclusions::from_bits(set.bits()), Some(set));
        assert_eq!(Exclusions::from_bits(1), None);
        assert_eq!(Exclusions::from_bits(0x1_0000), None);
        assert_eq!(Exclusion::all().collect::<Exclusions>().bits(), 0xFFFE);
    }
}
