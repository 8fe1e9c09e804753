//! Enterprises, their IP assets and consents, and their standing: the `whitelist` role (授信白名单).

pub mod domain;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod settings;
pub mod store;

use host::{Host, HostError, Role};
use proto::whitelist::v1::{
    register_service_server::RegisterServiceServer, whitelist_service_server::WhitelistServiceServer,
};
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "whitelist",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[],
    publishes: messaging::PUBLISHES,
    peers: &[],
    keys: settings::ALL,
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    let face = rpc::Face {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        changes: host::Changes::of(&host),
        parks: host.settings.get(&settings::PARKS)?,
        persons: rpc::Persons::new(host.settings.find(&settings::PERSON_KEY)?.as_ref()),
    };
    let mut routes = Routes::builder();
    routes.add_service(WhitelistServiceServer::new(face.clone()));
    routes.add_service(RegisterServiceServer::new(face));
    host.serve_grpc(routes.routes(), rpc::POLICY).await
}
