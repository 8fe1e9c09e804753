//! The image: built from this repository, with a dependency layer that Cargo accepts, run by somebody who is not root.

use std::process::Command;

use crate::compose::{Compose, IMAGE, root, text};
use crate::workbench::Folder;

fn dockerfile() -> String {
    let compose = Compose::read();
    let builds: Vec<_> = compose.services.values().filter(|service| service.build.is_some()).collect();
    assert_eq!(builds.len(), 1, "the image is built once");
    let build = builds[0].build.as_ref().unwrap();
    assert_eq!((builds[0].image.as_str(), build.context.as_str()), (IMAGE, "."));
    text(&build.dockerfile)
}

#[test]
fn the_last_stage_is_a_slim_debian_that_runs_the_binary_as_nobody_in_particular() {
    let text = dockerfile();
    let last = text.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("debian:") && last.lines().next().unwrap().ends_with("-slim"), "{last}");
    assert!(last.contains("\nENTRYPOINT [\"zhirong\"]\n"));
    let user = last.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().unwrap() > 0), "{user}");
}

#[test]
fn the_compiler_of_the_image_is_not_older_than_the_workspace_asks() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let needed = manifest["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    let text = dockerfile();
    let used = text.lines().find_map(|line| line.strip_prefix("ARG RUST_VERSION=")).unwrap();
    let version = |text: &str| text.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    assert!(version(used) >= version(&needed), "{used} is older than {needed}");
}

#[test]
fn every_file_that_the_dockerfile_copies_from_the_repository_is_there() {
    let text = dockerfile();
    let script = "deploy/image/manifests.sh";
    assert!(text.contains(script) && root().join(script).exists());
    for folder in ["crates", "services", "proto"] {
        assert!(text.contains(folder) && root().join(folder).is_dir(), "{folder}");
    }
}

#[test]
fn the_manifests_alone_are_a_workspace_with_the_same_lock_file() {
    let folder = Folder::new();
    let script = root().join("deploy/image/manifests.sh");
    let copied = Command::new("sh").arg(script).arg(root()).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    for package in answer["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            let source = target["src_path"].as_str().unwrap();
            assert_eq!(std::fs::read_to_string(source).unwrap(), "fn main() {}\n", "{source}");
        }
    }
}
