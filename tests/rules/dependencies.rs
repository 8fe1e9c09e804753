//! Other people's packages: licences, banned ones, one version of what must be one, one registry. The lists are in
//! `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::licences::satisfied;
use crate::packages::{Package, packages};
use crate::repository::{none, root};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    reason: String,
    /// Then the package may be there, once.
    #[serde(default)]
    deny_multiple_versions: bool,
}

fn lists() -> Deny {
    toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

/// Name and version of every package of `Cargo.lock`, those for other platforms too.
fn locked() -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(&std::fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
    lock.package.into_iter().map(|entry| (entry.name, entry.version)).collect()
}

fn licence_faults(packages: &[Package], allowed: &[String]) -> Vec<String> {
    let unlicensed = packages.iter().filter(|package| {
        !package.license.as_deref().is_some_and(|expression| satisfied(expression, allowed))
    });
    unlicensed
        .map(|package| {
            let licence = package.license.as_deref().unwrap_or("none");
            format!("{} {}: licence {licence} is not allowed by deny.toml", package.name, package.version)
        })
        .collect()
}

fn ban_faults(locked: &[(String, String)], bans: &[Ban]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in locked {
        versions.entry(name).or_default().insert(version);
    }
    let mut faults = Vec::new();
    for ban in bans {
        let Some(found) = versions.get(ban.name.as_str()) else { continue };
        if !ban.deny_multiple_versions {
            faults.push(format!("{} is banned: {}", ban.name, ban.reason));
        } else if found.len() > 1 {
            faults.push(format!("{} is there in several versions: {found:?}", ban.name));
        }
    }
    faults
}

fn source_faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    let registries: BTreeSet<&String> = packages
        .iter()
        .filter_map(|package| package.source.as_ref())
        .filter(|s| s.starts_with("registry+"))
        .collect();
    if registries.len() > 1 {
        faults.push(format!("packages come from several registries: {registries:?}"));
    }
    for package in packages {
        match &package.source {
            Some(source) if !source.starts_with("registry+") => {
                faults.push(format!("{} comes from {source}", package.name));
            }
            None if package.folder().is_none() => {
                faults.push(format!("{} comes from a path outside: {}", package.name, package.manifest_path));
            }
            Some(_) | None => {}
        }
    }
    faults
}

#[test]
fn dependencies_have_allowed_licences_and_one_source_and_none_is_banned() {
    let (lists, packages) = (lists(), packages());
    assert!(packages.len() > 100, "cargo metadata told of {} packages only", packages.len());
    let mut faults = licence_faults(&packages, &lists.licenses.allow);
    faults.extend(ban_faults(&locked(), &lists.bans.deny));
    faults.extend(source_faults(&packages));
    none("dependencies", &faults);
}

#[test]
fn bad_dependencies_are_found() {
    let good = Package::sample("crates/kernel", &[], &[]);
    let with = |license: Option<&str>, source: Option<&str>, manifest: &str| Package {
        license: license.map(str::to_owned),
        source: source.map(str::to_owned),
        manifest_path: manifest.to_owned(),
        ..good.clone()
    };
    let registry = |license| with(license, Some("registry+https://one.example"), "/elsewhere/Cargo.toml");
    let allowed = lists().licenses.allow;
    assert!(licence_faults(&[good.clone(), registry(Some("MIT"))], &allowed).is_empty());
    assert_eq!(licence_faults(&[registry(Some("GPL-3.0")), registry(None)], &allowed).len(), 2);

    assert!(source_faults(&[good.clone(), registry(None)]).is_empty());
    let other = with(None, Some("registry+https://two.example"), "/elsewhere/Cargo.toml");
    assert_eq!(source_faults(&[registry(None), other]).len(), 1);
    assert_eq!(
        source_faults(&[with(None, Some("git+https://x.example/y"), "/elsewhere/Cargo.toml")]).len(),
        1
    );
    assert_eq!(source_faults(&[with(None, None, "/elsewhere/Cargo.toml")]).len(), 1);

    let lock = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    };
    let bans = lists().bans.deny;
    assert!(ban_faults(&lock(&[("ring", "0.17.14"), ("syn", "1.0.0"), ("syn", "2.0.0")]), &bans).is_empty());
    assert_eq!(ban_faults(&lock(&[("ring", "0.16.0"), ("ring", "0.17.14")]), &bans).len(), 1);
    assert_eq!(ban_faults(&lock(&[("aws-lc-rs", "1.0.0"), ("openssl-sys", "0.9.0")]), &bans).len(), 2);
}
