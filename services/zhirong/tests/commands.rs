//! Commands that need no running system.

use std::process::{Command, Output};

use crate::place::{Place, ZHIRONG};

fn zhirong(place: &Place, arguments: &[&str]) -> Output {
    let mut command = Command::new(ZHIRONG);
    command.args(arguments).current_dir(place.path()).env("ZHIRONG_RUN_DIR", place.path());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn roles_lists_every_role_with_its_queues_types_and_settings() {
    let place = Place::new("roles");
    let answer = zhirong(&place, &["roles", "--json"]);
    let roles: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    let names: Vec<&str> =
        roles.as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap()).collect();
    assert_eq!(names, zhirong::roles::names());
    for (role, described) in zhirong::roles::ALL.iter().zip(roles.as_array().unwrap()) {
        let prefix = format!("ZHIRONG_{}_", role.name.to_uppercase());
        for key in role.keys {
            assert!(key.name().starts_with(&prefix), "{} of {}", key.name(), role.name);
        }
        assert_eq!(described["settings"].as_array().unwrap().len(), role.all_keys().len());
    }
    let table = text(&zhirong(&place, &["roles"]).stdout);
    assert!(table.contains("ZHIRONG_DATABASE_URL (必填 required)"), "{table}");
}

#[test]
fn every_queue_is_fed_by_a_role_that_publishes_its_types() {
    let published: Vec<&str> = zhirong::roles::ALL.iter().flat_map(|role| role.publishes).copied().collect();
    for queue in zhirong::roles::ALL.iter().flat_map(|role| role.queues) {
        for bind in queue.binds.iter().filter(|bind| !bind.contains(['*', '#'])) {
            assert!(published.contains(bind), "{} waits for {bind}, which nobody publishes", queue.name);
        }
    }
    let mut once = published.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), published.len(), "a type belongs to one role");
}

/// Only statistics is known to stand any order across types: partner's feed promises one for each assignment, and cases and
/// their cover are waited for.
#[test]
fn what_a_role_publishes_without_hurry_only_statistics_takes() {
    let roles = &zhirong::roles::ALL;
    for role in roles.iter() {
        for kind in role.unhurried {
            assert!(role.publishes.contains(kind), "{} does not publish {kind}", role.name);
            let takes = |role: &&&host::Role| role.queues.iter().any(|queue| queue.binds.contains(kind));
            let takers: Vec<&str> = roles.iter().filter(takes).map(|role| role.name).collect();
            assert_eq!(takers, ["statistics"], "{kind}");
        }
    }
    let patterns = roles.iter().flat_map(|role| role.queues).flat_map(|queue| queue.binds);
    assert!(patterns.copied().all(|bind| !bind.contains(['*', '#'])), "a pattern may take anything");
}

#[test]
fn the_help_speaks_chinese_and_english() {
    let place = Place::new("help");
    let help = text(&zhirong(&place, &["--help"]).stdout);
    for command in ["serve", "up", "migrate", "secrets", "token", "engines", "parked", "healthcheck", "roles"]
    {
        let line = help.lines().find(|line| line.trim_start().starts_with(command)).unwrap_or_default();
        assert!(line.contains("/ ") && !line.is_ascii(), "{command}: {line}");
    }
}

#[test]
fn serve_lists_every_missing_setting_at_once() {
    let place = Place::new("serve");
    let answer = zhirong(&place, &["serve", "intake"]);
    assert!(!answer.status.success());
    let said = text(&answer.stderr);
    for key in ["DATABASE_URL", "AMQP_URL", "SIGNING_KEY_FILE", "VERIFY_KEYS_FILE"] {
        assert!(said.contains(&format!("ZHIRONG_{key}: missing")), "{said}");
    }
    assert!(text(&zhirong(&place, &["serve", "nobody"]).stderr).contains("whitelist, catalog"));
}

#[test]
fn a_token_needs_the_keys_of_a_run_directory() {
    let place = Place::new("token");
    let answer = zhirong(&place, &["token", "--role", "intake", "--audience", "catalog"]);
    assert!(text(&answer.stderr).contains("zhirong secrets"), "{}", text(&answer.stderr));
    assert!(zhirong(&place, &["secrets"]).status.success());
    let answer = zhirong(&place, &["token", "--role", "intake", "--audience", "catalog"]);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
}

#[test]
fn engines_gives_a_command_its_addresses_and_ends_with_its_exit_code() {
    let place = Place::new("engines");
    assert!(zhirong(&place, &["secrets"]).status.success());
    let migrate = format!(
        "'{ZHIRONG}' migrate --create-database --database commands_$$ --vhost commands_$$ \
         --postgres \"$ZHIRONG_ENGINES_POSTGRES\" --management \"$ZHIRONG_ENGINES_MANAGEMENT\" || exit 1; exit 7"
    );
    let answer = zhirong(&place, &["engines", "--", "/bin/sh", "-c", &migrate]);
    assert_eq!(answer.status.code(), Some(7), "{}", text(&answer.stderr));
    assert!(text(&answer.stdout).contains("database and broker are up to date"));
}
