//! What `cargo metadata` says of every package that is built.

use std::process::Command;

use serde::Deserialize;

use crate::repository::root;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// One package in one version.
#[derive(Deserialize, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// `registry+…`, `git+…`; none for packages of a path.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or none for an ordinary one.
    pub(crate) kind: Option<String>,
}

impl Package {
    /// `crates/kernel`, `services/intake`, `tests`; none for a package that is not of this repository.
    pub(crate) fn folder(&self) -> Option<String> {
        let root = root().to_str().unwrap().to_owned();
        let manifest = self.manifest_path.strip_prefix(&root)?.trim_start_matches('/');
        manifest.strip_suffix("/Cargo.toml").map(str::to_owned)
    }

    pub(crate) fn sample(folder: &str, ordinary: &[&str], dev: &[&str]) -> Self {
        let dependency = |name: &&str, kind: Option<&str>| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        };
        Self {
            name: folder.rsplit('/').next().unwrap().to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("Apache-2.0".to_owned()),
            source: None,
            manifest_path: root().join(folder).join("Cargo.toml").to_str().unwrap().to_owned(),
            dependencies: ordinary
                .iter()
                .map(|name| dependency(name, None))
                .chain(dev.iter().map(|name| dependency(name, Some("dev"))))
                .collect(),
        }
    }
}

/// Every package of the graph, for the platform that this test runs on: others need not be downloaded.
pub(crate) fn packages() -> Vec<Package> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Metadata>(&output.stdout).unwrap().packages
}
