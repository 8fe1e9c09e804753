//! The gRPC service: each call is one function in the file of its kind.

use std::sync::Arc;

use bus::Outbox;
use host::Changes;
use kernel::Clock;
use proto::{
    catalog::v1::catalog_service_client::CatalogServiceClient,
    intake::v1::{self as wire, intake_service_server::IntakeService},
    whitelist::v1::whitelist_service_client::WhitelistServiceClient,
};
use rpc::Answer;
use sqlx::PgPool;
use tonic::Request;

use super::submissions::Submissions;
use crate::{
    journal::Rules,
    numbers::Numbers,
    work::{Alarm, Evaluators, Products},
};

/// What the calls need.
#[derive(Clone)]
pub(crate) struct Deps {
    pub pool: PgPool,
    pub changes: Changes,
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    pub numbers: Arc<Numbers>,
    pub submissions: Submissions,
    pub outbox: Outbox,
    pub alarm: Alarm,
    pub whitelist: WhitelistServiceClient<rpc::client::Channel>,
    pub catalog: CatalogServiceClient<rpc::client::Channel>,
    pub evaluators: Evaluators,
    pub products: Products,
}

#[derive(Clone)]
pub(crate) struct Intake(pub Deps);

macro_rules! calls {
    ($($name:ident($request:ty) -> $response:ty;)+) => {
        #[tonic::async_trait]
        impl IntakeService for Intake {
            $(
                async fn $name(&self, request: Request<$request>) -> Answer<$response> {
                    Ok(self.0.$name(request).await?)
                }
            )+
        }
    };
}

calls! {
    submit_application(wire::SubmitApplicationRequest) -> wire::CaseResponse;
    create_draft(wire::CreateDraftRequest) -> wire::CaseResponse;
    change_draft(wire::ChangeDraftRequest) -> wire::CaseResponse;
    submit_draft(wire::SubmitDraftRequest) -> wire::CaseResponse;
    request_supplement(wire::RequestSupplementRequest) -> wire::CaseResponse;
    provide_supplement(wire::ProvideSupplementRequest) -> wire::CaseResponse;
    accept_case(wire::AcceptCaseRequest) -> wire::CaseResponse;
    withdraw_case(wire::WithdrawCaseRequest) -> wire::CaseResponse;
    redispatch_case(wire::RedispatchCaseRequest) -> wire::CaseResponse;
    give_up_case(wire::GiveUpCaseRequest) -> wire::CaseResponse;
    answer_institution(wire::AnswerInstitutionRequest) -> wire::AnswerInstitutionResponse;
    get_case(wire::GetCaseRequest) -> wire::CaseView;
    list_cases(wire::ListCasesRequest) -> wire::ListCasesResponse;
    list_timeline(wire::ListTimelineRequest) -> wire::ListTimelineResponse;
    select_offer(wire::SelectOfferRequest) -> wire::CaseResponse;
    preview_plan(wire::PreviewPlanRequest) -> wire::PreviewPlanResponse;
    list_offers(wire::ListOffersRequest) -> wire::ListOffersResponse;
}
