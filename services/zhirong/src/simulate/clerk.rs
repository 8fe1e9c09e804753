//! The clerk at the window, as far as a simulation needs one: submits applications and answers institutions' questions.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use proto::common::v1::LegProgress;
use proto::intake::v1::get_case_request::Key;
use proto::intake::v1::intake_service_client::IntakeServiceClient;
use proto::intake::v1::{
    AnswerInstitutionRequest, Application, CaseHeader, CaseView, Channel, GetCaseRequest, LegView,
    ListOffersRequest, ListOffersResponse, ListTimelineRequest, SubmitApplicationRequest, TimelineEntry,
};
use rpc::Duty;
use tonic::{Code, Status};
use uuid::Uuid;

use super::data::documents;
use super::link::{Link, StaffChannel};

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
