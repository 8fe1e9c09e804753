//! Where the engines' programs are, and which user may run them.

use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User};

use crate::EngineError;

/// The user an engine runs as: another one than ours only where we are root, which both engines refuse or should not have.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    /// Whether that is not ourselves, so that files must be given away and the child must change its user.
    pub(crate) foreign: bool,
}

impl Account {
    /// The first of `names` that exists, where we are root; `nobody` at last; ourselves otherwise.
    pub(crate) fn choose(names: &[&str]) -> Self {
        let us = Self { uid: Uid::effective(), gid: Gid::effective(), foreign: false };
        if !us.uid.is_root() {
            return us;
        }
        let known = names.iter().chain(&["nobody"]).find_map(|name| User::from_name(name).ok().flatten());
        match known {
            Some(user) => Self { uid: user.uid, gid: user.gid, foreign: true },
            // A root without any other account (a bare container): number 65534 needs no entry in /etc/passwd.
            None => Self { uid: Uid::from_raw(65_534), gid: Gid::from_raw(65_534), foreign: true },
        }
    }
}

/// The directory with `initdb` and `postgres` of the newest PostgreSQL; Debian keeps it off the PATH.
pub(crate) fn postgres_bin() -> Result<PathBuf, EngineError> {
    let complete = |dir: &PathBuf| dir.join("initdb").is_file() && dir.join("postgres").is_file();
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        for dir in children(Path::new(parent)) {
            let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = name.strip_prefix(prefix).and_then(|rest| rest.split('.').next()?.parse().ok());
            versions.extend(version.map(|version| (version, dir.join("bin"))));
        }
    }
    versions.sort_unstable();
    let newest_first = versions.into_iter().rev().map(|(_, bin)| bin);
    newest_first
        .chain(path_directories())
        .find(complete)
        .ok_or(EngineError::NotInstalled { program: "PostgreSQL (initdb, postgres)", package: "postgresql" })
}

/// `rabbitmq-server` itself, not Debian's wrapper in `/usr/sbin`, which wants root and writes the system's log.
pub(crate) fn rabbitmq_server() -> Result<PathBuf, EngineError> {
    let fixed = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin", "/opt/homebrew/sbin", "/usr/local/sbin"];
    let elsewhere =
        path_directories().filter(|dir| dir != Path::new("/usr/sbin") && dir != Path::new("/sbin"));
    fixed
        .iter()
        .map(PathBuf::from)
        .chain(elsewhere)
        .map(|dir| dir.join("rabbitmq-server"))
        .find(|program| program.is_file())
        .ok_or(EngineError::NotInstalled {
            program: "RabbitMQ (rabbitmq-server)",
            package: "rabbitmq-server",
        })
}

/// Erlang's port mapper. It is started by us, because the one that Erlang starts by itself leaves the process group.
pub(crate) fn epmd() -> Result<PathBuf, EngineError> {
    let beside_runtime = ["/usr/lib/erlang", "/usr/local/lib/erlang", "/usr/lib64/erlang"]
        .into_iter()
        .flat_map(|dir| children(Path::new(dir)))
        .map(|dir| dir.join("bin"));
    path_directories()
        .chain(beside_runtime)
        .map(|dir| dir.join("epmd"))
        .find(|program| program.is_file())
        .ok_or(EngineError::NotInstalled { program: "Erlang's epmd", package: "erlang-base" })
}

fn path_directories() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let standard = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter().chain(standard)
}

fn children(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
