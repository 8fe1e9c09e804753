//! Small real roles in place of the desk's neighbours: same names, same protocols. What they answer is one world of the
//! test, found by the address at which they are served.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use host::settings::host_keys;
use host::{Host, Role};
use proto::catalog::v1::{self as catalog, catalog_service_server::CatalogServiceServer};
use proto::intake::v1::{self as intake, intake_service_server::IntakeServiceServer};
use proto::partner::v1::{self as partner, contact_service_server::ContactServiceServer};
use proto::statistics::v1::{self as statistics, statistics_service_server::StatisticsServiceServer};
use proto::whitelist::v1::{
    self as whitelist, register_service_server::RegisterServiceServer,
    whitelist_service_server::WhitelistServiceServer,
};
use rpc::policy::{Allow, MethodPolicy};
use rpc::{Answer, Duty, Fault, reasons};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::world;

const CLERKS: &[Allow] = &[Allow::Staff(&[Duty::Clerk, Duty::Supervisor])];
const STAFF: &[Allow] = &[Allow::Staff(&Duty::ALL)];

macro_rules! role {
    ($static:ident, $name:literal, $has_store:literal, $serve:expr) => {
        pub(crate) static $static: Role = Role {
            name: $name,
            migrator: host::shared_migrations,
            has_store: $has_store,
            queues: &[],
            publishes: &[],
            unhurried: &[],
            peers: &[],
            keys: &[],
            reasons: &[],
            serve: |host| Box::pin($serve(host)),
        };
    };
}

macro_rules! policy {
    ($service:literal, $($name:literal => $allow:expr),+ $(,)?) => {
        &[$(MethodPolicy { method: concat!("/zhirong.", $service, "/", $name), allow: $allow }),+]
    };
}

/// What the neighbours answer.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) cases: Vec<intake::CaseView>,
    pub(crate) timeline: Vec<intake::TimelineEntry>,
    pub(crate) offers: Option<intake::ListOffersResponse>,
    pub(crate) plan: Option<intake::PreviewPlanResponse>,
    pub(crate) overview: Option<statistics::Overview>,
    pub(crate) days: Vec<statistics::Day>,
    pub(crate) contacts: Option<Vec<partner::Contact>>,
    /// Refuses the next submission with this.
    pub(crate) refusal: Option<fn() -> Fault>,
    pub(crate) submitted: Vec<intake::SubmitApplicationRequest>,
    pub(crate) selected: Vec<intake::SelectOfferRequest>,
    pub(crate) commands: Vec<String>,
    pub(crate) consents: Vec<whitelist::GrantConsentRequest>,
    /// What the register knows of consents.
    pub(crate) known: Vec<whitelist::ConsentRecord>,
    /// In whose names intake was called.
    pub(crate) callers: Vec<String>,
}

#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<State>>);

static WORLDS: LazyLock<Mutex<HashMap<String, World>>> = LazyLock::new(Mutex::default);

impl World {
    pub(crate) fn register(&self, url: &str) {
        let address = url.trim_start_matches("http://").to_owned();
        WORLDS.lock().unwrap_or_else(PoisonError::into_inner).insert(address, self.clone());
    }

