//! A process of its own that holds engines, to be stopped or killed as a whole.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// The program `hold` with a directory of its own for its engines.
pub(crate) struct Holder {
    pub(crate) child: Child,
    pub(crate) output: Vec<String>,
    /// Kept open: the program still has its last word to print.
    pipe: Option<BufReader<ChildStdout>>,
}

/// A directory under `/var/tmp` that goes with the test.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = PathBuf::from(format!("/var/tmp/zhirong-engines-test-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    /// Where the engines of this place have their run directories.
    pub(crate) fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// Pids of everything that works in this place.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&self.0))
            })
            .collect()
    }

    /// Names of the run directories that are there.
    pub(crate) fn run_directories(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.runs()).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    }

    pub(crate) fn wait_until_empty(&self) {
        until("nothing is left", || self.processes().is_empty() && self.run_directories().is_empty());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Another test's child may hold the copied program open for writing until it has begun its own.
fn spawn(command: &mut Command) -> Child {
    for _ in 0..100 {
        match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(20));
            }
            spawned => return spawned.unwrap(),
        }
    }
    command.spawn().unwrap()
}

impl Holder {
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_as(place, None, &[])
    }

    /// As user `uid`, for which the program is copied to where that user can reach it.
    pub(crate) fn start_as(place: &Place, uid: Option<u32>, environment: &[(&str, &str)]) -> Self {
        let program = place.0.join("hold");
        if !program.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_hold"), &program).unwrap();
        }
        let mut command = Command::new(&program);
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for given in [engines::GIVEN_POSTGRES, engines::GIVEN_AMQP, engines::GIVEN_MANAGEMENT] {
            command.env_remove(given);
        }
        command.env(engines::DIRECTORY, place.runs()).envs(environment.iter().copied());
        if let Some(uid) = uid {
            std::os::unix::fs::chown(&place.0, Some(uid), Some(uid)).unwrap();
            command.uid(uid).gid(uid);
        }
        Self { child: spawn(&mut command), output: Vec::new(), pipe: None }
    }

    /// Reads until the engines are ready; their addresses are in `output`.
    pub(crate) fn wait_until_ready(mut self) -> Self {
        let mut pipe = BufReader::new(self.child.stdout.take().unwrap());
        for line in pipe.by_ref().lines() {
            let line = line.unwrap();
            let ready = line.starts_with("ready after");
            self.output.push(line);
            if ready {
                self.pipe = Some(pipe);
                return self;
            }
        }
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        panic!("the holder ended before its engines were ready: {errors}");
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // A test that failed halfway leaves nothing running.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -s {name} {pid}")]).status().unwrap();
    assert!(sent.success());
}

/// Pids of the guards of a run directory.
pub(crate) fn guards_of(runs: &Path) -> Vec<u32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            line.contains("zhirong-engine-guard") && line.contains(&*runs.to_string_lossy())
        })
        .collect()
}

pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
