//! The login role's connections. Made lazily, so that a role starts while PostgreSQL is away.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::error::HostError;
use crate::role::Role;
use crate::settings::{Settings, host_keys};

/// Longer than any healthy wait for a connection, shorter than the deadline of a call (10 s).
const ACQUIRE: Duration = Duration::from_secs(5);
/// Connections are renewed, so that plans prepared while tables were small do not live for ever.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A connection that lay idle for so long is asked whether it still lives before it is used.
const QUIET: Duration = Duration::from_secs(1);
/// Roles read by key, a few rows at a time, by statements that live as long as their connection. Most are planned when
/// their tables are empty, and an array statement planned then would read whole tables for as long as the plan lives. So
/// plans follow the keys whatever statistics say, and are made once.
pub const PLANS: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];
/// Statements that a connection keeps prepared: more than any role has.
const STATEMENTS: usize = 512;

/// The pool of a role with a store; a pool that is already closed for a role without.
pub(crate) async fn open(role: &Role, settings: &Settings) -> Result<PgPool, HostError> {
    if !role.has_store {
        let pool = PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new_without_pgpass());
        pool.close().await;
        return Ok(pool);
    }
    let url = settings.get(&host_keys::DATABASE_URL)?;
    let options = PgConnectOptions::from_str(url.expose())
        .map_err(|_| HostError::Url { what: "ZHIRONG_DATABASE_URL" })?
        .application_name(&role.login())
        .options([("search_path", role.name)])
        .options(PLANS)
        .statement_cache_capacity(STATEMENTS);
    let pool = PgPoolOptions::new()
        .max_connections(settings.get(&host_keys::POOL_SIZE)?.clamp(2, 200))
        .min_connections(0)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                // Asking before every use costs a round trip; under load a broken connection shows itself anyway.
                if about.idle_for >= QUIET { connection.ping().await.map(|()| true) } else { Ok(true) }
            })
        })
        .connect_lazy_with(options);
    Ok(pool)
}
