//! Puts the role together: the consumers, the institutions' face over mTLS, the internal face, the look-out for
//! credentials, upkeep.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use host::settings::host_keys;
use host::{Host, HostError};
use proto::partner::v1::assignment_service_server::AssignmentServiceServer;
use proto::partner::v1::contact_service_server::ContactServiceServer;
use proto::partner::v1::credential_service_server::CredentialServiceServer;
use proto::partner::v1::event_service_server::EventServiceServer;
use proto::partner::v1::product_service_server::ProductServiceServer;
use proto::partner::v1::whitelist_feed_service_server::WhitelistFeedServiceServer;
use proto::whitelist::v1::list_service_client::ListServiceClient;
use rpc::server::{self, Guard, Health, ServerConfig, TlsConfig};
use tonic::service::Routes;

use super::assignments::Assignments;
use super::contacts::Contacts;
use super::credentials::Credentials;
use super::door::{CredentialCache, Door};
use super::dossiers::Dossiers;
use super::events::{Events, MAX_WAIT_SECONDS};
use super::lists::Lists;
use super::policy;
use super::products::Products;
use crate::store::{Acknowledgements, Acts, Known, LongPolls, Pulls};
use crate::upkeep::Upkeep;
use crate::{messaging, settings};

/// A long poll may wait its minute and then still look once.
const LONG_POLL: Duration = Duration::from_secs(MAX_WAIT_SECONDS as u64 + 10);
/// Long polls stay in flight: there may be one for each institution and some more.
const MAX_IN_FLIGHT: usize = 8192;

/// Serves both faces until shutdown.
pub async fn serve(host: Host) -> Result<(), HostError> {
    let up = host.health.flag("institutions' face");
    let cache = CredentialCache::new(host.pool.clone(), Arc::clone(&host.clock));
    let (polls, known) = (LongPolls::default(), Known::default());
    let [legs, cover, lists] = &messaging::QUEUES;
    host.bus.consume(lists, messaging::Lists { polls: polls.clone() });
    for queue in [legs, cover] {
        let (pool, clock) = (host.pool.clone(), Arc::clone(&host.clock));
        host.bus.consume(queue, messaging::Assignments::new(pool, clock, polls.clone(), known.clone()));
    }
    let acts = Arc::new(Acts::start(host.pool.clone(), host.bus.outbox(), known.clone()));
    let door = Door::new(Arc::clone(&cache));

    let assignments = Assignments {
        pool: host.pool.clone(),
        clock: Arc::clone(&host.clock),
        acts: Arc::clone(&acts),
        dossiers: Dossiers::new(host.peer("intake"), host.peer("insurance")),
        door: door.clone(),
    };
    let events = Events {
        clock: Arc::clone(&host.clock),
        acts,
        acknowledgements: Acknowledgements::start(host.pool.clone(), known.clone()),
        pulls: Pulls::start(host.pool.clone(), known),
        polls,
        door: door.clone(),
        shutdown: host.shutdown.clone(),
    };
    let lists = Lists {
        whitelist: ListServiceClient::new(host.peer("whitelist")),
        changes: host::Changes::of(&host),
    };
    let routes = Routes::new(AssignmentServiceServer::new(assignments))
        .add_service(EventServiceServer::new(events))
        .add_service(WhitelistFeedServiceServer::new(lists))
        .add_service(ProductServiceServer::new(Products::new(host.peer("catalog"))));
    let bound = server::bind(institutions(&host)?).await.map_err(|error| HostError::Serve(error.into()))?;
    up.up();
    let guard = Guard::new(Arc::new(door), policy::INSTITUTIONS);
    let institutions = bound.serve(routes, guard, Health::new(), host.shutdown.clone());

    let administration =
        Credentials { pool: host.pool.clone(), clock: Arc::clone(&host.clock), cache: Arc::clone(&cache) };
    let contacts = Contacts { pool: host.pool.clone(), clock: Arc::clone(&host.clock) };
    let routes = Routes::new(CredentialServiceServer::new(administration))
        .add_service(ContactServiceServer::new(contacts));
    let look_out = cache.run(host.shutdown.clone());
    let upkeep = Box::pin(Upkeep::of(&host)?.run(host.shutdown.clone()));
    let internal = host.serve_grpc(routes, policy::INTERNAL);

    let institutions = async { institutions.await.map_err(|error| HostError::Serve(error.into())) };
    let look_out = async {
        tokio::join!(look_out, upkeep);
        Ok(())
    };
    tokio::try_join!(institutions, internal, look_out).map(|((), (), ())| ())
}

fn institutions(host: &Host) -> Result<ServerConfig, HostError> {
    let settings = &host.settings;
    let tls = TlsConfig {
        certificate_pem: read(&settings.get(&settings::TLS_CERT_FILE)?)?,
        key_pem: read(&settings.get(&settings::TLS_KEY_FILE)?)?,
        client_ca_pem: read(&settings.get(&settings::CLIENT_CA_FILE)?)?,
    };
    Ok(ServerConfig {
        listen: settings.get(&settings::LISTEN)?,
        slow_methods: vec![(policy::PULL_EVENTS, LONG_POLL)],
        max_in_flight: MAX_IN_FLIGHT,
        tls: Some(tls),
        reflection: settings.get(&host_keys::REFLECTION)?,
        ..ServerConfig::default()
    })
}

fn read(path: &Path) -> Result<String, HostError> {
    std::fs::read_to_string(path).map_err(|source| HostError::File { path: path.to_owned(), source })
}
