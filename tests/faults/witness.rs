//! A witness beside the outbox: rows of an outbox live for milliseconds, so what was owed to the world is written down as
//! it is enqueued, in the same transaction, by a trigger of the superuser's. `posted` has a row for each row of an outbox,
//! `sent` one for each message: a row may be a parcel of several.

use prost::Message as _;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;
use zhirong::roles;

/// Installs it in every role's schema.
pub(crate) async fn install(books: &PgPool) {
    let mut statements = vec![
        "CREATE SCHEMA faults".to_owned(),
        "CREATE TABLE faults.posted (schema text, message_id uuid PRIMARY KEY, kind text, aggregate_id uuid,
            aggregate_version bigint, letters integer NOT NULL DEFAULT 1, body bytea,
            opened boolean NOT NULL DEFAULT false, at timestamptz NOT NULL DEFAULT clock_timestamp())"
            .to_owned(),
        "CREATE TABLE faults.sent (schema text, message_id uuid PRIMARY KEY, kind text, aggregate_id uuid,
            aggregate_version bigint, at timestamptz NOT NULL)"
            .to_owned(),
        "CREATE FUNCTION faults.witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = faults, pg_temp AS $$
         BEGIN
            INSERT INTO faults.posted (schema, message_id, kind, aggregate_id, aggregate_version, letters, body)
            SELECT TG_TABLE_SCHEMA, message_id, kind, aggregate_id, aggregate_version, letters,
                   CASE WHEN letters > 1 THEN body END FROM added;
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
    // What is to be looked at again by rule (a revoked consent, for minutes) waits for nothing.
    let waiting = union(&|schema| {
        format!(
            "SELECT '{schema} owes ' || kind AS what FROM {schema}.outbox UNION ALL
             SELECT '{schema} holds ' || message_kind || ' of ' || queue FROM {schema}.held
              WHERE kind = 'retry' AND reason <> 'look-again'"
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

/// A parcel as it lies in an outbox, as far as a witness needs it: `crates/bus/src/parcel.rs`.
#[derive(Clone, PartialEq, prost::Message)]
struct Parcel {
    #[prost(message, repeated, tag = "1")]
    letters: Vec<Letter>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Letter {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    aggregate_id: Vec<u8>,
    #[prost(int64, tag = "3")]
    aggregate_version: i64,
}

/// Opens what has been posted since the last time.
pub(crate) async fn open(conn: &mut PgConnection) {
    let parcels: Vec<(Uuid, i32, Vec<u8>)> = sqlx::query_as(
        "SELECT message_id, letters, body FROM faults.posted WHERE NOT opened AND letters > 1",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for (posted, count, body) in parcels {
        let letters = Parcel::decode(body.as_slice()).unwrap().letters;
        assert_eq!(i32::try_from(letters.len()), Ok(count), "a parcel holds what its row says");
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap();
        let ids: Vec<Uuid> = letters.iter().map(|letter| id(&letter.id)).collect();
        let aggregates: Vec<Uuid> = letters.iter().map(|letter| id(&letter.aggregate_id)).collect();
        let versions: Vec<i64> = letters.iter().map(|letter| letter.aggregate_version).collect();
        sqlx::query(
            "WITH opened AS (UPDATE faults.posted SET opened = true WHERE message_id = $1 RETURNING schema, kind, at)
             INSERT INTO faults.sent (schema, message_id, kind, aggregate_id, aggregate_version, at)
             SELECT o.schema, l.id, o.kind, l.aggregate, l.version, o.at
               FROM opened o, unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS l (id, aggregate, version)",
        )
        .bind(posted)
        .bind(ids)
        .bind(aggregates)
        .bind(versions)
        .execute(&mut *conn)
        .await
        .unwrap();
    }
    sqlx::query(
        "WITH opened AS (UPDATE faults.posted SET opened = true WHERE NOT opened AND letters = 1
            RETURNING schema, message_id, kind, aggregate_id, aggregate_version, at)
         INSERT INTO faults.sent (schema, message_id, kind, aggregate_id, aggregate_version, at) SELECT * FROM opened",
    )
    .execute(conn)
    .await
    .unwrap();
}
