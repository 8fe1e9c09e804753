//! Runs commands on cases and gathers what follows: new state, legs, deadlines, timeline, public events. One journal is
//! one transaction's worth of changes.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    Calendar, Due, InstitutionId, InstitutionRole, LegId,
    leg::{LegCommand, LegStep},
};
use sqlx::PgConnection;
use telemetry::context;
use tracing::info_span;
use writes::Writes;

use crate::{
    domain::{Case, Command, CoverNeed, Decision, Event, Leg, Party, Refusal, apply, decide, plan::Policy},
    messaging::{cover_request, publish},
    store::{
        Changes, StoreError,
        cases::Record,
        deadlines::{Deadline, Kind},
        timeline::Entry,
    },
};

/// When to look again at a time to choose that cannot be computed, because the calendar of that year is missing.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

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
}

/// Cover that this transaction asks for.
#[derive(Debug)]
pub(crate) struct CoverAsk {
    pub case: Case,
    pub need: CoverNeed,
    pub span: tracing::Span,
}

#[derive(Debug)]
pub(crate) struct Journal {
    pub now: DateTime<Utc>,
    pub changes: Changes,
    pub asks: Vec<CoverAsk>,
    rules: Rules,
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

    /// Writes everything; the rows of changed cases must be locked.
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
            trace_id: context::current_traceparent().and_then(|parent| context::trace_id(&parent)),
        });
    }

    /// What an event does to legs (domain.md §3.2, undo table); institutions are told.
    fn move_legs(&mut self, case: &Case, event: &Event, legs: &mut [Leg]) {
        match event {
            Event::WindowElapsed { .. } => {
                for leg in legs.iter_mut().filter(|leg| leg.round == case.round) {
                    self.move_leg(leg, LegCommand::TimeOut, None);
                }
            }
            Event::WindowFixed { closes_at } => {
                for leg in legs.iter_mut().filter(|leg| leg.round == case.round) {
                    leg.due_at = Some(*closes_at);
                    // A newer version: partner tells the institution the time.
                    leg.change(leg.state);
                    self.changes.note_leg(leg);
                }
            }
            Event::AnswerTakenBack { leg, .. } => {
                self.move_one(legs, Some(*leg), LegCommand::WithdrawOffer, None)
            }
            Event::Selected { choice } => {
                self.move_one(legs, Some(choice.bank), LegCommand::Select, choice.approve_by);
                self.move_one(legs, choice.evaluator, LegCommand::Select, choice.approve_by);
            }
            Event::ApprovalFixed { approve_by } => {
                let chosen = case.phase.choice().map(|choice| (choice.bank, choice.evaluator));
                let is_chosen = |leg: &Leg| {
                    chosen.is_some_and(|(bank, other)| leg.id == bank || Some(leg.id) == other)
                        && matches!(leg.state, kernel::leg::LegState::Selected { .. })
                };
                for leg in legs.iter_mut().filter(|leg| is_chosen(leg)) {
                    leg.change(leg.state);
                    self.changes.note_leg(leg);
                    self.changes.outgoing.push(publish::leg_selected(leg, Some(*approve_by), self.now));
                }
            }
            Event::Approved { .. } => {
                let chosen = case.phase.choice().map(|choice| (choice.bank, choice.evaluator));
                for leg in legs {
                    match chosen {
                        Some((bank, _)) if leg.id == bank => self.move_leg(leg, LegCommand::Confirm, None),
                        Some((_, Some(evaluator))) if leg.id == evaluator => {}
                        Some(_) | None => self.move_leg(leg, LegCommand::Release, None),
                    }
                }
            }
            Event::Reopened { cause, choice, .. } => {
                let undo = if cause.loses_bank() { LegCommand::Release } else { LegCommand::Unselect };
                self.move_one(legs, Some(choice.bank), undo, None);
                self.move_one(legs, choice.evaluator, LegCommand::Unselect, None);
            }
            Event::EvaluatorEngaged { leg } => self.move_one(legs, Some(*leg), LegCommand::Confirm, None),
            Event::EvaluatorLost { leg } => self.move_one(legs, Some(*leg), LegCommand::Release, None),
            Event::ReportDelivered { leg } => {
                self.move_one(legs, Some(*leg), LegCommand::Confirm, None);
                self.move_one(legs, Some(*leg), LegCommand::Fulfil, None);
            }
            Event::Expired { .. }
            | Event::Withdrawn { .. }
            | Event::GivenUp
            | Event::Lapsed
            | Event::ScreenFailed { .. } => {
                for leg in legs {
                    self.move_leg(leg, LegCommand::Release, None);
                }
            }
            Event::Drafted
            | Event::DraftChanged
            | Event::Submitted { .. }
            | Event::Held { .. }
            | Event::SupplementRequested { .. }
            | Event::Supplemented { .. }
            | Event::Accepted { .. }
            | Event::Dispatched { .. }
            | Event::NobodyToAsk { .. }
            | Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegQuestioned { .. }
            | Event::LegQuestionAnswered { .. }
            | Event::LegAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::WaveClosed
            | Event::CoverRequested { .. }
            | Event::CoverQuoted
            | Event::CoverLapsed
            | Event::OffersReady
            | Event::NoOffer
            | Event::CoverBound
            | Event::CoverLost
            | Event::RedispatchRequested => {}
        }
    }

    fn move_one(
        &mut self,
        legs: &mut [Leg],
        id: Option<LegId>,
        command: LegCommand,
        due_at: Option<DateTime<Utc>>,
    ) {
        if let Some(leg) = legs.iter_mut().find(|leg| Some(leg.id) == id) {
            self.move_leg(leg, command, due_at);
        }
    }

    /// Moves a leg where `command` still moves it, and tells its institution.
    fn move_leg(&mut self, leg: &mut Leg, command: LegCommand, due_at: Option<DateTime<Utc>>) {
        let Ok(LegStep::Moved(state)) = leg.state.decide(command) else { return };
        leg.change(state);
        self.changes.note_leg(leg);
        let told = match command {
            LegCommand::TimeOut | LegCommand::Release | LegCommand::WithdrawOffer | LegCommand::Expire => {
                Some(publish::leg_closed(leg, self.now))
            }
            LegCommand::Select => Some(publish::leg_selected(leg, due_at, self.now)),
            LegCommand::Unselect => Some(publish::leg_unselected(leg, self.now)),
            // The fate of its own message tells the institution.
            LegCommand::Receive
            | LegCommand::Review
            | LegCommand::AskInfo
            | LegCommand::AnswerInfo
            | LegCommand::Offer { .. }
            | LegCommand::Decline { .. }
            | LegCommand::Confirm
            | LegCommand::Fulfil
            | LegCommand::Breach => None,
        };
        self.changes.outgoing.extend(told);
    }

    /// What is to be done next for the case, and when: no state that waits is left without an end.
    fn follow(&mut self, case: &Case, event: &Event, legs: &[Leg]) {
        match event {
            Event::WaveClosed => self.changes.clear(case.id, Kind::Window),
            Event::CoverRequested { need } => {
                let again = self.now + TimeDelta::seconds(i64::from(self.rules.policy.ask_again_seconds));
                let due = Due::At(again);
                self.set(case, Kind::Cover, self.rules.policy.cover, due);
                let span = tracing::Span::current();
                self.asks.push(CoverAsk { case: case.clone(), need: need.clone(), span });
            }
            Event::CoverQuoted | Event::CoverLapsed => self.changes.clear(case.id, Kind::Cover),
            Event::OffersReady => {
                if case.phase.collection().is_some_and(|round| round.wave == 1) {
                    self.changes.clear(case.id, Kind::Window);
                }
                let deadline = self.time_to_choose(case, self.now, legs);
                self.changes.set(deadline);
            }
            Event::NoOffer | Event::NobodyToAsk { .. } => {
                self.changes.clear(case.id, Kind::Window);
                self.changes.clear(case.id, Kind::Cover);
                let span = self.rules.policy.no_offer;
                self.set(case, Kind::NoOffer, span, self.rules.calendar.deadline(self.now, span));
            }
            Event::Selected { choice } => {
                self.changes.clear(case.id, Kind::Selection);
                self.set_approval(case, choice.approve_by);
            }
            Event::ApprovalFixed { approve_by } => self.set_approval(case, Some(*approve_by)),
            Event::Approved { .. } => self.changes.clear(case.id, Kind::Approval),
            Event::Reopened { .. } => {
                self.changes.clear(case.id, Kind::Approval);
                let deadline = self.time_to_choose(case, self.now, legs);
                self.changes.set(deadline);
            }
            Event::RedispatchRequested => self.changes.clear(case.id, Kind::NoOffer),
            Event::Expired { .. }
            | Event::Withdrawn { .. }
            | Event::GivenUp
            | Event::Lapsed
            | Event::ScreenFailed { .. } => {
                for kind in Kind::ALL {
                    self.changes.clear(case.id, kind);
                }
            }
            Event::Drafted
            | Event::DraftChanged
            | Event::Submitted { .. }
            | Event::Held { .. }
            | Event::SupplementRequested { .. }
            | Event::Supplemented { .. }
            | Event::Accepted { .. }
            | Event::Dispatched { .. }
            | Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegQuestioned { .. }
            | Event::LegQuestionAnswered { .. }
            | Event::LegAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::AnswerTakenBack { .. }
            | Event::WindowElapsed { .. }
            | Event::WindowFixed { .. }
            | Event::CoverBound
            | Event::CoverLost
            | Event::EvaluatorEngaged { .. }
            | Event::EvaluatorLost { .. }
            | Event::ReportDelivered { .. } => {}
        }
    }

    fn set(&mut self, case: &Case, kind: Kind, span: kernel::Span, due: Due) {
        self.changes.set(Deadline::due(case.id, kind, self.now, span, due));
    }

    fn set_approval(&mut self, case: &Case, approve_by: Option<DateTime<Utc>>) {
        let span = self.rules.policy.approval;
        // What the bank gave in time may still be on its way.
        let due_at = approve_by.map(|at| at + self.rules.grace());
        self.changes.set(Deadline { case: case.id, kind: Kind::Approval, due_at, since: self.now, span });
    }

    /// The enterprise's time to choose: its span, and no longer than the offer that lasts longest.
    pub(crate) fn time_to_choose(&self, case: &Case, since: DateTime<Utc>, legs: &[Leg]) -> Deadline {
        let span = self.rules.policy.selection;
        let by_rule = match self.rules.calendar.deadline(since, span) {
            Due::At(at) => at,
            Due::Pending { .. } => self.now + LOOK_AGAIN,
        };
        let due_at = longest(case, legs).map_or(by_rule, |last| last.min(by_rule));
        Deadline { case: case.id, kind: Kind::Selection, due_at: Some(due_at), since, span }
    }
}

/// Until when the offer that lasts longest is valid; None where none stands.
pub(crate) fn longest(case: &Case, legs: &[Leg]) -> Option<DateTime<Utc>> {
    legs.iter()
        .filter(|leg| leg.round == case.round && leg.role == InstitutionRole::Bank && leg.is_offered())
        .filter_map(|leg| leg.standing.map(|standing| standing.valid_until))
        .max()
}
