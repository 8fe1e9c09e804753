//! Who may depend on whom (`docs/ARCHITECTURE.md`): the ground knows no service, no service knows another.

use std::collections::BTreeSet;

use crate::packages::{Package, packages};
use crate::repository::none;

/// Packages that may know services: the binary that assembles them, and the tests of the whole.
const ASSEMBLERS: [&str; 2] = ["services/zhirong", "tests"];

/// What the packages of the ground may know of ours, the lowest first. `crates/testkit` may know all of them.
const GROUND: [(&str, &[&str]); 9] = [
    ("crates/kernel", &[]),
    ("crates/proto", &[]),
    ("crates/engines", &[]),
    ("crates/sheets", &[]),
    ("crates/writes", &[]),
    ("crates/telemetry", &["kernel"]),
    ("crates/bus", &["kernel", "telemetry", "writes"]),
    ("crates/rpc", &["kernel", "proto", "telemetry", "writes"]),
    ("crates/host", &["kernel", "proto", "telemetry", "writes", "bus", "rpc"]),
];

/// Tools of tests: never part of what is delivered, except that the binary starts private engines for `up` and `demo`.
const TEST_ONLY: [&str; 2] = ["testkit", "engines"];
const MAY_USE_TEST_TOOLS: [&str; 3] = ["services/zhirong", "crates/testkit", "tests"];

/// What would bring a clock, a socket, a database or a wire format into pure rules.
const IMPURE: [&str; 10] =
    ["tokio", "futures", "sqlx", "tonic", "prost", "lapin", "axum", "hyper", "reqwest", "opentelemetry"];

fn faults(packages: &[Package]) -> Vec<String> {
    let ours: Vec<(String, &Package)> =
        packages.iter().filter_map(|package| Some((package.folder()?, package))).collect();
    let names = |under: &str| -> BTreeSet<&str> {
        ours.iter()
            .filter(|(folder, _)| folder.starts_with(under))
            .map(|(_, package)| package.name.as_str())
            .collect()
    };
    let (services, ground) = (names("services/"), names("crates/"));
    let mut faults = Vec::new();
    for (folder, package) in &ours {
        if ASSEMBLERS.contains(&folder.as_str()) {
            continue;
        }
        let allowed = GROUND.iter().find(|(of, _)| of == folder).map(|(_, allowed)| *allowed);
        for dependency in &package.dependencies {
            let (name, dev) = (dependency.name.as_str(), dependency.kind.as_deref() == Some("dev"));
            if services.contains(name) {
                faults.push(format!("{folder} depends on the service {name}"));
            }
            if TEST_ONLY.contains(&name) && !dev && !MAY_USE_TEST_TOOLS.contains(&folder.as_str()) {
                faults.push(format!("{folder} depends on {name}, which is for tests only"));
            } else if ground.contains(name) && !dev && allowed.is_some_and(|allowed| !allowed.contains(&name))
            {
                faults.push(format!("{folder} depends on {name}, which stands above it"));
            }
            if folder == "crates/kernel" && !dev && IMPURE.contains(&name) {
                faults.push(format!("crates/kernel is pure and depends on {name}"));
            }
        }
        if folder.starts_with("crates/") && folder != "crates/testkit" && allowed.is_none() {
            faults
                .push(format!("{folder} is not in the table of tests/rules/layers.rs: say what it may know"));
        }
    }
    faults
}

#[test]
fn packages_depend_only_on_those_below_them() {
    let packages = packages();
    for (folder, _) in GROUND {
        assert!(
            packages.iter().any(|package| package.folder().as_deref() == Some(folder)),
            "{folder} is gone"
        );
    }
    none("layers", &faults(&packages));
}

#[test]
fn a_wrong_direction_is_found() {
    let intake = Package::sample("services/intake", &["kernel", "host"], &["testkit"]);
    let kernel = Package::sample("crates/kernel", &["chrono"], &["proptest"]);
    let host = Package::sample("crates/host", &["kernel"], &["engines"]);
    let testkit = Package::sample("crates/testkit", &["host", "engines"], &[]);
    let engines = Package::sample("crates/engines", &["tokio"], &[]);
    let zhirong = Package::sample("services/zhirong", &["intake", "catalog", "engines"], &[]);
    let good = [intake, kernel, host, testkit, engines, zhirong];
    assert_eq!(faults(&good), Vec::<String>::new());

    let count = |bad: Package| {
        let mut all: Vec<Package> = good.to_vec();
        all.push(bad);
        faults(&all).len()
    };
    assert_eq!(count(Package::sample("services/catalog", &["intake"], &[])), 1);
    assert_eq!(count(Package::sample("services/catalog", &[], &["intake"])), 1, "not even in tests");
    assert_eq!(count(Package::sample("services/catalog", &["testkit"], &[])), 1);
    assert_eq!(count(Package::sample("crates/rpc", &["intake"], &[])), 1);
    assert_eq!(count(Package::sample("crates/rpc", &["host"], &[])), 1);
    assert_eq!(count(Package::sample("crates/kernel", &["host", "sqlx"], &[])), 2);
    assert_eq!(count(Package::sample("crates/other", &[], &[])), 1);
}
