//! The engines of this test binary, and the administrator's way into them.

use engines::{Engines, Source};
use host::Secret;
use host::migrate::{AdminUrls, RoleSecrets, Secrets};
use rand::Rng;
use tokio::sync::OnceCell;

/// Started once; the guard of private engines ends them with the process.
static ENGINES: OnceCell<Engines> = OnceCell::const_new();

/// The engines that the environment names, else private ones, started by the first test that asks.
pub(crate) async fn engines() -> &'static Engines {
    let start = || async { Engines::start(Source::GivenOrPrivate).await.expect("engines for the tests") };
    ENGINES.get_or_init(start).await
}

/// The administrator's addresses with a database and a virtual host in them.
pub(crate) fn admin(engines: &Engines, database: &str, vhost: &str) -> AdminUrls {
    AdminUrls {
        postgres: Secret::new(engines.postgres.admin_url().to_owned()),
        management: Secret::new(engines.rabbitmq.management_url().to_owned()),
        database: database.to_owned(),
        create_database: true,
        vhost: vhost.to_owned(),
    }
}

/// Users belong to a whole server, which several test binaries may share: all of them must come to the same passwords,
/// which nobody without the administrator's may guess. So it is the administrator's own.
pub(crate) fn secrets(engines: &Engines, roles: &[&'static host::Role]) -> Secrets {
    let database = Secret::new(password(engines.postgres.admin_url()));
    let broker = Secret::new(password(engines.rabbitmq.management_url()));
    let of = |role: &&'static host::Role| {
        (role.name.to_owned(), RoleSecrets { database: database.clone(), broker: broker.clone() })
    };
    roles.iter().map(of).collect()
}

/// `scheme://user:password@host…`; a given server without a password gets a fixed one for its test users.
fn password(url: &str) -> String {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    match user.split_once(':') {
        Some((_, password)) if !password.is_empty() => password.to_owned(),
        Some(_) | None => "zhirong-test".to_owned(),
    }
}

/// A name that no other test uses: databases and virtual hosts of several binaries lie side by side.
pub(crate) fn unique_name() -> String {
    format!("test_{:016x}", rand::rng().random::<u64>())
}
