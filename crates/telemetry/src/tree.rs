//! One trace as an indented tree of text, earliest first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::receiver::SpanRecord;

/// Renders the spans of `trace_id`: name, role, milliseconds since the first span and duration. A span whose parent
/// was not received stands at the root, marked, so that a broken trace is seen as broken.
pub fn render(spans: &[SpanRecord], trace_id: &str) -> String {
    let mut own: Vec<&SpanRecord> = spans.iter().filter(|span| span.trace_id == trace_id).collect();
    own.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| a.span_id.cmp(&b.span_id)));
    let known: BTreeSet<&str> = own.iter().map(|span| span.span_id.as_str()).collect();
    let mut children: BTreeMap<&str, Vec<&SpanRecord>> = BTreeMap::new();
    let mut roots = Vec::new();
    for span in &own {
        match span.parent_span_id.as_deref().filter(|parent| known.contains(parent)) {
            Some(parent) => children.entry(parent).or_default().push(span),
            None => roots.push(*span),
        }
    }
    let Some(first) = own.first() else {
        return String::new();
    };
    // An explicit stack: the depth of a trace is not ours to bound.
    let mut stack: Vec<(usize, &SpanRecord)> = roots.into_iter().rev().map(|span| (0, span)).collect();
    let mut seen = BTreeSet::new();
    let mut out = String::new();
    while let Some((depth, span)) = stack.pop() {
        if !seen.insert(span.span_id.as_str()) {
            continue;
        }
        let at = (span.start - first.start).num_microseconds().unwrap_or(0) as f64 / 1000.0;
        let took = (span.end - span.start).num_microseconds().unwrap_or(0) as f64 / 1000.0;
        let orphan = if depth == 0 && span.parent_span_id.is_some() { "… " } else { "" };
        let indent = "  ".repeat(depth);
        let _ = writeln!(out, "{at:>9.1} ms  {indent}{orphan}{} [{}] {took:.1} ms", span.name, span.service);
        for child in children.get(span.span_id.as_str()).into_iter().flatten().rev() {
            stack.push((depth + 1, child));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn span(id: &str, parent: Option<&str>, name: &str, start_ms: i64, end_ms: i64) -> SpanRecord {
        SpanRecord {
            trace_id: "t".into(),
            span_id: id.into(),
            parent_span_id: parent.map(Into::into),
            name: name.into(),
            service: "intake".into(),
            attributes: BTreeMap::new(),
            links: Vec::new(),
            start: DateTime::from_timestamp_millis(start_ms).unwrap_or_default(),
            end: DateTime::from_timestamp_millis(end_ms).unwrap_or_default(),
        }
    }

    #[test]
    fn children_stand_under_their_parent_in_order_of_start() {
        let spans = [
            span("c", Some("a"), "publish", 8, 9),
            span("a", None, "submit", 0, 10),
            span("b", Some("a"), "insert", 2, 5),
            span("d", Some("gone"), "reply", 20, 21),
            span("e", Some("c"), "deliver", 12, 14),
        ];
        let expected = "      0.0 ms  submit [intake] 10.0 ms\n      2.0 ms    insert [intake] 3.0 ms\n      8.0 ms    \
                        publish [intake] 1.0 ms\n     12.0 ms      deliver [intake] 2.0 ms\n     20.0 ms  … reply \
                        [intake] 1.0 ms\n";
        assert_eq!(render(&spans, "t"), expected);
    }

    #[test]
    fn a_cycle_and_an_unknown_trace_end() {
        let spans = [span("a", Some("a"), "self", 0, 1)];
        assert_eq!(render(&spans, "t"), "");
        assert_eq!(render(&spans, "other"), "");
    }
}
