//! An enterprise's standing (信用状况): what the latest screening found. The scorecard itself is not here.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, Grade};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{entry::Entry, screening::Exclusions};

/// A hard exclusion (硬性排除), HX01 to HX15 of domain.md §4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exclusion(u8);

impl Exclusion {
    pub const LAST: u8 = 15;

    /// 1 to [`Self::LAST`].
    pub const fn number(self) -> u8 {
        self.0
    }

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::LAST).map(Self)
    }

    /// Reads `HX01`.
    pub fn parse(code: &str) -> Option<Self> {
        let digits =
            code.strip_prefix("HX").filter(|d| d.len() == 2 && d.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse().ok().filter(|number| (1..=Self::LAST).contains(number)).map(Self)
    }
}

impl Serialize for Exclusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exclusion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| D::Error::custom("no hard exclusion"))
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HX{:02}", self.0)
    }
}

/// What one screening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// On the whitelist (授信白名单).
    pub listed: bool,
    /// `None`: not graded, which a hard exclusion may make unnecessary.
    pub grade: Option<Grade>,
    pub exclusions: BTreeSet<Exclusion>,
    /// When the screening looked.
    pub as_of: DateTime<Utc>,
}

/// A finding with its place in the enterprise's history; revisions count from 1 without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub enterprise_id: EnterpriseId,
    pub revision: i64,
    pub finding: Finding,
}

/// Why a finding is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("listed in spite of a hard exclusion")]
    ListedThoughExcluded,
    #[error("listed without a grade of at least C")]
    ListedWithoutGrade,
    #[error("the screening lies in the future")]
    InFuture,
    #[error("a later screening is on record")]
    Outdated,
    #[error("its entry is not listed")]
    AgainstEntry,
}

/// Whether a person may record that the enterprise is listed, who has `entry` as its latest entry if it ever had one, and
/// these exclusions on record: what the way to the list decided is not gone around.
///
/// # Errors
/// [`Refusal::ListedThoughExcluded`], [`Refusal::AgainstEntry`].
pub fn may_list(entry: Option<&Entry>, on_record: Exclusions) -> Result<(), Refusal> {
    if !on_record.is_empty() {
        return Err(Refusal::ListedThoughExcluded);
    }
    if entry.is_some_and(|entry| !entry.is_listed()) {
        return Err(Refusal::AgainstEntry);
    }
    Ok(())
}

/// The standing that follows `latest` by this finding. Hard exclusions always win (C29); listing needs 60 points, so
/// never grade D; an older screening does not displace a newer one.
pub fn decide(
    enterprise_id: EnterpriseId,
    latest: Option<&Standing>,
    finding: Finding,
    now: DateTime<Utc>,
) -> Result<Standing, Refusal> {
    if finding.as_of > now {
        return Err(Refusal::InFuture);
    }
    if finding.listed && !finding.exclusions.is_empty() {
        return Err(Refusal::ListedThoughExcluded);
    }
    if finding.listed && !matches!(finding.grade, Some(Grade::A | Grade::B | Grade::C)) {
        return Err(Refusal::ListedWithoutGrade);
    }
    if latest.is_some_and(|standing| standing.finding.as_of > finding.as_of) {
        return Err(Refusal::Outdated);
    }
    let revision = latest.map_or(1, |standing| standing.revision + 1);
    Ok(Standing { enterprise_id, revision, finding })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_663_200_000, 0).unwrap()
    }

    fn finding(listed: bool, grade: Option<Grade>, exclusions: &[&str]) -> Finding {
        let exclusions = exclusions.iter().map(|code| Exclusion::parse(code).unwrap()).collect();
        Finding { listed, grade, exclusions, as_of: now() }
    }

    fn id() -> EnterpriseId {
        EnterpriseId::from_uuid(uuid::Uuid::from_u128(7))
    }

    #[test]
    fn an_exclusion_is_hx01_to_hx15() {
        for (code, good) in [
            ("HX01", true),
            ("HX15", true),
            ("HX16", false),
            ("HX00", false),
            ("hx01", false),
            ("HX1", false),
            ("HX+1", false),
        ] {
            assert_eq!(
                Exclusion::parse(code).map(|x| x.to_string()),
                good.then(|| code.to_owned()),
                "{code}"
            );
        }
    }

    #[test]
    fn listing_needs_a_passing_grade_and_no_exclusion() {
        for (given, wanted) in [
            (finding(true, Some(Grade::A), &[]), None),
            (finding(true, Some(Grade::C), &[]), None),
            (finding(true, Some(Grade::D), &[]), Some(Refusal::ListedWithoutGrade)),
            (finding(true, None, &[]), Some(Refusal::ListedWithoutGrade)),
            (finding(true, Some(Grade::A), &["HX03"]), Some(Refusal::ListedThoughExcluded)),
            (finding(false, None, &["HX01", "HX09"]), None),
            (finding(false, Some(Grade::D), &[]), None),
        ] {
            assert_eq!(decide(id(), None, given.clone(), now()).err(), wanted, "{given:?}");
        }
    }

    #[test]
    fn revisions_count_up_and_an_older_or_future_screening_is_refused() {
        let first = decide(id(), None, finding(true, Some(Grade::B), &[]), now()).unwrap();
        assert_eq!(first.revision, 1);
        let second = decide(id(), Some(&first), finding(false, None, &["HX03"]), now()).unwrap();
        assert_eq!(second.revision, 2);

        let mut older = finding(true, Some(Grade::A), &[]);
        older.as_of = now() - TimeDelta::seconds(1);
        assert_eq!(decide(id(), Some(&second), older, now()), Err(Refusal::Outdated));

        let mut future = finding(true, Some(Grade::A), &[]);
        future.as_of = now() + TimeDelta::seconds(1);
        assert_eq!(decide(id(), None, future, now()), Err(Refusal::InFuture));
    }
}
