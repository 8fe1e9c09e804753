//! Brings a database and a broker to the state that the roles need. Safe to repeat and to run twice at once.

mod broker;
mod database;
mod derived;
mod grants;
mod scram;
mod urls;

use std::collections::BTreeMap;

pub use derived::derived_secrets;
pub use urls::{amqp_url, database_url};

use crate::error::HostError;
use crate::role::Role;
use crate::settings::Secret;

/// Where to migrate, with the rights of an administrator.
#[derive(Clone, Debug)]
pub struct AdminUrls {
    /// `postgres://` URL of a user who may create roles; its database is used to look after roles and databases.
    pub postgres: Secret,
    /// `http://user:password@host:port` of RabbitMQ's management interface.
    pub management: Secret,
    /// Name of the database with all schemas.
    pub database: String,
    /// Create the database when it is absent; otherwise its absence is an error.
    pub create_database: bool,
    /// Virtual host with exchange and queues; created when absent.
    pub vhost: String,
}

/// The passwords of one role's two users.
#[derive(Clone, Debug)]
pub struct RoleSecrets {
    /// Of the PostgreSQL login role `zhirong_<role>`: printable ASCII.
    pub database: Secret,
    /// Of the broker's user `zhirong_<role>`.
    pub broker: Secret,
}

/// By role name.
pub type Secrets = BTreeMap<String, RoleSecrets>;

/// Creates or corrects database, roles, schemas, tables and grants, then the broker's topology and users.
pub async fn migrate(admin: &AdminUrls, roles: &[&'static Role], secrets: &Secrets) -> Result<(), HostError> {
    database(admin, roles, secrets).await?;
    broker(admin, roles, secrets).await
}

/// The database's half of [`migrate`].
pub async fn database(
    admin: &AdminUrls,
    roles: &[&'static Role],
    secrets: &Secrets,
) -> Result<(), HostError> {
    let stored = with_secrets(roles, secrets)?;
    database::bring_up(admin, &stored).await
}

/// The broker's half of [`migrate`].
pub async fn broker(admin: &AdminUrls, roles: &[&'static Role], secrets: &Secrets) -> Result<(), HostError> {
    let stored = with_secrets(roles, secrets)?;
    broker::bring_up(admin, &stored).await
}

/// The roles that have a store, each with its passwords.
fn with_secrets<'a>(
    roles: &[&'static Role],
    secrets: &'a Secrets,
) -> Result<Vec<(&'static Role, &'a RoleSecrets)>, HostError> {
    let stored = roles.iter().copied().filter(|role| role.has_store);
    stored
        .map(|role| secrets.get(role.name).map(|of| (role, of)).ok_or(HostError::NoSecrets(role.name)))
        .collect()
}
