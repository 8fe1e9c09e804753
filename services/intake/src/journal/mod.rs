//! Runs commands on cases and gathers what follows: new state, legs, deadlines, timeline, public events. One journal is
//! one transaction's worth of changes.

mod deadlines;
mod legs;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Calendar, Due, InstitutionId, InstitutionRole};
use sqlx::PgConnection;
use telemetry::context;
use tracing::info_span;
use writes::Writes;

pub(crate) use deadlines::longest;

use crate::{
    domain::{
        Case, Command, CoverNeed, Decision, Engagement, Event, Leg, Party, Refusal, apply, decide,
        plan::Policy,
    },
    messaging::{cover_request, publish},
    store::{Changes, StoreError, cases::Record, deadlines::Deadline, timeline::Entry},
};

/// Who did it, as the timeline shows it: "staff:…", "role:intake", "institution:…".
#[derive(Debug, Clone)]
pub(crate) struct Doer {
    pub party: Party,
    pub name: String,
}

impl Doer {
    /// Intake itself: planning, deadlines, joins.
    pub(crate) fn intake() -> Self {
        Self { party: Party::Service, name: "role:intake".to_owned() }
    }

    /// Insurance, for its insurers and guarantors.
    pub(crate) fn insurance() -> Self {
        Self { party: Party::Insurer, name: "role:insurance".to_owned() }
    }

    /// An institution that answered; the person's name stays with partner.
    pub(crate) fn institution(role: InstitutionRole, id: InstitutionId) -> Self {
        let party = match role {
            InstitutionRole::Bank => Party::Bank,
            InstitutionRole::Insurer | InstitutionRole::Guarantor | InstitutionRole::ReGuarantor => {
                Party::Insurer
            }
            InstitutionRole::Evaluator
            | InstitutionRole::IpFund
            | InstitutionRole::Investor
            | InstitutionRole::Exchange
            | InstitutionRole::IpAgency => Party::Service,
        };
        Self { party, name: format!("institution:{id}") }
    }
}

/// What deadlines are computed by.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub policy: Arc<Policy>,
    pub calendar: Arc<Calendar>,
}

impl Rules {
    /// Answers that were given in time may still be on their way when their time ends.
    pub(crate) fn grace(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.policy.grace_seconds))
    }

    /// When to look at a window next: at its end, or earlier to ask the silent again.
    pub(crate) fn next_look(
        &self,
        window: Deadline,
        now: DateTime<Utc>,
        closes_at: Option<DateTime<Utc>>,
    ) -> Deadline {
        let again = now + TimeDelta::seconds(i64::from(self.policy.ask_again_seconds));
        let due_at = closes_at.map(|closes_at| again.min(closes_at + self.grace()));
        Deadline { due_at, ..window }
    }

    /// Until when an engaged evaluator is to deliver; None while the calendar of that year is missing.
    pub(crate) fn report_by(&self, engagement: &Engagement) -> Option<DateTime<Utc>> {
        match self.calendar.deadline(engagement.confirmed_at, engagement.span()) {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        }
    }
}

/// Cover that this transaction asks for.
#[derive(Debug)]
pub(crate) struct CoverAsk {
    pub case: Case,
    pub need: CoverNeed,
    pub traceparent: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Journal {
    pub now: DateTime<Utc>,
    pub changes: Changes,
    pub asks: Vec<CoverAsk>,
    pub rules: Rules,
}

impl Journal {
    pub(crate) fn new(now: DateTime<Utc>, rules: &Rules) -> Self {
        Self { now, changes: Changes::default(), asks: Vec::new(), rules: rules.clone() }
    }

    /// Decides `command` and applies its events. `legs` is the whole roster of the case, every round, where the command
    /// can end a round or a choice: its legs move with the case, and public facts carry a summary of them.
    ///
    /// # Errors
    /// The refusal; nothing has been noted then.
    pub(crate) fn execute(
        &mut self,
        case: &mut Case,
        command: Command,
        doer: &Doer,
        legs: &mut [Leg],
    ) -> Result<Vec<Event>, Refusal> {
        let events = match decide(case, command, self.now)? {
            Decision::Executed(events) => events,
            Decision::AlreadyApplied => return Ok(Vec::new()),
        };
        for event in &events {
            self.move_legs(case, event, legs);
        }
        for event in &events {
            *case = apply(case.clone(), event);
            let submitted = matches!(event, Event::Submitted { .. }).then_some(self.now);
            self.changes.note_case(case, submitted);
            self.enter(case, event, doer);
            self.changes.outgoing.extend(publish::of_case(case, event, legs, self.now));
            self.follow(case, event, legs);
        }
        Ok(events)
    }

    /// The same for a command that comes from outside: what follows from it is part of the case's own journey, and linked
    /// to the call.
    ///
    /// # Errors
    /// The refusal; nothing has been noted then.
    pub(crate) fn carry_out(
        &mut self,
        record: &mut Record,
        command: Command,
        doer: &Doer,
        legs: &mut [Leg],
    ) -> Result<Vec<Event>, Refusal> {
        let span = info_span!("case.command", case = %record.case.id, command = command.name());
        if let Some(root) = &record.root_traceparent {
            let called = context::current_traceparent();
            context::child_of(&span, root);
            if let Some(called) = called {
                context::link(&span, &called);
            }
        }
        span.in_scope(|| self.execute(&mut record.case, command, doer, legs))
    }

    /// Writes everything; the rows of changed cases must be locked, or compared with what was read.
    pub(crate) async fn write(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let mut writes = Writes::new();
        self.gather(&mut writes, conn).await?;
        Ok(writes.execute(conn).await?)
    }

    /// As [`Self::write`], but leaves in `writes` what need not be written before.
    pub(crate) async fn gather(
        &mut self,
        writes: &mut Writes,
        conn: &mut PgConnection,
    ) -> Result<(), StoreError> {
        if !self.asks.is_empty() {
            cover_request::ask(self, conn).await?;
        }
        self.changes.gather(writes, conn).await
    }

    /// The timeline entry of one event.
    pub(crate) fn enter(&mut self, case: &Case, event: &Event, doer: &Doer) {
        self.changes.entries.push(Entry {
            case: case.id,
            version: case.version,
            at: self.now,
            kind: event.kind().to_owned(),
            party: doer.party.code().to_owned(),
            actor: doer.name.clone(),
            leg: event.leg(),
            codes: event.codes(),
            trace_id: context::current_trace_id(),
        });
    }
}
