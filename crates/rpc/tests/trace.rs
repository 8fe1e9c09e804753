//! One trace over a call: the caller's span, the client's, the server's, the handler's own.

use rpc::server::ServerConfig;
use telemetry::receiver::TraceReceiver;
use telemetry::{Config, LogFormat, context, tree};
use tracing::Instrument as _;

use crate::probe::{ANSWER, LIMIT, Probe, pull};

#[tokio::test(flavor = "multi_thread")]
async fn the_server_continues_the_callers_trace() {
    let (receiver, endpoint) = TraceReceiver::start().await.unwrap();
    let telemetry = telemetry::init(Config {
        role: "rpc-suite",
        otlp_endpoint: Some(endpoint),
        sample_ratio: 1.0,
        log_format: LogFormat::Text,
    })
    .unwrap();
    let probe = Probe::start(ServerConfig::default()).await;
    let (trace_id, seen) = async {
        let answer = probe.client().pull_events(pull(ANSWER)).await.unwrap().into_inner();
        (context::current_trace_id().unwrap(), answer.events[0].reply_id.clone())
    }
    .instrument(tracing::info_span!("click"))
    .await;
    assert_eq!(seen, trace_id, "the handler is within the caller's trace");

    let outer = Probe::start(ServerConfig { outside: true, ..ServerConfig::default() }).await;
    let of_outsider = async {
        let answer = outer.client().pull_events(pull(ANSWER)).await.unwrap().into_inner();
        answer.events[0].reply_id.clone()
    }
    .instrument(tracing::info_span!("outsider"))
    .await;

    let telemetry = tokio::task::spawn_blocking(move || {
        telemetry.flush();
        telemetry
    })
    .await
    .unwrap();
    let of_trace = |spans: &[telemetry::receiver::SpanRecord]| {
        spans.iter().filter(|span| span.trace_id == trace_id).count() >= 3
            && spans.iter().any(|span| span.trace_id == of_outsider)
    };
    let spans = receiver.wait_for(of_trace, LIMIT).await.unwrap();
    let find = |kind: &str| {
        spans.iter().find(|span| span.trace_id == trace_id && span.attributes.contains_key(kind))
    };
    let click = spans.iter().find(|span| span.name == "click").unwrap();
    let (client, server) = (find("peer").unwrap(), find("caller").unwrap());
    assert_eq!(client.name, "zhirong.partner.v1.EventService/PullEvents");
    assert_eq!(server.name, client.name);
    assert_eq!(client.parent_span_id.as_ref(), Some(&click.span_id));
    assert_eq!(server.parent_span_id.as_ref(), Some(&client.span_id));
    assert_eq!(server.attributes.get("caller").map(String::as_str), Some("role:intake"));
    assert_eq!(server.attributes.get("rpc.code").map(String::as_str), Some("OK"));
    assert_eq!(tree::render(&spans, &trace_id).lines().count(), 3);
    let outsider = spans.iter().find(|span| span.name == "outsider").unwrap();
    let beyond = spans.iter().find(|span| span.trace_id == of_outsider).unwrap();
    assert_ne!(of_outsider, outsider.trace_id, "an outsider's trace is not continued");
    assert_eq!(beyond.parent_span_id, None);
    assert_eq!(beyond.links[0].0, outsider.trace_id, "it is linked");
    let metrics = telemetry::metrics::encode();
    let counted =
        r#"zhirong_rpc_requests_total{method="/zhirong.partner.v1.EventService/PullEvents",code="OK"}"#;
    assert!(metrics.contains(counted), "{metrics}");
    drop(telemetry);
}
