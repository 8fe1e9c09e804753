//! Starts what a running whitelist consists of: the calls, the worker that asks the platforms outside, and the clearing of
//! imports that nobody waits for.

use host::{Host, HostError};
use proto::whitelist::v1::{
    file_service_server::FileServiceServer, register_service_server::RegisterServiceServer,
    source_service_server::SourceServiceServer, whitelist_service_server::WhitelistServiceServer,
};
use tonic::service::Routes;

use crate::{
    files,
    rpc::{Face, FilesFace, POLICY, Persons, SLOW_METHODS},
    settings,
    sources::{Sources, Worker},
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
    let worker = Worker { pool: host.pool.clone(), clock: host.clock.clone(), sources };
    let shutdown = host.shutdown.clone();
    let working = tokio::spawn(worker.run(shutdown.clone()));
    // A role whose platforms are not asked must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let ended = working.await;
        shutdown.cancel();
        ended
    });

    let files = FilesFace::of(&host)?;
    let clearing = tokio::spawn(files::keep_cleared(host.clone()));

    let mut routes = Routes::builder();
    routes.add_service(WhitelistServiceServer::new(face.clone()));
    routes.add_service(RegisterServiceServer::new(face.clone()));
    routes.add_service(SourceServiceServer::new(face));
    routes.add_service(FileServiceServer::new(files));
    let mut config = host.server_config()?;
    config.slow_methods.extend_from_slice(SLOW_METHODS);
    let served = host.serve_grpc_with(config, routes.routes(), POLICY).await;
    // It ends with the same signal; what it was at is gone on with after the next start.
    let _ended = clearing.await;
    // The worker ends with the same signal; what it has in hand is finished first.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}
