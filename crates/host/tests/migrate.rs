//! Migration of a real database and a real broker.

use engines::{Engines, Source};
use host::HostError;
use host::migrate::{AdminUrls, Secrets, database_url, derived_secrets, migrate};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;

use crate::ground::{BARE, EAST, WEST, admin};

/// Shared by the tests of this file; their guard ends private ones with the process.
static ENGINES: OnceCell<Engines> = OnceCell::const_new();

async fn fresh(name: &str) -> (AdminUrls, Secrets) {
    let engines = ENGINES.get_or_init(async || Engines::start(Source::GivenOrPrivate).await.unwrap()).await;
    let admin = admin(engines, &format!("host_{name}_{}", std::process::id()));
    let secrets = derived_secrets(&admin, &[&EAST, &WEST, &BARE]);
    (admin, secrets)
}

async fn login(admin: &AdminUrls, secrets: &Secrets, role: &host::Role) -> PgConnection {
    let url = database_url(admin, role, &secrets[role.name].database).unwrap();
    PgConnection::connect(url.expose()).await.unwrap()
}

async fn refused(conn: &mut PgConnection, statement: &'static str) -> String {
    let error = sqlx::query(statement).execute(conn).await.unwrap_err();
    error.as_database_error().unwrap().code().unwrap().into_owned()
}

const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[tokio::test]
async fn migrating_again_and_twice_at_once_is_the_same_as_once() {
    let (admin, secrets) = fresh("repeat").await;
    let roles = [&EAST, &WEST, &BARE];
    let (first, second) = tokio::join!(migrate(&admin, &roles, &secrets), migrate(&admin, &roles, &secrets));
    first.unwrap();
    second.unwrap();
    migrate(&admin, &roles, &secrets).await.unwrap();

    let mut east = login(&admin, &secrets, &EAST).await;
    let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY 1")
        .fetch_all(&mut east)
        .await
        .unwrap();
    let known: Vec<i64> = host::shared_migrations().iter().map(|migration| migration.version).collect();
    assert_eq!(applied, known);
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_namespace WHERE nspname IN ('east', 'west', 'bare') ORDER BY 1",
    )
    .fetch_all(&mut east)
    .await
    .unwrap();
    assert_eq!(schemas, ["east", "west"], "a role without a store has no schema");
}

#[tokio::test]
async fn the_login_role_reads_and_writes_rows_of_its_own_schema_and_nothing_else() {
    let (admin, secrets) = fresh("rights").await;
    migrate(&admin, &[&EAST, &WEST], &secrets).await.unwrap();
    let mut east = login(&admin, &secrets, &EAST).await;

    let path: String = sqlx::query_scalar("SHOW search_path").fetch_one(&mut east).await.unwrap();
    assert_eq!(path, "east");
    let put = "INSERT INTO held (queue, kind, reason, body) VALUES ('q', 'parked', 'R', '')";
    sqlx::query(put).execute(&mut east).await.unwrap();
    sqlx::query("UPDATE held SET reason = 'S'").execute(&mut east).await.unwrap();
    sqlx::query("DELETE FROM held").execute(&mut east).await.unwrap();

    for statement in [
        "CREATE TABLE mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE TABLE public.mine ()",
        "DROP TABLE held",
        "ALTER TABLE held ADD COLUMN more int",
        "TRUNCATE held",
        "SELECT FROM west.held",
        "INSERT INTO _sqlx_migrations DEFAULT VALUES",
        "DELETE FROM _sqlx_migrations",
        "SET ROLE zhirong_east_owner",
    ] {
        let code = refused(&mut east, statement).await;
        // Not the owner: 42501 too. No schema to create in: 3F000.
        assert!([INSUFFICIENT_PRIVILEGE, "3F000"].contains(&code.as_str()), "{statement}: {code}");
    }
}

