//! Starts what a running whitelist consists of: the calls, and the worker that asks the platforms outside.

use host::{Host, HostError};
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::whitelist::v1::{
    entry_service_server::EntryServiceServer, list_service_server::ListServiceServer,
    register_service_server::RegisterServiceServer, screening_service_server::ScreeningServiceServer,
    source_service_server::SourceServiceServer, whitelist_service_server::WhitelistServiceServer,
};
use tonic::service::Routes;

use crate::{
    messaging,
    rpc::{Face, Listing, POLICY, Persons, SLOW_METHODS},
    settings,
    sources::{Sources, Worker},
    work::{self, Alarm, Ears},
};

pub(crate) async fn serve(host: Host) -> Result<(), HostError> {
    let sources = Sources::of(&host.settings)?;
    let face = Face {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        changes: host::Changes::of(&host),
        parks: host.settings.get(&settings::PARKS)?,
        persons: Persons::new(host.settings.find(&settings::PERSON_KEY)?.as_ref()),
        sources: sources.clone(),
    };
    let ears = Ears::of(&sources);
    let worker = Worker { pool: host.pool.clone(), clock: host.clock.clone(), sources: sources.clone() };
    let shutdown = host.shutdown.clone();
    let working = tokio::spawn(worker.run(shutdown.clone()));
    // A role whose platforms are not asked must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let ended = working.await;
        shutdown.cancel();
        ended
    });

    let (alarm, published) = (Alarm::default(), Alarm::default());
    let policy = settings::policy(&host.settings)?;
    let lists = work::Worker {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        outbox: host.bus.outbox(),
        policy,
        ears: ears.clone(),
        sources,
        catalog: CatalogServiceClient::new(host.peer("catalog")),
        alarm: alarm.clone(),
        published: published.clone(),
        caller: work::Worker::caller(),
    };
    let lists = tokio::spawn(lists.run(host.shutdown.clone()));
    host.bus.consume(&messaging::ACKNOWLEDGEMENTS, messaging::Acknowledgements);
    let listing = Listing {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        changes: host::Changes::of(&host),
        policy,
        ears,
        alarm,
        published,
    };
    let mut routes = Routes::builder();
    routes.add_service(WhitelistServiceServer::new(face.clone()));
    routes.add_service(RegisterServiceServer::new(face.clone()));
    routes.add_service(SourceServiceServer::new(face));
    routes.add_service(ScreeningServiceServer::new(listing.clone()));
    routes.add_service(EntryServiceServer::new(listing.clone()));
    routes.add_service(ListServiceServer::new(listing));
    let mut config = host.server_config()?;
    config.slow_methods = SLOW_METHODS.to_vec();
    let served = host.serve_grpc_with(config, routes.routes(), POLICY).await;
    lists.await.map_err(|panic| HostError::Serve(panic.into()))?;
    // The worker ends with the same signal; what it has in hand is finished first.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}