    fn of(host: &Host) -> Self {
        let address = host.settings.get(&host_keys::LISTEN).unwrap().to_string();
        WORLDS.lock().unwrap_or_else(PoisonError::into_inner)[&address].clone()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called<T>(&self, request: &Request<T>) {
        let name = rpc::caller(request).unwrap().audit_name();
        self.lock().callers.push(name);
    }

    fn case(&self, id: &str) -> Result<intake::CaseView, Status> {
        let of = |view: &&intake::CaseView| {
            view.header.as_ref().is_some_and(|header| header.case_id == id || header.case_no == id)
        };
        self.lock().cases.iter().find(of).cloned().ok_or_else(|| Fault::new(&reasons::NOT_FOUND).into())
    }

    fn command(&self, name: &str, case_id: &str) -> Answer<intake::CaseResponse> {
        self.lock().commands.push(format!("{name} {case_id}"));
        Ok(Response::new(intake::CaseResponse { case: self.case(case_id)?.header }))
    }
}

type Later<'call, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'call>>;

macro_rules! not_asked {
    ($($name:ident($request:ty) -> $response:ty;)+) => {
        $(fn $name<'life, 'call>(&'life self, _: Request<$request>) -> Later<'call, Answer<$response>>
        where
            'life: 'call,
            Self: 'call,
        {
            Box::pin(std::future::ready(Err(Status::unimplemented("not asked by the desk"))))
        })+
    };
}

role!(INTAKE, "intake", true, |host: Host| {
    let world = World::of(&host);
    host.serve_grpc(Routes::new(IntakeServiceServer::new(world)), INTAKE_POLICY)
});
static INTAKE_POLICY: &[MethodPolicy] = policy!("intake.v1.IntakeService",
    "SubmitApplication" => CLERKS, "RequestSupplement" => CLERKS, "ProvideSupplement" => CLERKS,
    "AcceptCase" => CLERKS, "WithdrawCase" => CLERKS, "RedispatchCase" => CLERKS, "GiveUpCase" => CLERKS,
    "SelectOffer" => CLERKS, "AnswerInstitution" => CLERKS, "PreviewPlan" => CLERKS, "GetCase" => CLERKS,
    "ListCases" => CLERKS, "ListTimeline" => CLERKS, "ListOffers" => CLERKS,
);

#[tonic::async_trait]
impl intake::intake_service_server::IntakeService for World {
    async fn submit_application(
        &self,
        request: Request<intake::SubmitApplicationRequest>,
    ) -> Answer<intake::CaseResponse> {
        let refusal = self.lock().refusal.take();
        if let Some(refusal) = refusal {
            return Err(refusal().into());
        }
        self.called(&request);
        self.lock().submitted.push(request.into_inner());
        Ok(Response::new(intake::CaseResponse { case: self.lock().cases[0].header.clone() }))
    }

    async fn preview_plan(
        &self,
        _request: Request<intake::PreviewPlanRequest>,
    ) -> Answer<intake::PreviewPlanResponse> {
        self.lock().plan.clone().map(Response::new).ok_or_else(|| Status::unimplemented("not yet"))
    }

    async fn get_case(&self, request: Request<intake::GetCaseRequest>) -> Answer<intake::CaseView> {
        self.called(&request);
        use intake::get_case_request::Key;
        let id = match request.into_inner().key.unwrap() {
            Key::CaseId(id) | Key::CaseNo(id) => id,
        };
        self.case(&id).map(Response::new)
    }

    async fn list_cases(
        &self,
        request: Request<intake::ListCasesRequest>,
    ) -> Answer<intake::ListCasesResponse> {
        let states = request.into_inner().states;
        let headers = self.lock().cases.iter().filter_map(|view| view.header.clone()).collect::<Vec<_>>();
        let cases = headers.into_iter().filter(|header| states.is_empty() || states.contains(&header.state));
        Ok(Response::new(intake::ListCasesResponse { cases: cases.collect(), ..Default::default() }))
    }

    async fn list_timeline(
        &self,
        _request: Request<intake::ListTimelineRequest>,
    ) -> Answer<intake::ListTimelineResponse> {
        Ok(Response::new(intake::ListTimelineResponse { entries: self.lock().timeline.clone() }))
    }

    async fn list_offers(
        &self,
        _request: Request<intake::ListOffersRequest>,
    ) -> Answer<intake::ListOffersResponse> {
        self.lock().offers.clone().map(Response::new).ok_or_else(|| Fault::new(&world::SEALED).into())
    }

    async fn select_offer(
        &self,
        request: Request<intake::SelectOfferRequest>,
    ) -> Answer<intake::CaseResponse> {
        let request = request.into_inner();
        self.lock().selected.push(request.clone());
        self.command("select", &request.case_id)
    }

    async fn accept_case(&self, request: Request<intake::AcceptCaseRequest>) -> Answer<intake::CaseResponse> {
        self.command("accept", &request.into_inner().case_id)
    }

    async fn request_supplement(
        &self,
        request: Request<intake::RequestSupplementRequest>,
    ) -> Answer<intake::CaseResponse> {
        let request = request.into_inner();
        self.command(&format!("supplement {}", request.document_codes.join(",")), &request.case_id)
    }

    async fn withdraw_case(
        &self,
        request: Request<intake::WithdrawCaseRequest>,
    ) -> Answer<intake::CaseResponse> {
        let request = request.into_inner();
        if kernel::privacy::find_identifier(&request.reason).is_some() {
            return Err(Fault::new(&reasons::TEXT_HAS_IDENTIFIER).field("reason").into());
        }
        self.command("withdraw", &request.case_id)
    }

    async fn answer_institution(
        &self,
        request: Request<intake::AnswerInstitutionRequest>,
    ) -> Answer<intake::AnswerInstitutionResponse> {
        let request = request.into_inner();
        let document = request.documents.first().map(|one| one.document_id.clone()).unwrap_or_default();
        self.lock().commands.push(format!("answer {} {document}", request.leg_id));
        Ok(Response::new(intake::AnswerInstitutionResponse::default()))
    }

    not_asked! {
        create_draft(intake::CreateDraftRequest) -> intake::CaseResponse;
        change_draft(intake::ChangeDraftRequest) -> intake::CaseResponse;
        submit_draft(intake::SubmitDraftRequest) -> intake::CaseResponse;
        provide_supplement(intake::ProvideSupplementRequest) -> intake::CaseResponse;
        redispatch_case(intake::RedispatchCaseRequest) -> intake::CaseResponse;
        give_up_case(intake::GiveUpCaseRequest) -> intake::CaseResponse;
    }
}

role!(WHITELIST, "whitelist", false, |host: Host| {
    let world = World::of(&host);
    let routes = Routes::new(WhitelistServiceServer::new(world.clone()));
    let routes = routes.add_service(RegisterServiceServer::new(world));
    host.serve_grpc(routes, WHITELIST_POLICY)
});
static WHITELIST_POLICY: &[MethodPolicy] = &[
    MethodPolicy { method: "/zhirong.whitelist.v1.WhitelistService/GetEnterprise", allow: CLERKS },
    MethodPolicy { method: "/zhirong.whitelist.v1.WhitelistService/ListAssets", allow: CLERKS },
    MethodPolicy { method: "/zhirong.whitelist.v1.WhitelistService/GrantConsent", allow: CLERKS },
    MethodPolicy { method: "/zhirong.whitelist.v1.RegisterService/ListConsents", allow: CLERKS },
];

#[tonic::async_trait]
impl whitelist::register_service_server::RegisterService for World {
    async fn list_consents(
        &self,
        _request: Request<whitelist::ListConsentsRequest>,
    ) -> Answer<whitelist::ListConsentsResponse> {
        let consents = self.lock().known.clone();
        Ok(Response::new(whitelist::ListConsentsResponse { consents, ..Default::default() }))
    }

    not_asked! {
        amend_enterprise(whitelist::AmendEnterpriseRequest) -> whitelist::AmendEnterpriseResponse;
        amend_asset(whitelist::AmendAssetRequest) -> whitelist::AmendAssetResponse;
        record_legal_events(whitelist::RecordLegalEventsRequest) -> whitelist::RecordLegalEventsResponse;
        reveal(whitelist::RevealRequest) -> whitelist::RevealResponse;
        list_reveals(whitelist::ListRevealsRequest) -> whitelist::ListRevealsResponse;
        check_pledge(whitelist::CheckPledgeRequest) -> whitelist::CheckPledgeResponse;
    }
}

#[tonic::async_trait]
impl whitelist::whitelist_service_server::WhitelistService for World {
    async fn get_enterprise(
        &self,
        request: Request<whitelist::GetEnterpriseRequest>,
    ) -> Answer<whitelist::Enterprise> {
        use whitelist::get_enterprise_request::Key;
        match request.into_inner().key {
            Some(Key::Uscc(uscc)) if uscc == world::USCC => Ok(Response::new(world::enterprise())),
            _ => Err(Fault::new(&reasons::NOT_FOUND).into()),
        }
    }

    async fn list_assets(
        &self,
        _request: Request<whitelist::ListAssetsRequest>,
    ) -> Answer<whitelist::ListAssetsResponse> {
        Ok(Response::new(whitelist::ListAssetsResponse { assets: world::assets(), ..Default::default() }))
    }

    async fn grant_consent(
        &self,
        request: Request<whitelist::GrantConsentRequest>,
    ) -> Answer<whitelist::GrantConsentResponse> {
        self.lock().consents.push(request.into_inner());
        let consent = whitelist::Consent { consent_id: world::CONSENT.to_owned(), ..Default::default() };
        Ok(Response::new(whitelist::GrantConsentResponse { consent: Some(consent) }))
    }

    not_asked! {
        register_enterprise(whitelist::RegisterEnterpriseRequest) -> whitelist::RegisterEnterpriseResponse;
        register_asset(whitelist::RegisterAssetRequest) -> whitelist::RegisterAssetResponse;
        revoke_consent(whitelist::RevokeConsentRequest) -> whitelist::RevokeConsentResponse;
        check_consent(whitelist::CheckConsentRequest) -> whitelist::CheckConsentResponse;
        record_standing(whitelist::RecordStandingRequest) -> whitelist::RecordStandingResponse;
        check_identifier(whitelist::CheckIdentifierRequest) -> whitelist::CheckIdentifierResponse;
        get_standings(whitelist::GetStandingsRequest) -> whitelist::GetStandingsResponse;
    }
}

role!(CATALOG, "catalog", false, |host: Host| {
    let world = World::of(&host);
    host.serve_grpc(Routes::new(CatalogServiceServer::new(world)), CATALOG_POLICY)
});
static CATALOG_POLICY: &[MethodPolicy] = policy!("catalog.v1.CatalogService",
    "ListInstitutions" => STAFF, "ListProducts" => STAFF,
);

#[tonic::async_trait]
impl catalog::catalog_service_server::CatalogService for World {
    async fn list_institutions(
        &self,
        _request: Request<catalog::ListInstitutionsRequest>,
    ) -> Answer<catalog::ListInstitutionsResponse> {
        let institutions = world::institutions();
        Ok(Response::new(catalog::ListInstitutionsResponse { institutions, ..Default::default() }))
    }

    async fn list_products(
        &self,
        _request: Request<catalog::ListProductsRequest>,
    ) -> Answer<catalog::ListProductsResponse> {
        let products = world::products();
        Ok(Response::new(catalog::ListProductsResponse { products, ..Default::default() }))
    }

    not_asked! {
        register_institution(catalog::RegisterInstitutionRequest) -> catalog::RegisterInstitutionResponse;
        get_institution(catalog::GetInstitutionRequest) -> catalog::Institution;
        create_product(catalog::CreateProductRequest) -> catalog::CreateProductResponse;
        revise_product(catalog::ReviseProductRequest) -> catalog::ReviseProductResponse;
        publish_product(catalog::PublishProductRequest) -> catalog::PublishProductResponse;
        retire_product(catalog::RetireProductRequest) -> catalog::RetireProductResponse;
        get_product(catalog::GetProductRequest) -> catalog::Product;
        match_products(catalog::MatchProductsRequest) -> catalog::MatchProductsResponse;
    }
}

role!(STATISTICS, "statistics", false, |host: Host| {
    let world = World::of(&host);
    host.serve_grpc(Routes::new(StatisticsServiceServer::new(world)), STATISTICS_POLICY)
});
static STATISTICS_POLICY: &[MethodPolicy] = policy!("statistics.v1.StatisticsService",
    "GetOverview" => STAFF, "ListDays" => STAFF,
);

#[tonic::async_trait]
impl statistics::statistics_service_server::StatisticsService for World {
    async fn get_overview(
        &self,
        _request: Request<statistics::GetOverviewRequest>,
    ) -> Answer<statistics::Overview> {
        self.lock().overview.clone().map(Response::new).ok_or_else(|| Status::unimplemented("not yet"))
    }

    async fn list_days(
        &self,
        _request: Request<statistics::ListDaysRequest>,
    ) -> Answer<statistics::ListDaysResponse> {
        Ok(Response::new(statistics::ListDaysResponse {
            days: self.lock().days.clone(),
            ..Default::default()
        }))
    }

    not_asked! {
        count_facts(statistics::CountFactsRequest) -> statistics::CountFactsResponse;
        rebuild(statistics::RebuildRequest) -> statistics::RebuildResponse;
    }
}

role!(PARTNER, "partner", false, |host: Host| {
    let world = World::of(&host);
    host.serve_grpc(Routes::new(ContactServiceServer::new(world)), PARTNER_POLICY)
});
static PARTNER_POLICY: &[MethodPolicy] = policy!("partner.v1.ContactService", "ListContacts" => STAFF);

#[tonic::async_trait]
impl partner::contact_service_server::ContactService for World {
    async fn list_contacts(
        &self,
        _request: Request<partner::ListContactsRequest>,
    ) -> Answer<partner::ListContactsResponse> {
        let contacts = self.lock().contacts.clone();
        contacts
            .map(|contacts| Response::new(partner::ListContactsResponse { contacts }))
            .ok_or_else(|| Status::unimplemented("not yet"))
    }
}
