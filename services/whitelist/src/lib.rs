//! Enterprises, their IP assets and consents, and their standing: the `whitelist` role (授信白名单).

pub mod domain;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod settings;
pub mod store;
pub mod work;

use host::{Host, HostError, Role};
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::whitelist::v1::{
    entry_service_server::EntryServiceServer, list_service_server::ListServiceServer,
    register_service_server::RegisterServiceServer, screening_service_server::ScreeningServiceServer,
    whitelist_service_server::WhitelistServiceServer,
};
use tonic::service::Routes;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "whitelist",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::ACKNOWLEDGEMENTS],
    publishes: messaging::PUBLISHES,
    peers: &["catalog"],
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
    let (alarm, published) = (work::Alarm::default(), work::Alarm::default());
    let policy = settings::policy(&host.settings)?;
    let worker = work::Worker {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        outbox: host.bus.outbox(),
        policy,
        catalog: CatalogServiceClient::new(host.peer("catalog")),
        alarm: alarm.clone(),
        published: published.clone(),
        caller: work::Worker::caller(),
    };
    host.bus.consume(&messaging::ACKNOWLEDGEMENTS, messaging::Acknowledgements);
    let listing = rpc::Listing {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        changes: host::Changes::of(&host),
        policy,
        alarm,
        published,
    };
    let mut routes = Routes::builder();
    routes.add_service(WhitelistServiceServer::new(face.clone()));
    routes.add_service(RegisterServiceServer::new(face));
    routes.add_service(ScreeningServiceServer::new(listing.clone()));
    routes.add_service(EntryServiceServer::new(listing.clone()));
    routes.add_service(ListServiceServer::new(listing));
    let work = worker.run(host.shutdown.clone());
    let mut config = host.server_config()?;
    config.slow_methods = rpc::SLOW_METHODS.to_vec();
    let serve = host.serve_grpc_with(config, routes.routes(), rpc::POLICY);
    let (mut serve, work) = (std::pin::pin!(serve), std::pin::pin!(work));
    tokio::select! {
        served = &mut serve => served,
        // Told to end: calls in hand are finished.
        () = work => serve.await,
    }
}
