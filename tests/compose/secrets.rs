//! Secrets: those that `zhirong secrets` writes, each mounted only where it is needed.

use std::collections::BTreeSet;

use zhirong::roles;
use zhirong::secrets::{Secrets, names_of};

use crate::compose::{Compose, MIGRATE};
use crate::workbench::{Folder, generated, places};

#[test]
fn every_secret_is_written_by_the_command_under_the_name_it_is_mounted_by() {
    let (compose, written) = (Compose::read(), generated().names());
    assert!(!compose.secrets.is_empty());
    for (name, secret) in &compose.secrets {
        assert_eq!(secret.file, format!("${{SECRETS_DIR:-./.zhirong/secrets}}/{name}"));
        assert!(written.contains(name), "{name} is written by nobody");
    }
}

#[test]
fn every_mounted_secret_is_declared_and_every_declared_one_is_mounted() {
    let compose = Compose::read();
    let mounted: BTreeSet<&str> = compose.services.values().flat_map(|service| service.mounted()).collect();
    assert_eq!(mounted, compose.secrets.keys().map(String::as_str).collect());
}

#[test]
fn every_role_is_given_its_own_secrets_and_no_others() {
    let compose = Compose::read();
    for role in roles::ALL {
        let mounted: BTreeSet<String> =
            compose.service(role.name).mounted().into_iter().map(str::to_owned).collect();
        assert_eq!(mounted, names_of(role).into_iter().collect(), "{}", role.name);
    }
}

#[test]
fn every_file_under_run_secrets_that_a_setting_names_is_mounted() {
    let compose = Compose::read();
    for (name, service) in &compose.services {
        let named = service.environment.values().filter_map(|value| value.strip_prefix("/run/secrets/"));
        for secret in named {
            assert!(service.mounted().contains(&secret), "{name} names {secret}");
        }
    }
}

#[test]
fn the_migration_finds_every_password_among_what_it_is_given() {
    let (compose, all, given) = (Compose::read(), generated(), Folder::new());
    for name in compose.service(MIGRATE).mounted() {
        std::fs::copy(all.path().join(name), given.path().join(name)).unwrap();
    }
    let passwords = Secrets::at(given.path().to_owned()).role_secrets().unwrap();
    assert_eq!(passwords.len(), roles::ALL.iter().filter(|role| role.has_store).count());
}

#[test]
fn the_urls_in_the_secrets_lead_to_services_of_this_file() {
    let (compose, all) = (Compose::read(), generated());
    let read = |name: &str| std::fs::read_to_string(all.path().join(name)).unwrap();
    for place in [places().postgres, places().rabbitmq, places().management] {
        let (host, _port) = place.split_once(':').unwrap();
        compose.service(host);
    }
    assert!(read("postgres-admin-url").contains(&format!("@{}/", places().postgres)));
    assert!(read("rabbitmq-management-url").contains(&format!("@{}", places().management)));
    for role in roles::ALL.iter().filter(|role| role.has_store) {
        assert!(read(&format!("{}-database-url", role.name)).contains(&format!("@{}/", places().postgres)));
        assert!(read(&format!("{}-amqp-url", role.name)).contains(&format!("@{}/", places().rabbitmq)));
    }
}
