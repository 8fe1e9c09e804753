//! The clerk at the window, as far as a simulation needs one: submits applications, answers institutions' questions, and
//! carries out what the enterprise decides.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use proto::common::v1::{LegProgress, LegState};
use proto::intake::v1::get_case_request::Key;
use proto::intake::v1::intake_service_client::IntakeServiceClient;
use proto::intake::v1::{
    AcceptCaseRequest, AnswerInstitutionRequest, Application, CaseHeader, CaseView, Channel,
    CreateDraftRequest, GetCaseRequest, GiveUpCaseRequest, LegView, ListOffersRequest, ListOffersResponse,
    ListTimelineRequest, ProvideSupplementRequest, RedispatchCaseRequest, RequestSupplementRequest,
    SelectOfferRequest, SubmitApplicationRequest, SubmitDraftRequest, TimelineEntry, WithdrawCaseRequest,
};
use rpc::Duty;
use tonic::{Code, Status};
use uuid::Uuid;

use super::data::documents;
use super::link::{Link, StaffChannel};

/// What an enterprise chooses: the cheapest way to take one offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub bank_leg_id: String,
    /// Empty: the offer calls for no cover.
    pub cover_leg_id: String,
    /// Empty: no evaluator is wanted.
    pub evaluator_leg_id: String,
}

impl Choice {
    /// The `nth` of the offers that can be chosen, cheapest first, beginning again behind the last; with the cheapest
    /// evaluator if one is wanted.
    pub fn of(offers: &ListOffersResponse, nth: usize, with_evaluator: bool) -> Option<Self> {
        let open: Vec<_> = offers.offers.iter().filter(|offer| !offer.cover_missing).collect();
        let offer = open.get(nth.checked_rem(open.len())?)?;
        let way = offer.ways.first();
        let evaluator = offers.valuations.iter().find(|quote| {
            matches!(quote.state(), LegState::Offered | LegState::Confirmed | LegState::Fulfilled)
        });
        Some(Self {
            bank_leg_id: offer.leg_id.clone(),
            cover_leg_id: way.map(|way| way.cover_leg_id.clone()).unwrap_or_default(),
            evaluator_leg_id: evaluator
                .filter(|_| with_evaluator)
                .map(|quote| quote.leg_id.clone())
                .unwrap_or_default(),
        })
    }
}

/// A clerk with a channel to intake.
#[derive(Clone, Debug)]
pub struct Clerk {
    client: IntakeServiceClient<StaffChannel>,
    /// Legs whose question has been answered.
    answered: HashSet<String>,
}

impl Clerk {
    pub fn new(link: &Link) -> Result<Self> {
        let client = IntakeServiceClient::new(link.staff("intake", &[Duty::Clerk])?);
        Ok(Self { client, answered: HashSet::new() })
    }

    /// Submits an application by this request id.
    pub async fn submit(
        &mut self,
        request_id: String,
        channel: Channel,
        application: Application,
    ) -> Result<CaseHeader> {
        let request =
            SubmitApplicationRequest { request_id, channel: channel.into(), application: Some(application) };
        let answer =
            self.client.submit_application(request).await.context("the application was not taken in")?;
        answer.into_inner().case.context("no case in the answer")
    }

    /// A draft by this request id; the answer is its header.
    pub async fn draft(
        &mut self,
        request_id: String,
        channel: Channel,
        application: Application,
    ) -> Result<CaseHeader, Status> {
        let request =
            CreateDraftRequest { request_id, channel: channel.into(), application: Some(application) };
        header(self.client.create_draft(request).await?.into_inner().case)
    }

    pub async fn submit_draft(
        &mut self,
        request_id: String,
        draft: &CaseHeader,
    ) -> Result<CaseHeader, Status> {
        let request =
            SubmitDraftRequest { request_id, case_id: draft.case_id.clone(), version: draft.version };
        header(self.client.submit_draft(request).await?.into_inner().case)
    }

    pub async fn accept(&mut self, request_id: String, case_id: &str) -> Result<CaseHeader, Status> {
        let request = AcceptCaseRequest { request_id, case_id: case_id.to_owned() };
        header(self.client.accept_case(request).await?.into_inner().case)
    }

