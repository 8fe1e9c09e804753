//! Drafts: created, changed while they are drafts, submitted.

use host::Begun;
use proto::intake::v1 as wire;
use rpc::Fault;
use tonic::{Request, Response};
use writes::Writes;

use super::{
    lookup,
    service::Deps,
    submit::{doer, entry, open},
};
use crate::{
    domain::{Command, Event},
    journal::Journal,
    store::cases,
    wire::{application::form, views},
};

impl Deps {
    pub(super) async fn create_draft(
        &self,
        request: Request<wire::CreateDraftRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let (channel, form) = form(body.channel, body.application.as_ref())?;
        let number = self.numbers.next(self.clock.now()).await?;
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "CreateDraft").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let record = open(channel, form, number, now);
        let mut journal = Journal::new(now, &self.rules);
        journal.enter(&record.case, &Event::Drafted, &doer(change.caller()));
        let mut writes = Writes::new();
        cases::insert(&mut writes, std::slice::from_ref(&record));
        writes.execute(change.conn()).await?;
        journal.write(change.conn()).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        change.commit(answer, &entry("CREATE_DRAFT", record.case.id), &[]).await
    }

    pub(super) async fn change_draft(
        &self,
        request: Request<wire::ChangeDraftRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "ChangeDraft").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        record.expect_version(body.version)?;
        let (_, form) = form(record.case.channel.number(), body.application.as_ref())?;
        let mut journal = Journal::new(now, &self.rules);
        journal.execute(&mut record.case, Command::ChangeDraft, &doer(change.caller()), &mut [])?;
        record.form = form;
        journal.changes.forms.push((record.case.id, record.form.clone()));
        journal.write(change.conn()).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        change.commit(answer, &entry("CHANGE_DRAFT", record.case.id), &[]).await
    }

    pub(super) async fn submit_draft(
        &self,
        request: Request<wire::SubmitDraftRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "SubmitDraft").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        record.expect_version(body.version)?;
        let mut journal = Journal::new(now, &self.rules);
        self.submit(&mut journal, &mut record, &doer(change.caller()))?;
        cases::root(change.conn(), record.case.id, record.root_traceparent.as_deref()).await?;
        journal.write(change.conn()).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        let answer = change.commit(answer, &entry("SUBMIT_DRAFT", record.case.id), &[]).await?;
        self.after_commit();
        Ok(answer)
    }
}
