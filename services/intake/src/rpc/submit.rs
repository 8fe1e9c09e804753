//! `SubmitApplication`: the whole application in one call and one transaction. Nobody else is asked, so that it
//! succeeds while catalog, whitelist, partner and the broker are away.

use chrono::{DateTime, Utc};
use host::Begun;
use kernel::{CaseId, CaseNumber};
use proto::intake::v1 as wire;
use rpc::{Caller, Fault, audit};
use tonic::{Request, Response};

use super::{lookup, service::Deps};
use crate::{
    domain::{Case, Channel, Command, Event, Form, Party, Phase},
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        cases::{self, Record},
        deadlines::{Deadline, Kind},
    },
    wire::{application::form, views},
};

impl Deps {
    pub(super) async fn submit_application(
        &self,
        request: Request<wire::SubmitApplicationRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let (channel, form) = form(body.channel, body.application.as_ref())?;
        let number = self.numbers.next(self.clock.now()).await?;
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "SubmitApplication")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let mut record = open(channel, form, number, change.now());
        let mut journal = Journal::new(change.now(), &self.rules);
        journal.enter(&record.case, &Event::Drafted, &doer(change.caller()));
        self.submit(&mut journal, &mut record, &doer(change.caller()))?;
        cases::insert(change.conn(), std::slice::from_ref(&record)).await?;
        journal.changes.cases.clear();
        journal.write(change.conn()).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        let entry = entry("SUBMIT_APPLICATION", record.case.id);
        let answer = change.commit(answer, &entry, &[]).await?;
        self.after_commit();
        Ok(answer)
    }

    /// Submits a draft, and says what is next.
    pub(super) fn submit(
        &self,
        journal: &mut Journal,
        record: &mut Record,
        doer: &Doer,
    ) -> Result<(), Fault> {
        let command = Command::Submit { missing: record.form.missing() };
        journal.execute(&mut record.case, command, doer, &mut [])?;
        record.submitted_at = Some(journal.now);
        record.root_traceparent = telemetry::context::current_traceparent();
        journal.changes.outgoing.push(publish::submitted(&record.case, &record.form, journal.now));
        if self.rules.policy.accepts_by_itself(record.case.channel) {
            journal.changes.set(Deadline::now(record.case.id, Kind::Plan, journal.now));
        }
        Ok(())
    }

    /// Wakes whoever has something to do after a commit.
    pub(super) fn after_commit(&self) {
        self.outbox.wake();
        self.alarm.planning();
        self.alarm.timers();
    }
}

/// A new case in DRAFT, not yet stored. Its number is taken before the transaction begins: reserving a block needs a
/// connection of its own, and a repeated request wastes no more than a number.
pub(super) fn open(channel: Channel, form: Form, number: CaseNumber, now: DateTime<Utc>) -> Record {
    let case = Case {
        id: CaseId::new(now, &mut rand::rng()),
        version: 1,
        channel,
        supplemented: false,
        round: 0,
        phase: Phase::Draft,
    };
    Record { case, number, form, created_at: now, submitted_at: None, root_traceparent: None }
}

/// Staff act for the enterprise at the window; a role takes in applications for it.
pub(super) fn doer(caller: &Caller) -> Doer {
    Doer { party: Party::Enterprise, name: caller.audit_name() }
}

/// Staff acting for the service centre.
pub(super) fn centre(caller: &Caller) -> Doer {
    Doer { party: Party::Service, name: caller.audit_name() }
}

pub(super) fn entry(action: &'static str, case: CaseId) -> audit::Entry {
    audit::Entry {
        action,
        object_kind: "case",
        object_id: case.uuid(),
        purpose: lookup::PURPOSE,
        result: "DONE",
    }
}
