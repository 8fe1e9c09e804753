//! The trace of the case: whether it is whole, and its picture.

use std::collections::{BTreeSet, HashMap, HashSet};

use telemetry::receiver::SpanRecord;
use telemetry::tree;

const ROOT: &str = "zhirong.intake.v1.IntakeService/SubmitApplication";
const DISPATCH: &str = "case.dispatch";
const REQUEST: &str = "inst.request";
/// What happens to each leg, and the role in which it does: the question arrives at the gateway, intake hears that the
/// bank has it.
const EVERY_LEG: [(&str, &str, &str); 2] = [
    ("consume intake.leg-issued.v1", "partner", "送达机构网关"),
    ("consume partner.assignment-received.v1", "intake", "银行已收到"),
];
/// The effect of a reply.
const REPLY: (&str, &str) = ("consume partner.reply-submitted.v1", "intake");

/// A leg as the trace has to show it.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) id: String,
    pub(super) bank: String,
    /// How many replies its bank sent, questions included.
    pub(super) replies: usize,
}

/// What is missing for the trace to be whole, from the submission to the effect of the last reply.
pub(super) fn gaps(spans: &[SpanRecord], trace_id: &str, legs: &[Leg]) -> Vec<String> {
    let own: Vec<&SpanRecord> = spans.iter().filter(|span| span.trace_id == trace_id).collect();
    let by_id: HashMap<&str, &SpanRecord> = own.iter().map(|span| (span.span_id.as_str(), *span)).collect();
    let mut missing = Vec::new();
    let is_root = |span: &&SpanRecord| span.parent_span_id.is_none();
    match own.iter().filter(|span| is_root(span)).collect::<Vec<_>>().as_slice() {
        [root] if root.name == ROOT => {}
        roots => missing.push(format!("根应为提交申请，实有{}个根", roots.len())),
    }
    let known =
        |span: &SpanRecord| span.parent_span_id.as_deref().is_none_or(|parent| by_id.contains_key(parent));
    let orphans = own.iter().filter(|span| !known(span)).count();
    if orphans > 0 {
        missing.push(format!("{orphans}个环节缺少上一环节"));
    }
    let dispatch = own.iter().find(|span| span.name == DISPATCH);
    if dispatch.is_none() {
        missing.push("缺少派发环节 case.dispatch".to_owned());
    }
    for leg in legs {
        let request = own.iter().find(|span| {
            span.name == REQUEST
                && span.attributes.get("leg") == Some(&leg.id)
                && span.parent_span_id.as_deref() == dispatch.map(|span| span.span_id.as_str())
        });
        let Some(request) = request else {
            missing.push(format!("{}：缺少 inst.request", leg.bank));
            continue;
        };
        let count = |name: &str, service: &str| {
            let below = |span: &&&SpanRecord| descends(span, &request.span_id, &by_id);
            own.iter().filter(|span| span.name == name && span.service == service).filter(below).count()
        };
        for (name, service, chinese) in EVERY_LEG {
            if count(name, service) == 0 {
                missing.push(format!("{}：缺少“{chinese}”({name})", leg.bank));
            }
        }
        let effects = count(REPLY.0, REPLY.1);
        if effects < leg.replies {
            missing.push(format!("{}：答复{}次，生效{effects}次 ({})", leg.bank, leg.replies, REPLY.0));
        }
    }
    missing
}

/// What is missing of the later part: each question about cover arrives, is answered and takes effect, and the bank's
/// approval reaches insurance.
pub(super) fn later_gaps(spans: &[SpanRecord], trace_id: &str, cover_legs: usize) -> Vec<String> {
    let count = |name: &str, service: &str| {
        let is =
            |span: &&SpanRecord| span.trace_id == trace_id && span.name == name && span.service == service;
        spans.iter().filter(is).count()
    };
    [
        ("consume intake.cover-requested.v1", "insurance", 1),
        ("consume insurance.leg-issued.v1", "partner", cover_legs),
        ("consume partner.cover-reply-submitted.v1", "insurance", cover_legs),
        ("consume insurance.cover-quoted.v1", "intake", 1),
        ("consume intake.case-selected.v1", "insurance", 1),
        ("consume intake.leg-selected.v1", "partner", 1),
        ("consume intake.case-approved.v1", "insurance", 1),
    ]
    .into_iter()
    .filter(|(name, service, least)| count(name, service) < *least)
    .map(|(name, service, least)| format!("{service} 应有 {least} 次 {name}，实有 {}", count(name, service)))
    .collect()
}

/// Whether `span` stands under the span `above`, however deep.
fn descends(span: &SpanRecord, above: &str, by_id: &HashMap<&str, &SpanRecord>) -> bool {
    let mut seen = HashSet::new();
    let mut at = span;
    while let Some(parent) = at.parent_span_id.as_deref() {
        if parent == above {
            return true;
        }
        match by_id.get(parent) {
            Some(next) if seen.insert(parent) => at = next,
            Some(_) | None => return false,
        }
    }
    false
}

/// How large the trace is, and how to read its picture.
pub(super) fn summary(spans: &[SpanRecord], trace_id: &str) -> String {
    let own = || spans.iter().filter(|span| span.trace_id == trace_id);
    let roles: BTreeSet<&str> = own().map(|span| span.service.as_str()).collect();
    format!(
        "{} 个环节，来自 {} 个进程；左列为提交后的时间，缩进表示由上一环节引起 (spans of {} processes; time since submission)",
        own().count(),
        roles.len(),
        roles.len()
    )
}

