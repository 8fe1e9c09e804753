//! Environments: each is given to the binary's own reader of settings, with real secrets in place.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory as _;
use host::settings::{Need, host_keys};
use host::{Role, Settings};
use zhirong::cli::Cli;
use zhirong::roles;

use crate::commands::seconds;
use crate::compose::{Compose, MIGRATE};
use crate::workbench::{Folder, generated};

const SECRETS: &str = "/run/secrets/";

/// What the container's process finds, with the secrets where the test has them.
fn environment(compose: &Compose, name: &str, secrets: &Folder) -> BTreeMap<String, String> {
    let there = format!("{}/", secrets.path().display());
    let given = &compose.service(name).environment;
    given.iter().map(|(key, value)| (key.clone(), otherwise(value).replace(SECRETS, &there))).collect()
}

/// What `${NAME:-value}` is where nobody says otherwise.
fn otherwise(value: &str) -> &str {
    let named = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    named.and_then(|named| named.split_once(":-")).map_or(value, |(_, default)| default)
}

fn settings(compose: &Compose, role: &'static Role, secrets: &Folder) -> Settings {
    let environment = environment(compose, role.name, secrets);
    match Settings::from_environment(role, &roles::ALL, environment) {
        Ok(settings) => settings,
        Err(faults) => panic!("{}: {faults}", role.name),
    }
}

#[test]
fn every_role_accepts_its_environment_and_knows_every_key_of_it() {
    let (compose, secrets) = (Compose::read(), generated());
    for role in roles::ALL {
        let settings = settings(&compose, role, &secrets);
        assert_eq!(settings.unknown(), [""; 0], "{}", role.name);
    }
}

#[test]
fn no_role_is_given_a_setting_of_another() {
    let compose = Compose::read();
    for role in roles::ALL {
        let own: BTreeSet<String> = role
            .all_keys()
            .into_iter()
            .flat_map(|key| [key.name().to_owned(), format!("{}_FILE", key.name())])
            .chain(role.peers.iter().map(|peer| format!("{}{}", host_keys::PEER_PREFIX, peer.to_uppercase())))
            .collect();
        for key in compose.service(role.name).environment.keys() {
            assert!(own.contains(key), "{} is given {key}", role.name);
        }
    }
}

#[test]
fn a_missing_required_setting_would_be_found() {
    let (compose, secrets) = (Compose::read(), generated());
    for role in roles::ALL {
        for key in role.all_keys().into_iter().filter(|key| key.need() == Need::Required) {
            let mut environment = environment(&compose, role.name, &secrets);
            let before = environment.len();
            environment.retain(|name, _| name != key.name() && *name != format!("{}_FILE", key.name()));
            assert_eq!(environment.len(), before - 1, "{} is not given {}", role.name, key.name());
            assert!(Settings::from_environment(role, &roles::ALL, environment).is_err(), "{}", key.name());
        }
    }
}

#[test]
fn every_peer_is_a_service_that_listens_where_its_caller_looks_for_it() {
    let (compose, secrets) = (Compose::read(), generated());
    for role in roles::ALL {
        let settings = settings(&compose, role, &secrets);
        for peer in role.peers {
            let service = compose.service(peer);
            assert_eq!(settings.peer(peer), format!("http://{peer}:{}", service.port("ZHIRONG_LISTEN")));
            let both = service.networks.iter().any(|name| compose.service(role.name).networks.contains(name));
            assert!(both, "{} cannot reach {peer}", role.name);
        }
    }
}

#[test]
fn a_container_is_given_more_time_to_end_than_its_role_takes() {
    let (compose, secrets) = (Compose::read(), generated());
    for role in roles::ALL {
        let grace = settings(&compose, role, &secrets).get(&host_keys::GRACE).unwrap();
        let given = compose.service(role.name).stop_grace_period.as_deref().map_or(10, seconds);
        assert!(given > grace.as_secs(), "{} is killed after {given} s", role.name);
    }
}

#[test]
fn the_migration_is_given_variables_that_its_command_reads() {
    let cli = Cli::command();
    let arguments = cli.find_subcommand("migrate").unwrap().get_arguments();
    let read: BTreeSet<&str> = arguments.filter_map(|argument| argument.get_env()?.to_str()).collect();
    for key in Compose::read().service(MIGRATE).environment.keys() {
        assert!(read.contains(key.as_str()), "migrate reads no {key}");
    }
}
