//! Drafts: created, changed while they are drafts, submitted.

use proto::intake::v1 as wire;
use rpc::Fault;
use tonic::Request;

use super::{
    change::{Begun, Change},
    service::Deps,
    submit::{doer, entry},
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
    ) -> Result<wire::CaseResponse, Fault> {
        let body = request.get_ref();
        let (channel, form) = form(body.channel, body.application.as_ref())?;
        let now = self.clock.now();
        let mut change = match Change::begin(&self.pool, &request, &body.request_id, "CreateDraft", now).await? {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let record = self.open(channel, form, &change).await?;
        let mut journal = Journal::new(now);
        journal.enter(&record.case, &Event::Drafted, &doer(&change.caller));
        cases::insert(&mut change.tx, std::slice::from_ref(&record)).await?;
        journal.changes.write(&mut change.tx).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        change.commit(answer, entry("CREATE_DRAFT", record.case.id)).await
    }

    pub(super) async fn change_draft(
        &self,
        request: Request<wire::ChangeDraftRequest>,
    ) -> Result<wire::CaseResponse, Fault> {
        let body = request.get_ref();
        let now = self.clock.now();
        let mut change = match Change::begin(&self.pool, &request, &body.request_id, "ChangeDraft", now).await? {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let mut record = change.case(&body.case_id).await?;
        record.expect_version(body.version)?;
        let (_, form) = form(record.case.channel.number(), body.application.as_ref())?;
        let mut journal = Journal::new(now);
        journal.execute(&mut record.case, Command::ChangeDraft, &doer(&change.caller), &[])?;
        record.form = form;
        journal.changes.forms.push((record.case.id, record.form.clone()));
        journal.changes.write(&mut change.tx).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        change.commit(answer, entry("CHANGE_DRAFT", record.case.id)).await
    }

    pub(super) async fn submit_draft(
        &self,
        request: Request<wire::SubmitDraftRequest>,
    ) -> Result<wire::CaseResponse, Fault> {
        let body = request.get_ref();
        let now = self.clock.now();
        let mut change = match Change::begin(&self.pool, &request, &body.request_id, "SubmitDraft", now).await? {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let mut record = change.case(&body.case_id).await?;
        record.expect_version(body.version)?;
        let mut journal = Journal::new(now);
        self.submit(&mut journal, &mut record, &doer(&change.caller))?;
        cases::root(&mut change.tx, record.case.id, record.root_traceparent.as_deref()).await?;
        journal.changes.write(&mut change.tx).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        let answer = change.commit(answer, entry("SUBMIT_DRAFT", record.case.id)).await?;
        self.after_commit();
        Ok(answer)
    }
}
