//! A small real service behind the real server. What it does is chosen by `max_events` of `PullEvents`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::Utc;
use kernel::{Clock, InstitutionId, InstitutionRole};
use proto::partner::v1::event_service_client::EventServiceClient;
use proto::partner::v1::event_service_server::{EventService, EventServiceServer};
use proto::partner::v1::{
    AcknowledgeRequest, AcknowledgeResponse, Event, PullEventsRequest, PullEventsResponse,
};
use rpc::client::Channel;
use rpc::identity::{KeyRing, Signer, Verifier, generate};
use rpc::policy::{Allow, MethodPolicy};
use rpc::server::{Authenticator, Guard, Health, PeerCertificate, ServeError, ServerConfig, bind};
use rpc::{Actor, Duty, Fault};
use testkit::GivenClock;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);
pub(crate) const PULL: &str = "/zhirong.partner.v1.EventService/PullEvents";
pub(crate) const ACKNOWLEDGE: &str = "/zhirong.partner.v1.EventService/Acknowledge";

/// `Acknowledge` is for clerks; `PullEvents` for roles and institutions.
pub(crate) const POLICY: &[MethodPolicy] = &[
    MethodPolicy { method: PULL, allow: &[Allow::AnyRole, Allow::Institution] },
    MethodPolicy { method: ACKNOWLEDGE, allow: &[Allow::Role("intake"), Allow::Staff(&[Duty::Clerk])] },
];

/// Answers at once: caller, certificate, trace.
pub(crate) const ANSWER: i32 = 1;
/// Waits until the test gives a permit.
pub(crate) const WAIT: i32 = 2;
/// Panics.
pub(crate) const PANIC: i32 = 3;
/// Fails with a bare status whose text is nobody's business.
pub(crate) const BARE: i32 = 4;
/// Fails with a cause that is nobody's business.
pub(crate) const FAIL: i32 = 5;

/// What the handlers share with the test.
pub(crate) struct State {
    pub(crate) permits: Semaphore,
    /// Calls that reached a handler.
    pub(crate) reached: AtomicUsize,
    /// Calls that are in a handler.
    pub(crate) inside: AtomicUsize,
}

impl State {
    pub(crate) fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

struct Inside<'a>(&'a State);

impl<'a> Inside<'a> {
    fn enter(state: &'a State) -> Self {
        state.reached.fetch_add(1, Ordering::SeqCst);
        state.inside.fetch_add(1, Ordering::SeqCst);
        Self(state)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Handlers(Arc<State>);

#[tonic::async_trait]
impl EventService for Handlers {
    async fn pull_events(&self, request: Request<PullEventsRequest>) -> rpc::Answer<PullEventsResponse> {
        let _inside = Inside::enter(&self.0);
        match request.get_ref().max_events {
            WAIT => self.0.permits.acquire().await.map_err(|_| Status::internal("closed"))?.forget(),
            PANIC => panic!("asked to"),
            BARE => return Err(Status::internal("secret of the house")),
            FAIL => return Err(Fault::from(sqlx::Error::Protocol("secret of the house".into())).into()),
            _ => {}
        }
        let caller = rpc::caller(&request)?;
        let certificate = request.extensions().get::<PeerCertificate>();
        let event = Event {
            name: caller.audit_name(),
            assignment: certificate.map(PeerCertificate::hex).unwrap_or_default(),
            reply_id: telemetry::context::current_trace_id().unwrap_or_default(),
            ..Event::default()
        };
        Ok(Response::new(PullEventsResponse { events: vec![event] }))
    }

    async fn acknowledge(&self, request: Request<AcknowledgeRequest>) -> rpc::Answer<AcknowledgeResponse> {
        let _inside = Inside::enter(&self.0);
        Ok(Response::new(AcknowledgeResponse { unknown: request.into_inner().names }))
    }
}

/// Keys of three roles and a clock that all of them go by.
#[derive(Clone)]
pub(crate) struct Identities {
    pub(crate) clock: GivenClock,
    pub(crate) ring: KeyRing,
    pub(crate) intake: Arc<Signer>,
    pub(crate) desk: Arc<Signer>,
    pub(crate) partner: Arc<Signer>,
}

impl Identities {
    pub(crate) fn new() -> Self {
        let clock = GivenClock::at(Utc::now());
        let mut ring = KeyRing::default();
        let mut signer = |role: &str| {
            let key = generate().unwrap();
            ring.insert(role, &key.public_key).unwrap();
            Arc::new(Signer::from_text(role, &key.private_pem, Arc::new(clock.clone())).unwrap())
        };
        let (intake, desk, partner) = (signer("intake"), signer("desk"), signer("partner"));
        Self { clock, ring, intake, desk, partner }
    }

    pub(crate) fn verifier(&self) -> Arc<Verifier> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Arc::new(Verifier::new("partner", self.ring.clone(), clock))
    }
}

pub(crate) fn clerk() -> Actor {
    Actor::Staff { id: "s-7".into(), duties: vec![Duty::Clerk] }
}

pub(crate) fn bank() -> Actor {
    let id = InstitutionId::from_uuid(uuid::Uuid::from_u128(0xba));
    Actor::Institution { id, role: InstitutionRole::Bank, person: Some("B-12".into()) }
}

/// A running server.
pub(crate) struct Probe {
    pub(crate) url: String,
    pub(crate) state: Arc<State>,
    pub(crate) identities: Identities,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: JoinHandle<Result<(), ServeError>>,
}

impl Probe {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        let identities = Identities::new();
        let verifier = identities.verifier();
        Self::start_with(config, identities, verifier).await
    }

    pub(crate) async fn start_with(
        config: ServerConfig,
        identities: Identities,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let state = Arc::new(State {
            permits: Semaphore::new(0),
            reached: AtomicUsize::default(),
            inside: AtomicUsize::default(),
        });
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let bound = bind(config).await.unwrap();
        let url = format!("{scheme}://{}", bound.local_addr());
        let routes = Routes::new(EventServiceServer::new(Handlers(Arc::clone(&state))));
        let shutdown = CancellationToken::new();
        let guard = Guard::new(authenticator, POLICY);
        let served = tokio::spawn(bound.serve(routes, guard, Health::new(), shutdown.clone()));
        Self { url, state, identities, shutdown, served }
    }

    /// A channel as `intake` has it.
    pub(crate) fn channel(&self) -> Channel {
        rpc::client::channel(&self.url, "partner", Arc::clone(&self.identities.intake))
    }

    pub(crate) fn client(&self) -> EventServiceClient<Channel> {
        EventServiceClient::new(self.channel())
    }

    /// A channel without token, trace or deadline.
    pub(crate) fn bare(&self) -> tonic::transport::Channel {
        tonic::transport::Endpoint::from_shared(self.url.clone()).unwrap().connect_lazy()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn pull(what: i32) -> PullEventsRequest {
    PullEventsRequest { max_events: what, ..PullEventsRequest::default() }
}

/// Code, reason and violations, to be compared at once.
pub(crate) fn summary(status: &Status) -> (tonic::Code, String, Vec<(String, String)>) {
    (status.code(), rpc::status::reason(status).unwrap_or_default(), rpc::status::violations(status))
}
