//! What the zone is expected to give back of a loan's cost (贴息、评估费和保费补贴, domain.md §6, P1, P4, P5). Shares and caps
//! are the zone's to decide: they come from the settings. What a firm has had already this year is not known here, so
//! this is the most that it can expect of one loan.

use chrono::NaiveDate;
use kernel::{BasisPoints, Fen};

/// What a subsidy is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subsidised {
    /// 贴息 (P1): of the interest paid.
    Interest,
    /// 评估费补贴 (P4).
    Valuation,
    /// 保费、担保费补贴 (P5).
    Cover,
}

impl Subsidised {
    pub const ALL: [Self; 3] = [Self::Interest, Self::Valuation, Self::Cover];

    pub fn code(self) -> &'static str {
        match self {
            Self::Interest => "INTEREST",
            Self::Valuation => "VALUATION",
            Self::Cover => "COVER",
        }
    }
}

/// One rule of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subsidy {
    pub of: Subsidised,
    pub share: BasisPoints,
    /// The most for one loan.
    pub cap: Fen,
    /// First and last day on which a loan that is paid out falls under it; None: always.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// What the subsidies of a loan are shares of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    pub interest: Fen,
    pub valuation: Fen,
    pub cover: Fen,
}

/// The rules that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subsidies(Vec<Subsidy>);

impl Subsidies {
    /// `NONE`, or rules by commas: `INTEREST:5000:20000000` (what of, share in basis points, cap in fen), with the first
    /// and the last day behind it where it does not hold always: `COVER:5000:2000000:2026-01-01:2026-12-31`.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "NONE" {
            return Ok(Self::default());
        }
        text.split(',').map(|one| rule(one.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Of a loan that is paid out on `day`. No cost is subsidised twice: of several rules the best one counts.
    pub fn expected(&self, day: NaiveDate, paid: &Paid) -> Fen {
        let best = |of: Subsidised| {
            let base = match of {
                Subsidised::Interest => paid.interest,
                Subsidised::Valuation => paid.valuation,
                Subsidised::Cover => paid.cover,
            };
            let rules = self.0.iter().filter(|rule| rule.of == of && rule.holds_on(day));
            rules.filter_map(|rule| Some(base.mul_bp(rule.share)?.min(rule.cap))).max().unwrap_or(Fen::ZERO)
        };
        // Each is no more than what it is a share of: the sum is within what the sum of those is.
        Fen::checked_sum(Subsidised::ALL.map(best)).unwrap_or(Fen::ZERO)
    }
}

impl Subsidy {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.days.is_none_or(|(first, last)| (first..=last).contains(&day))
    }
}

fn rule(text: &str) -> Result<Subsidy, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (of, share, cap, days) = match parts.as_slice() {
        [of, share, cap] => (of, share, cap, None),
        [of, share, cap, first, last] => (of, share, cap, Some((first, last))),
        _ => return Err("a subsidy is WHAT:SHARE:CAP or WHAT:SHARE:CAP:FIRST:LAST".to_owned()),
    };
    let of = Subsidised::ALL.into_iter().find(|one| one.code() == *of);
    let of = of.ok_or_else(|| "a subsidy is of INTEREST, VALUATION or COVER".to_owned())?;
    let share = share.parse().ok().filter(|bp| (1..=10_000).contains(bp));
    let share = share.ok_or_else(|| "a subsidy's share is 1 to 10000 basis points".to_owned())?;
    let cap = cap.parse().ok().and_then(|fen| Fen::amount(fen).ok());
    let cap = cap.ok_or_else(|| "a subsidy's cap is an amount of fen".to_owned())?;
    let days = match days {
        None => None,
        Some((first, last)) => {
            let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| "a day is YYYY-MM-DD".to_owned());
            let (first, last) = (day(first)?, day(last)?);
            if last < first {
                return Err("a subsidy's last day is before its first".to_owned());
            }
            Some((first, last))
        }
    };
    Ok(Subsidy { of, share: BasisPoints::new(share), cap, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(rules: &str, day: &str, paid: [i64; 3]) -> i64 {
        let [interest, valuation, cover] = paid.map(Fen::new);
        let paid = Paid { interest, valuation, cover };
        Subsidies::parse(rules).unwrap().expected(day.parse().unwrap(), &paid).get()
    }

    /// domain.md §6: P1, P4, P5.
    #[test]
    fn the_worked_examples_of_the_policy_rules_are_exact_to_the_fen() {
        let day = "2022-09-15";
        assert_eq!(expected("INTEREST:5000:20000000", day, [13_231_250, 0, 0]), 6_615_625);
        assert_eq!(expected("VALUATION:5000:10000000", day, [0, 15_000_000, 0]), 7_500_000);
        assert_eq!(expected("COVER:5000:2000000", day, [0, 0, 4_320_000]), 2_000_000, "the cap");
        let all = "INTEREST:5000:20000000, VALUATION:5000:10000000, COVER:5000:2000000";
        assert_eq!(
            expected(all, day, [13_231_250, 15_000_000, 4_320_000]),
            6_615_625 + 7_500_000 + 2_000_000
        );
        assert_eq!(expected("NONE", day, [13_231_250, 15_000_000, 4_320_000]), 0);
    }

    #[test]
    fn no_cost_is_subsidised_twice_and_a_rule_holds_on_its_days_only() {
        let rules = "INTEREST:2000:20000000:2022-01-01:2022-12-31,INTEREST:3000:100:2022-01-01:2023-12-31";
        for (day, fen) in
            [("2021-12-31", 0), ("2022-01-01", 2_000), ("2022-12-31", 2_000), ("2023-01-01", 100)]
        {
            assert_eq!(expected(rules, day, [10_000, 0, 0]), fen, "{day}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_in_words() {
        for wrong in [
            "",
            "INTEREST",
            "RENT:5000:100",
            "INTEREST:0:100",
            "INTEREST:10001:100",
            "INTEREST:5000:0",
            "INTEREST:5000:100:2022-01-01",
            "INTEREST:5000:100:2022-01-02:2022-01-01",
            "INTEREST:5000:100:2022-01-02:soon",
        ] {
            assert!(Subsidies::parse(wrong).is_err(), "{wrong}");
        }
    }
}