#[tokio::test]
async fn tables_that_only_grow_cannot_be_changed() {
    let (admin, secrets) = fresh("grow").await;
    migrate(&admin, &[&EAST], &secrets).await.unwrap();
    let mut east = login(&admin, &secrets, &EAST).await;
    let rights: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT t::text, has_table_privilege(t, 'INSERT'), has_table_privilege(t, 'UPDATE') \
             OR has_table_privilege(t, 'DELETE') OR has_table_privilege(t, 'TRUNCATE') \
         FROM unnest(ARRAY['audit_entry', 'audit_seal', 'parked_audit', 'held']) AS t ORDER BY 1",
    )
    .fetch_all(&mut east)
    .await
    .unwrap();
    let expected = [("audit_entry", false), ("audit_seal", false), ("held", true), ("parked_audit", false)];
    let expected = expected.map(|(table, changes)| (table.to_owned(), true, changes));
    assert_eq!(rights, expected);
    assert_eq!(refused(&mut east, "DELETE FROM audit_entry").await, INSUFFICIENT_PRIVILEGE);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_created_only_when_asked() {
    let (admin, secrets) = fresh("absent").await;
    let admin = AdminUrls { create_database: false, ..admin };
    let error = migrate(&admin, &[&EAST], &secrets).await.unwrap_err();
    assert!(matches!(error, HostError::NoDatabase { ref name } if *name == admin.database), "{error}");
}

#[tokio::test]
async fn a_role_without_its_passwords_is_not_migrated() {
    let (admin, mut secrets) = fresh("nosecrets").await;
    secrets.remove("east");
    let error = migrate(&admin, &[&EAST], &secrets).await.unwrap_err();
    assert!(matches!(error, HostError::NoSecrets("east")), "{error}");
}

#[tokio::test]
async fn a_new_password_holds_after_migrating_again() {
    let (admin, mut secrets) = fresh("password").await;
    migrate(&admin, &[&BORROWED], &secrets_for(&mut secrets, "first-1")).await.unwrap();
    migrate(&admin, &[&BORROWED], &secrets_for(&mut secrets, "second-2")).await.unwrap();
    let url = database_url(&admin, &BORROWED, &secrets["borrowed"].database).unwrap();
    PgConnection::connect(url.expose()).await.unwrap();
    let old = url.expose().replace("second-2", "first-1");
    let error = PgConnection::connect(&old).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("28P01"));
}

/// Its users are touched by no other test.
static BORROWED: host::Role = host::Role {
    name: "borrowed",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |_| Box::pin(async { Ok(()) }),
};

fn secrets_for(secrets: &mut Secrets, password: &str) -> Secrets {
    let word = || host::Secret::new(password.to_owned());
    secrets.insert("borrowed".to_owned(), host::migrate::RoleSecrets { database: word(), broker: word() });
    secrets.clone()
}

/// Its users are made by an administrator who is no superuser.
static LENT: host::Role = host::Role {
    name: "lent",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |_| Box::pin(async { Ok(()) }),
};

#[tokio::test]
async fn an_administrator_who_is_no_superuser_can_migrate() {
    let (admin, _) = fresh("lesser").await;
    let mut conn = PgConnection::connect(admin.postgres.expose()).await.unwrap();
    sqlx::raw_sql(
        "DO $$ BEGIN
             CREATE ROLE host_lesser_admin LOGIN CREATEROLE CREATEDB PASSWORD 'lesser-1';
         EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let (scheme, rest) = admin.postgres.expose().split_once("://").unwrap();
    let place = rest.rsplit_once('@').unwrap().1;
    let url = format!("{scheme}://host_lesser_admin:lesser-1@{place}");
    let admin = AdminUrls { postgres: host::Secret::new(url), ..admin };
    let secrets = derived_secrets(&admin, &[&LENT]);
    migrate(&admin, &[&LENT], &secrets).await.unwrap();
    migrate(&admin, &[&LENT], &secrets).await.unwrap();
    let mut lent = login(&admin, &secrets, &LENT).await;
    sqlx::query("SELECT FROM held").execute(&mut lent).await.unwrap();
}
