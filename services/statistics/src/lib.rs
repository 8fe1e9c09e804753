//! Facts of every service, and the figures that come from them: the `statistics` role (统计).

pub mod domain;
pub mod messaging;
pub mod rpc;
pub mod store;

use host::{Host, HostError, Role};
use proto::statistics::v1::statistics_service_server::StatisticsServiceServer;
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "statistics",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::FACTS],
    publishes: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    host.bus.consume(&messaging::FACTS, messaging::FactHandler::new(host.clock.clone()));
    let face = rpc::Face { pool: host.pool.clone() };
    host.serve_grpc(Routes::new(StatisticsServiceServer::new(face)), rpc::POLICY).await
}
