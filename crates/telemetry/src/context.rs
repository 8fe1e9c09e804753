//! Trace context in and out of spans, in the form that headers and stored rows carry (W3C `traceparent`).

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The current span as `traceparent`; `None` outside of any span.
pub fn current_traceparent() -> Option<String> {
    traceparent_of(&Span::current())
}

/// `span` as `traceparent`; `None` if tracing is not set up or the span is disabled.
pub fn traceparent_of(span: &Span) -> Option<String> {
    let context = span_context(span)?;
    Some(format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8() & 1))
}

/// The trace id of the current span: 32 lower-case hex digits.
pub fn current_trace_id() -> Option<String> {
    span_context(&Span::current()).map(|context| context.trace_id().to_string())
}

/// The trace id within a `traceparent`: 32 lower-case hex digits; `None` if the text is not one.
pub fn trace_id(traceparent: &str) -> Option<String> {
    parse(traceparent).map(|context| context.trace_id().to_string())
}

/// Whether the trace of this `traceparent` is recorded. What ends in itself, such as the sending of a message, needs no
/// span in one that is not.
pub fn is_recorded(traceparent: &str) -> bool {
    parse(traceparent).is_some_and(|context| context.is_sampled())
}

/// Makes `span` continue the trace of `traceparent`. Must come before the span is first entered; text that is no
/// `traceparent` changes nothing.
pub fn child_of(span: &Span, traceparent: &str) {
    if let Some(context) = parse(traceparent) {
        // Fails where tracing is not set up or the span is filtered out: there is no trace to continue then.
        let _ = span.set_parent(Context::new().with_remote_span_context(context));
    }
}

/// Links `span` to another trace without becoming part of it. Must come before the span is first entered.
pub fn link(span: &Span, traceparent: &str) {
    if let Some(context) = parse(traceparent) {
        span.add_link(context);
    }
}

fn span_context(span: &Span) -> Option<SpanContext> {
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}

/// Version 00 only: a later version may mean something else by the same fields.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if version != "00" || parts.next().is_some() || trace.len() != 32 || span.len() != 16 || flags.len() != 2
    {
        return None;
    }
    if ![trace, span, flags].into_iter().all(lower_hex) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_traceparent_has_a_trace_id() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(trace_id(good).as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn without_set_up_there_is_no_trace() {
        assert_eq!(current_traceparent(), None);
        assert_eq!(current_trace_id(), None);
        child_of(&Span::current(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        link(&Span::current(), "nonsense");
    }
}
