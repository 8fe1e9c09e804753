//! How an entry moves: a command is decided by its state, and the events that come of it make the next state. A hard
//! exclusion wins over everything, a source that has not been heard decides nothing, and nobody comes further without
//! a consent that holds.

use chrono::{DateTime, Utc};
use kernel::calendar::date_of;

use super::entry::{Entry, Judged, Judgement, State, Term, Terms, Why};
use super::hearing::Told;
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
    /// The time to cure is over; with what a screening says then.
    GiveUp(Judgement),
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
            Self::GiveUp(_) => "GIVE_UP",
            Self::Warn => "WARN",
            Self::Expire => "EXPIRE",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    ConsentSought,
    ConsentGiven,
    /// There is none any more.
    ConsentLapsed,
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
    /// Sources are asked again: `at` tells from when on what they say counts.
    Objected {
        at: DateTime<Utc>,
    },
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
    /// Other exclusions than before, or told by others.
    HitsChanged {
        hits: Exclusions,
        told: Told,
    },
    Reinstated {
        term: Term,
    },
    /// `fresh_from`: only what sources told from then on decides, because what they told before is said to be repaired.
    Repaired {
        fresh_from: Option<DateTime<Utc>>,
    },
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
            Self::ConsentLapsed => "CONSENT_LAPSED",
            Self::SourceAwaited => "SOURCE_AWAITED",
            Self::Rejected { .. } => "REJECTED",
            Self::Scored(_) => "SCORED",
            Self::PublicityOpened { .. } => "PUBLICITY_OPENED",
            Self::PublicityFixed { .. } => "PUBLICITY_FIXED",
            Self::Objected { .. } => "OBJECTED",
            Self::Listed { .. } => "LISTED",
            Self::Suspended { .. } => "SUSPENDED",
            Self::HitsChanged { .. } => "HITS_CHANGED",
            Self::Reinstated { .. } => "REINSTATED",
            Self::Repaired { .. } => "REPAIRED",
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
    #[error("the enterprise's consent does not hold")]
    NoConsent,
}

