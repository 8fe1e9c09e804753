//! One engine process with its group, and what `/proc` tells of processes.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::EngineError;
use crate::programs::Account;

/// How often a condition of a process or a port is looked at again.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// What to run and where; the environment is exactly `environment`, nothing is inherited.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) directory: &'a Path,
    pub(crate) account: &'a Account,
    pub(crate) log: &'a Path,
}

impl Launch<'_> {
    pub(crate) fn command(&self) -> Result<Command, EngineError> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.log)
            .map_err(EngineError::file("write the log", self.log))?;
        let errors = output.try_clone().map_err(EngineError::file("write the log", self.log))?;
        let mut command = Command::new(self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .current_dir(self.directory)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            // A group of its own: a terminal's Ctrl-C reaches us, and we decide how the engine ends.
            .process_group(0);
        if self.account.foreign {
            command.uid(self.account.uid.as_raw()).gid(self.account.gid.as_raw());
        }
        Ok(command)
    }

    pub(crate) fn spawn(&self) -> Result<Process, EngineError> {
        let child = self
            .command()?
            .spawn()
            .map_err(|source| EngineError::Spawn { program: self.program.into(), source })?;
        Ok(Process { child })
    }
}

/// A running child that leads its own process group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Signals the whole group; a group that is already gone is fine.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let _gone = killpg(Pid::from_raw(self.pid()), signal);
    }

    /// Signals the leader alone, as PostgreSQL's shutdown modes want it.
    pub(crate) fn signal(&self, signal: Signal) {
        let _gone = kill(Pid::from_raw(self.pid()), signal);
    }

    /// `kill -9` to the leader, its group and every descendant, those in sessions of their own too.
    pub(crate) fn kill9(&self) {
        let descendants = descendants(self.pid());
        self.signal_group(Signal::SIGKILL);
        for pid in descendants {
            let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until the process has ended and is reaped; kills it with its whole tree after `limit`.
    pub(crate) async fn wait_or_kill(&mut self, limit: Duration) {
        let start = Instant::now();
        while self.ended().is_none() {
            if start.elapsed() > limit {
                self.kill9();
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// When a process started, in clock ticks since boot: with the pid it names one process for good. `None` if it is gone
/// or only waits to be reaped.
pub(crate) fn start_time(pid: i32) -> Option<u64> {
    let stat = Stat::read(pid)?;
    (stat.state != 'Z').then_some(stat.started)
}

/// Pids of all children, grandchildren and so on that are alive now.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> =
        all_pids().filter_map(|pid| Stat::read(pid).map(|stat| (pid, stat.parent))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Pids of processes whose working directory lies in `directory`, however they came to be there.
pub(crate) fn working_in(directory: &Path) -> Vec<i32> {
    all_pids()
        .filter(|pid| {
            let link: PathBuf = format!("/proc/{pid}/cwd").into();
            std::fs::read_link(link).is_ok_and(|cwd| cwd.starts_with(directory))
        })
        .collect()
}

fn all_pids() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

struct Stat {
    state: char,
    parent: i32,
    started: u64,
}

impl Stat {
    /// `/proc/<pid>/stat` (proc(5)): the name in brackets may hold anything, so fields are counted after the last bracket.
    fn read(pid: i32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { state, parent, started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_is_found_by_its_start_time_and_directory() {
        let us = std::process::id().cast_signed();
        assert!(start_time(us).is_some());
        assert!(working_in(&std::env::current_dir().unwrap()).contains(&us));
        assert_eq!(start_time(i32::MAX), None);
    }

    #[test]
    fn a_grandchild_is_a_descendant() {
        let mut child = Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let us = std::process::id().cast_signed();
        let start = Instant::now();
        while descendants(us).len() < 2 && start.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        let found = descendants(us);
        for pid in &found {
            let _gone = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        child.wait().unwrap();
        assert!(found.len() >= 2, "{found:?}");
    }
}
