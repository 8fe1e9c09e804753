//! The measurements in short, so that they do not rot: they come to their end, what they compare agrees, and every figure is
//! told. How long anything takes is nothing to a test.

use std::process::Command;

use crate::place::{Place, ZHIRONG};

/// What a measurement tells.
fn bench(name: &str, arguments: &[&str]) -> String {
    let place = Place::new(name);
    let mut command = Command::new(ZHIRONG);
    command.arg("bench").args(arguments).current_dir(place.path()).env("ZHIRONG_RUN_DIR", place.path());
    let answer = command.output().unwrap();
    let told = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.success(), "{told}\n{}", String::from_utf8_lossy(&answer.stderr));
    told
}

/// The first line that holds `mark`.
#[track_caller]
fn line<'a>(told: &'a str, mark: &str) -> &'a str {
    told.lines().find(|line| line.contains(mark)).unwrap_or_else(|| panic!("nothing of {mark} in\n{told}"))
}

/// The number between `before` and `after`.
#[track_caller]
fn figure(line: &str, before: &str, after: &str) -> f64 {
    let (_, rest) = line.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {line}"));
    let (number, _) = rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {line}"));
    number.trim().parse().unwrap_or_else(|_| panic!("no number between {before:?} and {after:?} in {line}"))
}

#[test]
fn the_register_is_measured_beside_its_floor_every_score_agrees_and_a_list_is_published() {
    let told = bench("bench-screening", &["screening", "--enterprises", "2000", "--assets", "17200"]);
    for rows in ["2000 rows of", "17200 rows of"] {
        let import = line(&told, rows);
        assert!(figure(import, "staged in", "s,") > 0.0 && figure(import, "accepted in", "s") > 0.0);
    }
    let memory = line(&told, "whitelist's memory at most");
    assert!(figure(memory, "at most", "MiB,") >= figure(memory, "MiB,", "MiB before"), "{memory}");
    let floor = line(&told, "the same rows by COPY");
    assert!(figure(floor, "import / floor =", "(") > 0.0);
    assert!(figure(line(&told, "筛查"), "enterprises in", "s") > 0.0);
    let scores = line(&told, "the scores by one statement");
    assert!(scores.contains("2000 of 2000 the same"), "{scores}");
    assert!(figure(scores, "screening / floor =", "(") > 0.0);
    let list = line(&told, "名单");
    assert!(figure(list, "(list):", "items published in") > 0.0, "{list}");
    assert!(figure(line(&told, "MiB in all"), "at most", "MiB") > 0.0);
}

#[test]
fn matching_is_measured_over_a_full_shelf_with_and_without_reasons() {
    let told = bench("bench-matching", &["matching", "--products", "200", "--questions", "100"]);
    assert!(line(&told, "on the shelf").starts_with("上架产品 200 个（25 家银行）"), "{told}");
    let mut fits = Vec::new();
    for kind in ["(fits only)", "(with every reason)"] {
        let asked = line(&told, kind);
        assert!(asked.starts_with("逐一提问 100 次"), "{asked}");
        assert!(figure(asked, "P50", "ms") <= figure(asked, "P99", "ms"), "{asked}");
        fits.push(figure(asked, "on average", "of 200 fit"));
    }
    assert!(fits[0] > 0.0 && fits[0] < 200.0, "{fits:?}");
    assert!((fits[0] - fits[1]).abs() < f64::EPSILON, "the reasons change nothing: {fits:?}");
}
