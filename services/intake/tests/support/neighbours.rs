//! Small real roles in place of intake's neighbours: same names, same protocols, same broker and database.

use bus::{Handler, HandlerError, Message, Outcome, Queue};
use host::Role;
use proto::{
    catalog::v1::{self as catalog, catalog_service_server::CatalogServiceServer},
    whitelist::v1::{self as whitelist, whitelist_service_server::WhitelistServiceServer},
};
use rpc::{
    Answer,
    policy::{Allow, MethodPolicy},
};
use sqlx::PgConnection;
use tonic::{Request, Response, service::Routes};
use uuid::Uuid;

use std::{collections::BTreeSet, sync::Mutex};

use super::{EXCLUDED, NARROW_CONSENT, REVOKED_CONSENT, UNKNOWN, WIDE_CONSENT, bank, evaluator};

pub(crate) static WHITELIST: Role = Role {
    name: "whitelist",
    migrator: host::shared_migrations,
    has_store: false,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| {
        let routes = Routes::new(WhitelistServiceServer::new(Register));
        Box::pin(host.serve_grpc(routes, WHITELIST_POLICY))
    },
};
static WHITELIST_POLICY: &[MethodPolicy] = &[
    MethodPolicy {
        method: "/zhirong.whitelist.v1.WhitelistService/GetStandings",
        allow: &[Allow::Role("intake")],
    },
    MethodPolicy {
        method: "/zhirong.whitelist.v1.WhitelistService/CheckConsent",
        allow: &[Allow::Role("intake")],
    },
];

pub(crate) static CATALOG: Role = Role {
    name: "catalog",
    migrator: host::shared_migrations,
    has_store: false,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| {
        let routes = Routes::new(CatalogServiceServer::new(Shelf));
        Box::pin(host.serve_grpc(routes, CATALOG_POLICY))
    },
};
static CATALOG_POLICY: &[MethodPolicy] = &[
    MethodPolicy {
        method: "/zhirong.catalog.v1.CatalogService/MatchProducts",
        allow: &[Allow::Role("intake")],
    },
    MethodPolicy {
        method: "/zhirong.catalog.v1.CatalogService/ListInstitutions",
        allow: &[Allow::Role("intake")],
    },
    MethodPolicy { method: "/zhirong.catalog.v1.CatalogService/GetProduct", allow: &[Allow::Role("intake")] },
];

/// Stands for partner and for everyone who takes intake's facts: writes down what it is told.
pub(crate) static PARTNER: Role = Role {
    name: "partner",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: TOLD,
    publishes: &[
        "partner.reply-submitted.v1",
        "partner.assignment-received.v1",
        "partner.assignment-accepted.v1",
        "whitelist.consent-revoked.v1",
        "insurance.cover-quoted.v1",
        "insurance.cover-bound.v1",
        "insurance.cover-released.v1",
    ],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| {
        Box::pin(async move {
            host.bus.consume(&TOLD[0], Recorder);
            host.serve_grpc(Routes::default(), &[]).await
        })
    },
};
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("tests/support/migrations");
static TOLD: &[Queue] = &[Queue { name: "partner.told.v1", binds: &["intake.#"] }];

struct Recorder;

impl Handler for Recorder {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        for message in batch {
            sqlx::query("INSERT INTO told (kind, institution, trace, body) VALUES ($1, $2, $3, $4)")
                .bind(&message.kind)
                .bind(institution(message))
                .bind(&message.traceparent)
                .bind(&message.body)
                .execute(&mut *conn)
                .await?;
        }
        Ok(vec![Outcome::Done; batch.len()])
    }
}

