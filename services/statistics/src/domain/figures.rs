//! The figures of a day, and of a span of days, read off the numbers of all cases.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};

use super::{
    step::Moment,
    tally::{Key, Measure, TO_APPROVAL, TO_OFFERS, Tally, bounds},
};

/// Numbers with the parks added together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<(Measure, i32, i64), i64>);

impl Numbers {
    /// Those of a park; of all where it is empty.
    pub fn of(tally: &Tally, park: &str) -> Self {
        let mut numbers = Self::default();
        for (Key { measure, a, b, park: of }, n) in tally.numbers() {
            if park.is_empty() || park == of {
                numbers.add(*measure, *a, *b, n);
            }
        }
        numbers
    }

    pub fn add(&mut self, measure: Measure, a: i32, b: i64, n: i64) {
        *self.0.entry((measure, a, b)).or_default() += n;
    }

    fn get(&self, measure: Measure, a: i32, b: i64) -> i64 {
        self.0.get(&(measure, a, b)).copied().unwrap_or_default()
    }

    fn all(&self, measure: Measure) -> impl Iterator<Item = (i32, i64, i64)> {
        let all = self.0.range((measure, i32::MIN, i64::MIN)..=(measure, i32::MAX, i64::MAX));
        all.filter(|(_, n)| **n != 0).map(|((_, a, b), n)| (*a, *b, *n))
    }

    fn buckets(&self, series: i32) -> impl Iterator<Item = (i64, i64)> {
        let all = self.0.range((Measure::Bucket, series, i64::MIN)..=(Measure::Bucket, series, i64::MAX));
        all.filter(|(_, n)| **n != 0).map(|((_, _, bucket), n)| (*bucket, *n))
    }

    /// The lengths that have to be known beside the buckets: one for each quantile. It is enough to [`Numbers::add`] each as
    /// often as its rank: those before it in its bucket make no difference to it.
    pub fn wanted(&self) -> BTreeSet<Wanted> {
        let series: BTreeSet<i32> = self.all(Measure::Bucket).map(|(series, _, _)| series).collect();
        let quantiles = series.into_iter().flat_map(|series| QUANTILES.map(|percent| (series, percent)));
        quantiles.filter_map(|(series, percent)| self.find_bucket(series, percent)).collect()
    }

    /// The bucket of a quantile, and the quantile's rank in it.
    fn find_bucket(&self, series: i32, percent: i64) -> Option<Wanted> {
        let count: i64 = self.buckets(series).map(|(_, n)| n).sum();
        let mut rank = nearest_rank(count, percent);
        for (bucket, n) in self.buckets(series) {
            if rank <= n {
                let (least, most) = bounds(bucket);
                return Some(Wanted { series, least, most, rank });
            }
            rank -= n;
        }
        None
    }

    fn quantile(&self, series: i32, percent: i64) -> i64 {
        let Some(Wanted { least, most, mut rank, .. }) = self.find_bucket(series, percent) else { return 0 };
        for ((_, _, ms), n) in self.0.range((Measure::Value, series, least)..=(Measure::Value, series, most))
        {
            if rank <= *n {
                return *ms;
            }
            rank -= n;
        }
        most
    }

    fn durations(&self, series: i32) -> Durations {
        let [median_ms, p90_ms] = QUANTILES.map(|percent| self.quantile(series, percent));
        Durations { count: self.buckets(series).map(|(_, n)| n).sum(), median_ms, p90_ms }
    }
}

const QUANTILES: [i64; 2] = [50, 90];

/// The place, from 1, of the value that at least `percent` of `count` values do not exceed.
fn nearest_rank(count: i64, percent: i64) -> i64 {
    (count * percent).div_euclid(100) + i64::from((count * percent).rem_euclid(100) > 0)
}

/// The length of a series that has this rank, from 1, among those within these bounds, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    pub series: i32,
    pub least: i64,
    pub most: i64,
    pub rank: i64,
}

/// Nearest rank over all values; zeros where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    pub count: i64,
    pub median_ms: i64,
    pub p90_ms: i64,
}

/// The overview of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub facts: i64,
    /// State and how many.
    pub cases: Vec<(i32, i64)>,
    /// Role, outcome and how many.
    pub legs: Vec<(i32, i32, i64)>,
    /// By role.
    pub responses: Vec<(i32, Durations)>,
    pub to_offers: Durations,
    pub to_approval: Durations,
    pub submitted_fen: i64,
    pub approved_fen: i64,
}

