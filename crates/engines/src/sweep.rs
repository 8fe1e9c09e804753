//! Ends engines whose owner and guard were both killed, and removes what they left on disk.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::process::{POLL, start_time, working_in};

/// How long a left-over may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// Goes through all run directories in `base`. A directory whose lock can be had has no owner any more.
pub(crate) fn end_leftovers(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let path = entry.path();
        let abandoned = match File::open(path.join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            // Killed between making the directory and its lock; nothing can run in it.
            Err(_) => path.is_dir(),
        };
        if abandoned {
            tracing::info!(directory = %path.display(), "ending what a killed run left behind");
            end(&path);
        }
    }
}

fn end(run: &Path) {
    let noted: Vec<Noted> = std::fs::read_to_string(run.join("pids"))
        .unwrap_or_default()
        .lines()
        .filter_map(Noted::parse)
        .filter(Noted::is_same_process)
        .collect();
    for noted in &noted {
        let _gone = killpg(Pid::from_raw(noted.pid), noted.signal);
    }
    let start = Instant::now();
    while noted.iter().any(Noted::is_same_process) && start.elapsed() < PATIENCE {
        std::thread::sleep(POLL);
    }
    for pid in working_in(run) {
        let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    // The guard of that run may be removing the same files; whatever stays is tried again at the next start.
    if let Err(error) = std::fs::remove_dir_all(run) {
        tracing::debug!(%error, directory = %run.display(), "left-over files stay for now");
    }
}

/// A line of `pids`.
struct Noted {
    pid: i32,
    started: u64,
    signal: Signal,
}

impl Noted {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let pid = words.next()?.parse().ok()?;
        let started = words.next()?.parse().ok()?;
        let signal = words.next()?.parse().ok()?;
        Some(Self { pid, started, signal })
    }

    /// A pid alone may long belong to somebody else.
    fn is_same_process(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }
}
