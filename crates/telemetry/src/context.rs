//! Trace context in and out of spans, in the form that headers and stored rows carry (W3C `traceparent`).

use std::cell::RefCell;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Characters of a `traceparent`.
const TRACEPARENT: usize = 55;

thread_local! {
    /// The `traceparent` that is carried on in place of a span's.
    static CARRIED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does something as a part of a trace that is not recorded, without a span: all that it sends and writes down is of this
/// `traceparent`, whatever spans it enters.
pub fn carrying<R>(traceparent: &str, act: impl FnOnce() -> R) -> R {
    struct Before(Option<String>);
    impl Drop for Before {
        fn drop(&mut self) {
            CARRIED.set(self.0.take());
        }
    }
    let _before = Before(CARRIED.replace(Some(traceparent.to_owned())));
    act()
}

/// What is carried on, or the current span, as `traceparent`; `None` outside of any span.
pub fn current_traceparent() -> Option<String> {
    CARRIED.with_borrow(Clone::clone).or_else(|| traceparent_of(&Span::current()))
}

/// `span` as `traceparent`; `None` if tracing is not set up or the span is disabled.
pub fn traceparent_of(span: &Span) -> Option<String> {
    span_context(span).as_ref().map(written)
}

fn written(context: &SpanContext) -> String {
    let mut text = String::with_capacity(TRACEPARENT);
    text.push_str("00-");
    push_hex(&mut text, &context.trace_id().to_bytes());
    text.push('-');
    push_hex(&mut text, &context.span_id().to_bytes());
    text.push_str(if context.is_sampled() { "-01" } else { "-00" });
    text
}

/// The trace id of what is carried on, or of the current span: 32 lower-case hex digits.
pub fn current_trace_id() -> Option<String> {
    let carried = CARRIED.with_borrow(|carried| carried.as_deref().and_then(trace_id));
    carried.or_else(|| span_context(&Span::current()).map(|context| hex_of(context.trace_id())))
}

/// The trace id within a `traceparent`: 32 lower-case hex digits; `None` if the text is not one.
pub fn trace_id(traceparent: &str) -> Option<String> {
    parse(traceparent).map(|context| hex_of(context.trace_id()))
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

/// Version 00 only: a later version may mean something else by the same fields. Read and written for every message, so
/// neither looks at the text twice.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let text: &[u8; TRACEPARENT] = traceparent.as_bytes().try_into().ok()?;
    let [b'0', b'0', b'-', fields @ ..] = text else { return None };
    let (trace, rest) = fields.split_first_chunk::<32>()?;
    let [b'-', rest @ ..] = rest else { return None };
    let (span, rest) = rest.split_first_chunk::<16>()?;
    let [b'-', flags @ ..] = rest else { return None };
    let [flags] = bytes::<1>(flags)?;
    let context = SpanContext::new(
        TraceId::from_bytes(bytes(trace)?),
        SpanId::from_bytes(bytes(span)?),
        TraceFlags::new(flags & 1),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// Of lower-case hex digits; none are missing or too many.
fn bytes<const N: usize>(hex: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = hex.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn hex_of(trace: TraceId) -> String {
    let mut text = String::with_capacity(32);
    push_hex(&mut text, &trace.to_bytes());
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
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
    fn what_is_carried_on_is_current_until_it_ends() {
        let trace = |digit: char| format!("00-{}-b7ad6b7169203331-00", digit.to_string().repeat(32));
        carrying(&trace('a'), || {
            carrying(&trace('b'), || assert_eq!(current_traceparent(), Some(trace('b'))));
            assert_eq!(current_traceparent(), Some(trace('a')));
            assert_eq!(current_trace_id(), Some("a".repeat(32)));
            let fallen = std::panic::catch_unwind(|| carrying(&trace('c'), || panic!("falls")));
            assert!(fallen.is_err());
            assert_eq!(current_traceparent(), Some(trace('a')));
        });
        assert_eq!(current_traceparent(), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = parse(text).unwrap();
        assert_eq!(context.trace_id(), TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").unwrap());
        assert_eq!(context.span_id(), SpanId::from_hex("b7ad6b7169203331").unwrap());
        assert_eq!(written(&context), text);
    }

    #[test]
    fn without_set_up_there_is_no_trace() {
        assert_eq!(current_traceparent(), None);
        assert_eq!(current_trace_id(), None);
        child_of(&Span::current(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        link(&Span::current(), "nonsense");
    }
}
