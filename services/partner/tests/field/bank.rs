//! An institution's own client.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{InstitutionId, LegId};
use proto::common::v1::{EnhancementMode, RepaymentMethod};
use proto::intake::v1::Offer;
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::event_service_client::EventServiceClient;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, AcknowledgeRequest, Assignment, Event, GetAssignmentRequest, PullEventsRequest,
    RequestSupplementRequest, SubmitDecisionRequest, SubmitDecisionResponse,
};
use rpc::client::Channel;
use testkit::tls::Certificate;
use tonic::Status;

use super::{timestamp, uuid};

pub(crate) struct Bank {
    pub(crate) id: InstitutionId,
    pub(crate) credential_id: String,
    pub(crate) certificate: Certificate,
    pub(crate) token: String,
    pub(crate) assignments: AssignmentServiceClient<Channel>,
    pub(crate) events: EventServiceClient<Channel>,
}

impl Bank {
    pub(super) fn new(
        id: InstitutionId,
        credential_id: String,
        channel: Channel,
        certificate: Certificate,
        token: String,
    ) -> Self {
        let assignments = AssignmentServiceClient::new(channel.clone());
        Self { id, credential_id, certificate, token, assignments, events: EventServiceClient::new(channel) }
    }

    pub(crate) async fn get(&self, leg: LegId) -> Result<Assignment, Status> {
        let request = GetAssignmentRequest { name: name(leg) };
        Ok(self.assignments.clone().get_assignment(request).await?.into_inner())
    }

    pub(crate) async fn accept(&self, leg: LegId) -> Result<Assignment, Status> {
        let request =
            AcceptAssignmentRequest { name: name(leg), request_id: uuid(), acted_by: "B0172".to_owned() };
        Ok(self.assignments.clone().accept_assignment(request).await?.into_inner())
    }

    pub(crate) async fn decide(
        &self,
        request: SubmitDecisionRequest,
    ) -> Result<SubmitDecisionResponse, Status> {
        Ok(self.assignments.clone().submit_decision(request).await?.into_inner())
    }

    pub(crate) async fn ask(&self, leg: LegId, codes: &[&str]) -> Result<Assignment, Status> {
        let request = RequestSupplementRequest {
            name: name(leg),
            request_id: uuid(),
            acted_by: "B0172".to_owned(),
            document_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            note: "请补充近期报表".to_owned(),
        };
        Ok(self.assignments.clone().request_supplement(request).await?.into_inner())
    }

    pub(crate) async fn pull(&self, request: PullEventsRequest) -> Result<Vec<Event>, Status> {
        Ok(self.events.clone().pull_events(request).await?.into_inner().events)
    }

    /// Whatever is there now.
    pub(crate) async fn look(&self) -> Vec<Event> {
        self.pull(PullEventsRequest::default()).await.unwrap()
    }

    /// Names that were not ours.
    pub(crate) async fn acknowledge(&self, names: &[&str]) -> Result<Vec<String>, Status> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Ok(self.events.clone().acknowledge(AcknowledgeRequest { names }).await?.into_inner().unknown)
    }
}

pub(crate) fn name(leg: LegId) -> String {
    format!("assignments/{leg}")
}

pub(crate) fn offer(now: DateTime<Utc>) -> Offer {
    Offer {
        offer_seq: 1,
        amount_fen: 300_000_000,
        term_months: 12,
        annual_rate_bp: 435,
        repayment: RepaymentMethod::InterestFirst as i32,
        enhancement: EnhancementMode::IpOnly as i32,
        fees_fen: 0,
        valid_until: Some(timestamp(now + TimeDelta::days(30))),
    }
}

/// A decision that is good in every respect.
pub(crate) fn decision(leg: LegId, now: DateTime<Utc>) -> SubmitDecisionRequest {
    SubmitDecisionRequest {
        name: name(leg),
        request_id: uuid(),
        acted_by: "B0172".to_owned(),
        decision: Some(Decision::Offer(offer(now))),
        file_if_late: false,
        etag: String::new(),
    }
}
