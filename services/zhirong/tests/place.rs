//! A directory of a test's own, and looks at processes.

use std::path::{Path, PathBuf};

use zhirong::run_dir::RunDir;

/// The executable that Cargo built for these tests.
pub(crate) const ZHIRONG: &str = env!("CARGO_BIN_EXE_zhirong");

/// Removed with everything in it at the end of the test.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zhirong-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn run_dir(&self) -> RunDir {
        RunDir::at(&self.0).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }
}

/// Whether a process with this id runs, zombies aside.
pub(crate) fn alive(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}
