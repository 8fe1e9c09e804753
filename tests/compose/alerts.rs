//! Rules of Prometheus: promtool accepts and tests them, they read only what is exported, and each alert has a page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::compose::{root, text, yaml};
use crate::promql;

const RULES: &str = "deploy/prometheus/rules";
const TESTS: &str = "deploy/prometheus/tests";

/// What the servers' exporters offer, of that which is used here. Our own metrics are not listed: they are in
/// `crates/telemetry/src/names.rs` and in the script of the backup.
const OF_OTHERS: [&str; 27] = [
    // Prometheus itself.
    "up",
    "ALERTS",
    "prometheus_rule_evaluation_failures_total",
    // blackbox-exporter.
    "probe_success",
    "probe_ssl_earliest_cert_expiry",
    // RabbitMQ, /metrics.
    "rabbitmq_alarms_memory_used_watermark",
    "rabbitmq_alarms_free_disk_space_watermark",
    "rabbitmq_alarms_file_descriptor_limit",
    "rabbitmq_global_messages_redelivered_total",
    "rabbitmq_process_resident_memory_bytes",
    "rabbitmq_resident_memory_limit_bytes",
    // RabbitMQ, /metrics/detailed with the families that prometheus.yml asks for.
    "rabbitmq_detailed_queue_messages_ready",
    "rabbitmq_detailed_queue_messages_unacked",
    "rabbitmq_detailed_queue_consumers",
    // postgres-exporter.
    "pg_up",
    "pg_stat_activity_count",
    "pg_stat_activity_max_tx_duration",
    "pg_settings_max_connections",
    "pg_database_wraparound_age_datfrozenxid_seconds",
    "pg_stat_database_deadlocks",
    "pg_stat_database_xact_commit",
    "pg_stat_database_xact_rollback",
    // node-exporter.
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "node_cpu_seconds_total",
];

/// Files of a folder with this ending, relative to the repository, sorted.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> =
        names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect();
    found.sort();
    assert!(!found.is_empty(), "nothing in {folder} ends in {ending}");
    found
}

fn rules() -> Vec<Value> {
    let groups = files(RULES, ".yml").into_iter().flat_map(|path| {
        let file: Value = yaml(&path);
        file["groups"].as_array().unwrap_or_else(|| panic!("{path} has no groups")).clone()
    });
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn alerts() -> Vec<Value> {
    rules().into_iter().filter(|rule| rule.get("alert").is_some()).collect()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

/// Names of every metric that rules and dashboards may read.
pub(crate) fn exported() -> BTreeSet<String> {
    let names = text("crates/telemetry/src/names.rs");
    let ours = names.split('"').skip(1).step_by(2).filter(|name| name.starts_with("zhirong_"));
    let backup = text("deploy/backup/backup.sh");
    let noted = backup.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let recorded: Vec<String> =
        rules().iter().filter_map(|rule| rule["record"].as_str()).map(str::to_owned).collect();
    let mut all: BTreeSet<String> = recorded.into_iter().collect();
    all.extend(ours.chain(noted).chain(OF_OTHERS).map(str::to_owned));
    all
}

/// A histogram is read by its parts.
pub(crate) fn is_exported(name: &str, exported: &BTreeSet<String>) -> bool {
    let whole = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part));
    exported.contains(name)
        || whole.is_some_and(|whole| exported.contains(whole) && telemetry_histograms().contains(whole))
}

fn telemetry_histograms() -> BTreeSet<&'static str> {
    use telemetry::names as n;
    [n::RPC_SECONDS, n::DEADLINE_LATENESS_SECONDS, n::CONSUMER_BATCH_SIZE, n::LEG_ANSWER_SECONDS].into()
}

/// `promtool`, which ./dev test takes out of Debian's package.
fn promtool(arguments: &[&str]) {
    let program =
        std::env::var_os("ZHIRONG_PROMTOOL").map_or_else(|| PathBuf::from("promtool"), PathBuf::from);
    let output = Command::new(&program).args(arguments).current_dir(root()).output().unwrap_or_else(|error| {
        panic!(
            "{}: {error}. The rules of Prometheus are tested by promtool: run this by ./dev test, which brings it, or \
             put it on the PATH, or name it by ZHIRONG_PROMTOOL",
            program.display()
        )
    });
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {}:\n{told}", arguments.join(" "));
}

