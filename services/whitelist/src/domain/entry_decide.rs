//! How an entry moves: a command is decided by its state, and the events that come of it make the next state. A hard
//! exclusion wins over everything, and a source that has not been heard decides nothing.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::calendar::date_of;

use super::entry::{Entry, Judged, Judgement, RENEWAL_DAYS, State, Term, Why, cure_ends};
use super::screening::Exclusions;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// The enterprise is to be asked for its consent.
    SeekConsent,
    /// It has given it.
    NoteConsent,
    Judge(Judgement),
    /// `ends_at` is `None` while the calendar of that year is missing.
    OpenPublicity {
        ends_at: Option<DateTime<Utc>>,
    },
    /// The calendar has come.
    FixPublicity {
        ends_at: DateTime<Utc>,
    },
    Object,
    /// With what a screening says on that day.
    ClosePublicity(Judgement),
    /// What a screening says in between.
    Watch(Judgement),
    Repair,
    Renew(Judgement),
    Remove(Why),
    /// The time to cure is over.
    GiveUp,
    Warn,
    Expire,
}

impl Command {
    pub fn code(&self) -> &'static str {
        match self {
            Self::SeekConsent => "SEEK_CONSENT",
            Self::NoteConsent => "NOTE_CONSENT",
            Self::Judge(_) => "JUDGE",
            Self::OpenPublicity { .. } => "OPEN_PUBLICITY",
            Self::FixPublicity { .. } => "FIX_PUBLICITY",
            Self::Object => "OBJECT",
            Self::ClosePublicity(_) => "CLOSE_PUBLICITY",
            Self::Watch(_) => "WATCH",
            Self::Repair => "REPAIR",
            Self::Renew(_) => "RENEW",
            Self::Remove(_) => "REMOVE",
            Self::GiveUp => "GIVE_UP",
            Self::Warn => "WARN",
            Self::Expire => "EXPIRE",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    ConsentSought,
    ConsentGiven,
    /// A source that has not been heard holds the decision up.
    SourceAwaited,
    Rejected {
        why: Why,
        judgement: Judgement,
    },
    Scored(Judgement),
    PublicityOpened {
        at: DateTime<Utc>,
        ends_at: Option<DateTime<Utc>>,
    },
    PublicityFixed {
        ends_at: DateTime<Utc>,
    },
    Objected,
    Listed {
        judgement: Judgement,
        term: Term,
    },
    /// `since`: the time to cure runs from then.
    Suspended {
        judgement: Judgement,
        since: DateTime<Utc>,
        term: Option<Term>,
    },
    /// Other exclusions than before.
    HitsChanged(Exclusions),
    Reinstated {
        term: Term,
    },
    Repaired,
    Renewed {
        judgement: Judgement,
        term: Term,
    },
    Warned,
    Removed(Why),
    Expired,
}

impl Event {
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConsentSought => "CONSENT_SOUGHT",
            Self::ConsentGiven => "CONSENT_GIVEN",
            Self::SourceAwaited => "SOURCE_AWAITED",
            Self::Rejected { .. } => "REJECTED",
            Self::Scored(_) => "SCORED",
            Self::PublicityOpened { .. } => "PUBLICITY_OPENED",
            Self::PublicityFixed { .. } => "PUBLICITY_FIXED",
            Self::Objected => "OBJECTED",
            Self::Listed { .. } => "LISTED",
            Self::Suspended { .. } => "SUSPENDED",
            Self::HitsChanged(_) => "HITS_CHANGED",
            Self::Reinstated { .. } => "REINSTATED",
            Self::Repaired => "REPAIRED",
            Self::Renewed { .. } => "RENEWED",
            Self::Warned => "EXPIRY_WARNED",
            Self::Removed(_) => "REMOVED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{command} is not for an entry that is {state}")]
    State { state: &'static str, command: &'static str },
    #[error("it is too early for that")]
    TooEarly,
    #[error("it would not be listed today")]
    NotEligible,
}

