//! The front desk: pages for clerks, supervisors, the regulator and operations, over HTTP.
//!
//! So far it has one page that says so. It keeps nothing yet, so it has no store.

mod face;

use host::{Host, HostError, Role};
use tokio::net::TcpListener;

/// The role as the binary starts it.
pub static ROLE: Role = Role {
    name: "desk",
    migrator: host::shared_migrations,
    has_store: false,
    queues: &[],
    publishes: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    let address = host.settings.get(&host::settings::host_keys::LISTEN)?;
    let admin = host.settings.get(&host::settings::host_keys::ADMIN_LISTEN)?;
    let listening = host.health.flag("pages");
    let listener =
        TcpListener::bind(address).await.map_err(|source| HostError::Listen { address, source })?;
    listening.up();
    axum::serve(listener, face::router(admin))
        .with_graceful_shutdown(host.shutdown.cancelled_owned())
        .await
        .map_err(HostError::role)
}
