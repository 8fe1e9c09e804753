//! Starting a system, step by step.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use engines::Engines;
use host::migrate::{self, AdminUrls};
use host::{Role, Secret};

use super::options::{Options, Progress};
use super::places::{self, Places};
use super::process::Launch;
use super::supervisor::Supervisor;
use super::{System, executable};
use crate::run_dir::{RunDir, write_private};
use crate::secrets::{
    self, Existing, PARTNER_CLIENT_CA, PARTNER_TLS_CERT, PARTNER_TLS_KEY, Secrets, VERIFY_KEYS, amqp_url,
    database_url,
};

/// Between two messages about a role that is not ready.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn start(options: Options) -> Result<System> {
    let executable = executable::find()?;
    let run_dir = options.run_dir.clone();
    let taken = run_dir.take()?;
    let secrets = run_dir.secrets();
    secrets.ensure_identity(Existing::Keep, &places::partner_names())?;

    options.report.tell(Progress::StartingEngines);
    let engines = Engines::start(options.engines).await?;
    options.report.tell(Progress::EnginesReady);

    let admin = AdminUrls {
        postgres: Secret::new(engines.postgres.admin_url().to_owned()),
        management: Secret::new(engines.rabbitmq.management_url().to_owned()),
        database: options.database.clone(),
        create_database: true,
        vhost: options.vhost.clone(),
    };
    migrate_all(&options, &admin, engines.rabbitmq.amqp_base()).await?;
    options.report.tell(Progress::Migrated);

    let places = Places::choose(&options.roles, options.first_port)?;
    write_private(&run_dir.running("places.json"), &places.to_json()?)?;
    let mut roles = BTreeMap::new();
    for role in &options.roles {
        let environment = environment(role, &options, &places, &secrets)?;
        let log = fresh_log(&run_dir, role)?;
        let launch = Launch { role: role.name, executable: executable.clone(), environment, log };
        roles.insert(role.name, Supervisor::new(launch, options.report.clone()));
    }
    let system = System { run_dir, places, admin, report: options.report, roles, engines, _taken: taken };
    system.await_all(options.ready_limit).await?;
    Ok(system)
}

/// Migrates, and writes each role's URLs where its process and the tools beside it read them.
async fn migrate_all(options: &Options, admin: &AdminUrls, broker: &str) -> Result<()> {
    let passwords = migrate::derived_secrets(admin, &options.roles);
    migrate::migrate(admin, &options.roles, &passwords)
        .await
        .map_err(|error| anyhow!("{}", error.chain()))?;
    for role in options.roles.iter().filter(|role| role.has_store) {
        let of = passwords.get(role.name).with_context(|| format!("no password for {}", role.name))?;
        let database = migrate::database_url(admin, role, &of.database)?;
        let amqp = migrate::amqp_url(broker, &options.vhost, role, &of.broker)?;
        write_private(&options.run_dir.running(&database_url(role.name)), database.expose())?;
        write_private(&options.run_dir.running(&amqp_url(role.name)), amqp.expose())?;
    }
    Ok(())
}

/// The settings of a role's process: what this process was given, what the system knows, what the caller wants.
fn environment(
    role: &Role,
    options: &Options,
    places: &Places,
    secrets: &Secrets,
) -> Result<BTreeMap<String, String>> {
    let mut environment: BTreeMap<String, String> =
        std::env::vars().filter(|(name, _)| is_passed_on(name)).collect();
    let place = places.get(role.name).with_context(|| format!("no place for {}", role.name))?;
    // Whoever gives a key of their own keeps it.
    let keyed = environment.keys().any(|name| name.starts_with("ZHIRONG_WHITELIST_PERSON_KEY"));
    let mut set = |name: &str, value: String| environment.insert(name.to_owned(), value);
    set("ZHIRONG_LISTEN", place.listen.to_string());
    set("ZHIRONG_ADMIN_LISTEN", place.admin_listen.to_string());
    let path = |name: &str| secrets.path(name).display().to_string();
    set("ZHIRONG_SIGNING_KEY_FILE", path(&secrets::signing_key(role.name)));
    set("ZHIRONG_VERIFY_KEYS_FILE", path(VERIFY_KEYS));
    set("ZHIRONG_LOG_FORMAT", "text".to_owned());
    set("ZHIRONG_REFLECTION", "true".to_owned());
    if role.has_store {
        let running = |name: &str| options.run_dir.running(name).display().to_string();
        set("ZHIRONG_DATABASE_URL_FILE", running(&database_url(role.name)));
        set("ZHIRONG_AMQP_URL_FILE", running(&amqp_url(role.name)));
    }
    for (other, place) in places.iter() {
        set(&format!("ZHIRONG_PEER_{}", other.to_uppercase()), place.url.clone());
    }
    if let Some(address) = place.partner_listen {
        set("ZHIRONG_PARTNER_LISTEN", address.to_string());
        set("ZHIRONG_PARTNER_TLS_CERT_FILE", path(PARTNER_TLS_CERT));
        set("ZHIRONG_PARTNER_TLS_KEY_FILE", path(PARTNER_TLS_KEY));
        set("ZHIRONG_PARTNER_CLIENT_CA_FILE", path(PARTNER_CLIENT_CA));
    }
    if role.name == whitelist::ROLE.name && !keyed {
        set("ZHIRONG_WHITELIST_PERSON_KEY_FILE", path(secrets::PERSON_KEY));
    }
    environment.extend(options.settings.clone());
    Ok(environment)
}

/// Settings of roles in our own environment reach them; what is about this process does not.
fn is_passed_on(name: &str) -> bool {
    const OURS: [&str; 2] = ["ZHIRONG_RUN_DIR", "ZHIRONG_BIN"];
    const OF_ONE_ROLE: [&str; 4] =
        ["ZHIRONG_DATABASE_URL", "ZHIRONG_DATABASE_URL_FILE", "ZHIRONG_AMQP_URL", "ZHIRONG_AMQP_URL_FILE"];
    name.starts_with("ZHIRONG_")
        && !name.starts_with("ZHIRONG_ENGINES_")
        && !name.starts_with("ZHIRONG_MIGRATE_")
        && !OURS.contains(&name)
        && !OF_ONE_ROLE.contains(&name)
}

/// The log of the run before is kept beside it.
fn fresh_log(run_dir: &RunDir, role: &Role) -> Result<std::path::PathBuf> {
    let log = run_dir.log(role.name);
    if log.exists() {
        let before = log.with_extension("log.before");
        std::fs::rename(&log, before).with_context(|| format!("cannot move {}", log.display()))?;
    }
    Ok(log)
}

impl System {
    async fn await_all(&self, limit: Duration) -> Result<()> {
        let until = Instant::now() + limit;
        let waits = self.places().map(|(role, _)| async move {
            loop {
                let left = until.saturating_duration_since(Instant::now());
                match self.wait_ready(role, left.min(PATIENCE)).await {
                    Ok(()) => {
                        self.report.tell(Progress::Ready { role });
                        return Ok(());
                    }
                    Err(error) if Instant::now() >= until => return Err(error),
                    Err(error) => self.report.tell(Progress::Waiting { role, trouble: error.to_string() }),
                }
            }
        });
        futures::future::try_join_all(waits).await.map(drop)
    }
}
