//! Decides commands on a cover request (domain.md §3.2 b, undo table). Deciding changes nothing. Facts of the case come
//! in any order and more than once: an older one than was taken is dropped, and the end of a case is final.

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, LegId, leg::LegState};

use super::{
    appetite::Need,
    cover::{Candidate, Cover, CoverId, EndCause, Join, Leg, Phase, Quote, ReleaseCause},
    event::{Event, apply},
};

/// What an institution answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Quote(Box<Quote>),
    Decline(DeclineReason),
}

/// What intake says of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFact {
    /// The enterprise has chosen, with this answer of ours or without cover, and the bank has until `due_at`.
    Selected {
        leg: Option<LegId>,
        due_at: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    },
    /// The chosen bank has approved.
    Approved {
        leg: Option<LegId>,
        at: DateTime<Utc>,
    },
    /// The choice is open again.
    Reopened,
    Ended(EndCause),
}

impl CaseFact {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Selected { .. } => "CASE_SELECTED",
            Self::Approved { .. } => "CASE_APPROVED",
            Self::Reopened => "CASE_REOPENED",
            Self::Ended(_) => "CASE_ENDED",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    MarkDelivered {
        leg: LegId,
        at: DateTime<Utc>,
    },
    MarkReviewing {
        leg: LegId,
        at: DateTime<Utc>,
    },
    Answer {
        leg: LegId,
        answer: Answer,
        at: DateTime<Utc>,
    },
    KeepLate {
        leg: LegId,
        quote: Option<Quote>,
        decline: Option<DeclineReason>,
    },
    /// Given when the leg had ended: a policy may have been issued all the same.
    KeepLateConfirmation {
        leg: LegId,
        document_no: String,
    },
    TakeBack {
        leg: LegId,
    },
    Confirm {
        leg: LegId,
        document_no: String,
    },
    Refuse {
        leg: LegId,
        reason: DeclineReason,
    },
    /// The calendar of that year has come.
    FixWindow {
        closes_at: DateTime<Utc>,
    },
    /// Silent legs time out.
    CloseWindow,
    /// Quotes that ended before this instant and were not chosen.
    ExpireQuotes {
        before: DateTime<Utc>,
    },
    /// `version`: the case's, of which the fact tells.
    TakeFact {
        fact: CaseFact,
        version: i64,
    },
    /// Cover was asked for again: nobody has heard of the answer.
    AskAgain,
}

/// Doing a thing twice is a value, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Executed(Vec<Event>),
    AlreadyApplied,
}

/// A command that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{command} is not possible in state {state}")]
pub struct Refusal {
    pub state: &'static str,
    pub command: &'static str,
}

/// What was asked of the case, and since when.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: CoverId,
    pub case: kernel::CaseId,
    pub round: u8,
    pub case_version: i64,
    pub need: Need,
    pub closes_at: Option<DateTime<Utc>>,
}

/// A new cover request with its frozen roster. Nobody to ask ends it at once.
pub fn request(request: Request, roster: &[Candidate], now: DateTime<Utc>) -> (Cover, Vec<Event>) {
    let legs = u16::try_from(roster.len()).unwrap_or(u16::MAX);
    let leg = |one: &Candidate| Leg {
        id: one.leg,
        institution: one.institution,
        role: one.role,
        government_backed: one.government_backed,
        state: LegState::Created,
        version: 1,
        issued_at: now,
        delivered_at: None,
        replied_at: None,
        quote: None,
        document_no: String::new(),
    };
    let cover = Cover {
        id: request.id,
        case: request.case,
        round: request.round,
        version: 0,
        case_version: request.case_version,
        ended: false,
        opened: false,
        need: request.need,
        join: Join { legs, answered: 0, closes_at: request.closes_at },
        phase: Phase::Collecting,
        asked_at: now,
        legs: roster.iter().map(leg).collect(),
    };
    let mut events = vec![Event::Requested { legs }];
    if legs == 0 {
        events.push(Event::Quoted);
    }
    (cover, events)
}

/// What `command` does to `cover` at `now`.
///
/// # Errors
/// A [`Refusal`] that names the state and the command; nothing has changed then.
pub fn decide(cover: &Cover, command: Command, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let refused = |command| Err(Refusal { state: cover.phase.code(), command });
    let mut steps = Steps::from(cover);
    let open = |leg: LegId| cover.leg(leg).is_some_and(|leg| leg.state.is_open());
    match command {
        Command::MarkDelivered { leg, at } => steps.then(Event::LegDelivered { leg, at }),
        Command::MarkReviewing { leg, at } => steps.then(Event::LegReviewing { leg, at }),
        Command::Answer { leg, answer, at } => {
            let first = open(leg);
            let collecting = matches!(cover.phase, Phase::Collecting);
            if first && !collecting {
                return refused("first answer");
            }
            steps.then(Event::LegAnswered { leg, answer, at, first });
            if collecting {
                steps.end_when_all_answered(now);
            } else {
                steps.then(Event::QuotedAgain);
            }
        }
        Command::KeepLate { leg, quote, decline } => {
            steps.then(Event::LegAnsweredLate { leg, quote, decline });
        }
        Command::KeepLateConfirmation { leg, document_no } => {
            steps.then(Event::LegConfirmedLate { leg, document_no });
        }
        Command::TakeBack { leg } => {
            steps.then(Event::LegTakenBack { leg });
            if !matches!(cover.phase, Phase::Collecting) {
                steps.then(Event::QuotedAgain);
            }
        }
        Command::Confirm { leg, document_no } => match cover.phase {
            Phase::Held { leg: held, .. } if held == leg => {
                steps.then(Event::LegConfirmed { leg, document_no })
            }
            _ => return refused("confirm"),
        },
        Command::Refuse { leg, reason } => match cover.phase {
            Phase::Held { leg: held, .. } if held == leg => steps.then(Event::LegRefused { leg, reason }),
            _ => return refused("refuse"),
        },
        Command::FixWindow { closes_at } => {
            if matches!(cover.phase, Phase::Collecting) && cover.join.closes_at.is_none() {
                steps.then(Event::WindowFixed { closes_at });
            }
        }
        Command::CloseWindow => {
            if matches!(cover.phase, Phase::Collecting) {
                for leg in cover.legs.iter().filter(|leg| leg.state.is_open()) {
                    steps.then(Event::LegTimedOut { leg: leg.id });
                }
                steps.end_when_all_answered(now);
            }
        }
        Command::ExpireQuotes { before } => {
            if !matches!(cover.phase, Phase::Collecting) {
                steps.expire(before);
            }
        }
        Command::TakeFact { fact: CaseFact::Ended(cause), version } => steps.end(cause, version),
        Command::TakeFact { fact, version } => {
            if !cover.ended && version > cover.case_version {
                steps.then(Event::CaseNoted { fact, version });
                steps.follow(fact);
            }
        }
        Command::AskAgain => {
            if !cover.ended && !matches!(cover.phase, Phase::Collecting) {
                steps.then(Event::QuotedAgain);
            }
        }
    }
    Ok(if steps.events.is_empty() { Decision::AlreadyApplied } else { Decision::Executed(steps.events) })
}

