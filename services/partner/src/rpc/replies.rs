//! What institutions say, from the checked request to the act: offers and refusals, questions, what follows a choice.

use chrono::Utc;
use kernel::calendar;
use kernel::{LegId, ReplyId};
use prost::Message as _;
use proto::partner::v1::confirm_selection_request::Answer as Confirming;
use proto::partner::v1::reply_submitted::Reply as Said;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, ConfirmSelectionRequest, OfferTakenBack, RequestSupplementRequest,
    SubmitDecisionRequest, SubmitDecisionResponse, SubmitReportRequest, WithdrawOfferRequest,
};
use rpc::check::Checker;
use rpc::replay::BodyHash;
use rpc::{Answer, Fault};
use tonic::Response;

use super::acting::{Institution, answer};
use super::assignments::Assignments;
use super::{checks, confirmations, policy, quotes};
use crate::domain::{self, Command, Reply, ReplyKind};
use crate::store::{self, Act, ValidUntil};
use crate::{messaging, wire};

/// Something to say, checked, and the field in which it came.
struct Statement {
    said: Said,
    kind: ReplyKind,
    field: &'static str,
    valid_until: Option<ValidUntil>,
}

impl Statement {
    fn new(field: &'static str, kind: ReplyKind, said: Said) -> Self {
        Self { said, kind, field, valid_until: None }
    }

    fn until(self, at: chrono::DateTime<Utc>, field: &'static str) -> Self {
        Self { valid_until: Some(ValidUntil { at, field }), ..self }
    }
}

impl Assignments {
    /// Carries out an act that says something.
    pub(super) async fn say(&self, act: Act) -> Answer<SubmitDecisionResponse> {
        Ok(Response::new(self.said(act).await?))
    }

    pub(super) async fn said(&self, act: Act) -> Result<SubmitDecisionResponse, Fault> {
        answer(self.acts.carry_out(act).await?, decided)
    }

    pub(super) fn acceptance(
        &self,
        institution: Institution,
        request: &AcceptAssignmentRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
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
        Ok(Act {
            request: Some(request),
            ..institution.acting(person).act(id, Command::Accept, "ACCEPT_ASSIGNMENT", now, message)
        })
    }

