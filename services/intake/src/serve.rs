//! Starts what a running intake consists of: the consumers, the worker, the calls.

use std::sync::Arc;

use host::{Host, HostError};
use proto::{
    catalog::v1::catalog_service_client::CatalogServiceClient,
    intake::v1::{dossier_service_server::DossierServiceServer, intake_service_server::IntakeServiceServer},
    whitelist::v1::whitelist_service_client::WhitelistServiceClient,
};
use tonic::service::Routes;

use crate::{
    config,
    journal::Rules,
    messaging::{self, consents::Consents, covers::Covers, known::KnownCases, replies::Replies},
    numbers::Numbers,
    rpc::{AtOnce, ConsentCache, Deps, Dossiers, Intake, POLICY, Submissions},
    work::{Alarm, Evaluators, Planner, Products, Worker},
};

pub(crate) async fn serve(host: Host) -> Result<(), HostError> {
    let policy = Arc::new(config::policy(&host.settings)?);
    let rules = Rules { policy, calendar: Arc::clone(&host.calendar) };
    let whitelist = WhitelistServiceClient::new(host.peer("whitelist"));
    let catalog = CatalogServiceClient::new(host.peer("catalog"));
    let alarm = Alarm::default();
    let consents = ConsentCache::new(whitelist.clone());
    let known = KnownCases::default();

    host.bus.consume(
        &messaging::REPLIES,
        Replies { clock: Arc::clone(&host.clock), rules: rules.clone(), known: known.clone() },
    );
    let revoked = Consents { clock: Arc::clone(&host.clock), rules: rules.clone(), cache: consents.clone() };
    host.bus.consume(&messaging::CONSENTS, revoked);
    let told = Covers { clock: Arc::clone(&host.clock), rules: rules.clone() };
    host.bus.consume(&messaging::COVERS, told);
    let evaluators = Evaluators::new(catalog.clone());

    let planner = Planner {
        clock: Arc::clone(&host.clock),
        rules: rules.clone(),
        whitelist: whitelist.clone(),
        catalog: catalog.clone(),
        evaluators: evaluators.clone(),
    };

    let worker = Worker {
        pool: host.pool.clone(),
        clock: Arc::clone(&host.clock),
        rules: rules.clone(),
        outbox: host.bus.outbox(),
        hearing: bus::Hearing::of(&host.bus, &messaging::REPLIES),
        alarm: alarm.clone(),
        planner: planner.clone(),
    };
    let shutdown = host.shutdown.clone();
    let working = tokio::spawn(worker.run(shutdown.clone()));
    // A role whose deadlines are not taken must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let ended = working.await;
        shutdown.cancel();
        ended
    });

    let deps = Deps {
        pool: host.pool.clone(),
        changes: host::Changes::of(&host),
        clock: Arc::clone(&host.clock),
        rules,
        numbers: Arc::new(Numbers::new(host.pool.clone())),
        submissions: Submissions::start(
            host.pool.clone(),
            host.bus.outbox(),
            alarm.clone(),
            AtOnce::new(planner),
            known,
        ),
        outbox: host.bus.outbox(),
        alarm,
        whitelist,
        products: Products::new(catalog.clone()),
        catalog,
        evaluators,
    };
    let dossiers = Dossiers { pool: host.pool.clone(), clock: Arc::clone(&host.clock), consents };
    let mut routes = Routes::builder();
    routes.add_service(IntakeServiceServer::new(Intake(deps)));
    routes.add_service(DossierServiceServer::new(dossiers));
    let served = host.serve_grpc(routes.routes(), POLICY).await;
    // The worker ends with the same signal; what it has in hand is finished first.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}
