//! Numbers that add up: every figure is a sum over cases, so a case that changes takes back what it added and adds anew.

use std::collections::BTreeMap;

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)+) => {
        /// What is added up. The numbers are stored.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Measure { $($(#[$doc])* $name),+ }

        impl Measure {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            pub const fn number(self) -> i16 {
                match self { $(Self::$name => $number),+ }
            }

            pub const fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

measures! {
    /// Facts about cases.
    Facts = 1;
    /// `a`: state.
    Cases = 2;
    /// `a`: role, `b`: outcome.
    Legs = 3;
    /// Fen; `a`: moment.
    Amount = 4;
    /// Durations in a bucket; `a`: series, `b`: bucket.
    Bucket = 5;
    /// Durations of a length; `a`: series, `b`: milliseconds.
    Value = 6;
    /// `a`: moment, `b`: day, as days of the common era.
    Day = 7;
    /// Fen; `a`, `b` likewise.
    DayAmount = 8;
}

/// Series of durations beside those of the roles, which carry the role's number.
pub const TO_OFFERS: i32 = -1;
pub const TO_APPROVAL: i32 = -2;

/// Which number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub measure: Measure,
    pub a: i32,
    pub b: i64,
    /// Empty before acceptance, which tells the park.
    pub park: String,
}

/// Numbers, or changes of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Key, i64>);

impl Tally {
    pub fn add(&mut self, measure: Measure, a: i32, b: i64, park: &str, n: i64) {
        *self.0.entry(Key { measure, a, b, park: park.to_owned() }).or_default() += n;
    }

    /// A duration, in its bucket too.
    pub fn add_duration(&mut self, series: i32, ms: i64, park: &str, n: i64) {
        self.add(Measure::Bucket, series, bucket(ms), park, n);
        self.add(Measure::Value, series, ms, park, n);
    }

    /// Those that are not zero, in the order of their keys: in which rows are locked.
    pub fn numbers(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.0.iter().filter(|(_, n)| **n != 0).map(|(key, n)| (key, *n))
    }
}

/// Bits by which durations of one bucket are told from those of the next: buckets are 0.8 to 1.6 % wide.
const BITS: u32 = 7;

/// The bucket of a duration; longer durations are in later buckets.
pub fn bucket(ms: i64) -> i64 {
    let ms = ms.max(0);
    let shift = (i64::BITS - ms.leading_zeros()).saturating_sub(BITS);
    (i64::from(shift) << BITS) | (ms >> shift)
}

/// The shortest and the longest duration of a bucket.
pub fn bounds(bucket: i64) -> (i64, i64) {
    let (shift, top) = (bucket >> BITS, bucket & ((1 << BITS) - 1));
    let least = top << shift;
    (least, least | ((1 << shift) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_within_the_bounds_of_its_bucket_and_buckets_follow_one_another() {
        let mut last = (-1, -1);
        let mut ms = 0_i64;
        while ms < 400 * 86_400_000 {
            let (least, most) = bounds(bucket(ms));
            assert!(least <= ms && ms <= most, "{ms}: {least}..={most}");
            if bucket(ms) != last.0 {
                assert!(bucket(ms) > last.0 && least == last.1 + 1, "{ms}");
            }
            assert_eq!(bucket(most), bucket(ms));
            assert_eq!(bucket(most + 1), bucket(bounds(bucket(most + 1)).0));
            last = (bucket(ms), most);
            ms = most + 1;
        }
        assert!(bucket(i64::MAX) > last.0);
        assert_eq!(bucket(-5), 0);
    }

    #[test]
    fn measures_read_back_from_their_numbers() {
        for measure in Measure::ALL {
            assert_eq!(Measure::from_number(measure.number()), Some(*measure));
        }
        assert_eq!(Measure::from_number(0), None);
    }
}
