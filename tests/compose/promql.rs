//! Which metrics a PromQL expression reads. Not a parser: it knows what is no metric, and takes the rest for one.

use std::collections::BTreeSet;

const WORDS: [&str; 9] = ["and", "or", "unless", "offset", "bool", "by", "without", "on", "ignoring"];
/// Followed by a list of labels.
const OF_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

pub(crate) fn metrics(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = without_braces(expression);
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || "_:$".contains(c)) {
        let end = rest[start..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || "_:$.".contains(c)))
            .map_or(rest.len(), |length| start + length);
        let word = rest[start..end].to_owned();
        let mut after = rest[end..].trim_start().to_owned();
        // `sum by (role) (…)` is a call as well.
        let called = after.starts_with('(')
            || ["by ", "by(", "without ", "without("].iter().any(|w| after.starts_with(w));
        if OF_LABELS.contains(&word.as_str()) && after.starts_with('(') {
            after = after.split_once(')').map_or_else(String::new, |(_, after)| after.to_owned());
        } else if !called
            && !WORDS.contains(&word.as_str())
            && !word.starts_with(|c: char| c.is_ascii_digit())
        {
            found.insert(word);
        }
        rest = after;
    }
    found
}

/// Without selectors, ranges and strings.
fn without_braces(expression: &str) -> String {
    let (mut kept, mut depth, mut quoted) = (String::new(), 0_u32, false);
    for c in expression.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[test]
fn names_are_found_and_nothing_else_is() {
    let names = |expression: &str| metrics(expression).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(
        names("sum by (role) (rate(a_total{code=~\"X|y_{2}\"}[5m])) / b:c:rate5m > 0.5 * 1e3"),
        "a_total b:c:rate5m"
    );
    assert_eq!(names("max by(le)(x) unless on (role) y{role!=\"$role\"} offset 5m == bool 1"), "x y");
    assert_eq!(names("time() - vector(0)"), "");
    assert_eq!(names("absent(gone)"), "gone");
}
