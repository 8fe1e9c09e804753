//! Documents name only files that exist.

use std::collections::BTreeSet;

use crate::repository::{File, files, none, paths};

/// Made at run time, so a document may speak of it although nobody checked it in.
const MADE: [&str; 2] = ["target", "secrets"];

/// Endings by which a name without a folder is known to be a file's.
const ENDINGS: [&str; 8] = [".rs", ".md", ".proto", ".toml", ".yml", ".yaml", ".sql", ".sh"];

/// All files and folders of the repository.
struct Tree {
    entries: BTreeSet<String>,
}

impl Tree {
    fn new(paths: impl IntoIterator<Item = String>) -> Self {
        let mut entries = BTreeSet::new();
        for path in paths {
            for (at, _) in path.match_indices('/') {
                entries.insert(path[..at].to_owned());
            }
            entries.insert(path);
        }
        Self { entries }
    }

    fn has(&self, path: &str) -> bool {
        path.is_empty() || self.entries.contains(path)
    }

    fn has_name(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.rsplit('/').next() == Some(name))
    }
}

fn faults(documents: &[File], tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents {
        let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in document.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            if fenced {
                continue;
            }
            let place = format!("{}:{}", document.path, number + 1);
            for span in spans(line).into_iter().filter(|span| !span_exists(span, folder, tree)) {
                faults.push(format!("{place} names `{span}`, which does not exist"));
            }
            for link in links(line).into_iter().filter(|link| !link_exists(link, folder, tree)) {
                faults.push(format!("{place} links to {link}, which does not exist"));
            }
        }
    }
    faults
}

/// What stands between backquotes.
fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Targets of `[text](target)`.
fn links(line: &str) -> Vec<&str> {
    line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next()).collect()
}

/// Spans that are no path of ours are somebody else's business and pass.
fn span_exists(span: &str, folder: &str, tree: &Tree) -> bool {
    let path = span.trim_start_matches("./").trim_end_matches('/');
    // `crates/bus/src/lib.rs:12` points at a line.
    let path = path.split_once(':').map_or(path, |(path, _)| path);
    // `/readyz` is a path of HTTP or of the machine.
    if path.is_empty()
        || path.starts_with('/')
        || path.contains(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
    {
        return true;
    }
    match path.split_once('/') {
        Some((first, _)) if MADE.contains(&first) || !tree.has(first) => true,
        Some(_) => tree.has(path) || tree.has(&joined(folder, path)),
        None if ENDINGS.iter().any(|ending| path.ends_with(ending) && path.len() > ending.len()) => {
            tree.has_name(path)
        }
        None => true,
    }
}

fn link_exists(link: &str, folder: &str, tree: &Tree) -> bool {
    let path = link.split('#').next().unwrap_or_default();
    if path.contains(':') || path.is_empty() {
        return true;
    }
    tree.has(&joined(folder, path.trim_end_matches('/')))
}

/// `docs/adr` and `../errors/X.md` make `docs/errors/X.md`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[test]
fn documents_name_only_files_that_exist() {
    let all = paths();
    let documents: Vec<File> = files(&[".md"])
        .into_iter()
        .filter(|file| {
            file.path == "README.md" || file.path.starts_with("docs/") || file.path.starts_with("deploy/")
        })
        .collect();
    none("documents", &faults(&documents, &Tree::new(all)));
}

#[test]
fn a_name_of_nothing_is_found() {
    let tree = Tree::new(["docs/errors/A.md", "crates/bus/src/lib.rs", "dev"].map(String::from));
    let count = |text| faults(&[File::sample("docs/OPERATIONS.md", text)], &tree).len();
    let good = "See [a](errors/A.md#top), [web](https://example.org/x), `crates/bus/src/lib.rs:3`, `crates/bus/`, `./dev`,\n\
                `lib.rs`, `and/or`, `intake.leg-issued.v1`, `zhirong serve intake`, `/readyz`, `target/debug/zhirong`.\n\
                ```\ncrates/none.rs `crates/none.rs`\n```";
    assert_eq!(faults(&[File::sample("docs/OPERATIONS.md", good)], &tree), Vec::<String>::new());
    assert_eq!(count("[a](errors/B.md)"), 1);
    assert_eq!(count("[a](../crates/bus)"), 0);
    assert_eq!(count("`crates/bus/src/relay.rs`"), 1);
    assert_eq!(count("`docs/adr/0001.md` and `relay.rs`"), 2);
}
