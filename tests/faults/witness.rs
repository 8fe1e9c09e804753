//! A witness beside the outbox: rows of an outbox live for milliseconds, so what was owed to the world is written down as
//! it is enqueued, in the same transaction, by a trigger of the superuser's.

use sqlx::{AssertSqlSafe, PgPool};
use zhirong::roles;

/// Installs it in every role's schema.
pub(crate) async fn install(books: &PgPool) {
    let mut statements = vec![
        "CREATE SCHEMA faults".to_owned(),
        "CREATE TABLE faults.sent (schema text, message_id uuid PRIMARY KEY, kind text, aggregate_id uuid,
            aggregate_version bigint, body bytea, at timestamptz NOT NULL DEFAULT clock_timestamp())"
            .to_owned(),
        "CREATE FUNCTION faults.witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = faults, pg_temp AS $$
         BEGIN
            INSERT INTO faults.sent (schema, message_id, kind, aggregate_id, aggregate_version, body)
            SELECT TG_TABLE_SCHEMA, message_id, kind, aggregate_id, aggregate_version, body FROM added;
            RETURN NULL;
         END $$"
            .to_owned(),
    ];
    statements
        .push("CREATE TABLE faults.bound (kind text, queue text, PRIMARY KEY (kind, queue))".to_owned());
    let stores = || roles::ALL.iter().filter(|role| role.has_store);
    for queue in stores().flat_map(|role| role.queues) {
        let rows: Vec<String> =
            queue.binds.iter().map(|kind| format!("('{kind}', '{}')", queue.name)).collect();
        statements.push(format!("INSERT INTO faults.bound VALUES {}", rows.join(", ")));
    }
    let union = |one: &dyn Fn(&str) -> String| {
        stores().map(|role| one(role.name)).collect::<Vec<_>>().join(" UNION ALL ")
    };
    let taken = union(&|schema| {
        format!(
            "SELECT message_id, queue FROM {schema}.inbox UNION ALL
             SELECT message_id, queue FROM {schema}.held WHERE kind = 'parked'"
        )
    });
    let waiting = union(&|schema| {
        format!(
            "SELECT '{schema} owes ' || kind AS what FROM {schema}.outbox UNION ALL
             SELECT '{schema} holds ' || message_kind || ' of ' || queue FROM {schema}.held WHERE kind = 'retry'"
        )
    });
    statements.push(format!("CREATE VIEW faults.taken AS {taken}"));
    statements.push(format!("CREATE VIEW faults.waiting AS {waiting}"));
    for role in stores() {
        statements.push(format!(
            "CREATE TRIGGER faults_witness AFTER INSERT ON {}.outbox REFERENCING NEW TABLE AS added
             FOR EACH STATEMENT EXECUTE FUNCTION faults.witness()",
            role.name
        ));
    }
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(books).await.unwrap();
    }
}