/// The events that `command` leads to; none where there is nothing to do.
pub fn decide(
    entry: &Entry,
    command: Command,
    now: DateTime<Utc>,
    terms: &Terms,
) -> Result<Vec<Event>, Refusal> {
    let refused = Refusal::State { state: entry.state.code(), command: command.code() };
    let event = match (command, entry.state) {
        (Command::SeekConsent, State::Nominated) => Event::ConsentSought,
        (Command::SeekConsent, State::ConsentPending) => return Ok(Vec::new()),
        (Command::NoteConsent, State::ConsentPending) => Event::ConsentGiven,
        (Command::Judge(judgement), State::Screening { term, suspended_since, .. }) => {
            return Ok(judged(entry, judgement, term, suspended_since.unwrap_or(now)));
        }
        (Command::OpenPublicity { ends_at }, State::Scored) => Event::PublicityOpened { at: now, ends_at },
        (Command::OpenPublicity { .. }, State::Publicity { .. }) => return Ok(Vec::new()),
        (Command::FixPublicity { ends_at }, State::Publicity { ends_at: None, .. }) => {
            Event::PublicityFixed { ends_at }
        }
        (Command::Object, State::Publicity { .. }) => Event::Objected { at: now },
        (Command::ClosePublicity(judgement), State::Publicity { ends_at, .. }) => {
            return match ends_at {
                Some(ends_at) if now > ends_at => Ok(published(entry, judgement, now, terms)),
                Some(_) | None => Err(Refusal::TooEarly),
            };
        }
        (Command::Watch(judgement), _) => return Ok(watched(entry, judgement, now)),
        (Command::Repair, State::Suspended { .. }) => Event::Repaired { fresh_from: Some(now) },
        (Command::Renew(judgement), State::Listed(term)) => {
            return renewed(judgement, term, now, terms).map(|e| vec![e]);
        }
        (Command::Remove(_), state) if state.has_ended() => return Err(refused),
        (Command::Remove(why), _) => Event::Removed(why),
        (
            Command::GiveUp(judgement),
            State::Suspended { since, .. } | State::Screening { suspended_since: Some(since), .. },
        ) => {
            if now <= terms.cure_ends(since) {
                return Err(Refusal::TooEarly);
            }
            return Ok(given_up(entry, judgement, now));
        }
        (Command::Warn, State::Listed(_)) => Event::Warned,
        (
            Command::Expire,
            State::Listed(term)
            | State::Suspended { term: Some(term), .. }
            | State::Screening { term: Some(term), .. },
        ) => {
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
            | Command::GiveUp(_)
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
    if !judgement.consented {
        // Who was listed before waits here, because its time to cure and its term go on.
        return if term.is_none() { vec![Event::ConsentLapsed] } else { Vec::new() };
    }
    if !judgement.pending.is_empty() || !entry.held(&judgement).is_empty() {
        return if entry.waiting { Vec::new() } else { vec![Event::SourceAwaited] };
    }
    vec![match (judgement.passes, term) {
        (true, _) => Event::Scored(judgement),
        (false, Some(_)) => Event::Removed(Why::ScoreTooLow),
        (false, None) => Event::Rejected { why: Why::ScoreTooLow, judgement },
    }]
}

fn published(entry: &Entry, judgement: Judgement, now: DateTime<Utc>, terms: &Terms) -> Vec<Event> {
    if !judgement.hits.is_empty() || !judgement.consented {
        return watched(entry, judgement, now);
    }
    if !judgement.pending.is_empty() || !entry.held(&judgement).is_empty() {
        return if entry.waiting { Vec::new() } else { vec![Event::SourceAwaited] };
    }
    vec![if judgement.passes {
        Event::Listed { judgement, term: Term::beginning(date_of(now), terms.term_months) }
    } else {
        Event::Rejected { why: Why::ScoreTooLow, judgement }
    }]
}

fn watched(entry: &Entry, judgement: Judgement, now: DateTime<Utc>) -> Vec<Event> {
    let hit = !judgement.hits.is_empty();
    let (hits, told) = entry.known(&judgement);
    match entry.state {
        State::Scored | State::Publicity { .. } if hit && judgement.rejects => {
            vec![Event::Rejected { why: Why::HardExclusion, judgement }]
        }
        State::Scored | State::Publicity { .. } if hit => {
            vec![Event::Suspended { judgement, since: now, term: None }]
        }
        // Without a consent it goes no further; who is listed stays so, unless an exclusion that is open to everybody is hit.
        State::Scored | State::Publicity { .. } if !judgement.consented => vec![Event::ConsentLapsed],
        State::Listed(term) if hit => vec![Event::Suspended { judgement, since: now, term: Some(term) }],
        State::Suspended { .. } if !hits.is_empty() && (hits, told) != (entry.hits, entry.told) => {
            vec![Event::HitsChanged { hits, told }]
        }
        State::Suspended { .. } if !hits.is_empty() => Vec::new(),
        // Cured: on the list again, if its term still runs and the points still are enough.
        State::Suspended { term: Some(term), .. } if judgement.is_clean() && date_of(now) <= term.to => {
            vec![Event::Reinstated { term }]
        }
        State::Suspended { .. } if judgement.pending.is_empty() => vec![Event::Repaired { fresh_from: None }],
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

/// A hit that is certain removes; a source that should have been heard and was not delays it. What a source told that the
/// enterprise does not let anybody ask any more counts as not cured.
fn given_up(entry: &Entry, judgement: Judgement, now: DateTime<Utc>) -> Vec<Event> {
    let awaited = !judgement.pending.is_empty() || !entry.told.awaited(&judgement.hearing).is_empty();
    if !judgement.hits.is_empty() || !awaited && !entry.held(&judgement).is_empty() {
        return vec![Event::Removed(Why::NotCured)];
    }
    // Cured at the last moment, or waiting; who is screened is decided there.
    watched(entry, judgement, now)
}

fn renewed(judgement: Judgement, term: Term, now: DateTime<Utc>, terms: &Terms) -> Result<Event, Refusal> {
    if terms.renewal_from(term).is_some_and(|day| date_of(now) < day) {
        return Err(Refusal::TooEarly);
    }
    if !judgement.consented {
        return Err(Refusal::NoConsent);
    }
    if !judgement.is_clean() {
        return Err(Refusal::NotEligible);
    }
    Ok(Event::Renewed { judgement, term: term.renewed(terms.term_months) })
}

/// The entry after `event`.
#[must_use]
pub fn apply(mut entry: Entry, event: &Event, now: DateTime<Utc>) -> Entry {
    entry.version += 1;
    entry.updated_at = now;
    entry.waiting = matches!(event, Event::SourceAwaited);
    match *event {
        Event::ConsentSought => entry.state = State::ConsentPending,
        Event::ConsentLapsed => entry.state = State::ConsentPending,
        Event::ConsentGiven => {
            entry.state = State::Screening { term: None, suspended_since: None, fresh_from: None };
        }
        Event::SourceAwaited | Event::Warned => {}
        Event::Rejected { why, judgement } => entry.judge(judgement, State::Rejected(why)),
        Event::Scored(judgement) => entry.judge(judgement, State::Scored),
        Event::PublicityOpened { at, ends_at } => entry.state = State::Publicity { since: at, ends_at },
        Event::PublicityFixed { ends_at } => {
            if let State::Publicity { since, .. } = entry.state {
                entry.state = State::Publicity { since, ends_at: Some(ends_at) };
            }
        }
        Event::Objected { at } => {
            entry.state = State::Screening { term: None, suspended_since: None, fresh_from: Some(at) };
        }
        Event::Listed { judgement, term } | Event::Renewed { judgement, term } => {
            entry.judge(judgement, State::Listed(term));
        }
        Event::Suspended { judgement, since, term } => {
            // The grade that it was listed with stays until it is screened anew.
            (entry.hits, entry.told) = entry.known(&judgement);
            entry.state = State::Suspended { since, term };
        }
        Event::HitsChanged { hits, told } => (entry.hits, entry.told) = (hits, told),
        Event::Reinstated { term } => {
            (entry.hits, entry.told) = (Exclusions::NONE, Told::default());
            entry.state = State::Listed(term);
        }
        Event::Repaired { fresh_from } => {
            let (term, since) = match entry.state {
                State::Suspended { since, term } => (term, Some(since)),
                _ => (None, None),
            };
            entry.state = State::Screening { term, suspended_since: since, fresh_from };
        }
        Event::Removed(why) => entry.state = State::Removed(why),
        Event::Expired => entry.state = State::Expired,
    }
    entry
}

impl Entry {
    fn judge(&mut self, judgement: Judgement, state: State) {
        let Judgement { run, total, grade, .. } = judgement;
        (self.hits, self.told) = self.known(&judgement);
        self.judged = Some(Judged { run, total, grade });
        self.state = state;
    }

    /// The hits after `judgement`, with those that it says nothing of, and who told them.
    fn known(&self, judgement: &Judgement) -> (Exclusions, Told) {
        let hits = judgement.hits.and(self.held(judgement));
        (hits, self.told.after(&judgement.hearing).within(hits))
    }
}
