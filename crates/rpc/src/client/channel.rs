//! The service that generated clients are put on.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use telemetry::context;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tower::{Service, ServiceExt as _};
use tracing::{Instrument as _, Span, field};

use super::credential::Credential;
use crate::Fault;
use crate::caller::Actor;
use crate::deadline;
use crate::reason::Reason;
use crate::reasons;
use crate::server::TRACEPARENT;

/// Calls inside the system are expected to take milliseconds.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);

/// Request extension: call on behalf of this actor. Only `desk` may name staff and only `partner` institutions.
#[derive(Clone, Debug)]
pub struct ActAs(pub Actor);

/// A cheap-to-clone channel for generated clients: `WhitelistServiceClient::new(channel)`.
#[derive(Clone)]
pub struct Channel {
    /// `None`: the URL was none.
    transport: Option<tonic::transport::Channel>,
    peer: &'static str,
    credential: Arc<Credential>,
    deadline: Duration,
    /// On whose behalf calls are made that name nobody themselves; `None`: the role's own.
    actor: Option<Arc<Actor>>,
}

impl Channel {
    pub(super) fn new(endpoint: Option<Endpoint>, peer: &'static str, credential: Credential) -> Self {
        Self {
            transport: endpoint.map(|endpoint| endpoint.connect_lazy()),
            peer,
            credential: Arc::new(credential),
            deadline: DEFAULT_DEADLINE,
            actor: None,
        }
    }

    /// The same connection on behalf of `actor`, whom this role must be allowed to name. A call may still name another
    /// by [`ActAs`].
    #[must_use]
    pub fn acting_as(self, actor: Actor) -> Self {
        Self { actor: Some(Arc::new(actor)), ..self }
    }

    /// The same connection with another deadline for calls that set none (5 s).
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let span = tracing::info_span!(
            "rpc.client",
            otel.name = request.uri().path().trim_start_matches('/'),
            otel.kind = "client",
            peer = self.peer,
            rpc.code = field::Empty,
        );
        let limit = self.prepare(&mut request, &span);
        let transport = self.transport.clone();
        let peer = self.peer;
        async move {
            let Some(transport) = transport else {
                return Ok(refused(&reasons::UNAVAILABLE, peer, "the URL of the peer is not usable"));
            };
            let response = match tokio::time::timeout(limit, transport.oneshot(request)).await {
                Err(_) => refused(&reasons::DEADLINE_EXCEEDED, peer, "no answer in time"),
                Ok(Ok(response)) => response,
                Ok(Err(error)) => failed(error, peer),
            };
            let code =
                response.headers().get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()));
            Span::current().record("rpc.code", code.unwrap_or(Code::Ok) as i32);
            Ok(response)
        }
        .instrument(span)
        .boxed()
    }
}

impl Channel {
    /// Adds what every call carries; returns its time limit.
    fn prepare(&self, request: &mut Request<Body>, span: &Span) -> Duration {
        let actor = request.extensions_mut().remove::<ActAs>();
        let limit = deadline::read(request.headers()).unwrap_or(self.deadline);
        let headers = request.headers_mut();
        let actor = actor.as_ref().map(|act_as| &act_as.0).or(self.actor.as_deref());
        if let Some(header) = self.credential.header(actor) {
            headers.insert(AUTHORIZATION, header);
        }
        headers.insert(deadline::HEADER, deadline::write(limit));
        let trace = context::traceparent_of(span).and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(trace) = trace {
            headers.insert(TRACEPARENT, trace);
        }
        limit
    }
}

/// The way failed: not connected, cut off, or tonic's own timer was first.
fn failed(error: tonic::transport::Error, peer: &'static str) -> Response<Body> {
    let status = Status::from_error(Box::new(error));
    match status.code() {
        Code::Cancelled | Code::DeadlineExceeded => {
            refused(&reasons::DEADLINE_EXCEEDED, peer, "no answer in time")
        }
        _ => refused(&reasons::UNAVAILABLE, peer, status),
    }
}

fn refused(
    reason: &'static Reason,
    peer: &'static str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Response<Body> {
    let status = Status::from(Fault::new(reason).metadata("peer", peer).source(cause));
    let (parts, ()) = status.into_http::<()>().into_parts();
    Response::from_parts(parts, Body::empty())
}
