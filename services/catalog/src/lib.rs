//! Institutions and their loan products: the `catalog` role (产品目录).

pub mod domain;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod settings;
pub mod store;

use std::sync::Arc;

use host::{Host, HostError, Role};
use proto::catalog::v1::catalog_service_server::CatalogServiceServer;
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "catalog",
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
        shelf: rpc::Shelf::default(),
        lpr: Arc::new(settings::lpr(&host)?),
    };
    host.serve_grpc(Routes::new(CatalogServiceServer::new(face)), rpc::POLICY).await
}
