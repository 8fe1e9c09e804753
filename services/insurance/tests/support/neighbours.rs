//! Small real roles in place of insurance's neighbours: same names, same protocols, same broker and database.

use bus::{Handler, HandlerError, Message, Outcome, Queue};
use host::Role;
use prost::Message as _;
use proto::{
    common::v1 as common,
    intake::v1::{self as intake, dossier_service_server::DossierServiceServer},
};
use rpc::{
    Answer, Fault,
    policy::{Allow, MethodPolicy},
};
use sqlx::PgConnection;
use tonic::{Request, Response, service::Routes};

use super::institution;

rpc::reason_table! {
    /// As intake refuses.
    CONSENT_REVOKED = PermissionDenied, "企业授权已失效，不能再查阅该申请材料。";
    /// As intake refuses.
    CASE_STATE = FailedPrecondition, "案件当前状态不允许此操作，请刷新页面。";
}

/// Has every dossier, but the second institution may not read it any more, and the third's round has been ended.
pub(crate) static INTAKE: Role = Role {
    name: "intake",
    migrator: host::shared_migrations,
    has_store: false,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: ALL,
    serve: |host| {
        let routes = Routes::new(DossierServiceServer::new(Shelf));
        Box::pin(host.serve_grpc(routes, INTAKE_POLICY))
    },
};
static INTAKE_POLICY: &[MethodPolicy] = &[
    MethodPolicy { method: "/zhirong.intake.v1.DossierService/GetDossier", allow: &[] },
    MethodPolicy {
        method: "/zhirong.intake.v1.DossierService/GetRoleDossier",
        allow: &[Allow::Role("insurance")],
    },
];

struct Shelf;

#[tonic::async_trait]
impl intake::dossier_service_server::DossierService for Shelf {
    async fn get_dossier(&self, _: Request<intake::GetDossierRequest>) -> Answer<intake::GetDossierResponse> {
        Err(tonic::Status::unimplemented("not asked by insurance"))
    }

    async fn get_role_dossier(
        &self,
        request: Request<intake::GetRoleDossierRequest>,
    ) -> Answer<intake::GetRoleDossierResponse> {
        let asked = request.into_inner();
        if asked.institution_id == institution(2).to_string() {
            return Err(Fault::new(&CONSENT_REVOKED).into());
        }
        if asked.institution_id == institution(3).to_string() {
            return Err(Fault::new(&CASE_STATE).into());
        }
        // What was asked, so that the test can see it.
        Ok(Response::new(intake::GetRoleDossierResponse { dossier: asked.encode_to_vec() }))
    }
}

/// Stands for partner, for intake's outbox, and for everyone who takes insurance's facts: writes down what it is told.
pub(crate) static PARTNER: Role = Role {
    name: "partner",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: TOLD,
    publishes: &[
        "partner.cover-reply-submitted.v1",
        "partner.cover-assignment-received.v1",
        "partner.cover-assignment-accepted.v1",
        "intake.cover-requested.v1",
        "intake.case-selected.v1",
        "intake.case-approved.v1",
        "intake.case-reopened.v1",
        "intake.case-withdrawn.v1",
        "intake.case-expired.v1",
        "intake.case-rejected.v1",
        "intake.case-no-offer.v1",
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
static TOLD: &[Queue] = &[Queue { name: "partner.told.v1", binds: &["insurance.#"] }];

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
            sqlx::query(
                "INSERT INTO told (kind, institution, aggregate, version, body) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&message.kind)
            .bind(addressee(message))
            .bind(message.aggregate_id)
            .bind(message.aggregate_version)
            .bind(&message.body)
            .execute(&mut *conn)
            .await?;
        }
        Ok(vec![Outcome::Done; batch.len()])
    }
}

/// Leg and reply messages name their institution.
fn addressee(message: &Message) -> Option<String> {
    let body = message.body.as_slice();
    match message.kind.as_str() {
        "insurance.leg-issued.v1" => common::LegIssued::decode(body).ok().map(|body| body.institution_id),
        "insurance.leg-selected.v1" | "insurance.leg-unselected.v1" => {
            common::LegNoticed::decode(body).ok().map(|body| body.institution_id)
        }
        "insurance.leg-closed.v1" => common::LegClosed::decode(body).ok().map(|body| body.institution_id),
        kind if kind.starts_with("insurance.reply-") => {
            common::ReplyJudged::decode(body).ok().map(|body| body.institution_id)
        }
        _ => None,
    }
}