    /// Asks the enterprise for documents, once (一次性告知).
    pub async fn ask_enterprise(
        &mut self,
        request_id: String,
        case_id: &str,
        codes: &[&str],
    ) -> Result<CaseHeader, Status> {
        let request = RequestSupplementRequest {
            request_id,
            case_id: case_id.to_owned(),
            document_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            note: "请补充所列材料。".to_owned(),
        };
        header(self.client.request_supplement(request).await?.into_inner().case)
    }

    pub async fn supplement(
        &mut self,
        request_id: String,
        case_id: &str,
        codes: &[&str],
    ) -> Result<CaseHeader, Status> {
        let documents = documents(codes);
        let request = ProvideSupplementRequest { request_id, case_id: case_id.to_owned(), documents };
        header(self.client.provide_supplement(request).await?.into_inner().case)
    }

    pub async fn withdraw(&mut self, request_id: String, case_id: &str) -> Result<CaseHeader, Status> {
        let reason = "企业决定暂不融资".to_owned();
        let request = WithdrawCaseRequest { request_id, case_id: case_id.to_owned(), reason };
        header(self.client.withdraw_case(request).await?.into_inner().case)
    }

    pub async fn redispatch(&mut self, request_id: String, case_id: &str) -> Result<CaseHeader, Status> {
        let request = RedispatchCaseRequest { request_id, case_id: case_id.to_owned() };
        header(self.client.redispatch_case(request).await?.into_inner().case)
    }

    pub async fn give_up(&mut self, request_id: String, case_id: &str) -> Result<CaseHeader, Status> {
        let reason = "暂无机构可承接".to_owned();
        let request = GiveUpCaseRequest { request_id, case_id: case_id.to_owned(), reason };
        header(self.client.give_up_case(request).await?.into_inner().case)
    }

    /// Carries out the enterprise's choice.
    pub async fn select(
        &mut self,
        request_id: String,
        case_id: &str,
        choice: &Choice,
    ) -> Result<CaseHeader, Status> {
        let request = SelectOfferRequest {
            request_id,
            case_id: case_id.to_owned(),
            bank_leg_id: choice.bank_leg_id.clone(),
            cover_leg_id: choice.cover_leg_id.clone(),
            evaluator_leg_id: choice.evaluator_leg_id.clone(),
        };
        header(self.client.select_offer(request).await?.into_inner().case)
    }

    /// The case as the desk may see it now.
    pub async fn case(&mut self, case_id: &str) -> Result<CaseView, Status> {
        let request = GetCaseRequest { key: Some(Key::CaseId(case_id.to_owned())) };
        Ok(self.client.get_case(request).await?.into_inner())
    }

    /// The offers, once the window has closed.
    pub async fn offers(&mut self, case_id: &str) -> Result<ListOffersResponse, Status> {
        let request = ListOffersRequest { case_id: case_id.to_owned() };
        Ok(self.client.list_offers(request).await?.into_inner())
    }

    /// What has happened to the case.
    pub async fn timeline(&mut self, case_id: &str) -> Result<Vec<TimelineEntry>, Status> {
        let request = ListTimelineRequest { case_id: case_id.to_owned() };
        Ok(self.client.list_timeline(request).await?.into_inner().entries)
    }

    /// Answers every open question of the case's institutions with the documents that they ask for; returns the legs.
    pub async fn answer_questions(&mut self, case: &CaseView) -> Result<Vec<LegView>, Status> {
        let mut answered = Vec::new();
        for leg in case.legs.iter().filter(|leg| leg.progress() == LegProgress::Question) {
            if self.answered.contains(&leg.leg_id) {
                continue;
            }
            let request = AnswerInstitutionRequest {
                request_id: Uuid::new_v4().to_string(),
                leg_id: leg.leg_id.clone(),
                documents: documents(&leg.asked_document_codes),
                note: "材料已补充，请查收。".to_owned(),
            };
            match self.client.answer_institution(request).await {
                Ok(_) => answered.push(leg.clone()),
                // Answered by somebody else meanwhile, or the leg has ended.
                Err(status) if status.code() == Code::FailedPrecondition => {}
                Err(status) => return Err(status),
            }
            self.answered.insert(leg.leg_id.clone());
        }
        Ok(answered)
    }
}

fn header(case: Option<CaseHeader>) -> Result<CaseHeader, Status> {
    case.ok_or_else(|| Status::internal("no case in the answer"))
}
