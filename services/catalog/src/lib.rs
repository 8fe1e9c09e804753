//! Institutions and their loan products: the `catalog` role (产品目录).

pub mod domain;
mod journal;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod settings;
pub mod store;
mod work;

use std::sync::Arc;

use host::{Host, HostError, Role};
use proto::catalog::v1::{
    catalog_service_server::CatalogServiceServer, institution_service_server::InstitutionServiceServer,
    own_product_service_server::OwnProductServiceServer, pricing_service_server::PricingServiceServer,
    publication_service_server::PublicationServiceServer, review_service_server::ReviewServiceServer,
};
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "catalog",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[],
    publishes: messaging::PUBLISHES,
    // Only statistics takes them.
    unhurried: messaging::PUBLISHES,
    peers: &[],
    keys: settings::ALL,
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve(host)),
};

async fn serve(host: Host) -> Result<(), HostError> {
    let platform = settings::platform(&host)?;
    let face = Arc::new(rpc::Face {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        changes: host::Changes::of(&host),
        shelf: rpc::Shelf::default(),
        usual_caps: host.settings.get(&settings::PLEDGE_CAPS)?,
        platform_configured: platform.is_some(),
    });
    let shutdown = host.shutdown.clone();
    let worker = work::Worker {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        outbox: host.bus.outbox(),
        platform: platform.map(work::Platform::new),
    };
    let working = tokio::spawn(worker.run(shutdown.clone()));
    // A role whose deadlines are not taken must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let ended = working.await;
        shutdown.cancel();
        ended
    });
    let routes = Routes::new(CatalogServiceServer::from_arc(Arc::clone(&face)))
        .add_service(ReviewServiceServer::from_arc(Arc::clone(&face)))
        .add_service(OwnProductServiceServer::from_arc(Arc::clone(&face)))
        .add_service(PricingServiceServer::from_arc(Arc::clone(&face)))
        .add_service(PublicationServiceServer::from_arc(Arc::clone(&face)))
        .add_service(InstitutionServiceServer::from_arc(face));
    let served = host.serve_grpc(routes, rpc::POLICY).await;
    // The worker ends with the same signal; what it has in hand is finished first.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}
