//! Metrics and traces: every role is scraped where it answers, and what it sends arrives.

use std::collections::BTreeMap;

use serde_json::Value;
use zhirong::roles;

use crate::compose::{Compose, yaml};

const PROMETHEUS: &str = "deploy/prometheus/prometheus.yml";
const COLLECTOR: &str = "deploy/otel/collector.yaml";
const GRAFANA: &str = "deploy/grafana/provisioning/datasources/datasources.yaml";

fn texts<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    value[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn prometheus_scrapes_the_admin_port_of_every_role_under_its_name() {
    let (compose, config) = (Compose::read(), yaml::<Value>(PROMETHEUS));
    let jobs = config["scrape_configs"].as_array().unwrap();
    let job = jobs.iter().find(|job| job["job_name"] == "zhirong").unwrap();
    let scraped: BTreeMap<&str, Vec<&str>> = job["static_configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["labels"]["role"].as_str().unwrap(), texts(group, "targets")))
        .collect();
    let admin = |name: &str| format!("{name}:{}", compose.service(name).port("ZHIRONG_ADMIN_LISTEN"));
    let expected: BTreeMap<&str, Vec<String>> =
        roles::names().into_iter().map(|name| (name, vec![admin(name)])).collect();
    assert_eq!(
        scraped,
        expected.iter().map(|(name, at)| (*name, at.iter().map(String::as_str).collect())).collect()
    );
    for target in jobs
        .iter()
        .flat_map(|job| job["static_configs"].as_array().unwrap())
        .flat_map(|g| texts(g, "targets"))
    {
        compose.service(target.split_once(':').unwrap().0);
    }
}

#[test]
fn the_collector_listens_where_every_role_sends_and_hands_on_to_a_service() {
    let (compose, config) = (Compose::read(), yaml::<Value>(COLLECTOR));
    let listens = config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].as_str().unwrap();
    let port = listens.rsplit(':').next().unwrap();
    for (name, service) in compose.roles() {
        assert_eq!(
            service.environment["ZHIRONG_OTLP_ENDPOINT"],
            format!("http://collector:{port}"),
            "{name}"
        );
    }
    compose.service("collector");
    let pipeline = &config["service"]["pipelines"]["traces"];
    for part in ["receivers", "processors", "exporters"] {
        assert!(!texts(pipeline, part).is_empty(), "{part}");
        for name in texts(pipeline, part) {
            assert!(config[part].get(name).is_some(), "{name} is not configured");
        }
    }
    for exporter in texts(pipeline, "exporters") {
        let endpoint = config["exporters"][exporter]["endpoint"].as_str().unwrap();
        compose.service(endpoint.split_once(':').unwrap().0);
    }
}

#[test]
fn the_data_sources_of_grafana_are_services() {
    let (compose, config) = (Compose::read(), yaml::<Value>(GRAFANA));
    let sources = config["datasources"].as_array().unwrap();
    assert!(!sources.is_empty());
    for source in sources {
        let url = source["url"].as_str().unwrap();
        compose.service(url.strip_prefix("http://").unwrap().split_once(':').unwrap().0);
    }
}

#[test]
fn what_prometheus_collector_and_grafana_read_is_what_their_containers_mount() {
    let compose = Compose::read();
    let folder = GRAFANA.split("/datasources").next().unwrap();
    for (service, path) in [("prometheus", PROMETHEUS), ("collector", COLLECTOR), ("grafana", folder)] {
        let mounts = &compose.service(service).volumes;
        assert!(mounts.iter().any(|mount| mount.starts_with(&format!("./{path}:"))), "{service}: {mounts:?}");
    }
}
