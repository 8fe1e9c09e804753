//! The run directory of a development system: `secrets/`, `logs/`, `running/`, and the lock of the system in it.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::secrets::Secrets;

/// Names a run directory other than `.zhirong` under the current directory.
pub const VARIABLE: &str = "ZHIRONG_RUN_DIR";

/// A directory that one system at a time runs in.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// `ZHIRONG_RUN_DIR`, else `.zhirong` under the current directory. Nothing is created yet.
    pub fn from_environment() -> Result<Self> {
        match std::env::var_os(VARIABLE) {
            Some(path) => Self::at(PathBuf::from(path)),
            None => {
                Self::at(std::env::current_dir().context("the current directory is gone")?.join(".zhirong"))
            }
        }
    }

    /// A given directory; relative paths are made absolute, because children may run elsewhere.
    pub fn at(path: impl AsRef<Path>) -> Result<Self> {
        let path = std::path::absolute(path.as_ref()).context("the run directory has no usable path")?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keys and certificates.
    pub fn secrets(&self) -> Secrets {
        Secrets::at(self.path.join("secrets"))
    }

    /// What a role printed.
    pub fn log(&self, role: &str) -> PathBuf {
        self.path.join("logs").join(format!("{role}.log"))
    }

    /// A file about the system that runs now: addresses, URLs with passwords.
    pub fn running(&self, name: &str) -> PathBuf {
        self.path.join("running").join(name)
    }

    /// Creates what is missing, readable by this user alone, and takes the directory for one system.
    pub fn take(&self) -> Result<Taken> {
        for directory in [&self.path, &self.path.join("logs"), &self.path.join("running")] {
            create_directory(directory)?;
        }
        let path = self.path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Taken { _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "目录 {0} 中已有系统在运行；请先停止它，或用 {VARIABLE} 指定另一个目录 (a system already runs in {0})",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// Held for as long as a system runs in the directory.
#[derive(Debug)]
pub struct Taken {
    _lock: File,
}

/// Creates a directory that only this user can enter, unless it is there.
pub(crate) fn create_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// Writes a file that only this user can read, replacing it in one step.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&fresh, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}
