//! Two transcripts side by side, and differences planted to see that they would be found.

/// Each place where the two differ, with what either side says there.
pub(crate) fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for at in 0..one.len().max(other.len()) {
        let (left, right) = (one.get(at), other.get(at));
        if left != right {
            let context = one[..at.min(one.len())].iter().rev().find(|line| line.starts_with("== "));
            found.push(format!(
                "line {at}, in {}\n  alone:  {}\n  rivals: {}",
                text(context),
                text(left),
                text(right)
            ));
            // A line too many shifts everything behind it.
            if found.len() >= 20 {
                break;
            }
        }
    }
    found
}

fn text(line: Option<&String>) -> &str {
    line.map_or("(nothing)", String::as_str)
}

/// The transcript with one thing changed that a rival's part could change.
pub(crate) fn planted(lines: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let change = |what: &'static str, wanted: &dyn Fn(&str) -> bool, by: &dyn Fn(&str) -> Vec<String>| {
        let at =
            lines.iter().position(|line| wanted(line)).unwrap_or_else(|| panic!("nowhere to plant: {what}"));
        let mut planted = lines.to_vec();
        planted.splice(at..=at, by(&lines[at]));
        (what, planted)
    };
    let same = |line: &str| vec![line.to_owned(), line.to_owned()];
    vec![
        change("an event more", &|line| line.starts_with("event"), &same),
        change("an event less", &|line| line.starts_with("event"), &|_| Vec::new()),
        change("another header", &|line| line.starts_with("header"), &|line| {
            vec![line.to_owned(), "header x-legs: 4".to_owned()]
        }),
        change("headers in another order", &|line| line.starts_with("header"), &|_| Vec::new()),
        change(
            "another version of an assignment",
            &|line| line.starts_with("  8: ") || line.starts_with("8: "),
            &|line| vec![line.replace(": \"", ": \"1")],
        ),
        change("an id that carries a time", &|line| line.contains(" v4>"), &|line| {
            vec![line.replace(" v4>", " v7>")]
        }),
        change("another status", &|line| line.starts_with("status "), &|_| vec!["status 13".to_owned()]),
        change("another detail", &|line| line.starts_with("detail "), &|line| vec![format!("{line} ")]),
    ]
}
