//! A real OTLP/gRPC receiver on loopback that keeps spans in memory: for tests and for the demo.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Messages of batches may be large; the receiver is only reached from this machine.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// One received span. Ids are lower-case hex.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRecord {
    pub trace_id: String,
    pub span_id: String,
    /// `None` for the root of a trace.
    pub parent_span_id: Option<String>,
    pub name: String,
    /// `service.name` of the sender: the role.
    pub service: String,
    pub attributes: BTreeMap<String, String>,
    /// Trace id and span id of every link.
    pub links: Vec<(String, String)>,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// Receives traces until it is dropped.
#[derive(Debug)]
pub struct TraceReceiver {
    store: Store,
    changed: watch::Receiver<usize>,
    server: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Store {
    spans: Arc<Mutex<Vec<SpanRecord>>>,
    count: watch::Sender<usize>,
}

impl TraceReceiver {
    /// Listens on a free loopback port; the text is the endpoint for [`crate::Config::otlp_endpoint`].
    pub async fn start() -> std::io::Result<(Self, String)> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (count, changed) = watch::channel(0);
        let store = Store { spans: Arc::default(), count };
        let service = TraceServiceServer::new(store.clone()).max_decoding_message_size(MAX_MESSAGE);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = tokio::spawn(async move {
            let served =
                tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await;
            if let Err(error) = served {
                tracing::error!(%error, "the trace receiver ended");
            }
        });
        Ok((Self { store, changed, server }, endpoint))
    }

    /// Everything received so far, in order of arrival.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.store.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the spans satisfy `enough`, at most `limit`; `Err` holds what has come until then.
    pub async fn wait_for(
        &self,
        enough: impl Fn(&[SpanRecord]) -> bool,
        limit: Duration,
    ) -> Result<Vec<SpanRecord>, Vec<SpanRecord>> {
        let mut changed = self.changed.clone();
        let waiting = async {
            loop {
                changed.mark_unchanged();
                let spans = self.spans();
                if enough(&spans) || changed.changed().await.is_err() {
                    return spans;
                }
            }
        };
        match tokio::time::timeout(limit, waiting).await {
            Ok(spans) if enough(&spans) => Ok(spans),
            Ok(spans) => Err(spans),
            Err(_) => Err(self.spans()),
        }
    }
}

impl Drop for TraceReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[tonic::async_trait]
impl TraceService for Store {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = Vec::new();
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|r| texts(r.attributes)).unwrap_or_default();
            let service = attributes.get("service.name").cloned().unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                received.push(record(span, service.clone()));
            }
        }
        let total = {
            let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
            spans.append(&mut received);
            spans.len()
        };
        self.count.send_replace(total);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn record(span: Span, service: String) -> SpanRecord {
    SpanRecord {
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_span_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
        name: span.name,
        service,
        attributes: texts(span.attributes),
        links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
        start: instant(span.start_time_unix_nano),
        end: instant(span.end_time_unix_nano),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn instant(nanoseconds: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::BoolValue(flag)) => flag.to_string(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        // Lists and bytes do not occur in our own spans; show that there was something.
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}
