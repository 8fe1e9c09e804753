//! Which platform told which exclusion (出处). What one of them told is gone when that same one says so, and not before:
//! silence, whether the platform is away or nobody may ask it any more, clears nothing.

use super::screening::Exclusions;
use super::source::SourceCode;

const SOURCES: usize = SourceCode::ALL.len();

/// What became of asking one platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Heard {
    /// The exclusions that it told, perhaps none.
    Told(Exclusions),
    /// It should have been heard and was not: a decision waits for it.
    Missing,
    /// It is not connected, or no consent allows to ask it.
    #[default]
    Silent,
}

/// What became of asking each platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearing([Heard; SOURCES]);

impl Hearing {
    pub fn by(of: impl Fn(SourceCode) -> Heard) -> Self {
        Self(SourceCode::ALL.map(of))
    }
}

/// The known exclusions of one enterprise by the platform that told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told([Exclusions; SOURCES]);

impl Told {
    /// Nothing, or the bits of each platform in the order of [`SourceCode::ALL`].
    pub fn from_bits(bits: &[i32]) -> Option<Self> {
        if bits.is_empty() {
            return Some(Self::default());
        }
        let sets: Option<Vec<Exclusions>> = bits.iter().map(|bits| Exclusions::from_bits(*bits)).collect();
        sets?.try_into().ok().map(Self)
    }

    pub fn bits(&self) -> [i32; SOURCES] {
        self.0.map(Exclusions::bits)
    }

    /// Told by any of them.
    pub fn all(&self) -> Exclusions {
        self.0.iter().fold(Exclusions::NONE, |all, one| all.and(*one))
    }

    /// What is known after `hearing`: who has spoken is taken at its last word, who has not at the one before.
    #[must_use]
    pub fn after(&self, hearing: &Hearing) -> Self {
        let mut told = *self;
        for (known, heard) in told.0.iter_mut().zip(&hearing.0) {
            if let Heard::Told(now) = heard {
                *known = *now;
            }
        }
        told
    }

    /// Those of `hits` alone.
    #[must_use]
    pub fn within(&self, hits: Exclusions) -> Self {
        Self(self.0.map(|one| one.both(hits)))
    }

    /// What was told by those that `hearing` says nothing of.
    pub fn unconfirmed(&self, hearing: &Hearing) -> Exclusions {
        self.of(hearing, |heard| !matches!(heard, Heard::Told(_)))
    }

    /// What was told by those that should have been heard in `hearing` and were not.
    pub fn awaited(&self, hearing: &Hearing) -> Exclusions {
        self.of(hearing, |heard| *heard == Heard::Missing)
    }

    fn of(&self, hearing: &Hearing, which: impl Fn(&Heard) -> bool) -> Exclusions {
        let chosen = self.0.iter().zip(&hearing.0).filter(|(_, heard)| which(heard));
        chosen.fold(Exclusions::NONE, |all, (one, _)| all.and(*one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::standing::Exclusion;

    fn set(codes: &[&str]) -> Exclusions {
        codes.iter().filter_map(|code| Exclusion::parse(code)).collect()
    }

    #[test]
    fn what_a_platform_told_stands_until_the_same_one_speaks_again() {
        let jiyuan = |heard| {
            Hearing::by(|source| match source {
                SourceCode::CreditJiyuan => heard,
                _ => Heard::Told(Exclusions::NONE),
            })
        };
        let told = Told::default().after(&jiyuan(Heard::Told(set(&["HX03"]))));
        assert_eq!(told.all(), set(&["HX03"]));
        for (heard, unconfirmed, awaited) in [
            (Heard::Missing, &["HX03"][..], &["HX03"][..]),
            (Heard::Silent, &["HX03"], &[]),
            (Heard::Told(Exclusions::NONE), &[], &[]),
        ] {
            let hearing = jiyuan(heard);
            assert_eq!(told.unconfirmed(&hearing), set(unconfirmed), "{heard:?}");
            assert_eq!(told.awaited(&hearing), set(awaited), "{heard:?}");
        }
        assert_eq!(told.after(&jiyuan(Heard::Silent)), told);
        assert_eq!(told.after(&jiyuan(Heard::Told(Exclusions::NONE))), Told::default());
        assert_eq!(told.within(set(&["HX01"])), Told::default());
    }

    #[test]
    fn it_is_kept_as_the_bits_of_each_platform() {
        let told = Told::default().after(&Hearing::by(|source| match source {
            SourceCode::CreditHenan => Heard::Told(set(&["HX01", "HX12"])),
            _ => Heard::Silent,
        }));
        assert_eq!(told.bits(), [0, 2 + 4096, 0, 0]);
        assert_eq!(Told::from_bits(&told.bits()), Some(told));
        assert_eq!(Told::from_bits(&[]), Some(Told::default()));
        assert_eq!((Told::from_bits(&[1, 0, 0, 0]), Told::from_bits(&[0])), (None, None));
    }
}
