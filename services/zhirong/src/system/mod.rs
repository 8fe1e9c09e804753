//! A whole system on one machine: engines or given servers, a migration, and every role as a child process of this
//! executable. `up`, `demo`, `bench`, `simulate` and whole-system tests all use it.

mod executable;
mod options;
mod places;
mod process;
mod start;
mod supervisor;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use engines::Engines;
use host::migrate::AdminUrls;
use host::probe;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rpc::Actor;
use rpc::client::{ActAs, Channel};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;

pub use options::{Options, Progress, Report};
pub use places::{Place, partner_names};
pub use process::terminate;

use crate::run_dir::{RunDir, Taken};
use crate::secrets::Secrets;
use places::Places;
use supervisor::Supervisor;

/// How often a role that is not ready is asked again.
const POLL: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_secs(5);

/// A channel whose every call is on behalf of one actor.
pub type ActingChannel = InterceptedService<Channel, Acting>;

/// Names the actor of a call.
#[derive(Clone, Debug)]
pub struct Acting(Actor);

impl Interceptor for Acting {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        request.extensions_mut().insert(ActAs(self.0.clone()));
        Ok(request)
    }
}

/// A running system. Stop it with [`System::stop`]; dropping it ends everything at once.
#[derive(Debug)]
pub struct System {
    run_dir: RunDir,
    places: Places,
    admin: AdminUrls,
    report: Report,
    roles: BTreeMap<&'static str, Supervisor>,
    engines: Engines,
    _taken: Taken,
}

impl System {
    /// Starts everything and returns when every role is ready.
    pub async fn start(options: Options) -> Result<Self> {
        start::start(options).await
    }

    /// Where each role is.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        self.places.iter()
    }

    /// Where this role is.
    pub fn place(&self, role: &str) -> Result<&Place> {
        self.places.get(role).with_context(|| format!("no role {role} in this system"))
    }

    /// Keys and certificates of this system.
    pub fn secrets(&self) -> Secrets {
        self.run_dir.secrets()
    }

    pub fn run_dir(&self) -> &RunDir {
        &self.run_dir
    }

    /// PostgreSQL and RabbitMQ, to be halted and restarted by tests when they are private.
    pub fn engines(&mut self) -> &mut Engines {
        &mut self.engines
    }

    /// The administrator's URLs with the names of database and virtual host.
    pub fn admin(&self) -> &AdminUrls {
        &self.admin
    }

    /// A channel to `role` on behalf of `actor`: of staff as desk, of an institution as partner, of a role as itself.
    pub fn channel(&self, role: &'static str, actor: Actor) -> Result<ActingChannel> {
        let issuer = match &actor {
            Actor::Role(name) => crate::roles::find(name).with_context(|| format!("no role {name}"))?.name,
            Actor::Staff { .. } => rpc::identity::STAFF_ISSUER,
            Actor::Institution { .. } => rpc::identity::INSTITUTION_ISSUER,
        };
        let signer = std::sync::Arc::new(self.secrets().signer(issuer)?);
        let channel = rpc::client::channel(&self.place(role)?.url, role, signer);
        Ok(InterceptedService::new(channel, Acting(actor)))
    }

    /// An account of the front desk, to be tried out; gives its password.
    pub async fn desk_account(&self, account: &desk::accounts::NewAccount) -> Result<String> {
        let url = std::fs::read_to_string(self.run_dir.running(&crate::secrets::database_url("desk")))
            .context("the desk's database URL")?;
        let options: sqlx::postgres::PgConnectOptions =
            url.trim().parse().ok().context("not a postgres:// URL")?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.options([("search_path", "desk")]));
        let password = desk::accounts::lend(&pool, chrono::Utc::now(), account).await?;
        pool.close().await;
        Ok(password)
    }

    /// Stops a role in good order; it stays down until [`System::start_role`].
    pub async fn stop_role(&mut self, role: &str) -> Result<()> {
        self.supervisor(role)?.stop().await
    }

    /// Starts a stopped role. Does not wait until it is ready.
    pub async fn start_role(&mut self, role: &str) -> Result<()> {
        self.supervisor(role)?.start().await
    }

    /// Kills a role as a crash would (SIGKILL). With `again` its supervisor starts it anew, otherwise it stays down.
    pub async fn kill_role(&mut self, role: &str, again: bool) -> Result<()> {
        self.supervisor(role)?.kill(again).await
    }

    /// Stops a role's process where it stands (SIGSTOP), as a machine that hangs would; [`System::thaw_role`] lets it go on.
    pub fn freeze_role(&self, role: &str) -> Result<()> {
        self.signal_role(role, Signal::SIGSTOP)
    }

    /// Lets a frozen role go on (SIGCONT).
    pub fn thaw_role(&self, role: &str) -> Result<()> {
        self.signal_role(role, Signal::SIGCONT)
    }

    fn signal_role(&self, role: &str, signal: Signal) -> Result<()> {
        let pid = self.pid(role)?.with_context(|| format!("{role} does not run"))?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal).with_context(|| format!("{role} took no {signal}"))
    }

    /// How often the role was started again after it had ended by itself or been killed.
    pub fn restarts(&self, role: &str) -> Result<u32> {
        Ok(self.supervisor(role)?.restarts())
    }

    /// The process id of the role while it runs.
    pub fn pid(&self, role: &str) -> Result<Option<u32>> {
        Ok(self.supervisor(role)?.pid())
    }

    /// Waits until a role's `/readyz` agrees.
    pub async fn wait_ready(&self, role: &str, limit: Duration) -> Result<()> {
        let place = self.place(role)?;
        let mut trouble = "not asked yet".to_owned();
        let asked = async {
            loop {
                match probe::ready(&place.admin_url, ASK).await {
                    Ok(()) => return,
                    Err(answer) => trouble = answer,
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(limit, asked).await {
            Ok(()) => Ok(()),
            Err(_) => {
                let log = self.run_dir.log(role);
                Err(anyhow!("{role} was not ready after {limit:?}; its log is {}\n{trouble}", log.display()))
            }
        }
    }

    /// Ends the roles in good order, then private engines.
    pub async fn stop(mut self) -> Result<()> {
        let roles = std::mem::take(&mut self.roles);
        let ended = futures::future::join_all(roles.into_values().map(Supervisor::end)).await;
        self.engines.stop().await?;
        ended.into_iter().collect()
    }

    fn supervisor(&self, role: &str) -> Result<&Supervisor> {
        self.roles.get(role).with_context(|| format!("no role {role} in this system"))
    }
}