/// Leg and reply messages name their institution.
fn institution(message: &Message) -> Option<String> {
    use prost::Message as _;
    let body = message.body.as_slice();
    match message.kind.as_str() {
        "intake.leg-issued.v1" => {
            proto::common::v1::LegIssued::decode(body).ok().map(|body| body.institution_id)
        }
        "intake.leg-selected.v1" | "intake.leg-unselected.v1" => {
            proto::common::v1::LegNoticed::decode(body).ok().map(|body| body.institution_id)
        }
        "intake.leg-closed.v1" => {
            proto::common::v1::LegClosed::decode(body).ok().map(|body| body.institution_id)
        }
        "intake.leg-supplemented.v1" => {
            proto::common::v1::LegSupplemented::decode(body).ok().map(|body| body.institution_id)
        }
        kind if kind.starts_with("intake.reply-") => {
            proto::common::v1::ReplyJudged::decode(body).ok().map(|body| body.institution_id)
        }
        _ => None,
    }
}

struct Register;

type Later<'call, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'call>>;

macro_rules! not_asked {
    ($($name:ident($request:ty) -> $response:ty;)+) => {
        // Written out as `async_trait` would: it does not look into macros.
        $(fn $name<'life, 'call>(&'life self, _: Request<$request>) -> Later<'call, Answer<$response>>
        where
            'life: 'call,
            Self: 'call,
        {
            Box::pin(std::future::ready(Err(tonic::Status::unimplemented("not asked by intake"))))
        })+
    };
}

#[tonic::async_trait]
impl whitelist::whitelist_service_server::WhitelistService for Register {
    async fn get_standings(
        &self,
        request: Request<whitelist::GetStandingsRequest>,
    ) -> Answer<whitelist::GetStandingsResponse> {
        let standing = |query: whitelist::StandingQuery| {
            let active = query.consent_id != REVOKED_CONSENT;
            let asset = |id: &String| whitelist::IpAsset {
                asset_id: id.clone(),
                r#type: 1,
                number: "202210123456.1".to_owned(),
                title: "一种材料".to_owned(),
                ..whitelist::IpAsset::default()
            };
            whitelist::Standing {
                registered: query.uscc != UNKNOWN,
                enterprise: (query.uscc != UNKNOWN).then(|| whitelist::Enterprise {
                    enterprise_id: Uuid::from_u128(5).to_string(),
                    name: "济源市沁铅新材料有限公司".to_owned(),
                    size: 3,
                    park: "JY-GX".to_owned(),
                    region: "419001".to_owned(),
                    ..whitelist::Enterprise::default()
                }),
                listed: true,
                grade: 2,
                exclusions: if query.uscc == EXCLUDED { vec!["HX01".to_owned()] } else { Vec::new() },
                consent_active: active,
                consent_reason: if active { String::new() } else { "CONSENT_REVOKED".to_owned() },
                assets: query.asset_ids.iter().map(asset).collect(),
                missing_asset_ids: Vec::new(),
                standing_revision: 1,
                consent_recipient_institution_ids: match query.consent_id.as_str() {
                    NARROW_CONSENT => vec![bank(1).to_string()],
                    WIDE_CONSENT => Vec::new(),
                    _ => (1..=50).map(|number| bank(number).to_string()).collect(),
                },
            }
        };
        let standings = request.into_inner().queries.into_iter().map(standing).collect();
        Ok(Response::new(whitelist::GetStandingsResponse { standings }))
    }

    async fn check_consent(
        &self,
        request: Request<whitelist::CheckConsentRequest>,
    ) -> Answer<whitelist::CheckConsentResponse> {
        // The second bank is not among the recipients.
        let allowed = request.get_ref().recipient_institution_id != bank(2).to_string();
        Ok(Response::new(whitelist::CheckConsentResponse { allowed, ..Default::default() }))
    }

    not_asked! {
        register_enterprise(whitelist::RegisterEnterpriseRequest) -> whitelist::RegisterEnterpriseResponse;
        get_enterprise(whitelist::GetEnterpriseRequest) -> whitelist::Enterprise;
        register_asset(whitelist::RegisterAssetRequest) -> whitelist::RegisterAssetResponse;
        list_assets(whitelist::ListAssetsRequest) -> whitelist::ListAssetsResponse;
        grant_consent(whitelist::GrantConsentRequest) -> whitelist::GrantConsentResponse;
        revoke_consent(whitelist::RevokeConsentRequest) -> whitelist::RevokeConsentResponse;
        record_standing(whitelist::RecordStandingRequest) -> whitelist::RecordStandingResponse;
        check_identifier(whitelist::CheckIdentifierRequest) -> whitelist::CheckIdentifierResponse;
    }
}

struct Shelf;

/// The first question about an amount with these hundreds is never answered.
pub(crate) const HANGING: i64 = 77;
/// Amounts that were asked about.
static HUNG: Mutex<BTreeSet<i64>> = Mutex::new(BTreeSet::new());

#[tonic::async_trait]
impl catalog::catalog_service_server::CatalogService for Shelf {
    async fn match_products(
        &self,
        request: Request<catalog::MatchProductsRequest>,
    ) -> Answer<catalog::MatchProductsResponse> {
        let request = request.into_inner();
        let hangs = |need: &catalog::Need| {
            need.amount_fen / 100 % 100 == HANGING && HUNG.lock().unwrap().insert(need.amount_fen)
        };
        if request.needs.iter().any(hangs) {
            std::future::pending::<()>().await;
        }
        let fits = |need: &catalog::Need| {
            (1..=u128::try_from(need.amount_fen % 100).unwrap())
                .map(|number| catalog::Fit {
                    product_id: Uuid::from_u128(1_000 + number).to_string(),
                    version: 1,
                    institution_id: bank(number).to_string(),
                    reasons: vec!["AMOUNT_IN_RANGE".to_owned()],
                    ..Default::default()
                })
                .collect()
        };
        let misfits = || {
            vec![catalog::Misfit {
                reasons: vec!["AMOUNT_ABOVE_MAX".to_owned()],
                ..catalog::Misfit::default()
            }]
        };
        let one = |need: &catalog::Need| catalog::Match {
            fits: fits(need),
            misfits: if request.explain { misfits() } else { Vec::new() },
        };
        Ok(Response::new(catalog::MatchProductsResponse { matches: request.needs.iter().map(one).collect() }))
    }

    /// Two evaluators; that one names no department does not matter, which is asked of banks alone.
    async fn list_institutions(
        &self,
        request: Request<catalog::ListInstitutionsRequest>,
    ) -> Answer<catalog::ListInstitutionsResponse> {
        let one = |number: u128, department: &str| catalog::Institution {
            institution_id: evaluator(number).to_string(),
            role: request.get_ref().role,
            responsible_department: department.to_owned(),
            ..catalog::Institution::default()
        };
        let institutions = vec![one(1, "知识产权部"), one(2, "")];
        Ok(Response::new(catalog::ListInstitutionsResponse { institutions, next_page_token: String::new() }))
    }

    /// The first bank counts a year of 365 days, all others one of 360.
    async fn get_product(&self, request: Request<catalog::GetProductRequest>) -> Answer<catalog::Product> {
        let request = request.into_inner();
        let number = request.product_id.parse::<Uuid>().unwrap().as_u128();
        let interest_basis = if number == 1_001 { 365 } else { 360 };
        let terms = catalog::ProductTerms { interest_basis, settle_day: 20, ..Default::default() };
        Ok(Response::new(catalog::Product {
            product_id: request.product_id,
            version: request.version,
            terms: Some(terms),
            ..catalog::Product::default()
        }))
    }

    not_asked! {
        register_institution(catalog::RegisterInstitutionRequest) -> catalog::RegisterInstitutionResponse;
        get_institution(catalog::GetInstitutionRequest) -> catalog::Institution;
        create_product(catalog::CreateProductRequest) -> catalog::CreateProductResponse;
        revise_product(catalog::ReviseProductRequest) -> catalog::ReviseProductResponse;
        publish_product(catalog::PublishProductRequest) -> catalog::PublishProductResponse;
        retire_product(catalog::RetireProductRequest) -> catalog::RetireProductResponse;
        list_products(catalog::ListProductsRequest) -> catalog::ListProductsResponse;
    }
}
