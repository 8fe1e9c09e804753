//! The files of this repository, as the rules read them.

use std::path::{Path, PathBuf};

/// A text file; `path` is relative to the repository, with `/`.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// A sample for a rule's own test.
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// All files whose name ends in one of `endings`, sorted. What is built, hidden or secret is left out.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut found: Vec<File> = paths()
        .into_iter()
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        .map(|path| File { text: std::fs::read_to_string(root.join(&path)).unwrap(), path })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no file ends in {endings:?}: the rule would hold of nothing");
    found
}

/// Paths of all files.
pub(crate) fn paths() -> Vec<String> {
    let root = root();
    let mut paths = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                // The fuzz targets are built in a folder of their own.
                if !["target", "fuzz/target", "secrets", ".git", ".zhirong"].contains(&name.as_str()) {
                    open.push(path);
                }
            } else {
                paths.push(name);
            }
        }
    }
    paths
}

/// Fails the test with one line per fault.
pub(crate) fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}: {} faults\n  {}\n", faults.len(), faults.join("\n  "));
}
