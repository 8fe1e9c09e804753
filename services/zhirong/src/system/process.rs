//! One role's process: how it is started, told to end, and how its end is waited for.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};

/// Longer than a role's own grace period (20 s): then it hangs, and is killed.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Everything needed to start a role, as often as necessary.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) role: &'static str,
    pub(super) executable: PathBuf,
    /// The whole of the role's `ZHIRONG_*` environment.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) log: PathBuf,
}

impl Launch {
    /// Starts the role in a process group of its own: Ctrl-C in a terminal reaches us alone, and we end it in order.
    pub(super) fn spawn(&self) -> Result<Started> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("cannot open {}", self.log.display()))?;
        let mut command = Command::new(&self.executable);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ZHIRONG_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["serve", "--with-parent", self.role])
            .envs(&self.environment)
            // Never written to: it closes when we are gone, however we went, and the role ends itself then.
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("the log cannot be shared")?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.executable.display()))?;
        let lifeline = child.stdin.take();
        Ok(Started { child, _lifeline: lifeline })
    }
}

/// A role's process while we hold it.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) child: Child,
    /// Held apart from the child, because waiting for a child closes its standard input.
    _lifeline: Option<ChildStdin>,
}

/// Asks a child to end (SIGTERM). A child that has ended already is none of our business any more.
pub fn terminate(child: &Child) {
    signal(child, Signal::SIGTERM);
}

/// Ends the child in good order, or by force when that takes too long.
pub(super) async fn end(child: &mut Child) -> std::io::Result<ExitStatus> {
    terminate(child);
    match tokio::time::timeout(END_LIMIT, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            signal(child, Signal::SIGKILL);
            child.wait().await
        }
    }
}

/// Ends the child as a crash would.
pub(super) async fn crash(child: &mut Child) -> std::io::Result<ExitStatus> {
    signal(child, Signal::SIGKILL);
    child.wait().await
}

fn signal(child: &Child, signal: Signal) {
    // `id` is none once the child has been waited for, so the number cannot be another process's.
    let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else { return };
    if let Err(error) = kill(Pid::from_raw(pid), signal) {
        tracing::warn!(%error, pid, "a signal could not be sent");
    }
}