impl Figures {
    pub fn of(numbers: &Numbers) -> Self {
        let roles: BTreeSet<i32> =
            numbers.all(Measure::Bucket).map(|(series, _, _)| series).filter(|series| *series >= 0).collect();
        let outcome = |outcome: i64| i32::try_from(outcome).unwrap_or_default();
        Self {
            facts: numbers.get(Measure::Facts, 0, 0),
            cases: numbers.all(Measure::Cases).map(|(state, _, n)| (state, n)).collect(),
            legs: numbers.all(Measure::Legs).map(|(role, b, n)| (role, outcome(b), n)).collect(),
            responses: roles.into_iter().map(|role| (role, numbers.durations(role))).collect(),
            to_offers: numbers.durations(TO_OFFERS),
            to_approval: numbers.durations(TO_APPROVAL),
            submitted_fen: numbers.get(Measure::Amount, Moment::Submitted.number(), 0),
            approved_fen: numbers.get(Measure::Amount, Moment::Approved.number(), 0),
        }
    }
}

/// What happened on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub day: NaiveDate,
    pub submitted: i64,
    pub offers_ready: i64,
    pub no_offer: i64,
    pub selected: i64,
    pub approved: i64,
    pub withdrawn: i64,
    pub submitted_fen: i64,
    pub approved_fen: i64,
}

/// Every day from the first to the last, those without anything too.
pub fn days(numbers: &Numbers, first: NaiveDate, last: NaiveDate) -> Vec<Day> {
    let day = |day: NaiveDate| {
        let get =
            |measure, moment: Moment| numbers.get(measure, moment.number(), day.num_days_from_ce().into());
        Day {
            day,
            submitted: get(Measure::Day, Moment::Submitted),
            offers_ready: get(Measure::Day, Moment::OffersReady),
            no_offer: get(Measure::Day, Moment::NoOffer),
            selected: get(Measure::Day, Moment::Selected),
            approved: get(Measure::Day, Moment::Approved),
            withdrawn: get(Measure::Day, Moment::Withdrawn),
            submitted_fen: get(Measure::DayAmount, Moment::Submitted),
            approved_fen: get(Measure::DayAmount, Moment::Approved),
        }
    };
    first.iter_days().take_while(|day| *day <= last).map(day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(values: &[i64]) -> Durations {
        let mut tally = Tally::default();
        for ms in values {
            tally.add_duration(1, *ms, "JY-GX", 1);
        }
        Numbers::of(&tally, "").durations(1)
    }

    #[test]
    fn quantiles_are_values_that_occurred_at_their_nearest_rank() {
        let table: [(&[i64], i64, i64); 6] = [
            (&[], 0, 0),
            (&[7], 7, 7),
            (&[1, 2], 1, 2),
            (&[3, 1, 2], 2, 3),
            (&[10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 50, 90),
            (&[86_400_001, 86_400_000, 86_400_002, 86_400_001, 259_200_000], 86_400_001, 259_200_000),
        ];
        for (values, median_ms, p90_ms) in table {
            let count = i64::try_from(values.len()).unwrap();
            assert_eq!(quantiles(values), Durations { count, median_ms, p90_ms }, "{values:?}");
        }
    }

    #[test]
    fn quantiles_over_buckets_are_those_of_the_sorted_values() {
        let values: Vec<i64> = (1..=999_i64).map(|n| (n * 7_919) % 1_000_003 * (n % 13 + 1)).collect();
        let mut sorted = values.clone();
        sorted.sort_unstable();
        assert_eq!(quantiles(&values), Durations { count: 999, median_ms: sorted[499], p90_ms: sorted[899] });
    }

    #[test]
    fn a_park_has_its_own_numbers_and_all_together_have_the_sum() {
        let mut tally = Tally::default();
        tally.add(Measure::Cases, 6, 0, "JY-GX", 2);
        tally.add(Measure::Cases, 6, 0, "", 1);
        tally.add(Measure::Cases, 7, 0, "JY-GX", 0);
        assert_eq!(Figures::of(&Numbers::of(&tally, "JY-GX")).cases, [(6, 2)]);
        assert_eq!(Figures::of(&Numbers::of(&tally, "")).cases, [(6, 3)]);
    }
}
