//! Every Rust file says what lives in it, and nothing is left to be done.

use crate::repository::{File, files, none};
use crate::rust_text::lex;

const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

fn faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        if !file.text.starts_with("//! ") {
            faults.push(format!("{} does not begin with `//!` and what lives here", file.path));
        }
        let code = lex(&file.text).code;
        for (number, line) in code.lines().enumerate() {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{} has {word}", file.path, number + 1));
            }
        }
    }
    faults
}

#[test]
fn rust_files_say_what_lives_in_them_and_are_finished() {
    none("sources", &faults(&files(&[".rs"])));
}

#[test]
fn a_silent_or_unfinished_file_is_found() {
    let count = |text| faults(&[File::sample("crates/kernel/src/money.rs", text)]).len();
    assert_eq!(count("//! Money.\n// todo!() is not used here\nlet text = \"todo!\";"), 0);
    assert_eq!(count("use std::fmt;"), 1);
    assert_eq!(count("//! Money.\nfn f() { todo!() }"), 1);
    assert_eq!(count("//! Money.\nfn f() { dbg!(1); unimplemented!() }"), 2);
}
