//! Platforms outside that tell something of an enterprise (数据来源, C28): which they are, what they can tell, how old it
//! may be. Nothing that was not told is ever taken for good news.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use kernel::{ConsentId, EnterpriseId, SnapshotId, calendar::date_of};
use serde::{Deserialize, Serialize};

use super::{
    consent::{Category, Purpose},
    standing::Exclusion,
};

/// A platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceCode {
    /// 信用中国
    CreditChina = 1,
    /// 信用河南
    CreditHenan = 2,
    /// 信用济源
    CreditJiyuan = 3,
    /// 国家知识产权质押信息平台
    PledgePlatform = 4,
}

impl SourceCode {
    pub const ALL: [Self; 4] =
        [Self::CreditChina, Self::CreditHenan, Self::CreditJiyuan, Self::PledgePlatform];

    pub fn code(self) -> &'static str {
        match self {
            Self::CreditChina => "CREDIT_CHINA",
            Self::CreditHenan => "CREDIT_HENAN",
            Self::CreditJiyuan => "CREDIT_JIYUAN",
            Self::PledgePlatform => "PLEDGE_PLATFORM",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }

    /// The number in `zhirong.whitelist.v1.Source`.
    pub fn number(self) -> i32 {
        self as i32
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.number() == number)
    }

    /// What a consent has to cover before it is asked, or before what it told is read. `None`: it is open to the public.
    pub fn needs(self) -> Option<Category> {
        match self {
            Self::CreditChina | Self::PledgePlatform => None,
            Self::CreditHenan | Self::CreditJiyuan => Some(Category::Credit),
        }
    }
}

/// The purposes for which credit data may be read here; the first that a consent names is enough.
pub const CREDIT_PURPOSES: [Purpose; 2] = [Purpose::CreditScreening, Purpose::IpPledgeFinancing];

/// 公共信用综合评价.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditGrade {
    /// 优
    Excellent,
    /// 良
    Good,
    /// 中
    Medium,
    /// 差
    Poor,
}

impl CreditGrade {
    pub fn from_chinese(text: &str) -> Option<Self> {
        match text {
            "优" => Some(Self::Excellent),
            "良" => Some(Self::Good),
            "中" => Some(Self::Medium),
            "差" => Some(Self::Poor),
            _ => None,
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Self::Excellent => "优",
            Self::Good => "良",
            Self::Medium => "中",
            Self::Poor => "差",
        }
    }
}

/// What a source says about the grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GradeTold {
    /// The source grades nobody, or said nothing about it.
    NotTold,
    /// The source says that it has no grade for this enterprise.
    Unrated,
    Graded(CreditGrade),
}

impl GradeTold {
    pub fn graded(self) -> Option<CreditGrade> {
        match self {
            Self::Graded(grade) => Some(grade),
            Self::NotTold | Self::Unrated => None,
        }
    }
}

/// On a list that excludes (HX01 to HX12), from when until when; the last day belongs to it, none is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// `HX01` …
    pub exclusion: Exclusion,
    pub since: NaiveDate,
    pub until: Option<NaiveDate>,
}

/// 行政处罚.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Penalty {
    pub decided_on: NaiveDate,
    /// 严重
    pub serious: bool,
}

/// A legal-status event of a right, as the pledge platform tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PledgeTold {
    /// The right's number as the platform writes it.
    pub number: String,
    /// `PE01`, `PM01`, `PC01`, `PP01`, `PD01`.
    pub code: String,
    pub on: NaiveDate,
    /// The number of the pledge's registration or the court's paper; may be empty.
    pub reference: String,
}

/// What one reply tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    pub as_of: NaiveDate,
    pub listings: Vec<Listing>,
    pub grade: GradeTold,
    pub penalties: Vec<Penalty>,
    pub pledges: Vec<PledgeTold>,
}

impl Findings {
    /// Whether it speaks as of a day that is too long before `now` to decide by.
    pub fn is_outdated(&self, now: DateTime<Utc>, after: TimeDelta) -> bool {
        date_of(now) - self.as_of > after
    }

    /// The hard exclusions that hold on `day`: one that has ended (credit repaired, 信用修复) does not.
    pub fn exclusions_on(&self, day: NaiveDate) -> BTreeSet<Exclusion> {
        let holds = |listing: &&Listing| listing.until.is_none_or(|until| day <= until);
        self.listings.iter().filter(holds).map(|listing| listing.exclusion).collect()
    }

    /// How many penalties there were within `months` before `day`.
    pub fn penalties_within(&self, day: NaiveDate, months: u32) -> usize {
        let from = day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN);
        self.penalties.iter().filter(|penalty| penalty.decided_on > from).count()
    }

    pub fn penalised_within(&self, day: NaiveDate, months: u32) -> bool {
        self.penalties_within(day, months) > 0
    }
}

/// A reply that was read, on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: SnapshotId,
    pub enterprise_id: EnterpriseId,
    pub source: SourceCode,
    pub fetched_at: DateTime<Utc>,
    pub sha256: [u8; 32],
    pub parser_version: i32,
    pub findings: Findings,
    /// Under which consent it was read, where one is needed.
    pub consent_id: Option<ConsentId>,
}

impl Snapshot {
    /// Whether it is too old at `now` to decide by: asked for too long ago, or as of a day too long ago, as a file that was
    /// dropped last year is however often it is read.
    pub fn is_stale(&self, now: DateTime<Utc>, after: TimeDelta) -> bool {
        now - self.fetched_at > after || self.findings.is_outdated(now, after)
    }
}