/// Events so far, and the cover after them.
struct Steps {
    cover: Cover,
    events: Vec<Event>,
}

impl Steps {
    fn from(cover: &Cover) -> Self {
        Self { cover: cover.clone(), events: Vec::new() }
    }

    fn then(&mut self, event: Event) {
        self.cover = apply(self.cover.clone(), &event);
        self.events.push(event);
    }

    /// The last answer, or the end of the window, ends the round.
    fn end_when_all_answered(&mut self, now: DateTime<Utc>) {
        if self.cover.join.answered >= self.cover.join.legs {
            self.expire(now);
            self.then(Event::Quoted);
        }
    }

    fn expire(&mut self, before: DateTime<Utc>) {
        let lapsed = |leg: &&Leg| leg.is_offered() && leg.valid_until().is_some_and(|until| until < before);
        let lapsed: Vec<LegId> = self.cover.legs.iter().filter(lapsed).map(|leg| leg.id).collect();
        for leg in lapsed {
            self.then(Event::LegExpired { leg });
        }
    }

    fn follow(&mut self, fact: CaseFact) {
        match fact {
            CaseFact::Selected { leg, due_at, at } => {
                self.undo_unless(leg);
                if let Some(leg) = leg.filter(|leg| self.cover.phase.chosen() != Some(*leg)) {
                    self.select(leg, due_at, at);
                }
            }
            CaseFact::Approved { leg, at } => {
                self.undo_unless(leg);
                if let Some(leg) = leg.filter(|leg| self.cover.phase.chosen() != Some(*leg)) {
                    // The choice itself is still on its way, or was never heard of.
                    self.select(leg, None, at);
                }
                let chosen = self.cover.phase.chosen();
                self.release_all_but(chosen);
                let stands = matches!(self.cover.phase, Phase::Collecting | Phase::Quoted);
                if chosen.is_none() && stands {
                    let cause = if leg.is_some() { ReleaseCause::CoverGone } else { ReleaseCause::NotChosen };
                    self.then(Event::Released { cause });
                }
            }
            CaseFact::Reopened => self.undo_unless(None),
            CaseFact::Ended(_) => {}
        }
    }

    /// What was chosen before and is not now: a choice is undone, a confirmation released.
    fn undo_unless(&mut self, chosen: Option<LegId>) {
        match self.cover.phase {
            Phase::Held { leg, .. } if chosen != Some(leg) => self.then(Event::LegUnselected { leg }),
            Phase::Bound { leg } if chosen != Some(leg) => self.then(Event::BindingUndone { leg }),
            Phase::Collecting
            | Phase::Quoted
            | Phase::NoQuote
            | Phase::Held { .. }
            | Phase::Bound { .. }
            | Phase::Released { .. } => {}
        }
    }

    /// `at`: when the enterprise chose; a quote that was valid then does not end by our taking notice later.
    fn select(&mut self, leg: LegId, due_at: Option<DateTime<Utc>>, at: DateTime<Utc>) {
        let stands = matches!(self.cover.phase, Phase::Quoted)
            && self
                .cover
                .leg(leg)
                .is_some_and(|leg| leg.is_offered() && leg.valid_until().is_some_and(|until| at <= until));
        self.then(if stands { Event::LegSelected { leg, due_at } } else { Event::CoverGone { leg } });
    }

    fn release_all_but(&mut self, chosen: Option<LegId>) {
        let releasable = |leg: &&Leg| Some(leg.id) != chosen && (leg.state.is_open() || leg.stands());
        let legs: Vec<LegId> = self.cover.legs.iter().filter(releasable).map(|leg| leg.id).collect();
        for leg in legs {
            self.then(Event::LegReleased { leg });
        }
    }

    fn end(&mut self, cause: EndCause, version: i64) {
        if self.cover.ended {
            return;
        }
        self.then(Event::CaseNoted { fact: CaseFact::Ended(cause), version });
        self.release_all_but(None);
        match self.cover.phase {
            Phase::Collecting | Phase::Quoted | Phase::Held { .. } | Phase::Bound { .. } => {
                self.then(Event::Released { cause: ReleaseCause::Case(cause) });
            }
            // There is nothing that anyone could rely on.
            Phase::NoQuote | Phase::Released { .. } => {}
        }
    }
}