    pub(super) fn decision(
        &self,
        institution: Institution,
        request: SubmitDecisionRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let mut check = Checker::new();
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
            decision(&mut check, request.decision),
        );
        let (id, request_id, person, statement) = check.all(fields)?;
        let (file_if_late, offers) = (request.file_if_late, statement.kind.is_offer());
        let command = |_| Command::Decide { file_if_late, offers };
        let act = self.replying(&institution.acting(person), id, command, "SUBMIT_DECISION", statement);
        Ok(Act {
            etag: (!request.etag.is_empty()).then_some(request.etag),
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

    pub(super) fn question(
        &self,
        institution: Institution,
        request: &RequestSupplementRequest,
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
        let statement = Statement::new("document_codes", ReplyKind::Question, Said::Supplement(asked));
        let act = self.replying(&institution, id, |_| Command::Ask, "REQUEST_SUPPLEMENT", statement);
        let method = policy::REQUEST_SUPPLEMENT;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_assignment };
        Ok(Act { request: Some(request), ..act })
    }

    pub(super) fn withdrawal(
        &self,
        institution: Institution,
        request: &WithdrawOfferRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let mut check = Checker::new();
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
        );
        let (id, request_id, person) = check.all(fields)?;
        let statement = Statement::new("name", ReplyKind::TakenBack, Said::TakenBack(OfferTakenBack {}));
        let command = |by| Command::TakeBack { by };
        let act = self.replying(&institution.acting(person), id, command, "WITHDRAW_OFFER", statement);
        let method = policy::WITHDRAW_OFFER;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_decision };
        Ok(Act { request: Some(request), ..act })
    }

    pub(super) fn confirmation(
        &self,
        institution: Institution,
        request: ConfirmSelectionRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let mut check = Checker::new();
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
            confirming(&mut check, request.answer),
        );
        let (id, request_id, person, statement) = check.all(fields)?;
        let institution = institution.acting(person);
        let act = if statement.kind == ReplyKind::Refusal {
            let command = |by| Command::Refuse { by };
            self.replying(&institution, id, command, "REFUSE_SELECTION", statement)
        } else {
            let command = |by| Command::Confirm { by };
            self.replying(&institution, id, command, "CONFIRM_SELECTION", statement)
        };
        let method = policy::CONFIRM_SELECTION;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_decision };
        Ok(Act { request: Some(request), ..act })
    }

    pub(super) fn report(
        &self,
        institution: Institution,
        request: SubmitReportRequest,
        body_hash: BodyHash,
    ) -> Result<Act, Fault> {
        let today = calendar::date_of(self.clock.now());
        let mut check = Checker::new();
        let report = check.present("report", request.report);
        let report = report.and_then(|report| confirmations::report(&mut check, report, today));
        let fields = (
            checks::assignment(&mut check, &request.name),
            check.request_id(&request.request_id),
            checks::person(&mut check, &request.acted_by),
            report,
        );
        let (id, request_id, person, (report, valid_until)) = check.all(fields)?;
        let statement = Statement::new("report", ReplyKind::Report, Said::Report(report))
            .until(calendar::end_of_day(valid_until), "report.valid_until");
        let command = |by| Command::Report { by };
        let act = self.replying(&institution.acting(person), id, command, "SUBMIT_REPORT", statement);
        let method = policy::SUBMIT_REPORT;
        let request = store::Request { id: request_id, method, body_hash, respond: respond_decision };
        Ok(Act { request: Some(request), ..act })
    }

    /// An act that says something to the service centre; `command` is told the id of the reply.
    fn replying(
        &self,
        institution: &Institution,
        assignment_id: LegId,
        command: impl FnOnce(ReplyId) -> Command,
        action: &'static str,
        statement: Statement,
    ) -> Act {
        let now = self.clock.now();
        let id = ReplyId::new(now, &mut rand::rng());
        let message = messaging::submitted(id, assignment_id, institution.id, now, statement.said);
        let reply = Reply {
            id,
            assignment_id,
            institution_id: institution.id,
            kind: statement.kind,
            late: false,
            submitted_at: now,
            body: message.message.body.clone(),
        };
        Act {
            reply: Some(reply),
            field: statement.field,
            valid_until: statement.valid_until,
            ..institution.act(assignment_id, command(id), action, now, message)
        }
    }
}

fn decision(check: &mut Checker, decision: Option<Decision>) -> Option<Statement> {
    match check.present("decision", decision)? {
        Decision::Offer(offer) => checks::offer(check, offer).map(|(offer, until)| {
            let kind = ReplyKind::Offer { seq: offer.offer_seq };
            Statement::new("offer", kind, Said::Offer(offer)).until(until, "offer.valid_until")
        }),
        Decision::Valuation(quote) => quotes::valuation(check, quote).map(|(quote, until)| {
            let kind = ReplyKind::Valuation { seq: quote.quote_seq };
            Statement::new("valuation", kind, Said::Valuation(quote)).until(until, "valuation.valid_until")
        }),
        Decision::Insurance(quote) => quotes::insurance(check, quote).map(|(quote, until)| {
            let kind = ReplyKind::Insurance { seq: quote.quote_seq };
            Statement::new("insurance", kind, Said::Insurance(quote)).until(until, "insurance.valid_until")
        }),
        Decision::Guarantee(given) => quotes::guarantee(check, given).map(|(given, until)| {
            let kind = ReplyKind::Guarantee { seq: given.commitment_seq };
            Statement::new("guarantee", kind, Said::Guarantee(given)).until(until, "guarantee.valid_until")
        }),
        Decision::Decline(decline) => checks::decline(check, &decline)
            .map(|given| Statement::new("decline", ReplyKind::Decline, Said::Decline(given))),
    }
}

fn confirming(check: &mut Checker, answer: Option<Confirming>) -> Option<Statement> {
    match check.present("answer", answer)? {
        Confirming::Approval(approval) => confirmations::approval(check, &approval)
            .map(|approval| Statement::new("approval", ReplyKind::Approval, Said::Approval(approval))),
        Confirming::Confirmation(confirmation) => confirmations::confirmation(check, &confirmation)
            .map(|given| Statement::new("confirmation", ReplyKind::Confirmation, Said::Confirmed(given))),
        Confirming::Decline(decline) => checks::decline(check, &decline)
            .map(|given| Statement::new("decline", ReplyKind::Refusal, Said::Refused(given))),
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
