//! The way into a running system: where its roles are and the keys to speak as staff, from its run directory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use host::probe;
use rpc::client::{ActAs, Channel};
use rpc::identity::STAFF_ISSUER;
use rpc::{Actor, Duty};
use serde::Deserialize;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;

use crate::run_dir::RunDir;
use crate::secrets::Secrets;

/// Written by a system that starts.
const PLACES: &str = "places.json";
/// Roles without which nothing can be simulated.
const NEEDED: [&str; 4] = ["catalog", "whitelist", "intake", "partner"];
const ASK: Duration = Duration::from_secs(3);

/// A channel whose every call is on behalf of staff.
pub type StaffChannel = InterceptedService<Channel, Staff>;

/// Names the member of staff who acts.
#[derive(Clone, Debug)]
pub struct Staff(Actor);

impl Interceptor for Staff {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        request.extensions_mut().insert(ActAs(self.0.clone()));
        Ok(request)
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Place {
    url: String,
    admin_url: String,
    partner_url: Option<String>,
}

/// A system to work with.
#[derive(Clone, Debug)]
pub struct Link {
    places: BTreeMap<String, Place>,
    secrets: Secrets,
}

impl Link {
    /// The system that runs, or ran last, in this directory.
    pub fn of(run_dir: &RunDir) -> Result<Self> {
        let path = run_dir.running(PLACES);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "目录 {0} 中没有运行过系统；请先运行 zhirong up (no system in {0})",
                run_dir.path().display()
            )
        })?;
        let places =
            serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { places, secrets: run_dir.secrets() })
    }

    /// Asks the roles that are needed whether they are ready.
    ///
    /// # Errors
    /// Names the first that is not.
    pub async fn check(&self) -> Result<()> {
        for role in NEEDED {
            if let Err(trouble) = probe::ready(&self.place(role)?.admin_url, ASK).await {
                bail!(
                    "{role} 未就绪；请先运行 zhirong up，并在另一终端运行本命令 ({role} is not ready: {trouble})"
                );
            }
        }
        Ok(())
    }

    /// A channel to `role` as a member of staff with these duties.
    pub fn staff(&self, role: &'static str, duties: &[Duty]) -> Result<StaffChannel> {
        self.staff_named("demo", role, duties)
    }

    /// As [`Link::staff`], for what needs a second person.
    pub fn staff_named(&self, id: &str, role: &'static str, duties: &[Duty]) -> Result<StaffChannel> {
        let signer = Arc::new(self.secrets.signer(STAFF_ISSUER)?);
        let channel = rpc::client::channel(&self.place(role)?.url, role, signer);
        let actor = Actor::Staff { id: id.to_owned(), duties: duties.to_vec() };
        Ok(InterceptedService::new(channel, Staff(actor)))
    }

    /// URL of the face for institutions.
    pub fn partner_face(&self) -> Result<&str> {
        self.place("partner")?.partner_url.as_deref().context("partner has no face for institutions")
    }

    /// Keys and certificates of the system.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn place(&self, role: &str) -> Result<&Place> {
        self.places
            .get(role)
            .with_context(|| format!("系统中没有角色 {role} (no role {role} in this system)"))
    }
}
