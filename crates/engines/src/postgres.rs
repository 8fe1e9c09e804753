//! A PostgreSQL server: a private one, or the one that the environment names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::guard::Guard;
use crate::process::{Launch, POLL, Process};
use crate::programs::Account;
use crate::run::Run;
use crate::{EngineError, GIVEN_POSTGRES, POSTGRES_SETTINGS, Source, ports, programs, secret};

const NAME: &str = "PostgreSQL";
const ADMIN: &str = "zhirong";
/// Crash recovery after a kill on a busy two-core machine takes seconds; more than this is a fault.
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// PostgreSQL's "immediate shutdown": all its processes end at once, the shared memory is given back.
const IMMEDIATE: Signal = Signal::SIGQUIT;
/// PostgreSQL's "fast shutdown": open transactions are rolled back, a checkpoint is written.
const FAST: Signal = Signal::SIGINT;

/// A PostgreSQL that one may create roles and databases in. Dropping a private one ends it and removes its data.
#[derive(Debug)]
pub struct Postgres {
    admin_url: String,
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    bin: PathBuf,
    process: Option<Process>,
    guard: Guard,
    run: Run,
}

impl Postgres {
    /// Uses the given server, or starts a private one and waits until it accepts connections.
    pub async fn start(source: Source) -> Result<Self, EngineError> {
        if source == Source::GivenOrPrivate
            && let Ok(admin_url) = std::env::var(GIVEN_POSTGRES)
        {
            return Ok(Self { admin_url, private: None });
        }
        // Once more with other ports if somebody was quicker to take them.
        match Self::start_private().await {
            Err(EngineError::EndedEarly { log, .. }) if log.contains("could not bind") => {
                Self::start_private().await
            }
            result => result,
        }
    }

    async fn start_private() -> Result<Self, EngineError> {
        let bin = programs::postgres_bin()?;
        let [port] = ports::free()?;
        let password = secret::word(24);
        let prepared = tokio::task::spawn_blocking({
            let (bin, password) = (bin.clone(), password.clone());
            move || prepare(&bin, port, &password)
        });
        let (run, guard) = prepared.await.map_err(|_| EngineError::Cancelled)??;
        let mut private = Private { bin, process: None, guard, run };
        private.resume().await?;
        Ok(Self {
            admin_url: format!("postgres://{ADMIN}:{password}@127.0.0.1:{port}/postgres"),
            private: Some(private),
        })
    }

    /// `postgres://user:password@host:port/postgres` of a superuser.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// The postmaster's process id while a private one runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.private.as_ref()?.process.as_ref().map(Process::pid)
    }

    /// Stops it in good order, keeping data and port; [`Postgres::resume`] starts it again.
    pub async fn halt(&mut self) -> Result<(), EngineError> {
        let private = self.private()?;
        if let Some(process) = &private.process {
            process.signal(FAST);
        }
        private.await_end().await;
        Ok(())
    }

    /// Kills every process of it as a crash would, keeping data and port.
    pub async fn kill9(&mut self) -> Result<(), EngineError> {
        let private = self.private()?;
        if let Some(process) = &private.process {
            process.kill9();
        }
        private.await_end().await;
        Ok(())
    }

    /// Starts it again, on the same port and data, after [`Postgres::halt`] or [`Postgres::kill9`].
    pub async fn resume(&mut self) -> Result<(), EngineError> {
        self.private()?.resume().await
    }

    /// Stops it in good order if it runs, and starts it again.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.halt().await?;
        self.resume().await
    }

    /// Ends it and removes its data; a given server is left as it is.
    pub async fn stop(self) -> Result<(), EngineError> {
        let Some(mut private) = self.private else { return Ok(()) };
        if let Some(process) = &private.process {
            process.signal(IMMEDIATE);
        }
        private.await_end().await;
        private.guard.dismiss();
        private.run.remove()
    }

    fn private(&mut self) -> Result<&mut Private, EngineError> {
        self.private.as_mut().ok_or(EngineError::NotOurs)
    }
}

