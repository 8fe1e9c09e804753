//! Facts of every service, and the figures that come from them: the `statistics` role (统计).

pub mod domain;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod store;
mod wire;
mod work;

use std::sync::Arc;

use host::{Changes, Host, HostError, Role};
use proto::statistics::v1::statistics_service_server::StatisticsServiceServer;
use tokio::sync::Notify;
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "statistics",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::FACTS],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    let taken = Arc::new(Notify::new());
    let handler = messaging::FactHandler::new(host.clock.clone(), Arc::clone(&taken));
    host.bus.consume(&messaging::FACTS, handler);
    let folding = tokio::spawn(work::keep_folded(host.pool.clone(), taken, host.shutdown.clone()));
    let face = rpc::Face::new(host.pool.clone(), host.clock.clone(), Changes::of(&host));
    let served = host.serve_grpc(Routes::new(StatisticsServiceServer::new(face)), rpc::POLICY).await;
    // If serving failed there may be no signal to stop.
    folding.abort();
    served
}
