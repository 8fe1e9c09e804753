//! Insurers and guarantors: legs to them, quotes, policies, guarantees, claims, the compensation pool.
//!
//! So far the role has its schema and its gRPC face with health; its methods come with the insurance contract.

use host::{Host, HostError, Role};
use tonic::service::Routes;

/// The role as the binary starts it.
pub static ROLE: Role = Role {
    name: "insurance",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    host.serve_grpc(Routes::default(), &[]).await
}