impl Private {
    async fn resume(&mut self) -> Result<(), EngineError> {
        if self.process.as_mut().is_some_and(|process| process.ended().is_none()) {
            return Ok(());
        }
        let data = self.run.work().join("data");
        let launch = Launch {
            program: &self.bin.join("postgres"),
            arguments: vec!["-D".into(), data.display().to_string()],
            environment: Vec::new(),
            directory: &self.run.work(),
            account: self.run.account(),
            log: &self.run.log(),
        };
        let process = launch.spawn()?;
        self.guard.watch(process.pid(), IMMEDIATE);
        self.run.note(process.pid(), IMMEDIATE)?;
        let process = self.process.insert(process);
        let start = Instant::now();
        while !is_ready(&data, process.pid()) {
            if let Some(status) = process.ended() {
                let status = status.to_string();
                return Err(EngineError::EndedEarly { engine: NAME, status, log: self.run.log_tail() });
            }
            if start.elapsed() > START_LIMIT {
                return Err(EngineError::NotReady {
                    engine: NAME,
                    limit: START_LIMIT,
                    log: self.run.log_tail(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn await_end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.wait_or_kill(STOP_LIMIT).await;
            self.guard.forget(process.pid());
        }
    }
}

/// Makes the run directory and the database cluster in it. Blocks for a second or two.
fn prepare(bin: &Path, port: u16, password: &str) -> Result<(Run, Guard), EngineError> {
    let run = Run::create("postgres", Account::choose(&["postgres"]))?;
    let guard = Guard::start(run.path())?;
    let password_file = run.write("password", 0o600, &format!("{password}\n"))?;
    let data = run.work().join("data");
    let initdb = Launch {
        program: &bin.join("initdb"),
        arguments: [
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            // Sorted by bytes: the same on every machine, whatever locales it has.
            "--locale=C",
            "--no-instructions",
            // Only initdb's own files are not waited for; the server runs with fsync.
            "--no-sync",
        ]
        .map(String::from)
        .into_iter()
        .chain([
            format!("--username={ADMIN}"),
            format!("--pwfile={}", password_file.display()),
            format!("--pgdata={}", data.display()),
        ])
        .collect(),
        environment: Vec::new(),
        directory: &run.work(),
        account: run.account(),
        log: &run.log(),
    };
    let mut command: Command = initdb.command()?;
    let status =
        command.status().map_err(|source| EngineError::Spawn { program: bin.join("initdb"), source })?;
    if !status.success() {
        return Err(EngineError::InitDb { status: status.to_string(), output: run.log_tail() });
    }
    let more = std::env::var(POSTGRES_SETTINGS).unwrap_or_default();
    run.write("data/zhirong.conf", 0o600, &format!("{}{more}\n", settings(port)))?;
    let main = data.join("postgresql.conf");
    let text = std::fs::read_to_string(&main).map_err(EngineError::file("read", &main))?;
    std::fs::write(&main, text + "\ninclude 'zhirong.conf'\n").map_err(EngineError::file("write", &main))?;
    std::fs::remove_file(&password_file).map_err(EngineError::file("remove", &password_file))?;
    Ok((run, guard))
}

fn settings(port: u16) -> String {
    // No Unix socket at all: its path could be too long (107 bytes), and everyone here speaks TCP.
    format!(
        "listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = ''\n\
         max_connections = 200\n\
         shared_buffers = 128MB\n\
         max_wal_size = 1GB\n\
         wal_buffers = 16MB\n\
         update_process_title = off\n\
         fsync = on\n\
         jit = off\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         lc_messages = 'C'\n\
         logging_collector = off\n"
    )
}

/// The postmaster writes its state to the eighth line of `postmaster.pid`, its pid to the first. One of a killed
/// predecessor may still lie there.
fn is_ready(data: &Path, pid: i32) -> bool {
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else { return false };
    let mut lines = text.lines();
    lines.next() == Some(pid.to_string().as_str())
        && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}