/// How the last attempt to ask a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Good,
    /// A reply that cannot be read: kept, and it says nothing.
    Malformed,
    /// A reply that tells how it was too long ago: kept, and nothing is decided by it.
    Outdated,
    /// No file was dropped for the enterprise yet.
    Absent,
    Unreachable,
    Slow,
    TooLong,
    /// The platform answered that it will not tell.
    Refused,
    /// No consent allows it: the platform was not asked.
    NoConsent,
}

impl Outcome {
    pub const ALL: [Self; 9] = [
        Self::Good,
        Self::Malformed,
        Self::Outdated,
        Self::Absent,
        Self::Unreachable,
        Self::Slow,
        Self::TooLong,
        Self::Refused,
        Self::NoConsent,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Malformed => "MALFORMED",
            Self::Outdated => "OUTDATED",
            Self::Absent => "ABSENT",
            Self::Unreachable => "UNREACHABLE",
            Self::Slow => "SLOW",
            Self::TooLong => "TOO_LONG",
            Self::Refused => "REFUSED",
            Self::NoConsent => "NO_CONSENT",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// What can be said of one source about one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// Not configured here: nothing will come from it.
    NotConnected,
    /// Nobody asked for it.
    NotRequested,
    /// Asked for and not there: a decision waits for it.
    PendingSource,
    /// No consent allows to ask, or to read what was told.
    NoConsent,
    /// Told, and too old; it is being asked again.
    Stale,
    Fresh,
}

impl SourceState {
    /// The number in `zhirong.whitelist.v1.SourceState`.
    pub fn number(self) -> i32 {
        match self {
            Self::NotConnected => 1,
            Self::NotRequested => 2,
            Self::PendingSource => 3,
            Self::NoConsent => 4,
            Self::Stale => 5,
            Self::Fresh => 6,
        }
    }
}

/// What is known about one source and one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub connected: bool,
    /// Whether it is asked for at all.
    pub watched: bool,
    /// Whether a consent allows to read it now, or none is needed.
    pub allowed: bool,
    /// Whether there is a good answer that is not too old, one that is, or none.
    pub latest: Option<Age>,
}

/// Whether an answer can still be decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Fresh,
    Stale,
}

/// Consent comes first: without it not even whether there is an answer is told.
pub fn state(known: Known) -> SourceState {
    match known {
        Known { allowed: false, .. } => SourceState::NoConsent,
        Known { latest: Some(Age::Fresh), .. } => SourceState::Fresh,
        Known { connected: false, .. } => SourceState::NotConnected,
        Known { latest: Some(Age::Stale), .. } => SourceState::Stale,
        Known { watched: false, .. } => SourceState::NotRequested,
        Known { watched: true, .. } => SourceState::PendingSource,
    }
}

/// When a source that failed is asked again, after so many failures in a row: later and later, up to a most.
pub fn retry_at(now: DateTime<Utc>, failures: i32, first: TimeDelta, most: TimeDelta) -> DateTime<Utc> {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    let wait = first.checked_mul(1_i32 << doublings).unwrap_or(most).min(most);
    now + wait
}

/// What every source together says, for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What each source that was heard told.
    pub told: BTreeMap<SourceCode, BTreeSet<Exclusion>>,
    /// Of the nearest authority that has one: the zone's, the province's, the country's.
    pub grade: Option<CreditGrade>,
    /// `None`: a credit source is missing, so nobody can say that there was none.
    pub penalised_24_months: Option<bool>,
    /// The sources that have not told, or too long ago: the decision waits for them.
    pub missing: BTreeSet<SourceCode>,
    /// What the decision cites.
    pub cites: Vec<SnapshotId>,
}

impl Picture {
    /// Each told by at least one source.
    pub fn exclusions(&self) -> BTreeSet<Exclusion> {
        self.told.values().flatten().copied().collect()
    }
}

/// Puts the latest snapshot of each source together. A finding against the enterprise counts even if another source is
/// missing; a finding for it needs all of `wanted`.
pub fn picture(
    latest: &[&Snapshot],
    wanted: &BTreeSet<SourceCode>,
    now: DateTime<Utc>,
    today: NaiveDate,
    stale_after: TimeDelta,
) -> Picture {
    let fresh: Vec<&&Snapshot> =
        latest.iter().filter(|one| wanted.contains(&one.source) && !one.is_stale(now, stale_after)).collect();
    let told: BTreeSet<SourceCode> = fresh.iter().map(|one| one.source).collect();
    let missing: BTreeSet<SourceCode> = wanted.difference(&told).copied().collect();
    let penalised = fresh.iter().any(|one| one.findings.penalised_within(today, 24));
    let credit_missing = missing.iter().any(|source| *source != SourceCode::PledgePlatform);
    let by = |source| fresh.iter().find(|one| one.source == source).map(|one| one.findings.grade);
    let grade = [SourceCode::CreditJiyuan, SourceCode::CreditHenan, SourceCode::CreditChina]
        .into_iter()
        .find_map(|source| by(source).and_then(GradeTold::graded));
    Picture {
        told: fresh.iter().map(|one| (one.source, one.findings.exclusions_on(today))).collect(),
        grade,
        penalised_24_months: match (penalised, credit_missing) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        },
        missing,
        cites: fresh.iter().map(|one| one.id).collect(),
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
