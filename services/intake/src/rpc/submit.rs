//! `SubmitApplication`: the whole application in one call and one transaction. It succeeds while catalog, whitelist, partner
//! and the broker are away.

use chrono::{DateTime, Utc};
use kernel::{CaseId, CaseNumber};
use prost::Message as _;
use proto::intake::v1 as wire;
use rpc::{Caller, Fault, audit, replay};
use tonic::{Request, Response};

use super::{
    lookup,
    service::Deps,
    submissions::{Submission, Work},
};
use crate::{
    domain::{Case, Channel, Command, Event, Form, Party, Phase},
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        cases::Record,
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
        let request_id = lookup::request_id(&body.request_id)?;
        let caller = rpc::caller(&request)?.clone();
        let number = self.numbers.next(self.clock.now()).await?;
        let now = self.clock.now();
        let submission = Submission {
            request_id,
            method: "SubmitApplication",
            body_hash: replay::body_hash(body),
            now,
            work: self.prepare(open(channel, form, number, now), &doer(&caller), now),
            caller,
        };
        let answer = self.submissions.carry_out(submission).await?;
        let answer = wire::CaseResponse::decode(answer.as_slice());
        answer.map(Response::new).map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))
    }

    fn prepare(&self, mut record: Record, doer: &Doer, now: DateTime<Utc>) -> Result<Work, Fault> {
        let mut journal = Journal::new(now, &self.rules);
        journal.enter(&record.case, &Event::Drafted, doer);
        self.submit(&mut journal, &mut record, doer)?;
        Ok(Work {
            entry: entry("SUBMIT_APPLICATION", record.case.id),
            trace_id: telemetry::context::current_trace_id(),
            // That the application is taken in, whatever planning makes of it, and whether or not it came to that already.
            answer: wire::CaseResponse { case: Some(views::header(&record)) }.encode_to_vec(),
            record,
            journal,
            plan: None,
        })
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
