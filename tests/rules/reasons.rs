//! Each reason has a page in `docs/errors/`, and each page is about a reason.

use std::collections::BTreeSet;

use crate::repository::{File, files, none, paths};
use crate::rust_text::lex;

/// Ids declared in a `reasons.rs`, by `reason_table!` (`NAME = Code, …`) or written out (`id: "NAME"`).
fn declared(file: &File) -> BTreeSet<String> {
    let lexed = lex(&file.text);
    let is_id = |text: &str| {
        text.len() > 2 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let in_table = lexed.code.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim());
    let written = file
        .text
        .match_indices("id: \"")
        .filter_map(|(at, found)| file.text[at + found.len()..].split('"').next());
    in_table.chain(written).filter(|name| is_id(name)).map(str::to_owned).collect()
}

fn faults(sources: &[File], pages: &BTreeSet<String>) -> Vec<String> {
    let ids: BTreeSet<String> = sources.iter().flat_map(declared).collect();
    let without_page = ids.difference(pages).map(|id| format!("{id} has no page docs/errors/{id}.md"));
    let without_reason =
        pages.difference(&ids).map(|page| format!("docs/errors/{page}.md is about no reason"));
    without_page.chain(without_reason).collect()
}

#[test]
fn each_reason_has_its_page_and_each_page_its_reason() {
    let sources: Vec<File> =
        files(&["/reasons.rs"]).into_iter().filter(|file| file.path.contains("/src/")).collect();
    for file in &sources {
        assert!(!declared(file).is_empty(), "no reason was found in {}: has its form changed?", file.path);
    }
    let pages = paths()
        .iter()
        .filter_map(|path| path.strip_prefix("docs/errors/")?.strip_suffix(".md").map(str::to_owned))
        .filter(|page| page != "README")
        .collect();
    none("reasons", &faults(&sources, &pages));
}

#[test]
fn a_missing_or_superfluous_page_is_found() {
    let source = File::sample(
        "crates/rpc/src/reasons.rs",
        "reason_table! {\n  /// OLD = NotFound\n  NOT_FOUND = NotFound, \"找不到\";\n  TRY_AGAIN = Aborted, retryable, \"A = B\";\n}",
    );
    let pages = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        faults(&[File::sample("r", &source.text)], &pages(&["NOT_FOUND", "TRY_AGAIN"])),
        Vec::<String>::new()
    );
    assert_eq!(faults(&[File::sample("r", &source.text)], &pages(&["NOT_FOUND"])).len(), 1);
    assert_eq!(faults(&[source], &pages(&["NOT_FOUND", "TRY_AGAIN", "OLD"])).len(), 1);
    let written = File::sample("r", "Reason { id: \"CASE_CLOSED\", code: Code::NotFound }");
    assert_eq!(faults(&[written], &pages(&[])).len(), 1);
}
