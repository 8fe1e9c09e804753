//! An institution's own client.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{InstitutionId, LegId};
use proto::common::v1::DocumentRef;
use proto::common::v1::{EnhancementMode, RepaymentMethod};
use proto::insurance::v1::{GuaranteeCommitment, InsurerQuote, RiskShare};
use proto::intake::v1::{Approval, AssetValue, Offer, ValuationQuote, ValuationReport};
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::confirm_selection_request::Answer as Confirming;
use proto::partner::v1::event_service_client::EventServiceClient;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, AcknowledgeRequest, Assignment, ConfirmSelectionRequest, DecisionResult,
    Decline, Event, GetAssignmentRequest, PullEventsRequest, RequestSupplementRequest, SubmitDecisionRequest,
    SubmitDecisionResponse, SubmitDecisionsRequest, SubmitReportRequest, WithdrawOfferRequest,
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

    pub(crate) async fn decide_all(
        &self,
        decisions: Vec<SubmitDecisionRequest>,
    ) -> Result<Vec<DecisionResult>, Status> {
        let request = SubmitDecisionsRequest { decisions };
        Ok(self.assignments.clone().submit_decisions(request).await?.into_inner().results)
    }

    pub(crate) async fn offers(
        &self,
        leg: LegId,
        decision: Decision,
    ) -> Result<SubmitDecisionResponse, Status> {
        let request = SubmitDecisionRequest {
            name: name(leg),
            request_id: uuid(),
            acted_by: "B0172".to_owned(),
            decision: Some(decision),
            file_if_late: false,
            etag: String::new(),
        };
        self.decide(request).await
    }

    pub(crate) async fn take_back(&self, leg: LegId) -> Result<SubmitDecisionResponse, Status> {
        let request =
            WithdrawOfferRequest { name: name(leg), request_id: uuid(), acted_by: "B0172".to_owned() };
        Ok(self.assignments.clone().withdraw_offer(request).await?.into_inner())
    }

    pub(crate) async fn confirm(
        &self,
        leg: LegId,
        answer: Confirming,
    ) -> Result<SubmitDecisionResponse, Status> {
        let request = ConfirmSelectionRequest {
            name: name(leg),
            request_id: uuid(),
            acted_by: "B0172".to_owned(),
            answer: Some(answer),
        };
        Ok(self.assignments.clone().confirm_selection(request).await?.into_inner())
    }

    pub(crate) async fn approve(&self, leg: LegId) -> Result<SubmitDecisionResponse, Status> {
        self.confirm(leg, Confirming::Approval(approval())).await
    }

    pub(crate) async fn refuse(&self, leg: LegId) -> Result<SubmitDecisionResponse, Status> {
        self.confirm(leg, Confirming::Decline(Decline { reason: 8, text: String::new() })).await
    }

    pub(crate) async fn report(
        &self,
        leg: LegId,
        report: ValuationReport,
    ) -> Result<SubmitDecisionResponse, Status> {
        let request = SubmitReportRequest {
            name: name(leg),
            request_id: uuid(),
            acted_by: "B0172".to_owned(),
            report: Some(report),
        };
        Ok(self.assignments.clone().submit_report(request).await?.into_inner())
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

pub(crate) fn approval() -> Approval {
    Approval {
        approval_no: "济审2022-12".to_owned(),
        amount_fen: 300_000_000,
        term_months: 12,
        annual_rate_bp: 435,
        approved_at: Some(timestamp(DateTime::UNIX_EPOCH)),
    }
}

pub(crate) fn valuation(now: DateTime<Utc>) -> ValuationQuote {
    ValuationQuote {
        quote_seq: 1,
        fee_fen: 500_000,
        report_working_days: 7,
        methods: vec![1],
        valid_until: Some(timestamp(now + TimeDelta::days(30))),
    }
}

/// A report of today's, of one asset.
pub(crate) fn report(now: DateTime<Utc>) -> ValuationReport {
    let today = kernel::calendar::date_of(now);
    ValuationReport {
        report_no: "评2022-7".to_owned(),
        licence_no: "PG-7".to_owned(),
        signers: 2,
        base_date: today.to_string(),
        methods: vec![1],
        values: vec![AssetValue { number: "ZL202010000001.5".to_owned(), value_fen: 119_148_001 }],
        total_fen: 119_148_001,
        valid_until: (today + TimeDelta::days(300)).to_string(),
        fee_fen: 500_000,
        document: Some(DocumentRef {
            code: "D11".to_owned(),
            document_id: "reports/7".to_owned(),
            sha256: vec![7; 32],
        }),
    }
}

pub(crate) fn insurance(now: DateTime<Utc>) -> InsurerQuote {
    InsurerQuote {
        quote_seq: 1,
        kind: 1,
        basis: 1,
        amount_fen: 300_000_000,
        coverage_bp: 8_000,
        annual_premium_bp: 120,
        premium_fen: 2_880_000,
        max_term_months: 36,
        valid_until: Some(timestamp(now + TimeDelta::days(30))),
        core_solvency_bp: 12_000,
        comprehensive_solvency_bp: 20_000,
        ..InsurerQuote::default()
    }
}

pub(crate) fn guarantee(now: DateTime<Utc>) -> GuaranteeCommitment {
    GuaranteeCommitment {
        commitment_seq: 1,
        amount_fen: 300_000_000,
        cover_bp: 8_000,
        fee_bp: 100,
        fee_fen: 2_400_000,
        max_term_months: 24,
        counter_guarantee: vec![2],
        deposit_bp: 0,
        payout_days: 60,
        risk_share: Some(RiskShare {
            guarantor_bp: 4_000,
            re_guarantor_bp: 3_000,
            fund_bp: 1_000,
            bank_bp: 2_000,
        }),
        valid_until: Some(timestamp(now + TimeDelta::days(30))),
    }
}
