//! What happens around every call: span, limits, identity, policy, deadline, metrics.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use telemetry::{context, metrics, names};
use tokio::sync::Semaphore;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};

use super::limits::Bounded;
use super::reply::Reply;
use super::{Guard, PeerCertificate, RequestHead, ServerConfig, refusal};
use crate::deadline;
use crate::fault::Fault;
use crate::policy::Allow;
use crate::reasons;

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/";
/// Header that carries the trace from role to role.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// What holds for every call of one server.
pub(super) struct Rules {
    guard: Guard,
    reflection: bool,
    outside: bool,
    max_body: usize,
    timeout: Duration,
    slow: HashMap<&'static str, Duration>,
    permits: Semaphore,
    /// Asks to stop: open streams end.
    stop: CancellationToken,
    /// The time to finish is over: every call ends.
    cut: CancellationToken,
}

impl Rules {
    pub(super) fn new(
        config: &ServerConfig,
        guard: Guard,
        stop: CancellationToken,
        cut: CancellationToken,
    ) -> Self {
        Self {
            guard,
            reflection: config.reflection,
            outside: config.outside,
            max_body: config.max_body,
            timeout: config.timeout,
            slow: config.slow_methods.iter().copied().collect(),
            permits: Semaphore::new(config.max_in_flight),
            stop,
            cut,
        }
    }

    fn access(&self, path: &str) -> Access {
        if let Some((method, allow)) = self.guard.find(path) {
            Access::Guarded(method, allow)
        } else if path.starts_with(HEALTH) || self.reflection && path.starts_with(REFLECTION) {
            Access::Open
        } else {
            Access::Unknown
        }
    }
}

/// How a path may be reached.
#[derive(Clone, Copy)]
enum Access {
    Guarded(&'static str, &'static [Allow]),
    Open,
    Unknown,
}

impl Access {
    /// The name for spans and metrics: never the caller's own text.
    fn method(self) -> &'static str {
        match self {
            Self::Guarded(method, _) => method,
            Self::Open => "open",
            Self::Unknown => names::UNKNOWN_METHOD,
        }
    }
}

/// Puts the rules around a service.
#[derive(Clone)]
pub(super) struct CallLayer(Arc<Rules>);

impl CallLayer {
    pub(super) fn new(rules: Rules) -> Self {
        Self(Arc::new(rules))
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, rules: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(super) struct Calls<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let ready = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, ready);
        let rules = Arc::clone(&self.rules);
        let access = rules.access(request.uri().path());
        let method = access.method();
        let limit = deadline::read(request.headers())
            .map_or_else(|| rules.limit(method), |asked| asked.min(rules.limit(method)));
        // Made here and not when the future is first polled: tonic's own timer, which knows no reasons, starts after.
        let sleep = tokio::time::sleep(limit);
        let span = open_span(method, &request, rules.outside);
        let outer = span.clone();
        async move {
            let started = Instant::now();
            let mut response = match access {
                Access::Unknown => refusal::response(Fault::new(&reasons::METHOD_UNKNOWN).into()),
                Access::Open => open(inner, &rules, request).await,
                Access::Guarded(method, allow) => {
                    in_time(sleep, &rules, guarded(inner, &rules, method, allow, request)).await
                }
            };
            let code = refusal::complete(response.headers_mut()).unwrap_or(Code::Ok);
            span.record("rpc.code", refusal::name(code));
            if matches!(code, Code::Internal | Code::Unknown | Code::DataLoss | Code::Unavailable) {
                span.record("otel.status_code", "ERROR");
            }
            metrics::observe_rpc(method, refusal::name(code), started.elapsed().as_secs_f64());
            Ok(response)
        }
        .instrument(outer)
        .boxed()
    }
}

impl Rules {
    fn limit(&self, method: &str) -> Duration {
        self.slow.get(method).copied().unwrap_or(self.timeout)
    }
}

fn open_span(method: &'static str, request: &Request<Body>, outside: bool) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "rpc",
        otel.name = method.trim_start_matches('/'),
        otel.kind = "server",
        otel.status_code = field::Empty,
        rpc.code = field::Empty,
        caller = field::Empty,
    );
    if let Some(parent) = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok()) {
        if outside {
            context::link(&span, parent);
        } else {
            context::child_of(&span, parent);
        }
    }
    span
}

/// Health and reflection: no identity, no deadline, and their streams end as soon as the server is asked to stop.
async fn open<S>(mut inner: S, rules: &Rules, request: Request<Body>) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let request = request.map(|body| Body::new(Bounded::new(body, rules.max_body)));
    let Ok(response) = inner.call(request).await;
    let stop = rules.stop.clone();
    response.map(|body| Body::new(Reply::new(body, stop)))
}

async fn guarded<S>(
    mut inner: S,
    rules: &Rules,
    method: &'static str,
    allow: &'static [Allow],
    request: Request<Body>,
) -> Result<Response<Body>, Fault>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let _permit = rules.permits.try_acquire().map_err(|_| Fault::new(&reasons::OVERLOADED))?;
    let _in_flight = InFlight::begin();
    let (mut parts, body) = request.into_parts();
    let certificate = PeerCertificate::of_connection(&parts.extensions);
    let head = RequestHead { method, headers: &parts.headers, certificate };
    let caller = rules.guard.admit(&head, allow).await?;
    Span::current().record("caller", caller.audit_name());
    parts.extensions.insert(caller);
    if let Some(certificate) = certificate {
        parts.extensions.insert(certificate);
    }
    let body = Body::new(Bounded::new(body, rules.max_body));
    let Ok(response) = inner.call(Request::from_parts(parts, body)).await;
    let cut = rules.cut.clone();
    Ok(response.map(|body| Body::new(Reply::new(body, cut))))
}

/// Runs a call until its deadline or the end of the server; a panic ends this call and no other.
async fn in_time(
    sleep: Sleep,
    rules: &Rules,
    work: impl Future<Output = Result<Response<Body>, Fault>>,
) -> Response<Body> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let ended = tokio::select! {
        biased;
        ended = work => ended.unwrap_or_else(|_| Err(Fault::new(&reasons::INTERNAL).source("a handler panicked"))),
        () = sleep => Err(Fault::new(&reasons::DEADLINE_EXCEEDED)),
        () = rules.cut.cancelled() => Err(Fault::new(&reasons::SHUTTING_DOWN)),
    };
    ended.unwrap_or_else(|fault| refusal::response(fault.into()))
}

struct InFlight;

impl InFlight {
    fn begin() -> Self {
        metrics::add_rpc_in_flight(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::add_rpc_in_flight(-1);
    }
}
