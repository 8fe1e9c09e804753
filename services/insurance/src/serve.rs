//! Starts what a running insurance consists of: the consumers, the worker, the calls.

use std::sync::Arc;

use host::{Host, HostError};
use proto::{
    insurance::v1::{
        cover_dossier_service_server::CoverDossierServiceServer,
        insurance_service_server::InsuranceServiceServer,
    },
    intake::v1::dossier_service_client::DossierServiceClient,
};
use tonic::service::Routes;

use crate::{
    config,
    messaging::{self, cases::Cases, replies::Replies},
    rpc::{Dossiers, Face, POLICY},
    work::{Alarm, Worker},
};

pub(crate) async fn serve(host: Host) -> Result<(), HostError> {
    let policy = config::policy(&host.settings)?;
    let alarm = Alarm::default();
    let cases = Cases {
        clock: Arc::clone(&host.clock),
        calendar: Arc::clone(&host.calendar),
        policy,
        alarm: alarm.clone(),
    };
    host.bus.consume(&messaging::CASES, cases);
    let replies = Replies { clock: Arc::clone(&host.clock), policy, alarm: alarm.clone() };
    host.bus.consume(&messaging::REPLIES, replies);

    let worker = Worker {
        pool: host.pool.clone(),
        clock: Arc::clone(&host.clock),
        calendar: Arc::clone(&host.calendar),
        policy,
        outbox: host.bus.outbox(),
        hearing: bus::Hearing::of(&host.bus, &messaging::REPLIES),
        alarm,
    };
    let shutdown = host.shutdown.clone();
    let working = tokio::spawn(worker.run(shutdown.clone()));
    // A role whose deadlines are not taken must not look healthy: it ends, and is started again.
    let working = tokio::spawn(async move {
        let ended = working.await;
        shutdown.cancel();
        ended
    });

    let face = Face { pool: host.pool.clone(), changes: host::Changes::of(&host) };
    let dossiers =
        Dossiers { pool: host.pool.clone(), intake: DossierServiceClient::new(host.peer("intake")) };
    let mut routes = Routes::builder();
    routes.add_service(InsuranceServiceServer::new(face));
    routes.add_service(CoverDossierServiceServer::new(dossiers));
    let served = host.serve_grpc(routes.routes(), POLICY).await;
    // The worker ends with the same signal; what it has in hand is finished first.
    match working.await {
        Ok(Ok(())) => served,
        Ok(Err(panic)) | Err(panic) => Err(HostError::Serve(panic.into())),
    }
}
