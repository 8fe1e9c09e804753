//! Passwords, and the URLs with them in, for a deployment whose servers have names of their own.

use anyhow::Result;
use host::migrate::{AdminUrls, RoleSecrets, amqp_url, database_url};
use host::{Secret, migrate};

use super::{Existing, Secrets, random_word};
use super::{
    amqp_url as amqp_url_file, broker_password, database_password, database_url as database_url_file,
};
use crate::roles;

/// Names of the administrators whom the deployment's own images create.
const POSTGRES_ADMIN: &str = "postgres";
const BROKER_ADMIN: &str = "zhirong_admin";

/// Where the deployment's servers are, as its containers see them.
#[derive(Clone, Debug)]
pub struct Places {
    /// `host:port` of PostgreSQL.
    pub postgres: String,
    /// `host:port` of RabbitMQ's AMQP listener.
    pub rabbitmq: String,
    /// `host:port` of RabbitMQ's management interface.
    pub management: String,
    pub database: String,
    pub vhost: String,
}

impl Secrets {
    /// Makes every password that is missing, or all anew, and writes the URLs that follow from them.
    pub fn ensure_deployment(&self, existing: Existing, places: &Places) -> Result<()> {
        self.create_directory()?;
        for name in ["postgres-password", "rabbitmq-password", "grafana-password"] {
            self.ensure([name], existing, || Ok([random_word()]))?;
        }
        for role in roles::ALL.iter().filter(|role| role.has_store) {
            for name in [database_password(role.name), broker_password(role.name)] {
                self.ensure([&name], existing, || Ok([random_word()]))?;
            }
        }
        self.write_urls(places)
    }

    /// Every role's passwords, for a migration.
    pub fn role_secrets(&self) -> Result<migrate::Secrets> {
        let stored = roles::ALL.iter().filter(|role| role.has_store);
        stored
            .map(|role| {
                let database = self.read(&database_password(role.name))?;
                let broker = self.read(&broker_password(role.name))?;
                Ok((role.name.to_owned(), RoleSecrets { database, broker }))
            })
            .collect()
    }

    fn write_urls(&self, places: &Places) -> Result<()> {
        let postgres = self.read("postgres-password")?;
        let rabbitmq = self.read("rabbitmq-password")?;
        let (postgres, rabbitmq) = (postgres.expose(), rabbitmq.expose());
        let admin = AdminUrls {
            postgres: Secret::new(format!(
                "postgres://{POSTGRES_ADMIN}:{postgres}@{}/postgres",
                places.postgres
            )),
            management: Secret::new(format!("http://{BROKER_ADMIN}:{rabbitmq}@{}", places.management)),
            database: places.database.clone(),
            create_database: true,
            vhost: places.vhost.clone(),
        };
        self.write("postgres-admin-url", admin.postgres.expose())?;
        self.write("rabbitmq-management-url", admin.management.expose())?;
        // The official image reads no password file, but a fragment of its configuration.
        self.write(
            "rabbitmq-admin.conf",
            &format!("default_user = {BROKER_ADMIN}\ndefault_pass = {rabbitmq}\n"),
        )?;
        let server = format!("amqp://{}", places.rabbitmq);
        for (name, of) in self.role_secrets()? {
            let Some(role) = roles::find(&name) else { continue };
            self.write(&database_url_file(&name), database_url(&admin, role, &of.database)?.expose())?;
            self.write(&amqp_url_file(&name), amqp_url(&server, &places.vhost, role, &of.broker)?.expose())?;
        }
        Ok(())
    }
}
