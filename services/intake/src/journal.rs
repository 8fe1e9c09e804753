//! Runs commands on cases and gathers what follows: new state, timeline, public events. One journal is one
//! transaction's worth of changes.

use chrono::{DateTime, Utc};
use kernel::{
    InstitutionId, InstitutionRole,
    leg::{LegCommand, LegStep},
};
use telemetry::context;

use crate::{
    domain::{Case, Command, Decision, Event, Leg, Party, Refusal, apply, decide},
    messaging::publish,
    store::{Changes, timeline::Entry},
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

#[derive(Debug)]
pub(crate) struct Journal {
    pub now: DateTime<Utc>,
    pub changes: Changes,
}

impl Journal {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self { now, changes: Changes::default() }
    }

    /// Decides `command` and applies its events. `legs` is the round's roster where the command can end the round;
    /// public facts carry a summary of it.
    ///
    /// # Errors
    /// The refusal; nothing has been noted then.
    pub(crate) fn execute(
        &mut self,
        case: &mut Case,
        command: Command,
        doer: &Doer,
        legs: &[Leg],
    ) -> Result<Vec<Event>, Refusal> {
        let events = match decide(case, command, self.now)? {
            Decision::Executed(events) => events,
            Decision::AlreadyApplied => return Ok(Vec::new()),
        };
        for event in &events {
            *case = apply(case.clone(), event);
            let submitted = matches!(event, Event::Submitted { .. }).then_some(self.now);
            self.changes.note_case(case, submitted);
            self.enter(case, event, doer);
            self.changes.outgoing.extend(publish::of_case(case, event, legs, self.now));
        }
        Ok(events)
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
            trace_id: context::current_traceparent().and_then(|parent| context::trace_id(&parent)),
        });
    }

    /// Ends the legs that `command` (`TimeOut`, `Release`) still moves, and tells their institutions. Returns how many.
    pub(crate) fn close_legs(&mut self, legs: &mut [Leg], command: LegCommand) -> u16 {
        let mut closed = 0;
        for leg in legs {
            if let Ok(LegStep::Moved(state)) = leg.state.decide(command) {
                leg.change(state);
                self.changes.note_leg(leg);
                self.changes.outgoing.push(publish::leg_closed(leg, self.now));
                closed += 1;
            }
        }
        closed
    }
}
