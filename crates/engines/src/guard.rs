//! The watchdog beside each engine: a small shell that ends the engine when we are gone, however we went.
//!
//! A parent-death signal would not do: the kernel clears it when the child changes its user, and engines under root must.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use nix::sys::signal::Signal;

use crate::EngineError;

const SCRIPT: &str = include_str!("guard.sh");

/// Dropping it without [`Guard::dismiss`] makes the watchdog end and remove everything it was told of.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    /// The only writing end of the pipe. It is closed on exec, so no other child keeps it open.
    pipe: Option<ChildStdin>,
}

impl Guard {
    pub(crate) fn start(run: &Path) -> Result<Self, EngineError> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "zhirong-engine-guard"])
            .arg(run)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|source| EngineError::Spawn { program: "/bin/sh".into(), source })?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// From now on this process group is ended by `signal`, and by `SIGKILL` if that is not enough.
    pub(crate) fn watch(&mut self, pid: i32, signal: Signal) {
        let name = signal.as_str().trim_start_matches("SIG");
        self.tell(&format!("watch {pid} {name}\n"));
    }

    /// The group has ended and its number may be given to others.
    pub(crate) fn forget(&mut self, pid: i32) {
        self.tell(&format!("forget {pid}\n"));
    }

    /// Everything has been ended by us.
    pub(crate) fn dismiss(mut self) {
        self.tell("done\n");
        self.pipe = None;
        let _status = self.shell.wait();
    }

    fn tell(&mut self, line: &str) {
        // A guard that somebody killed cannot be told anything; the next start's sweep stands in for it.
        if let Some(pipe) = &mut self.pipe
            && let Err(error) = pipe.write_all(line.as_bytes())
        {
            tracing::warn!(%error, "the engine's guard is gone; left-overs will be ended at the next start");
        }
    }
}
