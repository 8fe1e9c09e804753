//! From what the register and the sources know of an enterprise to the inputs of a scorecard.

use kernel::Qualification;

use super::feature::{Feature, Features};
use super::scorecard::Scorecard;

/// What the enterprise's rights come to on the day, those in force unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    pub inventions: i64,
    pub others: i64,
    pub high_value: i64,
    pub trademarks: i64,
    pub indications: i64,
    /// Patents in force whose end is known: invention, utility model, design.
    pub dated: [i64; 3],
    /// Whole months to their ends, summed.
    pub months: [i64; 3],
    /// Patents in force.
    pub patents: i64,
    /// Patents, in force or not, of which no day of filing is known, where that is all of them.
    pub undated: bool,
    /// Patent filings of the last twelve months, the twelve before, the twelve before those.
    pub filings: [i64; 3],
    /// Basis points, summed; `None` where no patent says anything.
    pub revenue_share: Option<i64>,
    /// Whether any patent says anything of citations, family or lawsuits, and what.
    pub proof_known: bool,
    pub cited: bool,
    pub family: bool,
    pub litigated: bool,
}

/// A qualification that counts on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    pub code: Qualification,
    /// Who gave it: 1 zone, 2 province, 3 country, where that is known.
    pub level: Option<i32>,
}

/// Amounts are fen, the latest year first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    pub rights: Rights,
    pub revenue: Option<i64>,
    pub revenue_before: Option<i64>,
    pub rd_spend: Option<i64>,
    pub net_profit: Option<i64>,
    pub assets: Option<i64>,
    pub liabilities: Option<i64>,
    pub staff: Option<i64>,
    pub rd_staff: Option<i64>,
    /// A, B, M, C, D.
    pub tax_grade: Option<String>,
    pub platform_link: Option<bool>,
    pub holdings: Vec<Holding>,
    /// 0 差 to 3 优.
    pub public_credit: Option<i32>,
    pub penalty_free: Option<bool>,
}

impl Profile {
    /// What is not known stays missing: nothing is guessed.
    pub fn features(&self, card: &Scorecard) -> Features {
        let mut features = Features::default();
        for feature in Feature::ALL {
            features.set(*feature, self.input(*feature, card));
        }
        features
    }

    fn input(&self, feature: Feature, card: &Scorecard) -> Option<i32> {
        let rights = &self.rights;
        match feature {
            Feature::ValidInventions => Some(small(rights.inventions)),
            Feature::OtherRights => Some(small(rights.others)),
            // Of inventions of which nothing is recorded nobody can say that none is of high value.
            Feature::HighValueInventions if rights.high_value == 0 && rights.inventions > 0 => None,
            Feature::HighValueInventions => Some(small(rights.high_value)),
            Feature::RemainingTerm => rights.remaining_term(&card.term_weights),
            Feature::FilingTrend => (!rights.undated).then(|| rights.trend()),
            Feature::PatentRevenue if rights.patents == 0 => Some(0),
            Feature::PatentRevenue => rights.revenue_share.map(|share| small(share.min(10_000))),
            Feature::Marks => {
                Some(small(rights.trademarks.saturating_add(rights.indications.saturating_mul(2))))
            }
            Feature::Proven => rights.proven(),
            Feature::RdIntensity => self.rd_spend.zip(self.revenue).and_then(basis_points),
            Feature::RdStaff => self.rd_staff.zip(self.staff).and_then(basis_points),
            Feature::PlatformLink => self.platform_link.map(i32::from),
            Feature::IpmsCert => Some(i32::from(self.holds(Qualification::IpmsCert))),
            Feature::IpTitle => Some(self.ip_title(card)),
            Feature::TechTitle => Some(self.tech_title(card)),
            Feature::RevenueGrowth => {
                let (now, before) = self.revenue.zip(self.revenue_before)?;
                basis_points((now.checked_sub(before)?, before))
            }
            Feature::DebtRatio => self.liabilities.zip(self.assets).and_then(basis_points),
            Feature::Profitability => self.net_profit.zip(self.revenue).and_then(basis_points),
            Feature::TaxGrade => match self.tax_grade.as_deref()? {
                "A" => Some(3),
                "B" => Some(2),
                "M" => Some(1),
                "C" | "D" => Some(0),
                _ => None,
            },
            Feature::PublicCredit => self.public_credit,
            Feature::PenaltyFree => self.penalty_free.map(i32::from),
        }
    }

