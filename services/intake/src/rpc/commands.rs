//! Commands of the desk on a submitted case: supplement, acceptance, withdrawal, another round.

use host::{Begun, Change};
use kernel::documents::DocumentCode;
use proto::{intake::v1 as wire, whitelist::v1 as whitelist};
use rpc::Fault;
use tonic::{Request, Response};

use super::{
    lookup,
    service::Deps,
    submit::{centre, doer, entry},
};
use crate::{
    domain::{Command, Phase, WithdrawCause, plan::Screening},
    journal::Journal,
    reasons,
    store::{
        cases::Record,
        deadlines::{Deadline, Kind},
        legs,
    },
    wire::{application, planning, views},
};

impl Deps {
    pub(super) async fn request_supplement(
        &self,
        request: Request<wire::RequestSupplementRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let asked = application::document_codes(&body.document_codes, &body.note)?;
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "RequestSupplement")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let mut journal = Journal::new(now, &self.rules);
        let command = Command::RequestSupplement { asked };
        journal.carry_out(&mut record, command, &centre(change.caller()), &mut [])?;
        let due = self.rules.calendar.deadline(now, self.rules.policy.supplement);
        let deadline =
            Deadline::due(record.case.id, Kind::Supplement, now, self.rules.policy.supplement, due);
        journal.changes.set(deadline);
        journal.changes.clear(record.case.id, Kind::Plan);
        self.finish(change, &mut journal, record, "REQUEST_SUPPLEMENT").await
    }

    pub(super) async fn provide_supplement(
        &self,
        request: Request<wire::ProvideSupplementRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let documents = application::documents(&body.documents, "")?;
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "ProvideSupplement")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let mut journal = Journal::new(now, &self.rules);
        let given: Vec<DocumentCode> = documents.iter().map(|document| document.code).collect();
        let command = Command::Supplement { given };
        journal.carry_out(&mut record, command, &doer(change.caller()), &mut [])?;
        record.form.add_documents(&documents);
        journal.changes.forms.push((record.case.id, record.form.clone()));
        journal.changes.clear(record.case.id, Kind::Supplement);
        if self.rules.policy.accepts_by_itself(record.case.channel) {
            journal.changes.set(Deadline::now(record.case.id, Kind::Plan, now));
        }
        self.finish(change, &mut journal, record, "PROVIDE_SUPPLEMENT").await
    }

    /// The guards of acceptance (consent, enterprise, assets) are asked of whitelist before the transaction.
    pub(super) async fn accept_case(
        &self,
        request: Request<wire::AcceptCaseRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        // A repeat gets its first answer, whoever is away now.
        if let Begun::Repeat(first) =
            self.changes.begin(&request, lookup::request_id(&body.request_id)?, "AcceptCase").await?
        {
            return Ok(first);
        }
        let seen = {
            let mut conn = self.pool.acquire().await?;
            lookup::find(&mut conn, &body.case_id).await?
        };
        let standing = match seen.form.complete() {
            Ok(complete) => Some(self.standing(&complete).await?),
            Err(_) => None,
        };
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "AcceptCase").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        if record.case.version != seen.case.version {
            return Err(Fault::new(&rpc::reasons::TRY_AGAIN));
        }
        let mut journal = Journal::new(now, &self.rules);
        let (Phase::Submitted { .. }, Some(standing)) = (&record.case.phase, standing) else {
            let state = record.case.phase.code();
            return Err(Fault::new(&reasons::CASE_STATE)
                .metadata("state", state)
                .metadata("command", "accept"));
        };
        let profile = match (standing.screen(), standing.profile) {
            (Screening::Clear | Screening::Excluded(_), Some(profile)) => profile,
            (Screening::Held(held), _) => return Err(unaccepted(&held)),
            (_, None) => return Err(Fault::new(&reasons::ENTERPRISE_UNKNOWN)),
        };
        let command = Command::Accept { automatic: false, enterprise: profile.id, park: profile.park };
        journal.carry_out(&mut record, command, &centre(change.caller()), &mut [])?;
        journal.changes.set(Deadline::now(record.case.id, Kind::Plan, now));
        self.finish(change, &mut journal, record, "ACCEPT_CASE").await
    }

    pub(super) async fn standing(
        &self,
        application: &crate::domain::Application,
    ) -> Result<crate::domain::plan::Standing, Fault> {
        let queries = vec![planning::standing_query(application)];
        let mut standings = self
            .whitelist
            .clone()
            .get_standings(whitelist::GetStandingsRequest { queries })
            .await
            .map_err(|status| Fault::of_peer("whitelist", status))?
            .into_inner()
            .standings;
        let found = standings.pop().ok_or_else(|| Fault::new(&rpc::reasons::INTERNAL))?;
        planning::standing(found).map_err(|status| Fault::of_peer("whitelist", status))
    }

    pub(super) async fn withdraw_case(
        &self,
        request: Request<wire::WithdrawCaseRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        application::reason_text(&body.reason)?;
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "WithdrawCase")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let mut journal = Journal::new(now, &self.rules);
        let mut roster = legs::of_cases(change.conn(), &[record.case.id]).await?;
        let command = Command::Withdraw { cause: WithdrawCause::Enterprise };
        journal.carry_out(&mut record, command, &doer(change.caller()), &mut roster)?;
        self.finish(change, &mut journal, record, "WITHDRAW_CASE").await
    }

    pub(super) async fn redispatch_case(
        &self,
        request: Request<wire::RedispatchCaseRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        let mut change = match self
            .changes
            .begin(&request, lookup::request_id(&body.request_id)?, "RedispatchCase")
            .await?
        {
            Begun::Fresh(change) => change,
            Begun::Repeat(first) => return Ok(first),
        };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let mut journal = Journal::new(now, &self.rules);
        journal.carry_out(&mut record, Command::Redispatch, &centre(change.caller()), &mut [])?;
        journal.changes.set(Deadline::now(record.case.id, Kind::Plan, now));
        self.finish(change, &mut journal, record, "REDISPATCH_CASE").await
    }

    pub(super) async fn give_up_case(
        &self,
        request: Request<wire::GiveUpCaseRequest>,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        let body = request.get_ref();
        application::reason_text(&body.reason)?;
        let mut change =
            match self.changes.begin(&request, lookup::request_id(&body.request_id)?, "GiveUpCase").await? {
                Begun::Fresh(change) => change,
                Begun::Repeat(first) => return Ok(first),
            };
        let now = change.now();
        let mut record = lookup::lock(&mut change, &body.case_id).await?;
        let mut journal = Journal::new(now, &self.rules);
        // Quotes of evaluators may still stand.
        let mut roster = legs::of_cases(change.conn(), &[record.case.id]).await?;
        journal.carry_out(&mut record, Command::GiveUp, &centre(change.caller()), &mut roster)?;
        self.finish(change, &mut journal, record, "GIVE_UP_CASE").await
    }

    pub(super) async fn finish(
        &self,
        mut change: Change,
        journal: &mut Journal,
        record: Record,
        action: &'static str,
    ) -> Result<Response<wire::CaseResponse>, Fault> {
        journal.write(change.conn()).await?;
        let answer = wire::CaseResponse { case: Some(views::header(&record)) };
        let answer = change.commit(answer, &entry(action, record.case.id), &[]).await?;
        self.after_commit();
        Ok(answer)
    }
}

/// Why a clerk may not accept.
fn unaccepted(held: &[String]) -> Fault {
    let reason = match held.first().map(String::as_str) {
        Some("ENTERPRISE_UNKNOWN") => &reasons::ENTERPRISE_UNKNOWN,
        Some("ASSET_UNKNOWN") => &reasons::ASSET_UNKNOWN,
        _ => &reasons::CONSENT_NOT_ACTIVE,
    };
    Fault::new(reason).metadata("held", held.join(","))
}