/// The events that `command` leads to; none where there is nothing to do.
pub fn decide(entry: &Entry, command: Command, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    let refused = Refusal::State { state: entry.state.code(), command: command.code() };
    let event = match (command, entry.state) {
        (Command::SeekConsent, State::Nominated) => Event::ConsentSought,
        (Command::SeekConsent, State::ConsentPending) => return Ok(Vec::new()),
        (Command::NoteConsent, State::ConsentPending) => Event::ConsentGiven,
        (Command::Judge(judgement), State::Screening { term, suspended_since }) => {
            return Ok(judged(entry, judgement, term, suspended_since.unwrap_or(now)));
        }
        (Command::OpenPublicity { ends_at }, State::Scored) => Event::PublicityOpened { at: now, ends_at },
        (Command::OpenPublicity { .. }, State::Publicity { .. }) => return Ok(Vec::new()),
        (Command::FixPublicity { ends_at }, State::Publicity { ends_at: None, .. }) => {
            Event::PublicityFixed { ends_at }
        }
        (Command::Object, State::Publicity { .. }) => Event::Objected,
        (Command::ClosePublicity(judgement), State::Publicity { ends_at, .. }) => {
            return match ends_at {
                Some(ends_at) if now > ends_at => Ok(published(entry, judgement, now)),
                Some(_) | None => Err(Refusal::TooEarly),
            };
        }
        (Command::Watch(judgement), _) => return Ok(watched(entry, judgement, now)),
        (Command::Repair, State::Suspended { .. }) => Event::Repaired,
        (Command::Renew(judgement), State::Listed(term)) => {
            return renewed(judgement, term, now).map(|e| vec![e]);
        }
        (Command::Remove(_), state) if state.has_ended() => return Err(refused),
        (Command::Remove(why), _) => Event::Removed(why),
        (Command::GiveUp, State::Suspended { since, .. }) if now > cure_ends(since) => {
            Event::Removed(Why::NotCured)
        }
        (Command::GiveUp, State::Suspended { .. }) => return Err(Refusal::TooEarly),
        (Command::Warn, State::Listed(_)) => Event::Warned,
        (Command::Expire, State::Listed(term) | State::Suspended { term: Some(term), .. }) => {
            if date_of(now) <= term.to {
                return Err(Refusal::TooEarly);
            }
            Event::Expired
        }
        (
            Command::SeekConsent
            | Command::NoteConsent
            | Command::Judge(_)
            | Command::OpenPublicity { .. }
            | Command::FixPublicity { .. }
            | Command::Object
            | Command::ClosePublicity(_)
            | Command::Repair
            | Command::Renew(_)
            | Command::GiveUp
            | Command::Warn
            | Command::Expire,
            _,
        ) => return Err(refused),
    };
    Ok(vec![event])
}

/// A hit is certain, whatever else has not been heard; a yes needs everything.
fn judged(entry: &Entry, judgement: Judgement, term: Option<Term>, since: DateTime<Utc>) -> Vec<Event> {
    if !judgement.hits.is_empty() {
        // Who was listed has the time to cure that is left; who never was, only for what can be cured.
        return vec![if term.is_some() || !judgement.rejects {
            Event::Suspended { judgement, since, term }
        } else {
            Event::Rejected { why: Why::HardExclusion, judgement }
        }];
    }
    if !judgement.pending.is_empty() {
        return if entry.waiting { Vec::new() } else { vec![Event::SourceAwaited] };
    }
    vec![match (judgement.passes, term) {
        (true, _) => Event::Scored(judgement),
        (false, Some(_)) => Event::Removed(Why::ScoreTooLow),
        (false, None) => Event::Rejected { why: Why::ScoreTooLow, judgement },
    }]
}

fn published(entry: &Entry, judgement: Judgement, now: DateTime<Utc>) -> Vec<Event> {
    if !judgement.hits.is_empty() {
        return watched(entry, judgement, now);
    }
    if !judgement.pending.is_empty() {
        return if entry.waiting { Vec::new() } else { vec![Event::SourceAwaited] };
    }
    vec![if judgement.passes {
        Event::Listed { judgement, term: Term::beginning(date_of(now)) }
    } else {
        Event::Rejected { why: Why::ScoreTooLow, judgement }
    }]
}

