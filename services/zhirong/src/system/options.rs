//! What a system is to be, and what it tells while it becomes so.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engines::Source;
use host::Role;

use crate::roles;
use crate::run_dir::RunDir;

/// What happens, as it happens.
#[derive(Clone, Debug)]
pub enum Progress {
    StartingEngines,
    EnginesReady,
    Migrated,
    Started {
        role: &'static str,
        pid: u32,
    },
    Ready {
        role: &'static str,
    },
    /// Still not ready after a while; `trouble` is what `/readyz` says.
    Waiting {
        role: &'static str,
        trouble: String,
    },
    /// Ended; started again after `again`, if that is wanted.
    Ended {
        role: &'static str,
        status: String,
        again: Option<Duration>,
    },
}

/// Told of each [`Progress`].
#[derive(Clone)]
pub struct Report(Arc<dyn Fn(Progress) + Send + Sync>);

impl Report {
    pub fn new(tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self::new(drop)
    }

    pub(super) fn tell(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}

/// How to start a system.
#[derive(Clone, Debug)]
pub struct Options {
    pub run_dir: RunDir,
    /// Engines that the environment gives may be used, or private ones must be started.
    pub engines: Source,
    pub roles: Vec<&'static Role>,
    pub database: String,
    pub vhost: String,
    /// First of the roles' ports, three for each role; free ports when absent.
    pub first_port: Option<u16>,
    /// Settings for every role, by their names in the environment. They win over what the system sets itself.
    pub settings: BTreeMap<String, String>,
    /// How long all roles together may take to become ready.
    pub ready_limit: Duration,
    pub report: Report,
}

impl Options {
    /// All roles, engines given or private, database and virtual host `zhirong`.
    pub fn new(run_dir: RunDir) -> Self {
        Self {
            run_dir,
            engines: Source::GivenOrPrivate,
            roles: roles::ALL.to_vec(),
            database: "zhirong".to_owned(),
            vhost: "zhirong".to_owned(),
            first_port: None,
            settings: BTreeMap::new(),
            ready_limit: Duration::from_secs(120),
            report: Report::silent(),
        }
    }

    /// As [`Options::new`], with a database and a virtual host of its own, so that many systems can share engines.
    pub fn scratch(run_dir: RunDir) -> Self {
        let name = format!("zhirong_{}", uuid::Uuid::new_v4().simple());
        Self { database: name.clone(), vhost: name, ..Self::new(run_dir) }
    }

    /// Adds a setting for every role.
    pub fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }
}
