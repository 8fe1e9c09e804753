//! Traces from this process through real OTLP into the receiver. One test: tracing is set up once per process.

use std::time::Duration;

use telemetry::{Config, LogFormat, context, receiver::TraceReceiver, tree};
use tracing::Instrument as _;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_continues_over_stored_context_and_arrives_whole() {
    let (receiver, endpoint) = TraceReceiver::start().await.unwrap();
    let telemetry = telemetry::init(Config {
        role: "intake",
        otlp_endpoint: Some(endpoint),
        sample_ratio: 1.0,
        log_format: LogFormat::Text,
    })
    .unwrap();

    let root = tracing::info_span!("submit", case_id = "c-1");
    let stored = async { context::current_traceparent().unwrap() }.instrument(root.clone()).await;
    let trace_id = context::trace_id(&stored).unwrap();
    assert_eq!(root.in_scope(context::current_trace_id).as_deref(), Some(trace_id.as_str()));
    drop(root);

    let batch = tracing::info_span!(parent: None, "batch");
    let batch_context = context::traceparent_of(&batch).unwrap();
    assert_ne!(context::trace_id(&batch_context), Some(trace_id.clone()), "a batch is a trace of its own");
    let effect = tracing::info_span!(parent: None, "effect", otel.name = "deliver", otel.kind = "consumer");
    context::child_of(&effect, &stored);
    context::link(&effect, &batch_context);
    let inner = effect.in_scope(|| tracing::info_span!("reply"));
    inner.in_scope(|| tracing::info!(leg_id = "l-1", "a reply took effect"));
    drop((inner, effect, batch));

    // A trace that was not recorded where it began is not recorded here either, but keeps its id.
    let unrecorded = tracing::info_span!(parent: None, "unrecorded");
    context::child_of(&unrecorded, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    let passed_on = context::traceparent_of(&unrecorded).unwrap();
    assert!(passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && passed_on.ends_with("-00"));
    drop(unrecorded);

    tokio::task::spawn_blocking(move || telemetry.shutdown()).await.unwrap();
    let spans = receiver.wait_for(|spans| spans.len() >= 4, LIMIT).await.unwrap();
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (submit, deliver, reply) = (named("submit"), named("deliver"), named("reply"));
    assert_eq!(spans.len(), 4, "{spans:#?}");
    assert!(
        [submit, deliver, reply].iter().all(|span| span.trace_id == trace_id && span.service == "intake")
    );
    assert_eq!(submit.parent_span_id, None);
    assert_eq!(submit.attributes.get("case_id").map(String::as_str), Some("c-1"));
    assert_eq!(deliver.parent_span_id.as_ref(), Some(&submit.span_id));
    assert_eq!(reply.parent_span_id.as_ref(), Some(&deliver.span_id));
    let batch = named("batch");
    assert_eq!(deliver.links, [(batch.trace_id.clone(), batch.span_id.clone())]);
    assert!(submit.start <= submit.end);
    assert_eq!(tree::render(&spans, &trace_id).lines().count(), 3);

    let second = telemetry::init(Config {
        role: "intake",
        otlp_endpoint: None,
        sample_ratio: 1.0,
        log_format: LogFormat::Json,
    });
    assert!(matches!(second, Err(telemetry::TelemetryError::AlreadySetUp(_))));
}

#[tokio::test]
async fn waiting_ends_with_what_has_come() {
    let (receiver, _endpoint) = TraceReceiver::start().await.unwrap();
    let none = receiver.wait_for(|spans| !spans.is_empty(), Duration::from_millis(20)).await;
    assert_eq!(none, Err(Vec::new()));
}
