//! `AssignmentService`, for institutions: reading and listing; what they say is put together in `replies`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Clock, InstitutionId, LegId};
use proto::partner::v1::assignment_service_server::AssignmentService;
use proto::partner::v1::{
    AcceptAssignmentRequest, Assignment, ConfirmSelectionRequest, GetAssignmentRequest,
    ListAssignmentsRequest, ListAssignmentsResponse, RequestSupplementRequest, SubmitDecisionRequest,
    SubmitDecisionResponse, SubmitDecisionsRequest, SubmitDecisionsResponse, SubmitReportRequest,
    WithdrawOfferRequest,
};
use rpc::check::{Checker, page_token};
use rpc::replay::body_hash;
use rpc::{Answer, Fault, reasons as shared};
use sqlx::PgPool;
use tonic::{Request, Response};

use super::acting::{Institution, answer};
use super::checks;
use super::door::Door;
use super::dossiers::Dossiers;
use crate::domain::Command;
use crate::store::{self, Acts, Outcome};
use crate::{messaging, reasons, wire};

/// Page sizes of `ListAssignments`.
const PAGE: i32 = 50;
const MAX_PAGE: i32 = 200;

/// Where a page ended, and whose page of which list it was.
type Cursor = (InstitutionId, bool, DateTime<Utc>, LegId);

pub(super) struct Assignments {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) acts: Arc<Acts>,
    pub(super) dossiers: Dossiers,
    pub(super) door: Door,
}

#[tonic::async_trait]
impl AssignmentService for Assignments {
    async fn get_assignment(&self, request: Request<GetAssignmentRequest>) -> Answer<Assignment> {
        let read = self.get(&request);
        Ok(Response::new(self.door.while_open(&request, read).await?))
    }

    async fn list_assignments(
        &self,
        request: Request<ListAssignmentsRequest>,
    ) -> Answer<ListAssignmentsResponse> {
        Ok(Response::new(self.list(&request).await?))
    }

    async fn accept_assignment(&self, request: Request<AcceptAssignmentRequest>) -> Answer<Assignment> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.acceptance(institution, &request.into_inner(), body_hash)?;
        let outcome = self.acts.carry_out(act).await.map_err(Fault::from)?;
        Ok(Response::new(answer(outcome, |assignment, _| wire::assignment(assignment))?))
    }

    async fn submit_decision(
        &self,
        request: Request<SubmitDecisionRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.decision(institution, request.into_inner(), body_hash)?;
        self.say(act).await
    }

    async fn submit_decisions(
        &self,
        request: Request<SubmitDecisionsRequest>,
    ) -> Answer<SubmitDecisionsResponse> {
        let institution = Institution::of(&request)?;
        Ok(Response::new(self.decide_all(&institution, request.into_inner()).await?))
    }

    async fn withdraw_offer(&self, request: Request<WithdrawOfferRequest>) -> Answer<SubmitDecisionResponse> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.withdrawal(institution, &request.into_inner(), body_hash)?;
        self.say(act).await
    }

    async fn confirm_selection(
        &self,
        request: Request<ConfirmSelectionRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.confirmation(institution, request.into_inner(), body_hash)?;
        self.say(act).await
    }

    async fn submit_report(&self, request: Request<SubmitReportRequest>) -> Answer<SubmitDecisionResponse> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.report(institution, request.into_inner(), body_hash)?;
        self.say(act).await
    }

    async fn request_supplement(&self, request: Request<RequestSupplementRequest>) -> Answer<Assignment> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.question(institution, &request.into_inner(), body_hash)?;
        let outcome = self.acts.carry_out(act).await.map_err(Fault::from)?;
        Ok(Response::new(answer(outcome, |assignment, _| wire::assignment(assignment))?))
    }
}

impl Assignments {
    async fn get(&self, request: &Request<GetAssignmentRequest>) -> Result<Assignment, Fault> {
        let institution = Institution::of(request)?;
        let mut check = Checker::new();
        let id = checks::assignment(&mut check, &request.get_ref().name);
        let (id,) = check.all((id,))?;
        let found = store::assignments::find(&self.pool, institution.id, id).await?;
        let Some(terms) = found.as_ref().and_then(|found| found.terms.as_ref()) else {
            return Err(Fault::new(&shared::NOT_FOUND));
        };
        if found.as_ref().is_some_and(|found| found.state.is_closed_unseen()) {
            return Err(Fault::new(&reasons::DOSSIER_CLOSED));
        }
        let reading = self.dossiers.read(terms.is_cover(), id, institution.id).await?;
        let now = self.clock.now();
        let message = messaging::received(id, institution.id, now);
        let act = institution.act(id, Command::Receive, "READ_DOSSIER", now, message);
        let outcome = self.acts.carry_out(act).await?;
        // It may have ended, unread, while the dossier was fetched.
        if matches!(&outcome, Outcome::Done(assignment, _) if assignment.state.is_closed_unseen()) {
            return Err(Fault::new(&reasons::DOSSIER_CLOSED));
        }
        let assignment = answer(outcome, |assignment, _| wire::assignment(assignment))?;
        Ok(Assignment { dossier: Some(reading.dossier), supplements: reading.supplements, ..assignment })
    }

    async fn list(
        &self,
        request: &Request<ListAssignmentsRequest>,
    ) -> Result<ListAssignmentsResponse, Fault> {
        let institution = Institution::of(request)?.id;
        let request = request.get_ref();
        let mut check = Checker::new();
        let size = check.page_size(request.page_size, PAGE, MAX_PAGE);
        let cursor = check.page_token::<Cursor>(&request.page_token);
        if let Some(Some((whose, open_only, _, _))) = cursor
            && (whose, open_only) != (institution, request.open_only)
        {
            check.refuse("page_token", &shared::PAGE_TOKEN_INVALID);
        }
        let (size, cursor) = check.all((size, cursor))?;
        let query = store::assignments::ListQuery {
            institution_id: institution,
            open_only: request.open_only,
            after: cursor.map(|(_, _, at, id)| (at, id)),
            // One more than asked shows whether there is another page.
            limit: i64::from(size) + 1,
        };
        let mut found = store::assignments::list(&self.pool, &query).await?;
        let size = usize::try_from(size).unwrap_or_default();
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| more).and_then(|last| Some((last.terms.as_ref()?, last.id)));
        let next_page_token = last
            .map(|(terms, id)| page_token(&(institution, request.open_only, terms.issued_at, id)))
            .unwrap_or_default();
        Ok(ListAssignmentsResponse {
            assignments: found.iter().map(wire::assignment).collect(),
            next_page_token,
        })
    }
}
