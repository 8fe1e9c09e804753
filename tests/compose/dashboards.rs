//! Dashboards of Grafana: valid, provisioned, found again by their ids, and readable for whoever stands before them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::alerts::{exported, files, is_chinese, is_exported};
use crate::compose::{Compose, text, yaml};
use crate::promql;

const FOLDER: &str = "deploy/grafana/dashboards";
const PROVISIONED: &str = "deploy/grafana/provisioning/dashboards/dashboards.yaml";

fn boards() -> BTreeMap<String, Value> {
    let read = |path: String| {
        let board = serde_json::from_str(&text(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        (path, board)
    };
    files(FOLDER, ".json").into_iter().map(read).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Panels that show something; rows only part them.
fn panels(board: &Value) -> impl Iterator<Item = &Value> {
    list(board, "panels").iter().filter(|panel| panel["type"] != "row")
}

#[test]
fn grafana_finds_the_dashboards_where_they_are_mounted() {
    let (compose, config) = (Compose::read(), yaml::<Value>(PROVISIONED));
    let path = config["providers"][0]["options"]["path"].as_str().unwrap();
    let mount = format!("./{FOLDER}:{path}:ro");
    assert!(compose.service("grafana").volumes.contains(&mount), "{mount}");
}

#[test]
fn there_is_one_dashboard_each_for_platform_fan_out_bus_partners_and_business() {
    let boards = boards();
    let uids: BTreeSet<&str> = boards.values().map(|board| board["uid"].as_str().unwrap()).collect();
    let wanted = ["platform", "fanout", "bus", "partners", "business"].map(|name| format!("zhirong-{name}"));
    assert_eq!(uids, wanted.iter().map(String::as_str).collect());
    assert_eq!(uids.len(), boards.len(), "a uid is used twice");
    for (path, board) in &boards {
        assert!(is_chinese(board["title"].as_str().unwrap()), "{path}");
        assert!(is_chinese(board["description"].as_str().unwrap()), "{path}");
    }
}

#[test]
fn every_panel_has_a_title_a_unit_and_a_description_in_chinese() {
    for (path, board) in boards() {
        let mut ids = BTreeSet::new();
        assert!(panels(&board).count() >= 8, "{path}");
        for panel in panels(&board) {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: {title} has the id of another");
            assert!(title.chars().any(|c| c > '\u{4e00}') || title == "RabbitMQ", "{path}: {title}");
            assert!(is_chinese(panel["description"].as_str().unwrap()), "{path}: {title}");
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
            assert!(unit.is_some_and(|unit| !unit.is_empty()), "{path}: {title} has no unit");
        }
    }
}

#[test]
fn panels_lie_on_the_grid_and_not_on_each_other() {
    for (path, board) in boards() {
        let mut taken = BTreeSet::new();
        for panel in list(&board, "panels") {
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{path}: {}", panel["title"]);
            for y in at("y")..at("y") + at("h") {
                for x in at("x")..at("x") + at("w") {
                    assert!(taken.insert((x, y)), "{path}: {} lies on another", panel["title"]);
                }
            }
        }
    }
}

#[test]
fn every_panel_asks_the_chosen_data_source_for_metrics_that_are_exported() {
    let exported = exported();
    for (path, board) in boards() {
        let variables: BTreeSet<&str> =
            list(&board["templating"], "list").iter().map(|one| one["name"].as_str().unwrap()).collect();
        for name in ["datasource", "traces", "handbook"] {
            assert!(variables.contains(name), "{path} has no variable {name}");
        }
        for panel in panels(&board) {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{path}: {}", panel["title"]);
            for target in list(panel, "targets") {
                let expr = target["expr"].as_str().unwrap();
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{path}: {expr}");
                for name in promql::metrics(expr) {
                    assert!(is_exported(&name, &exported), "{path}: {name} is exported by nobody: {expr}");
                }
                for used in expr.split('$').skip(1) {
                    let end = used.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(used.len());
                    assert!(variables.contains(&used[..end]), "{path}: {expr}");
                }
            }
            if panel["type"] != "alertlist" {
                assert!(!list(panel, "targets").is_empty(), "{path}: {} asks nothing", panel["title"]);
            }
        }
        for variable in list(&board["templating"], "list") {
            if let Some(query) = variable["query"]["query"].as_str() {
                let asked =
                    query.strip_prefix("label_values(").and_then(|rest| rest.rsplit_once(',')).unwrap().0;
                let read = promql::metrics(asked);
                assert!(read.iter().all(|name| is_exported(name, &exported)), "{path}: {query}");
                assert!(!read.is_empty(), "{path}: {query}");
            }
        }
    }
}

#[test]
fn dashboards_name_no_host_and_their_links_lead_to_the_manual() {
    let manual = text("docs/OPERATIONS.md");
    let anchors: BTreeSet<String> = manual
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    let mut linked = 0;
    for path in files(FOLDER, ".json") {
        let whole = text(&path);
        for beginning in ["http://", "https://", "localhost", "127.0.0.1"] {
            assert!(!whole.contains(beginning), "{path} has {beginning}");
        }
        for link in whole.split("${handbook}/docs/OPERATIONS.md#").skip(1) {
            let anchor = link.split('"').next().unwrap();
            assert!(anchors.contains(anchor), "{path} links to #{anchor}");
            linked += 1;
        }
    }
    assert!(linked > 20, "only {linked} links to the manual");
}
