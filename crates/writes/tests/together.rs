//! Writes against PostgreSQL.

use host::Role;
use sqlx::PgPool;
use testkit::Ground;
use writes::Writes;

static ROLE: Role = Role {
    name: "probe",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |_| Box::pin(std::future::ready(Ok(()))),
};

const PUT: &str = "INSERT INTO pair (id, word) SELECT * FROM unnest($1::bigint[], $2::text[])";
const KEEP: &str =
    "INSERT INTO pair (id, word) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING";
const RENAME: &str = "UPDATE pair SET word = $2 WHERE id = ANY($1)";
const REMOVE: &str = "DELETE FROM pair WHERE id = $1";

async fn pairs() -> (Ground, PgPool) {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.owner_pool(&ROLE);
    sqlx::raw_sql("CREATE TABLE pair (id bigint PRIMARY KEY, word text NOT NULL)")
        .execute(&pool)
        .await
        .unwrap();
    let mut writes = Writes::new();
    writes.add(PUT).bind(vec![1_i64, 2, 3]).bind(vec!["one", "two", "three"]);
    writes.execute(&mut pool.acquire().await.unwrap()).await.unwrap();
    (ground, pool)
}

async fn all(pool: &PgPool) -> Vec<(i64, String)> {
    sqlx::query_as("SELECT id, word FROM pair ORDER BY id").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn all_are_made_by_one_statement() {
    let (_ground, pool) = pairs().await;
    let mut writes = Writes::new();
    writes.add(KEEP).bind(vec![3_i64, 4]).bind(vec!["again", "four"]);
    writes.add(RENAME).bind(vec![2_i64]).bind("zwei");
    writes.add_exactly(1, REMOVE).bind(1_i64);
    writes.execute(&mut pool.acquire().await.unwrap()).await.unwrap();
    let expected = [(2, "zwei"), (3, "three"), (4, "four")].map(|(id, word)| (id, word.to_owned()));
    assert_eq!(all(&pool).await, expected);
}

#[tokio::test]
async fn rows_of_one_are_read_by_a_later_one() {
    let (_ground, pool) = pairs().await;
    let mut writes = Writes::new();
    writes.add_named("removed", "DELETE FROM pair WHERE id > $1 RETURNING id, word").bind(1_i64);
    writes.add("INSERT INTO pair (id, word) SELECT id * $1, word FROM removed").bind(10_i64);
    writes.execute(&mut pool.acquire().await.unwrap()).await.unwrap();
    assert_eq!(all(&pool).await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 20, 30]);
}

#[tokio::test]
async fn one_that_is_refused_undoes_all() {
    let (_ground, pool) = pairs().await;
    let before = all(&pool).await;
    let mut writes = Writes::new();
    writes.add(REMOVE).bind(1_i64);
    writes.add(PUT).bind(vec![2_i64]).bind(vec!["twice"]);
    let refused = writes.execute(&mut pool.acquire().await.unwrap()).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|e| e.constraint()), Some("pair_pkey"));
    assert_eq!(all(&pool).await, before);
}

#[tokio::test]
async fn nothing_is_no_statement_and_a_single_one_is_itself() {
    let (_ground, pool) = pairs().await;
    let mut conn = pool.acquire().await.unwrap();
    assert!(Writes::new().is_empty());
    Writes::new().execute(&mut conn).await.unwrap();
    let mut writes = Writes::new();
    writes.add_exactly(1, KEEP).bind(vec![1_i64, 7]).bind(vec!["again", "seven"]);
    writes.execute(&mut conn).await.unwrap();
    assert_eq!(all(&pool).await.len(), 4);
}

#[tokio::test]
async fn another_number_of_rows_than_expected_undoes_all_without_a_transaction_around_it() {
    let (_ground, pool) = pairs().await;
    let mut conn = pool.acquire().await.unwrap();
    let before = all(&pool).await;
    for (ids, enough) in [(vec![1_i64, 2, 9], false), (vec![1, 2, 3], true)] {
        let mut writes = Writes::new();
        writes.add(PUT).bind(vec![8_i64]).bind(vec!["eight"]);
        writes.add_exactly(3, RENAME).bind(ids).bind("same");
        match writes.execute(&mut conn).await {
            Ok(_) => assert!(enough),
            Err(error) => {
                assert!(!enough && writes::is_other_number(&error), "{error}");
                assert_eq!(all(&pool).await, before);
            }
        }
    }
    assert_eq!(all(&pool).await.iter().filter(|(_, word)| word == "same").count(), 3);
    assert_eq!(all(&pool).await.len(), 4);
}
