//! Insurance as far as the partner edge meets it: as the small intake, with `CoverDossierService`.

use host::{BoxFuture, Host, HostError, Role};
use proto::insurance::v1::cover_dossier_service_server::{CoverDossierService, CoverDossierServiceServer};
use proto::insurance::v1::{GetCoverDossierRequest, GetCoverDossierResponse};
use rpc::policy::{Allow, MethodPolicy};
use sqlx::PgPool;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::intake::{self, Listener};

pub(super) static ROLE: Role = Role {
    name: "insurance",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[bus::Queue {
        name: "insurance.replies.v1",
        binds: &[
            "partner.cover-reply-submitted.v1",
            "partner.cover-assignment-received.v1",
            "partner.cover-assignment-accepted.v1",
        ],
    }],
    publishes: &[
        "insurance.leg-issued.v1",
        "insurance.leg-selected.v1",
        "insurance.leg-unselected.v1",
        "insurance.leg-closed.v1",
        "insurance.reply-accepted.v1",
        "insurance.reply-refused.v1",
    ],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: intake::ALL,
    serve,
};

const POLICY: &[MethodPolicy] = &[MethodPolicy {
    method: "/zhirong.insurance.v1.CoverDossierService/GetCoverDossier",
    allow: &[Allow::Role("partner")],
}];

fn serve(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    host.bus.consume(&ROLE.queues[0], Listener);
    let dossiers = Dossiers { pool: host.pool.clone() };
    Box::pin(host.serve_grpc(Routes::new(CoverDossierServiceServer::new(dossiers)), POLICY))
}

struct Dossiers {
    pool: PgPool,
}

#[tonic::async_trait]
impl CoverDossierService for Dossiers {
    async fn get_cover_dossier(
        &self,
        request: Request<GetCoverDossierRequest>,
    ) -> Result<Response<GetCoverDossierResponse>, Status> {
        let asked = request.into_inner();
        let dossier = intake::read(&self.pool, &asked.leg_id, &asked.institution_id).await?;
        Ok(Response::new(GetCoverDossierResponse { dossier, need: None }))
    }
}