#[test]
fn promtool_accepts_the_configuration_with_all_rules() {
    promtool(&["check", "config", "deploy/prometheus/prometheus.yml"]);
}

#[test]
fn every_alert_fires_above_its_threshold_and_is_silent_below_it() {
    let tests = files(TESTS, ".yml");
    let arguments: Vec<&str> =
        ["test", "rules"].into_iter().chain(tests.iter().map(String::as_str)).collect();
    promtool(&arguments);
}

#[test]
fn every_alert_has_a_test_of_both_kinds() {
    let mut tested: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for path in files(TESTS, ".yml") {
        let file: Value = yaml(&path);
        for test in file["tests"].as_array().unwrap() {
            for question in test["promql_expr_test"].as_array().unwrap() {
                let expr = string(question, "expr");
                let alert =
                    expr.split("alertname=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                let fires = !question["exp_samples"].as_array().unwrap().is_empty();
                assert!(string(test, "name").starts_with(alert), "{path}: {test}");
                tested.entry(alert.to_owned()).or_default().insert(fires);
            }
        }
    }
    let both: BTreeMap<String, BTreeSet<bool>> =
        alerts().iter().map(|alert| (string(alert, "alert").to_owned(), [false, true].into())).collect();
    assert_eq!(tested, both);
}

#[test]
fn every_rule_reads_metrics_that_are_exported() {
    let exported = exported();
    for rule in rules() {
        let read = promql::metrics(string(&rule, "expr"));
        assert!(!read.is_empty(), "{rule}");
        for name in read {
            assert!(is_exported(&name, &exported), "{name} is exported by nobody, but read by {rule}");
        }
    }
}

#[test]
fn every_metric_of_others_that_is_listed_is_known_to_one_exporter_that_is_scraped() {
    let config = text("deploy/prometheus/prometheus.yml");
    for name in OF_OTHERS {
        let job = match name.split('_').next().unwrap() {
            "up" | "ALERTS" | "prometheus" => "prometheus",
            "probe" => "partner-face",
            "rabbitmq" => "rabbitmq",
            "pg" => "postgres",
            "node" => "node",
            other => panic!("nobody exports {other}"),
        };
        assert!(config.contains(&format!("job_name: {job}\n")), "{name}: no job {job}");
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let (name, notes) = (string(&alert, "alert"), &alert["annotations"]);
        assert!(names.insert(name.to_owned()), "{name} twice");
        assert!(["critical", "warning"].contains(&string(&alert["labels"], "severity")), "{name}");
        string(&alert, "for");
        for note in ["summary", "description"] {
            assert!(is_chinese(string(notes, note)), "{name}: {note}");
        }
        let page = format!("docs/OPERATIONS.md#{}", name.to_lowercase());
        assert_eq!(string(notes, "runbook_url"), page, "{name}");
    }
}

pub(crate) fn is_chinese(text: &str) -> bool {
    text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count() >= 2
}

#[test]
fn every_alert_has_a_page_and_every_page_has_an_alert() {
    let manual = text("docs/OPERATIONS.md");
    let (_, after) = manual.split_once("\n## Alerts\n").unwrap();
    let chapter = after.split("\n## ").next().unwrap();
    let mut pages = BTreeMap::new();
    for section in chapter.split("\n### ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap();
        assert!(pages.insert(title.to_owned(), body).is_none(), "{title} twice");
        for part in ["**For people.**", "**Look.**", "**Causes.**", "**Do.**", "**Then.**"] {
            assert!(body.contains(part), "the page of {title} has no {part}");
        }
    }
    let names: BTreeSet<String> = alerts().iter().map(|alert| string(alert, "alert").to_owned()).collect();
    assert_eq!(pages.keys().cloned().collect::<BTreeSet<_>>(), names);
}

#[test]
fn a_metric_that_nobody_exports_would_be_found() {
    let exported = exported();
    assert!(is_exported("zhirong_rpc_seconds_bucket", &exported));
    assert!(!is_exported("zhirong_outbox_rows_bucket", &exported), "a gauge has no buckets");
    assert!(!is_exported("zhirong_outbox_age", &exported));
}
