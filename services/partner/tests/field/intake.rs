//! Intake as far as the partner edge meets it: an outbox with a relay, a queue, and `DossierService`.

use bus::{Handler, HandlerError, Message, Outcome};
use host::{BoxFuture, Host, HostError, Role};
use kernel::{InstitutionId, LegId};
use proto::common::v1::DocumentRef;
use proto::intake::v1::dossier_service_server::{DossierService, DossierServiceServer};
use proto::intake::v1::{GetDossierRequest, GetDossierResponse};
use rpc::Fault;
use rpc::policy::{Allow, MethodPolicy};
use sqlx::{PgConnection, PgPool};
use testkit::Ground;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use uuid::Uuid;

rpc::reason_table! {
    /// The enterprise has taken its consent back.
    CONSENT_REVOKED = PermissionDenied, "企业已撤回授权。";
}

pub(super) static ROLE: Role = Role {
    name: "intake",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[bus::Queue {
        name: "intake.replies.v1",
        binds: &[
            "partner.reply-submitted.v1",
            "partner.assignment-received.v1",
            "partner.assignment-accepted.v1",
        ],
    }],
    publishes: &[
        "intake.leg-issued.v1",
        "intake.leg-selected.v1",
        "intake.leg-unselected.v1",
        "intake.leg-closed.v1",
        "intake.leg-supplemented.v1",
        "intake.reply-accepted.v1",
        "intake.reply-late.v1",
        "intake.reply-superseded.v1",
        "intake.reply-refused.v1",
    ],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: ALL,
    serve,
};

const POLICY: &[MethodPolicy] = &[MethodPolicy {
    method: "/zhirong.intake.v1.DossierService/GetDossier",
    allow: &[Allow::Role("partner")],
}];

/// One message as intake got it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Heard {
    pub(crate) kind: String,
    pub(crate) version: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) traceparent: Option<String>,
}

/// The tables of this small intake.
pub(super) async fn prepare(ground: &Ground, role: &'static Role) {
    let owner = ground.owner_pool(role);
    for statement in [
        "CREATE TABLE heard (kind text, leg uuid, version bigint, body bytea, traceparent text)",
        "CREATE TABLE dossier (leg uuid PRIMARY KEY, institution uuid, consent boolean, body bytea)",
    ] {
        sqlx::query(statement).execute(&owner).await.unwrap();
    }
}

pub(super) async fn put_dossier(pool: &PgPool, bank: InstitutionId, leg: LegId, consent: bool, body: &[u8]) {
    sqlx::query(
        "INSERT INTO dossier VALUES ($1, $2, $3, $4)
         ON CONFLICT (leg) DO UPDATE SET consent = excluded.consent",
    )
    .bind(leg.uuid())
    .bind(bank.uuid())
    .bind(consent)
    .bind(body)
    .execute(pool)
    .await
    .unwrap();
}

pub(super) async fn heard(pool: &PgPool, leg: LegId) -> Vec<Heard> {
    sqlx::query_as("SELECT kind, version, body, traceparent FROM heard WHERE leg = $1 ORDER BY version")
        .bind(leg.uuid())
        .fetch_all(pool)
        .await
        .unwrap()
}

fn serve(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    host.bus.consume(&ROLE.queues[0], Listener);
    let dossiers = Dossiers { pool: host.pool.clone() };
    Box::pin(host.serve_grpc(Routes::new(DossierServiceServer::new(dossiers)), POLICY))
}

pub(super) struct Listener;

impl Handler for Listener {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        for message in batch {
            sqlx::query("INSERT INTO heard VALUES ($1, $2, $3, $4, $5)")
                .bind(&message.kind)
                .bind(message.aggregate_id)
                .bind(message.aggregate_version)
                .bind(&message.body)
                .bind(&message.traceparent)
                .execute(&mut *conn)
                .await?;
        }
        Ok(batch.iter().map(|_| Outcome::Done).collect())
    }
}

struct Dossiers {
    pool: PgPool,
}

#[tonic::async_trait]
impl DossierService for Dossiers {
    async fn get_role_dossier(
        &self,
        _request: Request<proto::intake::v1::GetRoleDossierRequest>,
    ) -> Result<Response<proto::intake::v1::GetRoleDossierResponse>, Status> {
        Err(Status::unimplemented("insurance's, not partner's"))
    }

    async fn get_dossier(
        &self,
        request: Request<GetDossierRequest>,
    ) -> Result<Response<GetDossierResponse>, Status> {
        let asked = request.into_inner();
        let supplement = DocumentRef { code: "D04".to_owned(), ..DocumentRef::default() };
        let dossier = read(&self.pool, &asked.leg_id, &asked.institution_id).await?;
        Ok(Response::new(GetDossierResponse {
            dossier,
            supplements: vec![supplement],
            ..GetDossierResponse::default()
        }))
    }
}

/// The dossier of this leg, if it is this institution's and consent is there.
pub(super) async fn read(pool: &PgPool, leg: &str, institution: &str) -> Result<Vec<u8>, Status> {
    let row: Option<(bool, Vec<u8>)> =
        sqlx::query_as("SELECT consent, body FROM dossier WHERE leg = $1 AND institution = $2")
            .bind(leg.parse::<Uuid>().unwrap())
            .bind(institution.parse::<Uuid>().unwrap())
            .fetch_optional(pool)
            .await
            .unwrap();
    match row {
        None => Err(Fault::new(&rpc::reasons::NOT_FOUND).into()),
        Some((false, _)) => Err(Fault::new(&CONSENT_REVOKED).into()),
        Some((true, dossier)) => Ok(dossier),
    }
}
