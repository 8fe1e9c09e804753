//! docker-compose.yml, as far as the tests read it. Merge keys are resolved by the parser.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The image of ours.
pub(crate) const IMAGE: &str = "zhirong";
/// The one container of our image that is no role.
pub(crate) const MIGRATE: &str = "migrate";

#[derive(Debug, Deserialize)]
pub(crate) struct Compose {
    pub(crate) services: BTreeMap<String, Service>,
    #[serde(default)]
    pub(crate) networks: BTreeMap<String, Network>,
    #[serde(default)]
    pub(crate) volumes: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretFile>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    #[serde(default)]
    pub(crate) image: String,
    pub(crate) build: Option<Build>,
    #[serde(default)]
    pub(crate) user: String,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) secrets: Vec<Mounted>,
    #[serde(default)]
    pub(crate) networks: Vec<String>,
    #[serde(default)]
    pub(crate) ports: Vec<String>,
    #[serde(default)]
    pub(crate) volumes: Vec<String>,
    #[serde(default)]
    pub(crate) depends_on: BTreeMap<String, Condition>,
    pub(crate) healthcheck: Option<HealthCheck>,
    pub(crate) stop_grace_period: Option<String>,
    #[serde(default)]
    pub(crate) read_only: bool,
    #[serde(default)]
    pub(crate) cap_drop: Vec<String>,
    #[serde(default)]
    pub(crate) security_opt: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Build {
    pub(crate) context: String,
    pub(crate) dockerfile: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Condition {
    pub(crate) condition: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HealthCheck {
    pub(crate) test: Vec<String>,
    pub(crate) timeout: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Network {
    #[serde(default)]
    pub(crate) internal: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SecretFile {
    pub(crate) file: String,
}

/// A secret in a container: under its own name in /run/secrets, or where it says.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Mounted {
    Plain(String),
    At { source: String },
}

impl Mounted {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::At { source: name } => name,
        }
    }
}

impl Compose {
    pub(crate) fn read() -> Self {
        Self::read_file("docker-compose.yml")
    }

    pub(crate) fn read_file(path: &str) -> Self {
        yaml(path)
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        self.services.get(name).unwrap_or_else(|| panic!("there is no service {name}"))
    }

    /// Services that run a role.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, &Service)> {
        self.services
            .iter()
            .filter(|(name, service)| service.image == IMAGE && *name != MIGRATE)
            .map(|(name, service)| (name.as_str(), service))
    }
}

impl Service {
    pub(crate) fn mounted(&self) -> Vec<&str> {
        self.secrets.iter().map(Mounted::name).collect()
    }

    /// The port that this setting makes the role listen on, on all addresses of its container.
    pub(crate) fn port(&self, key: &str) -> u16 {
        let address = self.environment.get(key).unwrap_or_else(|| panic!("{key} is not set"));
        let port = address.strip_prefix("0.0.0.0:").unwrap_or_else(|| panic!("{key} is {address}"));
        port.parse().unwrap()
    }
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn yaml<T: serde::de::DeserializeOwned>(path: &str) -> T {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
