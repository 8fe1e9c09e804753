//! What the login role may do in its schema: read and write rows, change no table; and in tables that only grow,
//! neither update nor delete.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::database::{quoted, run};
use crate::error::HostError;
use crate::role::Role;

/// Tables that only grow (ledgers, audit: architecture §7) have a trigger that refuses changes, whose name ends so.
const APPEND_ONLY: &str = "%\\_append\\_only";

/// The schema, its owner's and its user's way in, and default rights for tables to come.
pub(super) async fn open_schema(
    conn: &mut PgConnection,
    database: &str,
    role: &Role,
) -> Result<(), HostError> {
    let (schema, owner, login) = (quoted(role.name), quoted(&role.owner()), quoted(&role.login()));
    for statement in [
        format!("GRANT CONNECT ON DATABASE {} TO {login}", quoted(database)),
        format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {login}"),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {login}"
        ),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {login}"
        ),
    ] {
        run(conn, statement).await?;
    }
    Ok(())
}

/// Rights on the tables that are there. One transaction, so that no append-only table is open in between.
pub(super) async fn settle(conn: &mut PgConnection, role: &Role) -> Result<(), HostError> {
    let (schema, login) = (quoted(role.name), quoted(&role.login()));
    let mut tx = conn.begin().await?;
    let mut statements = vec![
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {login}"),
        format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {login}"),
        format!("REVOKE ALL ON {schema}._sqlx_migrations FROM {login}"),
        format!("GRANT SELECT ON {schema}._sqlx_migrations TO {login}"),
    ];
    for table in append_only(&mut tx, role).await? {
        statements.push(format!("REVOKE UPDATE, DELETE ON {schema}.{} FROM {login}", quoted(&table)));
    }
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The tables that have such a trigger, and the partitions of such.
async fn append_only(conn: &mut PgConnection, role: &Role) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') \
         AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgname LIKE $2 \
                     AND t.tgrelid IN (c.oid, pg_partition_root(c.oid))) \
         ORDER BY 1",
    )
    .bind(role.name)
    .bind(APPEND_ONLY)
    .fetch_all(conn)
    .await
}
