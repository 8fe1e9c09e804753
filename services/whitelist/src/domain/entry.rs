//! The entry of the whitelist (名单条目), domain.md §3.2 c: its states, and what each holds. How it moves is in
//! [`super::entry_decide`].

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use kernel::calendar::{date_of, end_of_day, start_of_day};
use kernel::{EnterpriseId, Grade};
use uuid::Uuid;

use super::ids::{EntryId, RunId};
use super::screening::{Exclusions, Points};

/// Within how many days an exclusion has to be cured.
pub const CURE_DAYS: i64 = 30;
/// How long a listing lasts.
pub const TERM_MONTHS: u32 = 12;
/// How many days before the end it is warned of.
pub const WARNING_DAYS: i64 = 30;
/// Within how many days before the end it may be renewed.
pub const RENEWAL_DAYS: i64 = 60;

/// Whose list an entry comes from (名单层级).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Zone,
    Province,
}

impl Level {
    pub fn code(self) -> &'static str {
        match self {
            Self::Zone => "ZONE",
            Self::Province => "PROVINCE",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Zone, Self::Province].into_iter().find(|level| level.code() == code)
    }
}

/// The days on which an entry is listed, both of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Term {
    /// Twelve months from `from`.
    pub fn beginning(from: NaiveDate) -> Self {
        let to = from.checked_add_months(Months::new(TERM_MONTHS)).and_then(|day| day.pred_opt());
        Self { from, to: to.unwrap_or(NaiveDate::MAX) }
    }

    /// Twelve months more.
    pub fn renewed(self) -> Self {
        let next = self.to.succ_opt().map_or(self, Self::beginning);
        Self { from: self.from, to: next.to }
    }
}

/// Why an entry was rejected or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    HardExclusion,
    ScoreTooLow,
    /// Not cured within 30 days.
    NotCured,
    /// The enterprise took its consent back.
    ConsentRevoked,
    /// By a person.
    Withdrawn,
}

impl Why {
    pub const ALL: [Self; 5] =
        [Self::HardExclusion, Self::ScoreTooLow, Self::NotCured, Self::ConsentRevoked, Self::Withdrawn];

    pub fn code(self) -> &'static str {
        match self {
            Self::HardExclusion => "HARD_EXCLUSION",
            Self::ScoreTooLow => "SCORE_TOO_LOW",
            Self::NotCured => "NOT_CURED",
            Self::ConsentRevoked => "CONSENT_REVOKED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Nominated,
    ConsentPending,
    /// `term`: it was listed before, and until when. `suspended_since`: the time to cure has run since then.
    Screening {
        term: Option<Term>,
        suspended_since: Option<DateTime<Utc>>,
    },
    Rejected(Why),
    Scored,
    /// `ends_at` is `None` while the calendar of that year is missing.
    Publicity {
        since: DateTime<Utc>,
        ends_at: Option<DateTime<Utc>>,
    },
    Listed(Term),
    Suspended {
        since: DateTime<Utc>,
        term: Option<Term>,
    },
    Removed(Why),
    Expired,
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            Self::Nominated => "NOMINATED",
            Self::ConsentPending => "CONSENT_PENDING",
            Self::Screening { .. } => "SCREENING",
            Self::Rejected(_) => "REJECTED",
            Self::Scored => "SCORED",
            Self::Publicity { .. } => "PUBLICITY",
            Self::Listed(_) => "LISTED",
            Self::Suspended { .. } => "SUSPENDED",
            Self::Removed(_) => "REMOVED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Nothing moves it any more; the enterprise may be nominated anew.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Removed(_) | Self::Expired)
    }
}

/// What a screening says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    pub run: RunId,
    pub total: Points,
    pub grade: Grade,
    /// Points enough for listing.
    pub passes: bool,
    pub hits: Exclusions,
    /// One of the hits is not for a suspension.
    pub rejects: bool,
    /// Exclusions whose source has not been heard.
    pub pending: Exclusions,
}

