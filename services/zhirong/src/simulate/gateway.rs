//! The calls that an institution makes about one assignment, each made until it is answered for good.

use kernel::{DeclineReason, InstitutionId};
use proto::intake::v1::{Offer, ValuationReport};
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::confirm_selection_request::Answer;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, Assignment, ConfirmSelectionRequest, Decline, GetAssignmentRequest,
    RequestSupplementRequest, SubmitDecisionRequest, SubmitReportRequest, WithdrawOfferRequest,
};
use rpc::client::Channel;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::attempt::{persist, words};
use super::deed::{Deed, Report};

/// Staff number under which simulated institutions act.
const ACTED_BY: &str = "SIM001";

/// One institution's way to one assignment.
pub(super) struct Gateway {
    pub(super) institution: InstitutionId,
    /// `assignments/{id}`
    pub(super) assignment: String,
    pub(super) client: AssignmentServiceClient<Channel>,
    pub(super) report: Report,
    pub(super) shutdown: CancellationToken,
}

impl Gateway {
    pub(super) async fn read(&self) -> Result<Assignment, Status> {
        let request = GetAssignmentRequest { name: self.assignment.clone() };
        persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.get_assignment(request).await }
            },
        )
        .await
    }

    pub(super) async fn accept(&self) -> Result<(), Status> {
        let request = AcceptAssignmentRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
        };
        let accepted = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.accept_assignment(request).await }
            },
        );
        accepted.await.map(drop)
    }

    pub(super) async fn ask(&self, codes: &[&str], note: &str) -> Result<(), Status> {
        let request = RequestSupplementRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            document_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            note: note.to_owned(),
        };
        let asked = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.request_supplement(request).await }
            },
        );
        asked.await.map(drop)
    }

    /// Sends a decision; the answer is the reply's id.
    pub(super) async fn submit(&self, request: &SubmitDecisionRequest) -> Result<String, Status> {
        let answer = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.submit_decision(request).await }
            },
        );
        Ok(answer.await?.reply_id)
    }

    /// A new request with this offer.
    pub(super) fn offer(&self, offer: Offer, file_if_late: bool) -> SubmitDecisionRequest {
        self.decision(Decision::Offer(offer), file_if_late)
    }

    /// A new request with this refusal.
    pub(super) fn decline(&self, reason: DeclineReason) -> SubmitDecisionRequest {
        let text = if reason.needs_text() { "暂不符合本行要求（模拟）" } else { "" };
        self.decision(Decision::Decline(Decline { reason: reason.number(), text: text.to_owned() }), false)
    }

    /// Takes the standing answer back.
    pub(super) async fn take_back(&self) -> Result<String, Status> {
        let request = WithdrawOfferRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
        };
        let answer = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.withdraw_offer(request).await }
            },
        );
        Ok(answer.await?.reply_id)
    }

    /// Answers the enterprise's choice.
    pub(super) async fn confirm(&self, answer: Answer) -> Result<String, Status> {
        let request = ConfirmSelectionRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            answer: Some(answer),
        };
        let answer = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.confirm_selection(request).await }
            },
        );
        Ok(answer.await?.reply_id)
    }

    /// Delivers an evaluator's report.
    pub(super) async fn deliver(&self, report: ValuationReport) -> Result<String, Status> {
        let request = SubmitReportRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            report: Some(report),
        };
        let answer = persist(
            &self.shutdown,
            |status| self.again(status),
            || {
                let (mut client, request) = (self.client.clone(), request.clone());
                async move { client.submit_report(request).await }
            },
        );
        Ok(answer.await?.reply_id)
    }

    pub(super) fn decision(&self, decision: Decision, file_if_late: bool) -> SubmitDecisionRequest {
        SubmitDecisionRequest {
            name: self.assignment.clone(),
            request_id: Uuid::new_v4().to_string(),
            acted_by: ACTED_BY.to_owned(),
            decision: Some(decision),
            file_if_late,
            etag: String::new(),
        }
    }

    pub(super) fn tell(&self, deed: &Deed) {
        self.report.tell(self.institution, &self.assignment, deed);
    }

    fn again(&self, status: &Status) {
        self.tell(&Deed::TriedAgain(words(status)));
    }
}

/// Whether the status carries this reason.
pub(super) fn is(status: &Status, reason: &str) -> bool {
    rpc::status::reason(status).is_some_and(|given| given == reason)
}
