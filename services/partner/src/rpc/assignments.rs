//! `AssignmentService`, for institutions.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Clock, InstitutionId, LegId, ReplyId};
use prost::Message as _;
use proto::partner::v1::assignment_service_server::AssignmentService;
use proto::partner::v1::reply_submitted::Reply as Said;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, Assignment, GetAssignmentRequest, ListAssignmentsRequest,
    ListAssignmentsResponse, RequestSupplementRequest, SubmitDecisionRequest, SubmitDecisionResponse,
};
use rpc::check::{Checker, page_token};
use rpc::replay::{BodyHash, body_hash};
use rpc::{Answer, Fault, reasons as shared};
use sqlx::PgPool;
use tonic::{Request, Response};

use super::acting::{Institution, answer};
use super::door::Door;
use super::dossiers::Dossiers;
use super::{checks, policy};
use crate::domain::{self, Command, Reply, ReplyKind};
use crate::messaging;
use crate::store::{self, Act, Acts};
use crate::wire;

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
        let request = request.into_inner();
        let mut check = Checker::new();
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
        );
        let (id, request_id, person) = check.all(fields)?;
        let now = self.clock.now();
        let message = messaging::accepted(id, institution.id, now);
        let method = policy::ACCEPT_ASSIGNMENT;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_assignment };
        let act = Act {
            request: Some(request),
            ..institution.acting(person).act(id, Command::Accept, "ACCEPT_ASSIGNMENT", now, message)
        };
        let outcome = self.acts.carry_out(act).await.map_err(Fault::from)?;
        Ok(Response::new(answer(outcome, wire::assignment)?))
    }

    async fn submit_decision(
        &self,
        request: Request<SubmitDecisionRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.decision(institution, request.into_inner(), body_hash)?;
        let reply_id = act.reply.as_ref().map(|reply| reply.id);
        let outcome = self.acts.carry_out(act).await.map_err(Fault::from)?;
        Ok(Response::new(answer(outcome, |assignment| decided(assignment, reply_id))?))
    }

    async fn withdraw_offer(
        &self,
        _request: Request<proto::partner::v1::WithdrawOfferRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        Err(tonic::Status::unimplemented("not yet"))
    }

    async fn confirm_selection(
        &self,
        _request: Request<proto::partner::v1::ConfirmSelectionRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        Err(tonic::Status::unimplemented("not yet"))
    }

    async fn submit_report(
        &self,
        _request: Request<proto::partner::v1::SubmitReportRequest>,
    ) -> Answer<SubmitDecisionResponse> {
        Err(tonic::Status::unimplemented("not yet"))
    }

    async fn request_supplement(&self, request: Request<RequestSupplementRequest>) -> Answer<Assignment> {
        let institution = Institution::of(&request)?;
        let body_hash = body_hash(request.get_ref());
        let act = self.question(institution, request.into_inner(), body_hash)?;
        let outcome = self.acts.carry_out(act).await.map_err(Fault::from)?;
        Ok(Response::new(answer(outcome, wire::assignment)?))
    }
}

impl Assignments {
    async fn get(&self, request: &Request<GetAssignmentRequest>) -> Result<Assignment, Fault> {
        let institution = Institution::of(request)?;
        let mut check = Checker::new();
        let id = checks::assignment(&mut check, &request.get_ref().name);
        let (id,) = check.all((id,))?;
        let found = store::assignments::find(&self.pool, institution.id, id).await?;
        if found.is_none() {
            return Err(Fault::new(&shared::NOT_FOUND));
        }
        let reading = self.dossiers.read(id, institution.id).await?;
        let now = self.clock.now();
        let message = messaging::received(id, institution.id, now);
        let act = institution.act(id, Command::Receive, "READ_DOSSIER", now, message);
        let assignment = answer(self.acts.carry_out(act).await?, wire::assignment)?;
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

    fn decision(
        &self,
        institution: Institution,
        request: SubmitDecisionRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let mut check = Checker::new();
        let id = checks::assignment(&mut check, &request.name);
        let request_id = check.request_id(&request.request_id);
        let person = checks::person(&mut check, &request.acted_by);
        let said = match request.decision {
            None => {
                check.refuse("decision", &shared::FIELD_REQUIRED);
                None
            }
            Some(Decision::Offer(offer)) => checks::offer(&mut check, offer).map(|(offer, valid_until)| {
                (Said::Offer(offer), ReplyKind::Offer { seq: offer.offer_seq }, Some(valid_until))
            }),
            Some(Decision::Valuation(_) | Decision::Insurance(_) | Decision::Guarantee(_)) => {
                check.refuse("decision", &shared::FIELD_INVALID);
                None
            }
            Some(Decision::Decline(decline)) => checks::decline(&mut check, &decline)
                .map(|given| (Said::Decline(given), ReplyKind::Decline, None)),
        };
        let (id, request_id, person, (said, kind, valid_until)) =
            check.all((id, request_id, person, said))?;
        let command = Command::Decide { file_if_late: request.file_if_late };
        let act = self.replying(&institution.acting(person), id, command, "SUBMIT_DECISION", kind, said);
        Ok(Act {
            etag: (!request.etag.is_empty()).then_some(request.etag),
            valid_until,
            acknowledges: true,
            request: Some(store::Request {
                id: request_id,
                method: policy::SUBMIT_DECISION,
                body_hash,
                respond: respond_decision,
            }),
            ..act
        })
    }

    fn question(
        &self,
        institution: Institution,
        request: RequestSupplementRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let mut check = Checker::new();
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
            checks::question(&mut check, &request.document_codes, &request.note),
        );
        let (id, request_id, person, asked) = check.all(fields)?;
        let institution = institution.acting(person);
        let said = Said::Supplement(asked);
        let act =
            self.replying(&institution, id, Command::Ask, "REQUEST_SUPPLEMENT", ReplyKind::Question, said);
        let method = policy::REQUEST_SUPPLEMENT;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_assignment };
        Ok(Act { request: Some(request), ..act })
    }

    /// An act that says something to the service centre.
    fn replying(
        &self,
        institution: &Institution,
        assignment_id: LegId,
        command: Command,
        action: &'static str,
        kind: ReplyKind,
        said: Said,
    ) -> Act {
        let now = self.clock.now();
        let id = ReplyId::random(&mut rand::rng());
        let message = messaging::submitted(id, assignment_id, institution.id, now, said);
        let reply = Reply {
            id,
            assignment_id,
            institution_id: institution.id,
            kind,
            late: false,
            submitted_at: now,
            body: message.body.clone(),
        };
        Act { reply: Some(reply), ..institution.act(assignment_id, command, action, now, message) }
    }
}

fn decided(assignment: &domain::Assignment, reply_id: Option<ReplyId>) -> SubmitDecisionResponse {
    SubmitDecisionResponse {
        reply_id: reply_id.map(|id| id.to_string()).unwrap_or_default(),
        assignment: Some(wire::assignment(assignment)),
    }
}

fn respond_decision(assignment: &domain::Assignment, reply_id: Option<ReplyId>) -> Vec<u8> {
    decided(assignment, reply_id).encode_to_vec()
}

fn respond_assignment(assignment: &domain::Assignment, _reply_id: Option<ReplyId>) -> Vec<u8> {
    wire::assignment(assignment).encode_to_vec()
}
