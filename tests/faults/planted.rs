//! The checks held to violations: each is planted in the very books of the run, has to be found, and is taken back.

use sqlx::{Connection as _, PgConnection};

use crate::checks::{ask, invariants, missing, replies};
use crate::figures;
use crate::ground::Ground;

/// Planted violations that were not found.
pub(crate) async fn unfound(ground: &Ground) -> Vec<String> {
    let mut conn = ground.books.acquire().await.unwrap();
    let mut found = Vec::new();
    for invariant in invariants() {
        let before = ask(&mut conn, invariant).await.len();
        let mut planting = conn.begin().await.unwrap();
        plant(&mut planting, invariant.plant).await;
        if ask(&mut planting, invariant).await.len() <= before {
            found.push(format!("a planted violation was not found: {}", invariant.what));
        }
        planting.rollback().await.unwrap();
    }
    let (records, replies) = (ground.crowd.ledger().records(), replies(ground));
    for planted in
        ["DELETE FROM partner.reply WHERE kind = 1", "UPDATE intake.offer SET fees_fen = fees_fen + 1"]
    {
        let mut planting = conn.begin().await.unwrap();
        plant(&mut planting, planted).await;
        if missing(&mut planting, &records, &replies).await.is_empty() {
            found.push(format!("a planted violation was not found: {planted}"));
        }
        planting.rollback().await.unwrap();
    }
    let said = figures::ask(&ground.link).await;
    for (what, statement) in figures::PLANTED {
        let mut planting = conn.begin().await.unwrap();
        plant(&mut planting, statement).await;
        let differences = figures::differences(&mut planting, &said).await;
        if !differences.iter().any(|difference| difference.starts_with(what)) {
            found.push(format!("a planted violation was not found: statistics differ in {what}"));
        }
        planting.rollback().await.unwrap();
    }
    found
}

/// Append-only tables refuse changes by triggers, which are off here.
async fn plant(conn: &mut PgConnection, statement: &'static str) {
    sqlx::raw_sql("SET LOCAL session_replication_role = replica").execute(&mut *conn).await.unwrap();
    sqlx::raw_sql(statement).execute(conn).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
