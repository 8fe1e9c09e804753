//! Database, users, schemas and tables. Two locks make it safe to run twice at once: one for what belongs to the
//! whole server (users, databases), one for what belongs to the database.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{AdminUrls, RoleSecrets, grants, scram};
use crate::error::HostError;
use crate::migrations::version_twice;
use crate::role::Role;

/// Key of both advisory locks: "zhirong" as letters on a keypad.
const LOCK: i64 = 9_447_664;

pub(super) async fn bring_up(
    admin: &AdminUrls,
    roles: &[(&'static Role, &RoleSecrets)],
) -> Result<(), HostError> {
    let server = PgConnectOptions::from_str(admin.postgres.expose())
        .map_err(|_| HostError::Url { what: "the administrator's PostgreSQL URL" })?
        .application_name("zhirong_migrate");

    let mut conn = PgConnection::connect_with(&server).await?;
    lock(&mut conn).await?;
    create_database(&mut conn, admin).await?;
    for (role, secrets) in roles {
        create_users(&mut conn, role, secrets).await?;
    }
    // Closing the session gives the lock back, also on every early return above.
    conn.close().await?;

    let mut conn = PgConnection::connect_with(&server.database(&admin.database)).await?;
    lock(&mut conn).await?;
    close_to_public(&mut conn, &admin.database).await?;
    for (role, _) in roles {
        grants::open_schema(&mut conn, &admin.database, role).await?;
        run_migrations(&mut conn, role).await?;
        grants::settle(&mut conn, role).await?;
        tracing::info!(role = role.name, "schema is up to date");
    }
    conn.close().await?;
    Ok(())
}

async fn lock(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(conn).await?;
    Ok(())
}

async fn create_database(conn: &mut PgConnection, admin: &AdminUrls) -> Result<(), HostError> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&admin.database)
        .fetch_one(&mut *conn)
        .await?;
    if exists {
        return Ok(());
    }
    if !admin.create_database {
        return Err(HostError::NoDatabase { name: admin.database.clone() });
    }
    // From template0, because template1 may be in use and may have another encoding.
    let create = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quoted(&admin.database));
    sqlx::raw_sql(AssertSqlSafe(create)).execute(conn).await?;
    Ok(())
}

async fn create_users(conn: &mut PgConnection, role: &Role, secrets: &RoleSecrets) -> Result<(), HostError> {
    let (owner, login) = (role.owner(), role.login());
    for name in [&owner, &login] {
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(name)
            .fetch_one(&mut *conn)
            .await?;
        if !exists {
            run(conn, format!("CREATE ROLE {} NOLOGIN", quoted(name))).await?;
        }
    }
    let verifier = scram::verifier(secrets.database.expose())?;
    run(conn, format!("ALTER ROLE {} LOGIN PASSWORD '{verifier}'", quoted(&login))).await?;
    // Nothing that a role does takes longer; a forgotten transaction must not hold vacuum back.
    for (name, value) in [
        ("search_path", quoted(role.name)),
        ("statement_timeout", "'30s'".to_owned()),
        ("idle_in_transaction_session_timeout", "'60s'".to_owned()),
    ] {
        run(conn, format!("ALTER ROLE {} SET {name} = {value}", quoted(&login))).await?;
    }
    // A superuser may become anybody. Another administrator has to be a member of the owner to migrate as it; since
    // PostgreSQL 16 having created the owner is not enough.
    let superuser: bool = sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        .fetch_one(&mut *conn)
        .await?;
    if !superuser {
        run(conn, format!("GRANT {} TO current_user", quoted(&owner))).await?;
    }
    Ok(())
}

/// Nobody reaches this database who has not been let in by name.
async fn close_to_public(conn: &mut PgConnection, database: &str) -> Result<(), HostError> {
    run(conn, format!("REVOKE ALL ON DATABASE {} FROM PUBLIC", quoted(database))).await?;
    run(conn, "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned()).await
}

/// As the owner, so that every table belongs to it and the login role can change none.
async fn run_migrations(conn: &mut PgConnection, role: &'static Role) -> Result<(), HostError> {
    let migrator = (role.migrator)();
    if let Some(version) = version_twice(&migrator) {
        return Err(HostError::MigrationTwice { role: role.name, version });
    }
    run(conn, format!("SET ROLE {}", quoted(&role.owner()))).await?;
    run(conn, format!("SET search_path = {}", quoted(role.name))).await?;
    migrator
        .run_direct(None, &mut *conn, false)
        .await
        .map_err(|source| HostError::Migration { role: role.name, source })?;
    run(conn, "RESET search_path".to_owned()).await?;
    run(conn, "RESET ROLE".to_owned()).await
}

/// Runs a statement whose names have been quoted; such statements take no parameters.
pub(super) async fn run(conn: &mut PgConnection, statement: String) -> Result<(), HostError> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}

/// An identifier in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