    fn holds(&self, code: Qualification) -> bool {
        self.holdings.iter().any(|held| held.code == code)
    }

    fn ip_title(&self, card: &Scorecard) -> i32 {
        let level = |held: &Holding| card.ip_titles.get(&held.code).map(|level| held.level.unwrap_or(*level));
        self.holdings.iter().filter_map(level).max().unwrap_or_default()
    }

    fn tech_title(&self, card: &Scorecard) -> i32 {
        self.holdings
            .iter()
            .filter_map(|held| card.tech_titles.get(&held.code))
            .copied()
            .max()
            .unwrap_or_default()
    }
}

impl Rights {
    fn remaining_term(&self, weights: &[i64; 3]) -> Option<i32> {
        if self.patents == 0 {
            return Some(0);
        }
        let sum = |of: &[i64; 3]| -> i64 { of.iter().zip(weights).map(|(n, w)| n.saturating_mul(*w)).sum() };
        let (months, patents) = (sum(&self.months), sum(&self.dated));
        (patents > 0).then(|| small(months.saturating_mul(100) / patents))
    }

    fn trend(&self) -> i32 {
        let [last, middle, first] = self.filings;
        if last + middle + first == 0 { -1 } else { small((last - first).signum()) }
    }

    fn proven(&self) -> Option<i32> {
        let found = [self.cited, self.family, self.litigated].into_iter().filter(|is| *is).count();
        (self.patents == 0 || self.proof_known).then(|| i32::try_from(found).unwrap_or_default())
    }
}

/// What is beyond counts as the last number there is.
fn small(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN + 1 } else { i32::MAX })
}

/// HALF_UP as it is shown; a fall or a loss, however small, stays one. `None` where there is nothing to divide by.
fn basis_points((part, whole): (i64, i64)) -> Option<i32> {
    if whole <= 0 {
        return None;
    }
    let (part, whole) = (i128::from(part) * 10_000, i128::from(whole));
    let bp = if part < 0 { part.div_euclid(whole) } else { (2 * part + whole) / (2 * whole) };
    Some(small(i64::try_from(bp).unwrap_or(if bp < 0 { i64::MIN } else { i64::MAX })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_up_and_a_fall_stays_a_fall() {
        for (given, bp) in [
            ((1, 3), Some(3333)),
            ((2, 3), Some(6667)),
            ((70_005, 100_000), Some(7001)),
            ((70_004, 100_000), Some(7000)),
            ((-1, 1_000_000), Some(-1)),
            ((0, 5), Some(0)),
            ((5, 0), None),
            ((i64::MAX, 1), Some(i32::MAX)),
        ] {
            assert_eq!(basis_points(given), bp, "{given:?}");
        }
    }

    #[test]
    fn the_remaining_term_is_weighted_and_unknown_ends_are_missing() {
        let rights = Rights { patents: 2, dated: [1, 1, 0], months: [200, 80, 0], ..Rights::default() };
        assert_eq!(rights.remaining_term(&[3, 1, 1]), Some(17_000));
        let undated = Rights { patents: 2, ..Rights::default() };
        assert_eq!(undated.remaining_term(&[3, 1, 1]), None);
        assert_eq!(Rights::default().remaining_term(&[3, 1, 1]), Some(0));
    }

    #[test]
    fn what_is_recorded_of_no_right_is_missing_and_not_none() {
        let text = include_str!("../../../migrations/0241_rulebook_first.sql");
        let card = Scorecard::parse(text.split("$card$").nth(1).unwrap()).unwrap();
        let inputs = |rights| {
            let features = Profile { rights, ..Profile::default() }.features(&card);
            (features.get(Feature::HighValueInventions), features.get(Feature::FilingTrend))
        };
        assert_eq!(inputs(Rights::default()), (Some(0), Some(-1)));
        let silent = Rights { inventions: 2, patents: 2, undated: true, ..Rights::default() };
        assert_eq!(inputs(silent), (None, None));
        let told =
            Rights { inventions: 2, patents: 2, high_value: 1, filings: [1, 0, 0], ..Rights::default() };
        assert_eq!(inputs(told), (Some(1), Some(1)));
    }

    #[test]
    fn filings_fall_stay_or_rise() {
        for (filings, trend) in [([0, 0, 0], -1), ([1, 5, 1], 0), ([2, 0, 1], 1), ([0, 9, 1], -1)] {
            assert_eq!(Rights { filings, ..Rights::default() }.trend(), trend, "{filings:?}");
        }
    }
}
