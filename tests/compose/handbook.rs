//! `docs/OPERATIONS.md`: its tables are the settings, secrets and metrics that there are.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory as _;
use host::AnyKey;
use host::settings::Need;
use zhirong::cli::Cli;
use zhirong::roles;

use crate::compose::text;
use crate::workbench::generated;

fn page() -> String {
    text("docs/OPERATIONS.md")
}

/// The cells of table rows whose first cell begins so.
fn rows(page: &str, beginning: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with(&format!("| `{beginning}")));
    rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What the table says of a setting that is not given.
fn otherwise(key: &dyn AnyKey) -> String {
    let secret = if key.is_secret() { ", secret" } else { "" };
    match key.need() {
        Need::Required => format!("required{secret}"),
        Need::Optional => format!("optional{secret}"),
        Need::Default(value) => format!("`{value}`"),
    }
}

#[test]
fn every_setting_stands_there_with_its_default_and_no_other_does() {
    let keys: BTreeMap<String, (String, String)> = roles::ALL
        .iter()
        .flat_map(|role| role.all_keys())
        .map(|key| (format!("`{}`", key.name()), (otherwise(key), key.expected().to_owned())))
        .collect();
    let page = page();
    let table = rows(&page, "ZHIRONG_");
    let written: BTreeMap<String, (String, String)> =
        table.iter().map(|row| (row[0].clone(), (row[1].clone(), row[2].clone()))).collect();
    assert_eq!(written.len(), table.len(), "a setting stands there twice");
    assert_eq!(written, keys);
}

#[test]
fn every_secret_stands_there() {
    let page = page();
    for name in generated().names() {
        let of_role = roles::names().into_iter().find_map(|role| {
            let rest = name.strip_prefix(role)?;
            ["-signing-key.pem", "-database-password", "-broker-password", "-database-url", "-amqp-url"]
                .contains(&rest)
                .then(|| format!("<role>{rest}"))
        });
        let spelled = of_role.unwrap_or(name);
        assert!(page.contains(&spelled), "{spelled} is not in docs/OPERATIONS.md");
    }
}

#[test]
fn every_metric_is_explained_and_every_explained_metric_exists() {
    let names = text("crates/telemetry/src/names.rs");
    let exist: BTreeSet<&str> =
        names.split('"').skip(1).step_by(2).filter(|name| name.starts_with("zhirong_")).collect();
    let page = page();
    let table = rows(&page, "zhirong_");
    let explained: BTreeSet<&str> = table.iter().map(|row| row[0].trim_matches('`')).collect();
    assert!(!exist.is_empty());
    assert_eq!(explained, exist);
}

#[test]
fn every_command_that_the_documents_show_exists_with_its_options() {
    let cli = Cli::command();
    for path in ["README.md", "docs/OPERATIONS.md", "docs/PARTNERS.md", "docs/ARCHITECTURE.md"] {
        for line in text(path).lines() {
            for shown in commands(line) {
                check(&cli, &shown, path);
            }
        }
    }
}

/// Whatever follows `zhirong ` or `./dev ` up to the end of the code.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for beginning in ["zhirong ", "./dev "] {
        for (at, _) in line.match_indices(beginning) {
            let before = line[..at].chars().next_back();
            if before.is_none_or(|c| "`(/ ".contains(c)) {
                let rest = &line[at + beginning.len()..];
                let code = rest.split(['`', ')', '#', '…']).next().unwrap_or_default();
                found.push(code.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    found
}

fn check(cli: &clap::Command, shown: &[String], path: &str) {
    // `./dev` has commands of its own beside those of the binary.
    let [name, rest @ ..] = shown else { return };
    let Some(mut command) = cli.find_subcommand(name) else {
        assert!(
            ["test", "faults", "lint"].contains(&name.as_str()),
            "{path} shows {name:?}, which is no command"
        );
        return;
    };
    let mut options: Vec<&clap::Arg> = command.get_arguments().collect();
    for word in rest {
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
            options.extend(sub.get_arguments());
        } else if let Some(option) = word.strip_prefix("--") {
            let option = option.split('=').next().unwrap_or_default();
            let known =
                option == "help" || options.iter().any(|argument| argument.get_long() == Some(option));
            assert!(known, "{path} shows --{option} of {name}, which does not exist");
        }
    }
}

#[test]
fn a_command_that_is_not_there_would_be_found() {
    let shown = |line: &str| commands(line).concat().join(" ");
    assert_eq!(shown("see `zhirong parked list`, then"), "parked list");
    assert_eq!(shown("token=$(target/debug/zhirong token --staff t1)  # 60 s"), "token --staff t1");
    assert_eq!(shown("./dev demo     # install"), "demo");
    assert_eq!(shown("the zhirong_intake user"), "");
    let wrong = std::panic::catch_unwind(|| {
        check(&Cli::command(), &["token".to_owned(), "--forever".to_owned()], "x")
    });
    assert!(wrong.is_err());
}
