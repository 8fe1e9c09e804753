//! The directory of one engine: data, configuration, log, and the lock that says that its owner lives.

use std::fs::{DirBuilder, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::unistd::Uid;

use crate::programs::Account;
use crate::{DIRECTORY, EngineError, process, secret, sweep};

/// One engine's directory, ours as long as this value lives.
///
/// `lock` is held by the owner; `pids` has a line `pid start-time signal` for each group; `work` belongs to the engine's
/// user and is the working directory of all its processes.
#[derive(Debug)]
pub(crate) struct Run {
    path: PathBuf,
    account: Account,
    _lock: File,
}

impl Run {
    /// Makes a new directory, after ending what killed owners left behind. Blocks for as long as that takes.
    pub(crate) fn create(kind: &'static str, account: Account) -> Result<Self, EngineError> {
        let base = base_directory()?;
        // One at a time, so that nobody takes a directory without a lock yet for a left-over.
        let turn_path = base.join("turn");
        let turn = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&turn_path)
            .map_err(EngineError::file("open", &turn_path))?;
        turn.lock().map_err(EngineError::file("lock", &turn_path))?;
        sweep::end_leftovers(&base);

        let path = base.join(format!("{kind}-{}", secret::word(8)));
        make_directory(&path, 0o711)?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(EngineError::file("create", &lock_path))?;
        lock.lock().map_err(EngineError::file("lock", &lock_path))?;
        let run = Self { path, account, _lock: lock };
        make_directory(&run.work(), 0o700)?;
        run.give(&run.work())?;
        Ok(run)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The last lines of the engine's log, for an error that a person reads.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// Writes a file into `work` that only the engine's user may read.
    pub(crate) fn write(&self, name: &str, mode: u32, text: &str) -> Result<PathBuf, EngineError> {
        let path = self.work().join(name);
        let mut file = File::options()
            .create_new(true)
            .write(true)
            .mode(mode)
            .open(&path)
            .map_err(EngineError::file("create", &path))?;
        file.write_all(text.as_bytes()).map_err(EngineError::file("write", &path))?;
        self.give(&path)?;
        Ok(path)
    }

    /// Notes a process group, so that a later start can end it if both we and the guard were killed.
    pub(crate) fn note(&self, pid: i32, signal: Signal) -> Result<(), EngineError> {
        let path = self.path.join("pids");
        let started = process::start_time(pid).unwrap_or_default();
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(EngineError::file("open", &path))?;
        writeln!(file, "{pid} {started} {signal}").map_err(EngineError::file("write", &path))
    }

    /// Removes the directory; the engine must have ended.
    pub(crate) fn remove(self) -> Result<(), EngineError> {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(EngineError::file("remove", &self.path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn give(&self, path: &Path) -> Result<(), EngineError> {
        if !self.account.foreign {
            return Ok(());
        }
        chown(path, Some(self.account.uid.as_raw()), Some(self.account.gid.as_raw()))
            .map_err(EngineError::file("give to the engine's user", path))
    }
}

/// `ZHIRONG_ENGINES_DIR`, else a directory per user under `/var/tmp`: on disk, and never under a home that others cannot
/// enter. It must be ours, because its name can be guessed.
fn base_directory() -> Result<PathBuf, EngineError> {
    let us = Uid::effective();
    let base = std::env::var_os(DIRECTORY)
        .map_or_else(|| format!("/var/tmp/zhirong-engines-{us}").into(), PathBuf::from);
    match make_directory(&base, 0o711) {
        Err(EngineError::File { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let found = std::fs::symlink_metadata(&base).map_err(EngineError::file("look at", &base))?;
    if !found.is_dir() || found.uid() != us.as_raw() {
        return Err(EngineError::ForeignDirectory { path: base });
    }
    base.canonicalize().map_err(EngineError::file("look at", &base))
}

fn make_directory(path: &Path, mode: u32) -> Result<(), EngineError> {
    DirBuilder::new().mode(mode).create(path).map_err(EngineError::file("make the directory", path))?;
    // The umask may have taken away what the engine's user needs.
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(EngineError::file("open up", path))
}
