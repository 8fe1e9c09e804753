//! Runs commands on cover requests and gathers what follows: new state, record, deadlines, messages. One journal is one
//! transaction's worth of changes.

use chrono::{DateTime, Utc};
use kernel::{Due, InstitutionId, LegId};
use telemetry::context;
use tracing::info_span;

use crate::{
    domain::{
        Answer, Command, Cover, Decision, Event, Phase, Policy, Refusal, apply,
        cover::Candidate,
        decide,
        decide::{Request, request},
    },
    messaging::publish,
    store::{
        Changes,
        covers::Record,
        deadlines::{Deadline, Kind},
        entries::Entry,
        quotes::Kept,
    },
};

/// The wave of insurers and guarantors.
const WAVE: u8 = 2;

/// Who did it, as the record shows it: "role:…", "institution:…".
#[derive(Debug, Clone)]
pub(crate) struct Doer(String);

impl Doer {
    /// Insurance itself: deadlines, joins.
    pub(crate) fn insurance() -> Self {
        Self("role:insurance".to_owned())
    }

    /// A fact of the case.
    pub(crate) fn intake() -> Self {
        Self("role:intake".to_owned())
    }

    /// An institution that answered; the person's name stays with partner.
    pub(crate) fn institution(id: InstitutionId) -> Self {
        Self(format!("institution:{id}"))
    }
}

/// What figures are told of the legs.
fn outcomes(cover: &Cover) -> Vec<(i32, Option<DateTime<Utc>>)> {
    cover.legs.iter().map(|leg| (leg.state.number(), leg.replied_at)).collect()
}

#[derive(Debug)]
pub(crate) struct Journal {
    pub now: DateTime<Utc>,
    pub policy: Policy,
    pub changes: Changes,
}

impl Journal {
    pub(crate) fn new(now: DateTime<Utc>, policy: Policy) -> Self {
        Self { now, policy, changes: Changes::default() }
    }

    /// Begins a cover request: freezes the roster and issues its legs.
    pub(crate) fn begin(
        &mut self,
        asked: Request,
        roster: &[Candidate],
        window: Due,
        root_traceparent: Option<String>,
    ) -> Record {
        let closes_at = asked.closes_at;
        let (mut cover, events) = request(asked, roster, self.now);
        for event in &events {
            cover = apply(cover, event);
            self.enter(&cover, event, &Doer::intake());
            self.changes.outgoing.extend(publish::of_event(&cover, event, self.now));
        }
        let is_recorded = context::current_traceparent().is_some_and(|trace| context::is_recorded(&trace));
        for leg in &cover.legs {
            let span = if is_recorded {
                info_span!("inst.request", role = leg.role.code(), wave = WAVE, leg = %leg.id)
            } else {
                tracing::Span::none()
            };
            let issued = span.in_scope(|| publish::leg_issued(leg, closes_at, self.now));
            self.changes.outgoing.push(issued);
            self.changes.new_legs.push((cover.id, leg.clone()));
        }
        if matches!(cover.phase, Phase::Collecting) {
            let window = Deadline::due(cover.id, Kind::Window, self.now, self.policy.window, window);
            let look = self.next_look(window, closes_at);
            self.changes.set(look);
        }
        let record = Record { cover, root_traceparent };
        self.changes.new_covers.push(record.clone());
        record
    }

