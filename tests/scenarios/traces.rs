//! One case is one journey in the traces.

use std::collections::{BTreeMap, BTreeSet};

use engines::Source;
use proto::intake::v1::CaseState;
use telemetry::receiver::{SpanRecord, TraceReceiver};
use zhirong::simulate::Script;

use crate::support::{LIMIT, town};

/// True when `span` is `ancestor` or one of its descendants.
fn descends(span: &SpanRecord, ancestor: &str, by_id: &BTreeMap<&str, &SpanRecord>) -> bool {
    let mut at = Some(span);
    while let Some(one) = at {
        if one.span_id == ancestor {
            return true;
        }
        at = one.parent_span_id.as_deref().and_then(|parent| by_id.get(parent).copied());
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_submission_to_the_last_banks_reply_and_its_effect_with_every_leg_in_it() {
    let (receiver, endpoint) = TraceReceiver::start().await.unwrap();
    let settings = [("ZHIRONG_OTLP_ENDPOINT", endpoint.as_str()), ("ZHIRONG_TRACE_RATIO", "1")];
    let mut town = town(Source::GivenOrPrivate, &[Script::Offer], &settings).await;
    let case = town.submit().await;
    let view = town.reaches(&case, CaseState::OffersReady).await;
    let trace = view.header.unwrap().trace_id;
    assert_eq!(trace.len(), 32);
    let legs: BTreeSet<String> = view.legs.iter().map(|leg| leg.leg_id.clone()).collect();
    assert_eq!(legs.len(), 6);

    // For every leg: issued, taken by partner, answered, and the answer's effect on the case.
    let complete = |spans: &[SpanRecord]| -> bool {
        let own: Vec<&SpanRecord> = spans.iter().filter(|span| span.trace_id == trace).collect();
        let by_id: BTreeMap<&str, &SpanRecord> =
            own.iter().map(|span| (span.span_id.as_str(), *span)).collect();
        let Some(root) = own.iter().find(|span| span.parent_span_id.is_none()) else { return false };
        let submission = own.iter().any(|span| {
            span.service == "intake"
                && span.name.ends_with("SubmitApplication")
                && descends(span, &root.span_id, &by_id)
        });
        let whole = own.iter().all(|span| descends(span, &root.span_id, &by_id));
        let issued = |leg: &str| {
            own.iter().find(|span| {
                span.name == "inst.request" && span.attributes.get("leg").map(String::as_str) == Some(leg)
            })
        };
        submission
            && whole
            && legs.iter().all(|leg| {
                issued(leg).is_some_and(|issued| {
                    let under = |service: &str, name: &str| {
                        own.iter().any(|span| {
                            span.service == service
                                && span.name.contains(name)
                                && descends(span, &issued.span_id, &by_id)
                        })
                    };
                    under("partner", "intake.leg-issued.v1")
                        && under("partner", "partner.reply-submitted.v1")
                        && under("intake", "partner.reply-submitted.v1")
                })
            })
    };
    let spans = receiver.wait_for(complete, LIMIT).await;
    if let Err(spans) = &spans {
        panic!("the trace is not whole:\n{}", telemetry::tree::render(spans, &trace));
    }
    town.stop().await;
}
