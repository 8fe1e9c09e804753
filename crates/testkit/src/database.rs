//! A migrated database for each test, copied from a template that is migrated once for each set of roles.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use engines::Engines;
use host::Role;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::server::{admin, secrets, unique_name};

/// Template databases by the names of their roles.
static TEMPLATES: LazyLock<Mutex<HashMap<RoleNames, Template>>> = LazyLock::new(Mutex::default);

/// Sorted.
type RoleNames = Vec<&'static str>;
/// The database's name, once it is migrated.
type Template = Arc<OnceCell<String>>;

/// Makes a database with all tables of `roles` and gives its name back.
pub(crate) async fn create(engines: &Engines, roles: &[&'static Role]) -> String {
    let template = template(engines, roles).await;
    let name = unique_name();
    let mut connection = connect(engines).await;
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    // A copy has the template's schemas and rows, but not the rights on the database itself.
    let logins: Vec<String> = roles.iter().map(|role| role.login()).collect();
    let rights = format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {}",
        logins.join(", ")
    );
    if !logins.is_empty() {
        run(&mut connection, rights).await;
    }
    connection.close().await.expect("administrator's connection");
    name
}

async fn template(engines: &Engines, roles: &[&'static Role]) -> String {
    let mut names: Vec<&'static str> = roles.iter().map(|role| role.name).collect();
    names.sort_unstable();
    let cell = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(templates.entry(names).or_default())
    };
    let migrate = || async {
        let name = unique_name();
        let migrated =
            host::migrate::database(&admin(engines, &name, "/"), roles, &secrets(engines, roles)).await;
        migrated.unwrap_or_else(|error| panic!("migrations of the test's roles: {}", error.chain()));
        name
    };
    cell.get_or_init(migrate).await.clone()
}

/// A connection of the administrator to the server's own database.
pub(crate) async fn connect(engines: &Engines) -> PgConnection {
    PgConnection::connect_with(&options(engines)).await.expect("the administrator reaches PostgreSQL")
}

pub(crate) fn options(engines: &Engines) -> PgConnectOptions {
    PgConnectOptions::from_str(engines.postgres.admin_url()).expect("address of PostgreSQL")
}

/// Statements whose names are our own; such statements take no parameters.
async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.expect("administrator's statement");
}