    /// Decides `command` and applies its events.
    ///
    /// # Errors
    /// The refusal; nothing has been noted then.
    pub(crate) fn execute(
        &mut self,
        cover: &mut Cover,
        command: Command,
        doer: &Doer,
    ) -> Result<Vec<Event>, Refusal> {
        let events = match decide(cover, command, self.now)? {
            Decision::Executed(events) => events,
            Decision::AlreadyApplied => return Ok(Vec::new()),
        };
        let before: Vec<(LegId, i64)> = cover.legs.iter().map(|leg| (leg.id, leg.version)).collect();
        let mut told = outcomes(cover);
        for event in &events {
            *cover = apply(cover.clone(), event);
            self.enter(cover, event, doer);
            self.keep(event);
            let outgoing = publish::of_event(cover, event, self.now);
            // Every fact of the cover itself says how its legs stand.
            if outgoing.iter().any(|one| one.aggregate_id == cover.id.uuid()) {
                told = outcomes(cover);
            }
            self.changes.outgoing.extend(outgoing);
        }
        // Before the round's end nothing is told; its end tells everything.
        if !matches!(cover.phase, Phase::Collecting) && told != outcomes(cover) {
            self.changes.outgoing.push(publish::legs_changed(cover, self.now));
        }
        for leg in cover.legs.iter().filter(|leg| !before.contains(&(leg.id, leg.version))) {
            self.changes.note_leg(leg);
        }
        self.changes.note_cover(cover);
        self.plan(cover, &events);
        Ok(events)
    }

    /// What is to be done next, by the state that the cover has come into.
    fn plan(&mut self, cover: &Cover, events: &[Event]) {
        if matches!(cover.phase, Phase::Collecting) {
            return;
        }
        self.changes.done(cover.id, Kind::Window);
        match cover.next_expiry() {
            Some(at) => {
                let due_at = at + self.policy.grace();
                self.changes.set(Deadline::at(cover.id, Kind::Expire, self.now, due_at));
            }
            None => self.changes.done(cover.id, Kind::Expire),
        }
        let selected = events.iter().any(|event| matches!(event, Event::LegSelected { .. }));
        match cover.phase {
            Phase::Held { .. } if selected => {
                let due_at = self.now + self.policy.ask_again();
                self.changes.set(Deadline::at(cover.id, Kind::Hold, self.now, due_at));
            }
            Phase::Held { .. } => {}
            Phase::Collecting
            | Phase::Quoted
            | Phase::NoQuote
            | Phase::Bound { .. }
            | Phase::Released { .. } => self.changes.done(cover.id, Kind::Hold),
        }
    }

    /// When to look at a window next: at its end, or earlier to ask the silent again.
    pub(crate) fn next_look(&self, window: Deadline, closes_at: Option<DateTime<Utc>>) -> Deadline {
        let again = self.now + self.policy.ask_again();
        let due_at = closes_at.map(|closes_at| again.min(closes_at + self.policy.grace()));
        Deadline { due_at, ..window }
    }

    fn keep(&mut self, event: &Event) {
        let kept = match event {
            Event::LegAnswered { leg, answer: Answer::Quote(quote), .. } => {
                Some(Kept { leg: *leg, quote: quote.as_ref().clone(), late: false })
            }
            Event::LegAnsweredLate { leg, quote: Some(quote), .. } => {
                Some(Kept { leg: *leg, quote: quote.clone(), late: true })
            }
            Event::Requested { .. }
            | Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::LegConfirmedLate { .. }
            | Event::LegTakenBack { .. }
            | Event::LegTimedOut { .. }
            | Event::LegExpired { .. }
            | Event::WindowFixed { .. }
            | Event::Quoted
            | Event::QuotedAgain
            | Event::CaseNoted { .. }
            | Event::LegSelected { .. }
            | Event::LegUnselected { .. }
            | Event::LegConfirmed { .. }
            | Event::LegRefused { .. }
            | Event::BindingUndone { .. }
            | Event::LegReleased { .. }
            | Event::CoverGone { .. }
            | Event::Released { .. } => None,
        };
        self.changes.quotes.extend(kept);
    }

    fn enter(&mut self, cover: &Cover, event: &Event, doer: &Doer) {
        self.changes.entries.push(Entry {
            cover: cover.id,
            version: cover.version,
            at: self.now,
            kind: event.kind(),
            actor: doer.0.clone(),
            leg: event.leg(),
            codes: event.codes(),
            trace_id: context::current_traceparent().and_then(|parent| context::trace_id(&parent)),
        });
    }
}
