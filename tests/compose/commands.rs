//! Commands: every role is a container of the one image, started by its name, and the binary understands each command.

use std::collections::BTreeSet;

use clap::Parser as _;
use zhirong::cli::Cli;
use zhirong::roles;

use crate::compose::{Compose, IMAGE, MIGRATE};

fn assert_understood(arguments: &[String]) {
    let whole = std::iter::once("zhirong".to_owned()).chain(arguments.iter().cloned());
    if let Err(error) = Cli::try_parse_from(whole) {
        panic!("zhirong {}: {error}", arguments.join(" "));
    }
}

#[test]
fn every_role_is_a_service_that_serves_it_and_no_other_service_is_a_role() {
    let compose = Compose::read();
    let services: BTreeSet<&str> = compose.roles().map(|(name, _)| name).collect();
    assert_eq!(services, roles::names().into_iter().collect());
    for (name, service) in compose.roles() {
        assert_eq!(service.command, ["serve", name]);
    }
}

#[test]
fn the_binary_understands_the_command_of_every_container_of_its_image() {
    let compose = Compose::read();
    let ours: Vec<_> = compose.services.values().filter(|service| service.image == IMAGE).collect();
    assert_eq!(ours.len(), roles::names().len() + 1);
    ours.iter().for_each(|service| assert_understood(&service.command));
    assert_eq!(compose.service(MIGRATE).command.first().map(String::as_str), Some("migrate"));
}

#[test]
fn every_role_is_asked_for_its_health_by_the_binary_itself() {
    for (name, service) in Compose::read().roles() {
        let check = service.healthcheck.as_ref().unwrap_or_else(|| panic!("{name} has no health check"));
        let (how, command) = check.test.split_first().unwrap();
        assert_eq!(
            (how.as_str(), command),
            ("CMD", ["zhirong".to_owned(), "healthcheck".to_owned()].as_slice()),
            "{name}"
        );
        assert_understood(&command[1..]);
        // The command gives up by itself before it is killed, so that it can say why.
        let patience: u64 = crate::workbench::default_of("healthcheck", "timeout").parse().unwrap();
        assert!(seconds(&check.timeout) > patience, "{name}");
    }
}

#[test]
fn roles_with_a_store_start_after_the_migration_and_the_migration_after_the_servers() {
    let compose = Compose::read();
    for role in roles::ALL.iter().filter(|role| role.has_store) {
        let after = &compose.service(role.name).depends_on;
        assert_eq!(after[MIGRATE].condition, "service_completed_successfully", "{}", role.name);
    }
    for server in ["postgres", "rabbitmq"] {
        assert_eq!(compose.service(MIGRATE).depends_on[server].condition, "service_healthy");
        assert!(compose.service(server).healthcheck.is_some(), "{server}");
    }
    for service in compose.services.values() {
        for name in service.depends_on.keys() {
            compose.service(name);
        }
    }
}

/// `30s` or `2m`.
pub(crate) fn seconds(text: &str) -> u64 {
    use host::FromSetting as _;
    std::time::Duration::from_setting(text).unwrap().as_secs()
}
