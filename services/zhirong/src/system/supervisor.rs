//! Keeps one role running: starts it again when it ends by itself, with pauses that grow while it keeps failing.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::options::{Progress, Report};
use super::process::{self, Launch, Started};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// A role that ran for so long has not failed to start.
const SETTLED: Duration = Duration::from_secs(30);

/// What others may know of the role.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    pid: Option<u32>,
    restarts: u32,
}

#[derive(Debug)]
enum Command {
    Start,
    Stop,
    Kill { again: bool },
    End,
}

type Order = (Command, oneshot::Sender<()>);

/// The handle to a role's supervisor.
#[derive(Debug)]
pub(super) struct Supervisor {
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the role at once.
    pub(super) fn new(launch: Launch, report: Report) -> Self {
        let (orders, inbox) = mpsc::channel(8);
        let (tell, state) = watch::channel(State::default());
        let keeper = Keeper {
            launch,
            report,
            tell,
            child: None,
            wanted: true,
            pause: FIRST_PAUSE,
            started: Instant::now(),
        };
        Self { orders, state, task: tokio::spawn(keeper.run(inbox)) }
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.state.borrow().pid
    }

    pub(super) fn restarts(&self) -> u32 {
        self.state.borrow().restarts
    }

    pub(super) async fn start(&self) -> Result<()> {
        self.order(Command::Start).await
    }

    pub(super) async fn stop(&self) -> Result<()> {
        self.order(Command::Stop).await
    }

    pub(super) async fn kill(&self, again: bool) -> Result<()> {
        self.order(Command::Kill { again }).await
    }

    /// Stops the role and the supervisor itself.
    pub(super) async fn end(mut self) -> Result<()> {
        self.order(Command::End).await?;
        (&mut self.task).await.context("a supervisor broke")
    }

    async fn order(&self, command: Command) -> Result<()> {
        let (done, wait) = oneshot::channel();
        self.orders.send((command, done)).await.context("the supervisor has ended")?;
        wait.await.context("the supervisor has ended")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // The child goes with the task that holds it.
        self.task.abort();
    }
}

struct Keeper {
    launch: Launch,
    report: Report,
    tell: watch::Sender<State>,
    child: Option<Started>,
    wanted: bool,
    pause: Duration,
    started: Instant,
}

impl Keeper {
    async fn run(mut self, mut inbox: mpsc::Receiver<Order>) {
        self.spawn();
        loop {
            let next = tokio::select! {
                order = inbox.recv() => order,
                () = self.mind() => continue,
            };
            let Some((command, done)) = next else { return };
            let last = matches!(command, Command::End);
            self.obey(command).await;
            // Whoever gave the order may be gone.
            let _ = done.send(());
            if last {
                return;
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Start => {
                self.wanted = true;
                if self.child.is_none() {
                    self.pause = FIRST_PAUSE;
                    self.spawn();
                }
            }
            Command::Stop | Command::End => {
                self.wanted = false;
                if let Some(started) = &mut self.child {
                    let status = process::end(&mut started.child).await;
                    self.gone(status, None);
                }
            }
            Command::Kill { again } => {
                self.wanted = again;
                if let Some(started) = &mut self.child {
                    let status = process::crash(&mut started.child).await;
                    self.gone(status, again.then_some(Duration::ZERO));
                }
                if again {
                    self.count();
                    self.spawn();
                }
            }
        }
    }

    /// Waits until the role ends by itself and starts it again after a pause. Never returns while nothing is to be done.
    async fn mind(&mut self) {
        let Some(started) = &mut self.child else {
            if self.wanted {
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LAST_PAUSE);
                self.count();
                self.spawn();
            } else {
                std::future::pending::<()>().await;
            }
            return;
        };
        let status = started.child.wait().await;
        if self.started.elapsed() > SETTLED {
            self.pause = FIRST_PAUSE;
        }
        self.gone(status, Some(self.pause));
    }

    fn spawn(&mut self) {
        self.started = Instant::now();
        match self.launch.spawn() {
            Ok(started) => {
                let pid = started.child.id();
                self.child = Some(started);
                self.tell.send_modify(|state| state.pid = pid);
                let role = self.launch.role;
                self.report.tell(Progress::Started { role, pid: pid.unwrap_or_default() });
            }
            Err(error) => {
                let again = Some(self.pause);
                self.report.tell(Progress::Ended {
                    role: self.launch.role,
                    status: format!("{error:#}"),
                    again,
                });
            }
        }
    }

    fn gone(&mut self, status: std::io::Result<std::process::ExitStatus>, again: Option<Duration>) {
        self.child = None;
        self.tell.send_modify(|state| state.pid = None);
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        self.report.tell(Progress::Ended { role: self.launch.role, status, again });
    }

    fn count(&self) {
        self.tell.send_modify(|state| state.restarts = state.restarts.saturating_add(1));
    }
}
