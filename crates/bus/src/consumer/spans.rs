//! The spans of a batch and of each message in it. Beside others, a message of a trace that is not recorded has none: its
//! trace is carried on without (`Message::scope`).

use crate::Message;

/// Gives each message the span of its effect, and returns the batch's. A batch may hold messages of many traces, so it
/// belongs to none of them and is only linked.
pub(super) fn batch_spans(queue: &'static str, messages: &mut [Message]) -> tracing::Span {
    let size = messages.len();
    let batch = tracing::info_span!(
        parent: None,
        "batch",
        otel.name = format!("batch {queue}"),
        queue,
        size,
    );
    let link = telemetry::context::traceparent_of(&batch);
    for message in messages {
        let Some(traceparent) = message.traceparent.clone() else { continue };
        if size > 1 && !telemetry::context::is_recorded(&traceparent) {
            continue;
        }
        let span = tracing::info_span!(
            parent: None,
            "consume",
            otel.name = format!("consume {}", message.kind),
            otel.kind = "consumer",
            queue,
            message_id = %message.id,
            message_kind = message.kind,
            aggregate_id = %message.aggregate_id,
            attempt = message.attempt,
        );
        telemetry::context::child_of(&span, &traceparent);
        if let Some(batch) = &link {
            telemetry::context::link(&span, batch);
        }
        message.set_span(span);
    }
    batch
}
