//! A message carries its trace to its effect, and from there on.

use std::sync::{Arc, Mutex};

use bus::{BusConfig, Outgoing};
use chrono::Utc;
use telemetry::receiver::TraceReceiver;
use tracing::Instrument;
use uuid::Uuid;

use crate::support::{Ground, LIMIT, Recorder, Verdict, eventually, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_carries_its_trace_to_its_effect_which_links_to_its_batch() {
    let (receiver, endpoint) = TraceReceiver::start().await.unwrap();
    let telemetry = telemetry::init(telemetry::Config {
        role: "bus-suite",
        otlp_endpoint: Some(endpoint),
        sample_ratio: 1.0,
        log_format: telemetry::LogFormat::Text,
    })
    .unwrap();
    let ground = Ground::shared().await;
    let continued: Arc<Mutex<Vec<String>>> = Arc::default();
    let onwards = Arc::clone(&continued);
    ground.want(ground.unwanted).await;
    let unhurried = Box::leak(Box::new([ground.unwanted]));
    let bus = ground.bus_with(BusConfig { unhurried, ..quick() }, &ground.broker);
    bus.consume(
        ground.queue,
        Recorder::judging(move |message| {
            // What a handler does that answers with a message of its own.
            let next = message.span().in_scope(|| Outgoing::new("a.b.v1", Uuid::nil(), 1, Utc::now(), &()));
            onwards.lock().unwrap().extend(next.traceparent);
            Verdict::Effect
        }),
    );
    let root = tracing::info_span!("state change");
    let trace = root.in_scope(telemetry::context::current_trace_id).unwrap();
    async {
        ground.enqueue(ground.kind, 3).await;
        // In one bag: two messages and a parcel of three.
        ground.enqueue(ground.unwanted, 2).await;
        ground.enqueue_together(ground.unwanted, 3).await;
    }
    .instrument(root)
    .await;
    eventually("the effects", async || (ground.effects().await == 8).then_some(())).await;
    bus.stop().await;
    telemetry.flush();

    let continued = continued.lock().unwrap().clone();
    assert_eq!(continued.len(), 8);
    assert!(
        continued
            .iter()
            .all(|parent| telemetry::context::trace_id(parent).as_deref() == Some(trace.as_str()))
    );
    let spans = receiver
        .wait_for(
            |spans| {
                spans.iter().filter(|s| s.trace_id == trace && s.name.starts_with("consume ")).count() == 8
            },
            LIMIT,
        )
        .await
        .unwrap();
    let of_trace: Vec<_> = spans.iter().filter(|s| s.trace_id == trace).collect();
    let published: Vec<_> = of_trace.iter().filter(|s| s.name.starts_with("publish ")).collect();
    assert_eq!(published.len(), 8, "each letter's own, in parcels and bags too");
    for effect in of_trace.iter().filter(|s| s.name.starts_with("consume ")) {
        assert!(published.iter().any(|p| Some(&p.span_id) == effect.parent_span_id.as_ref()), "{effect:?}");
        let batch = spans.iter().find(|s| {
            s.name.starts_with("batch ") && effect.links.iter().any(|(trace, _)| *trace == s.trace_id)
        });
        assert!(
            batch.is_some_and(|b| b.trace_id != trace),
            "linked to its batch, which has a trace of its own"
        );
    }
}