/// The picture of the trace, with the banks' names at their legs. Names never travel in traces: they are put in here.
/// `brief`: only the leg with the most to show is drawn whole.
pub(super) fn picture(spans: &[SpanRecord], trace_id: &str, legs: &[Leg], brief: bool) -> Vec<String> {
    let own: Vec<&SpanRecord> = spans.iter().filter(|span| span.trace_id == trace_id).collect();
    let by_id: HashMap<&str, &SpanRecord> = own.iter().map(|span| (span.span_id.as_str(), *span)).collect();
    let below =
        |request: &SpanRecord| own.iter().filter(|span| descends(span, &request.span_id, &by_id)).count();
    let requests: Vec<(&SpanRecord, usize)> =
        own.iter().filter(|span| span.name == REQUEST).map(|request| (*request, below(request))).collect();
    let largest = requests.iter().max_by_key(|(_, size)| *size).map(|(request, _)| request.span_id.as_str());
    let folded = |span: &SpanRecord| brief && Some(span.span_id.as_str()) != largest;
    let hidden = |span: &SpanRecord| {
        requests.iter().any(|(request, _)| folded(request) && descends(span, &request.span_id, &by_id))
    };
    let named = |span: &SpanRecord| {
        let leg = span.attributes.get("leg").and_then(|id| legs.iter().find(|leg| leg.id == *id));
        let size =
            requests.iter().find(|(request, _)| request.span_id == span.span_id).map(|(_, size)| *size);
        let name = match (leg, size) {
            (Some(leg), Some(size)) if folded(span) => {
                format!("{} → {}（另有 {size} 个环节）", span.name, leg.bank)
            }
            (Some(leg), Some(_)) => format!("{} → {}", span.name, leg.bank),
            (Some(_) | None, _) => shorter(&span.name).to_owned(),
        };
        SpanRecord { name, ..span.clone() }
    };
    let drawn: Vec<SpanRecord> = own.iter().filter(|span| !hidden(span)).map(|span| named(span)).collect();
    tree::render(&drawn, trace_id).lines().map(str::to_owned).collect()
}

/// `zhirong.intake.v1.IntakeService/SubmitApplication` without its package.
fn shorter(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((package, rest)) if package.starts_with("zhirong.") && rest.contains('/') => rest,
        Some(_) | None => name,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;

    use super::*;

    fn span(id: &str, parent: Option<&str>, name: &str, service: &str, leg: &str) -> SpanRecord {
        SpanRecord {
            trace_id: "t".into(),
            span_id: id.into(),
            parent_span_id: parent.map(Into::into),
            name: name.into(),
            service: service.into(),
            attributes: BTreeMap::from([("leg".to_owned(), leg.to_owned())]),
            links: Vec::new(),
            start: DateTime::UNIX_EPOCH,
            end: DateTime::UNIX_EPOCH,
        }
    }

    fn whole() -> Vec<SpanRecord> {
        vec![
            span("1", None, ROOT, "intake", ""),
            span("2", Some("1"), DISPATCH, "intake", ""),
            span("3", Some("2"), REQUEST, "intake", "a"),
            span("4", Some("3"), "consume intake.leg-issued.v1", "partner", ""),
            span("5", Some("4"), "consume partner.assignment-received.v1", "intake", ""),
            span("6", Some("4"), "consume partner.reply-submitted.v1", "intake", ""),
        ]
    }

    fn legs() -> Vec<Leg> {
        vec![Leg { id: "a".into(), bank: "王屋银行".into(), replies: 1 }]
    }

    #[test]
    fn a_whole_trace_has_no_gap_and_each_missing_span_is_one() {
        assert_eq!(gaps(&whole(), "t", &legs()), [] as [String; 0]);
        for left_out in 0..whole().len() {
            let mut spans = whole();
            spans.remove(left_out);
            assert!(!gaps(&spans, "t", &legs()).is_empty(), "without {left_out}");
        }
        assert!(!gaps(&whole(), "another", &legs()).is_empty());
    }

    #[test]
    fn a_reply_that_took_effect_once_is_not_two() {
        let two = vec![Leg { replies: 2, ..legs()[0].clone() }];
        assert_eq!(gaps(&whole(), "t", &two).len(), 1);
        let silent = vec![Leg { replies: 0, ..legs()[0].clone() }];
        assert_eq!(gaps(&whole(), "t", &silent), [] as [String; 0]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let mut spans = whole();
        spans.push(span("7", Some("8"), REPLY.0, REPLY.1, ""));
        spans.push(span("8", Some("7"), "x", "intake", ""));
        assert_eq!(gaps(&spans, "t", &legs()), [] as [String; 0]);
    }

    #[test]
    fn the_picture_names_the_bank_and_drops_packages() {
        let lines = picture(&whole(), "t", &legs(), false);
        assert_eq!(lines.len(), 6);
        assert!(lines[0].contains("IntakeService/SubmitApplication") && !lines[0].contains("zhirong."));
        assert!(lines[2].contains("inst.request → 王屋银行"));
    }

    #[test]
    fn in_brief_the_fullest_leg_is_whole_and_the_others_are_a_line_each() {
        let mut spans = whole();
        spans.push(span("9", Some("2"), REQUEST, "intake", "b"));
        spans.push(span("10", Some("9"), "consume intake.leg-issued.v1", "partner", ""));
        let legs = [legs()[0].clone(), Leg { id: "b".into(), bank: "黄河湾银行".into(), replies: 0 }];
        let lines = picture(&spans, "t", &legs, true);
        assert_eq!(lines.len(), 7, "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("黄河湾银行（另有 1 个环节）")));
        assert_eq!(picture(&spans, "t", &legs, false).len(), 8);
    }
}
