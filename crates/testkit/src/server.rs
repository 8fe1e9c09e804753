//! The engines of this test binary, and the administrator's way into them.

use engines::{Engines, Source};
use host::Secret;
use host::migrate::{AdminUrls, Secrets};
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

/// The passwords of the roles' users. Users belong to a whole server, which several test binaries and systems of child
/// processes may share: all of them must come to the same, so that none locks the others out.
pub(crate) fn secrets(engines: &Engines, roles: &[&'static host::Role]) -> Secrets {
    host::migrate::derived_secrets(&admin(engines, "", ""), roles)
}

/// A name that no other test uses: databases and virtual hosts of several binaries lie side by side.
pub(crate) fn unique_name() -> String {
    format!("test_{:016x}", rand::rng().random::<u64>())
}