impl Judgement {
    pub fn is_clean(&self) -> bool {
        self.hits.is_empty() && self.pending.is_empty() && self.passes
    }
}

/// The screening that an entry rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub run: RunId,
    pub total: Points,
    pub grade: Grade,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub enterprise_id: EnterpriseId,
    pub source_level: Level,
    /// Of the province's list, where it stems from it.
    pub parent: Option<Uuid>,
    pub state: State,
    pub version: i64,
    pub judged: Option<Judged>,
    pub hits: Exclusions,
    /// A source that has not been heard holds the decision up (PENDING_SOURCE).
    pub waiting: bool,
    pub updated_at: DateTime<Utc>,
}

/// What is to be done next with an entry (时限).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Look for its consent.
    Consent,
    Screen,
    /// End the publicity period.
    Publicity,
    /// Look whether an exclusion has come, or gone.
    Watch,
    /// The time to cure is over.
    Cure,
    /// Its end comes near.
    Warn,
    Expire,
}

impl Task {
    pub const ALL: [Self; 7] =
        [Self::Consent, Self::Screen, Self::Publicity, Self::Watch, Self::Cure, Self::Warn, Self::Expire];

    pub fn code(self) -> &'static str {
        match self {
            Self::Consent => "CONSENT",
            Self::Screen => "SCREEN",
            Self::Publicity => "PUBLICITY",
            Self::Watch => "WATCH",
            Self::Cure => "CURE",
            Self::Warn => "WARN",
            Self::Expire => "EXPIRE",
        }
    }
}

/// When: `None` waits for the calendar.
pub type Due = Option<DateTime<Utc>>;

impl Entry {
    pub fn nominated(
        id: EntryId,
        enterprise_id: EnterpriseId,
        parent: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            enterprise_id,
            source_level: if parent.is_some() { Level::Province } else { Level::Zone },
            parent,
            state: State::Nominated,
            version: 1,
            judged: None,
            hits: Exclusions::NONE,
            waiting: false,
            updated_at: now,
        }
    }

    /// What is to be done after it has come into its state, in place of everything that was to be done before.
    pub fn tasks(&self, now: DateTime<Utc>, watch: TimeDelta) -> Vec<(Task, Due)> {
        let watch = (Task::Watch, Some(now + watch));
        let expires = |term: Term| (Task::Expire, term.to.succ_opt().map(start_of_day));
        match self.state {
            State::Nominated | State::ConsentPending => vec![(Task::Consent, Some(now))],
            State::Screening { .. } => vec![(Task::Screen, Some(now))],
            State::Scored => vec![watch],
            State::Publicity { ends_at, .. } => {
                // The last second still belongs to the period.
                vec![(Task::Publicity, ends_at.map(|at| at + TimeDelta::seconds(1))), watch]
            }
            State::Listed(term) => {
                let warn = term.to.checked_sub_signed(TimeDelta::days(WARNING_DAYS)).map(start_of_day);
                let warn = warn.filter(|at| *at > now).map(|at| (Task::Warn, Some(at)));
                [Some(watch), warn, Some(expires(term))].into_iter().flatten().collect()
            }
            State::Suspended { since, term } => {
                let cure = (Task::Cure, Some(cure_ends(since) + TimeDelta::seconds(1)));
                [Some(watch), Some(cure), term.map(expires)].into_iter().flatten().collect()
            }
            State::Rejected(_) | State::Removed(_) | State::Expired => Vec::new(),
        }
    }

    pub fn is_listed(&self) -> bool {
        matches!(self.state, State::Listed(_))
    }
}

/// The last second in which a suspension of `since` can be cured.
pub fn cure_ends(since: DateTime<Utc>) -> DateTime<Utc> {
    date_of(since).checked_add_signed(TimeDelta::days(CURE_DAYS)).map_or(DateTime::<Utc>::MAX_UTC, end_of_day)
}
