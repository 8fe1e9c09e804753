//! Starts what a running whitelist consists of: the calls, the worker that asks the platforms outside, the one that moves
//! entries and lists on, and the removal of what nobody waits for or has to keep.

use futures::future;
use host::{Host, HostError};
use kernel::calendar::date_of;
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::whitelist::v1::{
    entry_service_server::EntryServiceServer, file_service_server::FileServiceServer,
    list_service_server::ListServiceServer, register_service_server::RegisterServiceServer,
    screening_service_server::ScreeningServiceServer, source_service_server::SourceServiceServer,
    whitelist_service_server::WhitelistServiceServer,
};
use tonic::service::Routes;

use crate::{
    domain::place::Parks,
    files, messaging,
    rpc::{Face, FilesFace, Listing, POLICY, Persons, slow_methods},
    settings,
    sources::{self, Sources},
    store::screening_books,
    upkeep::Upkeep,
    work::{self, Alarm, Ears},
};

pub(crate) async fn serve(host: Host) -> Result<(), HostError> {
    let sources = Sources::of(&host.settings)?;
    let policy = settings::policy(&host.settings)?;
    let face = Face {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        changes: host::Changes::of(&host),
        parks: host.settings.get(&settings::PARKS)?,
        persons: Persons::new(host.settings.find(&settings::PERSON_KEY)?.as_ref()),
        sources: sources.clone(),
    };
    let upkeep = Upkeep::of(&host, &sources)?.run(host.shutdown.clone());
    let (alarm, published) = (Alarm::default(), Alarm::default());
    let ears = Ears::of(&sources);
    let listing = Listing {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        changes: host::Changes::of(&host),
        policy,
        ears: ears.clone(),
        sources: sources.clone(),
        parks: face.parks.clone(),
        alarm: alarm.clone(),
        published: published.clone(),
    };
    // Beside the start, which does not wait for the database.
    let comparing = tokio::spawn(warn_of_parks(host.clone(), face.parks.clone()));
    let asking =
        sources::Worker { pool: host.pool.clone(), clock: host.clock.clone(), sources: sources.clone() };
    let moving = work::Worker {
        pool: host.pool.clone(),
        clock: host.clock.clone(),
        calendar: host.calendar.clone(),
        outbox: host.bus.outbox(),
        policy,
        ears,
        sources,
        catalog: CatalogServiceClient::new(host.peer("catalog")),
        alarm,
        published,
        caller: work::Worker::caller(),
    };
    host.bus.consume(&messaging::ACKNOWLEDGEMENTS, messaging::Acknowledgements);
    let shutdown = host.shutdown.clone();
    let asking = tokio::spawn(asking.run(shutdown.clone()));
    let moving = tokio::spawn(moving.run(shutdown.clone()));
    // A role of which a part has stopped must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let (ended, other) = future::select(asking, moving).await.factor_first();
        shutdown.cancel();
        ended.and(other.await)
    });

    let files = FilesFace::of(&host)?;
    let clearing = files::keep_cleared(host.clone());
    let clearing = tokio::spawn(future::join(clearing, upkeep));

    let mut routes = Routes::builder();
    routes.add_service(WhitelistServiceServer::new(face.clone()));
    routes.add_service(RegisterServiceServer::new(face.clone()));
    routes.add_service(SourceServiceServer::new(face));
    routes.add_service(ScreeningServiceServer::new(listing.clone()));
    routes.add_service(EntryServiceServer::new(listing.clone()));
    routes.add_service(ListServiceServer::new(listing));
    routes.add_service(FileServiceServer::new(files));
    let mut config = host.server_config()?;
    config.slow_methods = slow_methods();
    let served = host.serve_grpc_with(config, routes.routes(), POLICY).await;
    comparing.abort();
    // The clearing ends with the same signal; what it was at is gone on with after the next start.
    let _ended = clearing.await;
    // The workers end with it too: an answer of a platform is still kept, a transaction that is cut off has not happened.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}

/// A park that only the setting has makes all its firms HX15; one that only the rules have cannot be registered: said at the
/// start, because either may be on its way to the other.
async fn warn_of_parks(host: Host, parks: Parks) {
    let books = async {
        let mut conn = host.pool.acquire().await?;
        screening_books::active(&mut conn, date_of(host.clock.now())).await
    };
    match books.await {
        Ok(books) => {
            if let Some(differs) = books.and_then(|books| parks.differs_from(&books.rules.parks)) {
                tracing::warn!(%differs, "ZHIRONG_WHITELIST_PARKS and the exclusion rules name different parks");
            }
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "parks could not be compared");
        }
    }
}
