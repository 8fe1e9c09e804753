//! Reads the layers, checks every key of host and role, and hands out typed values.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fault::{Fault, Faults};
use super::host_keys::{ALL, CONFIG, ELSEWHERE, PEER_PREFIX, PREFIX};
use super::key::{AnyKey, Key, Need};
use super::value::{FromSetting, Origin};
use crate::role::Role;

/// Checked settings of one role. Values of secrets are kept but never shown.
pub struct Settings {
    role: &'static str,
    values: BTreeMap<String, (String, Origin)>,
    unknown: Vec<String>,
}

impl Settings {
    /// From the file named by `ZHIRONG_CONFIG`, if any, and the process's environment.
    ///
    /// `known` are all roles of the system: their keys may stand in a shared file or environment.
    pub fn from_process(role: &Role, known: &[&'static Role]) -> Result<Self, Faults> {
        Self::from_environment(role, known, std::env::vars())
    }

    /// From given environment pairs, which may name a file by `ZHIRONG_CONFIG`. For tests and supervisors.
    pub fn from_environment<K, V>(
        role: &Role,
        known: &[&'static Role],
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Faults>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let environment: BTreeMap<String, String> = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .filter(|(key, _)| key.starts_with(PREFIX))
            .collect();
        let mut reading =
            Reading { role, known, values: BTreeMap::new(), unknown: Vec::new(), faults: Vec::new() };
        if let Some(path) = environment.get(CONFIG) {
            reading.file(path);
        }
        reading.environment(environment);
        reading.finish()
    }

    /// A value that has a default or is required.
    pub fn get<T: FromSetting>(&self, key: &Key<T>) -> Result<T, Faults> {
        match self.find(key)? {
            Some(value) => Ok(value),
            None => Err(Faults(vec![missing(key)])),
        }
    }

    /// A value that may be absent.
    pub fn find<T: FromSetting>(&self, key: &Key<T>) -> Result<Option<T>, Faults> {
        let text = match (self.values.get(key.name()), key.need()) {
            (Some((text, _)), _) => text.as_str(),
            (None, Need::Default(text)) => text,
            (None, Need::Required | Need::Optional) => return Ok(None),
        };
        T::from_setting(text).map(Some).map_err(|trouble| Faults(vec![fault(key, trouble)]))
    }

    /// The address of another role: `ZHIRONG_PEER_<ROLE>`, else the role's name as a host, port 7400.
    pub fn peer(&self, role: &str) -> String {
        let key = peer_key(role);
        self.values.get(&key).map_or_else(|| format!("http://{role}:7400"), |(url, _)| url.clone())
    }

    /// The role that these are for.
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// Keys of the environment that begin with `ZHIRONG_` and belong to nobody. They are reported and not refused,
    /// because orchestrators put variables of their own under a service's name.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &dyn AnyKey) -> Option<Origin> {
        match (self.values.get(key.name()), key.need()) {
            (Some((_, origin)), _) => Some(*origin),
            (None, Need::Default(_)) => Some(Origin::Default),
            (None, Need::Required | Need::Optional) => None,
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("role", &self.role).field("keys", &self.values.keys()).finish()
    }
}

/// The environment's name of another role's address.
pub(crate) fn peer_key(role: &str) -> String {
    format!("{PEER_PREFIX}{}", role.to_uppercase())
}

fn fault(key: &dyn AnyKey, trouble: String) -> Fault {
    Fault { key: key.name().to_owned(), expected: key.expected().to_owned(), trouble }
}

fn missing(key: &dyn AnyKey) -> Fault {
    fault(key, "missing".to_owned())
}

struct Reading<'a> {
    role: &'a Role,
    known: &'a [&'static Role],
    values: BTreeMap<String, (String, Origin)>,
    unknown: Vec<String>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn file(&mut self, path: &str) {
        let table = std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.message().to_owned()));
        match table {
            Ok(table) => {
                let mut flat = Vec::new();
                flatten(&table, PREFIX.trim_end_matches('_'), &mut flat);
                for (name, value) in flat {
                    self.file_entry(path, name, value);
                }
            }
            Err(trouble) => self.faults.push(Fault {
                key: CONFIG.to_owned(),
                expected: "path of a readable TOML file".to_owned(),
                trouble,
            }),
        }
    }

    fn file_entry(&mut self, path: &str, name: String, value: Option<String>) {
        let trouble = match value {
            _ if !self.is_known(&name) => "no such setting",
            None => "a value that is neither text, number, true, false nor a list of these",
            Some(text) => match self.values.insert(name.clone(), (text, Origin::File)) {
                None => return,
                Some(_) => "written twice",
            },
        };
        self.faults.push(Fault {
            key: name,
            expected: format!("once, a known setting in {path}"),
            trouble: trouble.to_owned(),
        });
    }

    fn environment(&mut self, environment: BTreeMap<String, String>) {
        for (name, value) in environment {
            if self.is_known(&name) {
                // A secret of this layer wins over that of the file below in whichever form either is given.
                let other = match name.strip_suffix("_FILE") {
                    Some(base) => base.to_owned(),
                    None => format!("{name}_FILE"),
                };
                let below = |(_, origin): &(String, Origin)| *origin == Origin::File;
                if (self.is_secret(&name) || self.is_secret(&other))
                    && self.values.get(&other).is_some_and(below)
                {
                    self.values.remove(&other);
                }
                self.values.insert(name, (value.trim().to_owned(), Origin::Environment));
            } else {
                self.unknown.push(name);
            }
        }
    }

    fn finish(mut self) -> Result<Settings, Faults> {
        self.secrets_from_files();
        for key in self.role.all_keys() {
            match (self.values.get(key.name()), key.need()) {
                (Some((text, _)), _) => {
                    if let Err(trouble) = key.check(text) {
                        self.faults.push(fault(key, trouble));
                    }
                }
                (None, Need::Required)
                    if self.faults.iter().all(|fault| !concerns(&fault.key, key.name())) =>
                {
                    self.faults.push(missing(key));
                }
                (None, Need::Required | Need::Optional | Need::Default(_)) => {}
            }
        }
        self.peers();
        Faults::into_result(self.faults)?;
        Ok(Settings { role: self.role.name, values: self.values, unknown: self.unknown })
    }

    fn secrets_from_files(&mut self) {
        for key in self.role.all_keys().into_iter().filter(|key| key.is_secret()) {
            let name = format!("{}_FILE", key.name());
            let Some((path, origin)) = self.values.remove(&name) else { continue };
            if self.values.contains_key(key.name()) {
                self.faults.push(Fault {
                    key: name,
                    expected: format!("either this or {}", key.name()),
                    trouble: "both are given".to_owned(),
                });
                continue;
            }
            match std::fs::read_to_string(PathBuf::from(&path)) {
                Ok(text) => {
                    self.values.insert(key.name().to_owned(), (text.trim().to_owned(), origin));
                }
                Err(error) => self.faults.push(Fault {
                    key: name,
                    expected: format!("path of a readable file with {}", key.expected()),
                    trouble: format!("{path}: {error}"),
                }),
            }
        }
    }

    fn peers(&mut self) {
        for (name, (url, _)) in &self.values {
            if name.starts_with(PEER_PREFIX) && !is_http_url(url) {
                self.faults.push(Fault {
                    key: name.clone(),
                    expected: "http:// URL of that role's gRPC face".to_owned(),
                    trouble: "not an http URL".to_owned(),
                });
            }
        }
    }

    fn is_known(&self, name: &str) -> bool {
        let named = |key: &&dyn AnyKey| {
            key.name() == name || (key.is_secret() && name.strip_suffix("_FILE") == Some(key.name()))
        };
        let mut roles = self.known.iter().copied();
        ELSEWHERE.contains(&name)
            || ALL.iter().any(&named)
            || self.role.keys.iter().any(&named)
            || name == peer_key(self.role.name)
            || roles.any(|role| role.keys.iter().any(&named) || name == peer_key(role.name))
            || self.role.peers.iter().any(|peer| name == peer_key(peer))
    }

    fn is_secret(&self, name: &str) -> bool {
        self.role.all_keys().iter().any(|key| key.is_secret() && key.name() == name)
    }
}

/// Whether a fault under `fault_key` already tells about `key` (its `_FILE` form).
fn concerns(fault_key: &str, key: &str) -> bool {
    fault_key.strip_suffix("_FILE") == Some(key) || fault_key == key
}

fn is_http_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some())
}

/// `[intake] window = "5wd"` and `intake_window = "5wd"` are both `ZHIRONG_INTAKE_WINDOW`.
fn flatten(table: &toml::Table, prefix: &str, into: &mut Vec<(String, Option<String>)>) {
    for (key, value) in table {
        let name = format!("{prefix}_{}", key.to_uppercase().replace('-', "_"));
        match value {
            toml::Value::Table(inner) => flatten(inner, &name, into),
            toml::Value::Array(items) => {
                let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
                into.push((name, texts.map(|texts| texts.join(","))));
            }
            toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_) => into.push((name, scalar(value))),
        }
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.trim().to_owned()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Datetime(at) => Some(at.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}
