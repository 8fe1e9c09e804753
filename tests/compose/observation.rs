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
    let rules = "deploy/prometheus/rules";
    let read = [
        ("prometheus", PROMETHEUS),
        ("prometheus", rules),
        ("collector", COLLECTOR),
        ("grafana", folder),
        ("blackbox-exporter", "deploy/blackbox/blackbox.yml"),
    ];
    // Where the rules are mounted is where the configuration, which lies beside them, looks for them.
    assert_eq!(texts(&yaml::<Value>(PROMETHEUS), "rule_files"), ["rules/*.yml"]);
    for (service, path) in read {
        let mounts = &compose.service(service).volumes;
        assert!(mounts.iter().any(|mount| mount.starts_with(&format!("./{path}:"))), "{service}: {mounts:?}");
    }
}

#[test]
fn the_role_of_an_institution_does_not_hide_behind_the_role_that_is_scraped() {
    let config = yaml::<Value>(PROMETHEUS);
    let job = &config["scrape_configs"][0];
    let [rename, drop] = job["metric_relabel_configs"].as_array().unwrap().as_slice() else {
        panic!("{job}");
    };
    assert_eq!(texts(rename, "source_labels"), ["exported_role"]);
    assert_eq!(rename["target_label"], "institution_role");
    assert_eq!((drop["regex"].as_str(), drop["action"].as_str()), (Some("exported_role"), Some("labeldrop")));
}

#[test]
fn a_probe_is_asked_of_the_exporter_about_the_face_that_institutions_use() {
    let (compose, config) = (Compose::read(), yaml::<Value>(PROMETHEUS));
    let jobs = config["scrape_configs"].as_array().unwrap();
    let job = jobs.iter().find(|job| job["job_name"] == "partner-face").unwrap();
    let face = compose.service("partner").port("ZHIRONG_PARTNER_LISTEN");
    assert_eq!(texts(&job["static_configs"][0], "targets"), [format!("partner:{face}")]);
    let module = texts(&job["params"], "module")[0];
    let modules = yaml::<Value>("deploy/blackbox/blackbox.yml");
    assert!(modules["modules"].get(module).is_some(), "{module}");
    let asked = job["relabel_configs"].as_array().unwrap().last().unwrap();
    compose.service(asked["replacement"].as_str().unwrap().split_once(':').unwrap().0);
}

#[test]
fn the_backup_is_a_container_whose_notes_are_read() {
    let compose = Compose::read();
    let (backup, node) = (compose.service("backup"), compose.service("node-exporter"));
    assert_eq!(backup.image, compose.service("postgres").image, "its tools are not older than the server");
    let folder = &backup.environment["ZHIRONG_BACKUP_DIR"];
    assert!(backup.volumes.contains(&format!("backups:{folder}")));
    assert!(node.volumes.contains(&"backups:/backups:ro".to_owned()));
    assert!(node.command.contains(&"--collector.textfile.directory=/backups/metrics".to_owned()));
}