fn watched(entry: &Entry, judgement: Judgement, now: DateTime<Utc>) -> Vec<Event> {
    let hit = !judgement.hits.is_empty();
    match entry.state {
        State::Scored | State::Publicity { .. } if hit && judgement.rejects => {
            vec![Event::Rejected { why: Why::HardExclusion, judgement }]
        }
        State::Scored | State::Publicity { .. } if hit => {
            vec![Event::Suspended { judgement, since: now, term: None }]
        }
        State::Listed(term) if hit => vec![Event::Suspended { judgement, since: now, term: Some(term) }],
        State::Suspended { .. } if hit && judgement.hits != entry.hits => {
            vec![Event::HitsChanged(judgement.hits)]
        }
        // Cured: on the list again, if its term still runs and the points still are enough.
        State::Suspended { term: Some(term), .. } if judgement.is_clean() && date_of(now) <= term.to => {
            vec![Event::Reinstated { term }]
        }
        State::Suspended { .. } if !hit && judgement.pending.is_empty() => vec![Event::Repaired],
        State::Scored
        | State::Publicity { .. }
        | State::Listed(_)
        | State::Suspended { .. }
        | State::Nominated
        | State::ConsentPending
        | State::Screening { .. }
        | State::Rejected(_)
        | State::Removed(_)
        | State::Expired => Vec::new(),
    }
}

fn renewed(judgement: Judgement, term: Term, now: DateTime<Utc>) -> Result<Event, Refusal> {
    let early =
        term.to.checked_sub_signed(TimeDelta::days(RENEWAL_DAYS)).is_some_and(|day| date_of(now) < day);
    if early {
        return Err(Refusal::TooEarly);
    }
    if !judgement.is_clean() {
        return Err(Refusal::NotEligible);
    }
    Ok(Event::Renewed { judgement, term: term.renewed() })
}

/// The entry after `event`.
#[must_use]
pub fn apply(mut entry: Entry, event: &Event, now: DateTime<Utc>) -> Entry {
    entry.version += 1;
    entry.updated_at = now;
    entry.waiting = matches!(event, Event::SourceAwaited);
    match *event {
        Event::ConsentSought => entry.state = State::ConsentPending,
        Event::ConsentGiven => entry.state = State::Screening { term: None, suspended_since: None },
        Event::SourceAwaited | Event::Warned => {}
        Event::Rejected { why, judgement } => entry.judge(judgement, State::Rejected(why)),
        Event::Scored(judgement) => entry.judge(judgement, State::Scored),
        Event::PublicityOpened { at, ends_at } => entry.state = State::Publicity { since: at, ends_at },
        Event::PublicityFixed { ends_at } => {
            if let State::Publicity { since, .. } = entry.state {
                entry.state = State::Publicity { since, ends_at: Some(ends_at) };
            }
        }
        Event::Objected => entry.state = State::Screening { term: None, suspended_since: None },
        Event::Listed { judgement, term } | Event::Renewed { judgement, term } => {
            entry.judge(judgement, State::Listed(term));
        }
        Event::Suspended { judgement, since, term } => {
            // The grade that it was listed with stays until it is screened anew.
            entry.hits = judgement.hits;
            entry.state = State::Suspended { since, term };
        }
        Event::HitsChanged(hits) => entry.hits = hits,
        Event::Reinstated { term } => {
            entry.hits = Exclusions::NONE;
            entry.state = State::Listed(term);
        }
        Event::Repaired => {
            let (term, since) = match entry.state {
                State::Suspended { since, term } => (term, Some(since)),
                _ => (None, None),
            };
            entry.state = State::Screening { term, suspended_since: since };
        }
        Event::Removed(why) => entry.state = State::Removed(why),
        Event::Expired => entry.state = State::Expired,
    }
    entry
}

impl Entry {
    fn judge(&mut self, judgement: Judgement, state: State) {
        let Judgement { run, total, grade, hits, .. } = judgement;
        self.judged = Some(Judged { run, total, grade });
        self.hits = hits;
        self.state = state;
    }
}
