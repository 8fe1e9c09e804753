//! What one test stands on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bus::topology::BrokerAdmin;
use engines::Engines;
use host::{Role, Secret};
use kernel::Clock;
use rpc::identity::{KeyRing, Signer};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::OnceCell;

use crate::janitor::{Chore, later};
use crate::keys::Keys;
use crate::server::{admin, secrets};
use crate::{GivenClock, broker, database, server};

/// Connections of one pool: enough for a test that races four callers, few enough for two hundred pools' worth of tests.
const POOL: u32 = 8;

/// A database with the tables of some roles, keys for all roles, and, when asked for, a virtual host. Clones are the same
/// ground; with the last one everything goes.
#[derive(Clone)]
pub struct Ground {
    inner: Arc<Inner>,
}

struct Inner {
    engines: &'static Engines,
    roles: Vec<&'static Role>,
    database: String,
    vhost: OnceCell<String>,
    keys: Keys,
    clock: GivenClock,
    faces: Mutex<HashMap<&'static str, Faces>>,
}

/// Where a role serves, or would serve if it ran.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faces {
    pub(crate) grpc: u16,
    pub(crate) admin: u16,
}

/// A fresh ground for `roles`: their schemas in a new database, migrated. The first call of a test binary starts the
/// engines unless the environment names some; later ones take a fraction of a second.
pub async fn ground(roles: &[&'static Role]) -> Ground {
    let engines = server::engines().await;
    let stored: Vec<&'static Role> = roles.iter().copied().filter(|role| role.has_store).collect();
    let database = database::create(engines, &stored).await;
    let inner = Inner {
        engines,
        roles: roles.to_vec(),
        database,
        vhost: OnceCell::new(),
        keys: Keys::generate(roles.iter().map(|role| role.name)),
        clock: GivenClock::running(),
        faces: Mutex::default(),
    };
    Ground { inner: Arc::new(inner) }
}

impl Ground {
    /// Connections of the login role, as the running role has them.
    #[must_use]
    pub fn pool(&self, role: &'static Role) -> PgPool {
        let url = self.database_url(role);
        let options: PgConnectOptions = url.expose().parse().expect("address of the role's database");
        lazily(options.options([("search_path", role.name)]).options(host::PLANS))
    }

    /// Connections of the schema's owner, who may do what the role itself may not.
    #[must_use]
    pub fn owner_pool(&self, role: &'static Role) -> PgPool {
        let options = database::options(self.inner.engines).database(&self.inner.database);
        let owner = role.owner();
        lazily(options.options([("role", owner.as_str()), ("search_path", role.name)]))
    }

    /// `postgres://` URL of the login role.
    #[must_use]
    pub fn database_url(&self, role: &'static Role) -> Secret {
        let Inner { engines, database, .. } = &*self.inner;
        let password = &self.secret_of(role).database;
        host::migrate::database_url(&admin(engines, database, "/"), role, password)
            .expect("address of PostgreSQL")
    }

    /// `amqp://` URL of the role's user in this ground's virtual host, which the first call makes.
    pub async fn amqp_url(&self, role: &'static Role) -> Secret {
        let server = self.inner.engines.rabbitmq.amqp_base();
        let password = self.secret_of(role).broker;
        host::migrate::amqp_url(server, self.vhost().await, role, &password).expect("address of RabbitMQ")
    }

    /// `amqp://` URL of the broker's administrator in this ground's virtual host.
    pub async fn admin_amqp_url(&self) -> String {
        self.inner.engines.rabbitmq.amqp_url(self.vhost().await)
    }

    /// The broker's management interface.
    #[must_use]
    pub fn broker(&self) -> BrokerAdmin {
        BrokerAdmin::new(self.inner.engines.rabbitmq.management_url()).expect("address of the broker")
    }

    /// This ground's virtual host, with the topology of its roles.
    pub async fn vhost(&self) -> &str {
        let Inner { engines, roles, vhost, .. } = &*self.inner;
        vhost.get_or_init(|| broker::create(engines, roles)).await
    }

    /// The clock of all roles served here and of all callers: it runs with the machine's until the test moves it.
    #[must_use]
    pub fn clock(&self) -> &GivenClock {
        &self.inner.clock
    }

    /// Signs tokens as `role`: its own, a role of the system, or one of this ground's.
    #[must_use]
    pub fn signer(&self, role: &str) -> Arc<Signer> {
        let clock: Arc<dyn Clock> = Arc::new(self.inner.clock.clone());
        Arc::new(self.inner.keys.signer(role, clock))
    }

    /// The public keys of all roles.
    #[must_use]
    pub fn key_ring(&self) -> KeyRing {
        self.inner.keys.ring().clone()
    }

    /// Writes a file that goes with the ground: certificates, settings.
    #[must_use]
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        self.inner.keys.write(name, text)
    }

    /// `http://` URL at which `role` is served, or would be: peers know it before it runs.
    #[must_use]
    pub fn url(&self, role: &'static str) -> String {
        format!("http://127.0.0.1:{}", self.faces(role).grpc)
    }

    pub(crate) fn faces(&self, role: &'static str) -> Faces {
        let mut faces = self.inner.faces.lock().unwrap_or_else(PoisonError::into_inner);
        *faces.entry(role).or_insert_with(|| {
            let [grpc, admin] = engines::ports::free().expect("free ports");
            Faces { grpc, admin }
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn roles(&self) -> &[&'static Role] {
        &self.inner.roles
    }

    fn secret_of(&self, role: &'static Role) -> host::migrate::RoleSecrets {
        secrets(self.inner.engines, &[role]).remove(role.name).expect("secrets of the role just asked for")
    }
}

fn lazily(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(POOL).connect_lazy_with(options)
}

impl Drop for Inner {
    fn drop(&mut self) {
        later(Chore::DropDatabase(std::mem::take(&mut self.database)));
        if let Some(vhost) = self.vhost.take() {
            later(Chore::DropVhost(vhost));
        }
    }
}
