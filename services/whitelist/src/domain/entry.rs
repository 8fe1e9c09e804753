//! The entry of the whitelist (名单条目), domain.md §3.2 c: its states, and what each holds. How it moves is in
//! [`super::entry_decide`].

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use kernel::calendar::{date_of, end_of_day, start_of_day};
use kernel::{EnterpriseId, Grade};
use uuid::Uuid;

use super::hearing::{Hearing, Told};
use super::ids::{EntryId, RunId};
use super::screening::{Exclusions, Points};

/// How long things last (名单时限): all of them assumptions of domain.md §3.2 c, so they are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Within how many days an exclusion has to be cured.
    pub cure_days: u16,
    /// How many months a listing lasts.
    pub term_months: u16,
    /// How many days before the end it is warned of.
    pub warning_days: u16,
    /// Within how many days before the end it may be renewed.
    pub renewal_days: u16,
}

impl Terms {
    /// Those of domain.md §3.2 c.
    pub const DEFAULT: Self = Self { cure_days: 30, term_months: 12, warning_days: 30, renewal_days: 60 };

    /// The last second in which a suspension of `since` can be cured.
    pub fn cure_ends(&self, since: DateTime<Utc>) -> DateTime<Utc> {
        let last = date_of(since).checked_add_signed(TimeDelta::days(self.cure_days.into()));
        last.map_or(DateTime::<Utc>::MAX_UTC, end_of_day)
    }

    /// The first day on which `term` may be renewed.
    pub fn renewal_from(&self, term: Term) -> Option<NaiveDate> {
        term.to.checked_sub_signed(TimeDelta::days(self.renewal_days.into()))
    }

    fn warning_on(&self, term: Term) -> Option<NaiveDate> {
        term.to.checked_sub_signed(TimeDelta::days(self.warning_days.into()))
    }
}

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
    /// So many months from `from`.
    pub fn beginning(from: NaiveDate, months: u16) -> Self {
        let to = from.checked_add_months(Months::new(months.into())).and_then(|day| day.pred_opt());
        Self { from, to: to.unwrap_or(NaiveDate::MAX) }
    }

    /// So many months more.
    pub fn renewed(self, months: u16) -> Self {
        let next = self.to.succ_opt().map_or(self, |from| Self::beginning(from, months));
        Self { from: self.from, to: next.to }
    }
}

/// Why an entry was rejected or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    HardExclusion,
    ScoreTooLow,
    /// Not cured in time.
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
    /// `term`: it was listed before, and until when. `suspended_since`: the time to cure has run since then. `fresh_from`:
    /// only what sources told from then on decides.
    Screening {
        term: Option<Term>,
        suspended_since: Option<DateTime<Utc>>,
        fresh_from: Option<DateTime<Utc>>,
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
    /// What became of asking each source.
    pub hearing: Hearing,
    /// Known, but not asked about: it needs a consent that there is not.
    pub barred: Exclusions,
    /// A consent to the profile and the rights holds: without one nothing is decided for the enterprise.
    pub consented: bool,
}

impl Judgement {
    pub fn is_clean(&self) -> bool {
        self.hits.is_empty() && self.pending.is_empty() && self.passes && self.consented
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
    /// Which source told which of the hits.
    pub told: Told,
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
            told: Told::default(),
            waiting: false,
            updated_at: now,
        }
    }

    /// A new entry of an enterprise that had one before: what sources told of it then stands until they are heard again.
    #[must_use]
    pub fn after_an_earlier(self, earlier: &Self) -> Self {
        Self { hits: earlier.told.all(), told: earlier.told, ..self }
    }

    /// Known hits that `judgement` says nothing of, because whoever told them was not heard or may not be asked: silence
    /// clears nothing.
    pub fn held(&self, judgement: &Judgement) -> Exclusions {
        self.hits.both(self.told.unconfirmed(&judgement.hearing).and(judgement.barred))
    }

    /// What is to be done after it has come into its state, in place of everything that was to be done before.
    pub fn tasks(&self, now: DateTime<Utc>, watch: TimeDelta, terms: &Terms) -> Vec<(Task, Due)> {
        let watch = (Task::Watch, Some(now + watch));
        let expires = |term: Term| (Task::Expire, term.to.succ_opt().map(start_of_day));
        let cure = |since| (Task::Cure, Some(terms.cure_ends(since) + TimeDelta::seconds(1)));
        match self.state {
            State::Nominated | State::ConsentPending => vec![(Task::Consent, Some(now))],
            // However long its sources are silent, the time to cure and the term go on.
            State::Screening { term, suspended_since, .. } => {
                let screen = (Task::Screen, Some(now));
                [Some(screen), suspended_since.map(cure), term.map(expires)].into_iter().flatten().collect()
            }
            State::Scored => vec![watch],
            State::Publicity { ends_at, .. } => {
                // The last second still belongs to the period.
                vec![(Task::Publicity, ends_at.map(|at| at + TimeDelta::seconds(1))), watch]
            }
            State::Listed(term) => {
                let warn = terms.warning_on(term).map(start_of_day);
                let warn = warn.filter(|at| *at > now).map(|at| (Task::Warn, Some(at)));
                [Some(watch), warn, Some(expires(term))].into_iter().flatten().collect()
            }
            State::Suspended { since, term } => {
                [Some(watch), Some(cure(since)), term.map(expires)].into_iter().flatten().collect()
            }
            State::Rejected(_) | State::Removed(_) | State::Expired => Vec::new(),
        }
    }

    /// From when on sources have to have told what decides `task`, where that matters: who is given up as not cured must not
    /// be so by what was told long before the last day.
    pub fn fresh_from(&self, task: Task, terms: &Terms) -> Option<DateTime<Utc>> {
        let last_day = |since| terms.cure_ends(since) - TimeDelta::days(1);
        match (task, self.state) {
            (Task::Cure, State::Suspended { since, .. }) => Some(last_day(since)),
            (Task::Cure, State::Screening { suspended_since, fresh_from, .. }) => {
                fresh_from.max(suspended_since.map(last_day))
            }
            (_, State::Screening { fresh_from, .. }) => fresh_from,
            _ => None,
        }
    }

    pub fn is_listed(&self) -> bool {
        matches!(self.state, State::Listed(_))
    }
}
