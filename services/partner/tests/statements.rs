//! Every statement fits the schema as it is migrated.

use bus::Message;
use futures::future::join_all;
use kernel::LegId;
use partner::ROLE;
use proto::common::v1::LegState;
use sqlx::{Executor as _, SqlStr};
use testkit::{eventually, ground};

use crate::field::{Field, LIMIT, Said, decision};
use crate::messages::hand;

#[tokio::test]
async fn every_statement_can_be_prepared_by_the_login_role() {
    let ground = ground(&[&ROLE]).await;
    let mut connection = ground.pool(&ROLE).acquire().await.unwrap();
    let mut prepared = 0;
    for statement in partner::store::statements() {
        if let Err(error) = connection.prepare(SqlStr::from_static(statement)).await {
            panic!("{error}\n{statement}");
        }
        prepared += 1;
    }
    assert_eq!(prepared, written(), "a statement is missing from the list of its file");
}

/// How many statements the files of the store declare; `mod.rs` has only the opening of transactions.
fn written() -> usize {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    std::fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| !path.ends_with("mod.rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .map(|text| {
            text.lines().filter(|line| line.starts_with("const ") && line.contains(": &str =")).count()
        })
        .sum()
}

#[tokio::test]
async fn the_hot_path_reads_no_whole_table_even_while_tables_are_small() {
    let field = Field::new().await;
    let bank = field.bank().await;
    // Rounds, because plans differ with the length of arrays, and settle after some executions.
    for _ in 0..8 {
        let mut legs = Vec::new();
        for _ in 0..30 {
            legs.push(LegId::random(&mut rand::rng()));
        }
        let issued = legs
            .iter()
            .map(|leg| Message::from(field.issued(bank.id, *leg, None).message(*leg, 1, field.now())));
        hand(&field.pool, issued.collect()).await;
        let events = bank.look().await;
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names.len(), 30);
        bank.acknowledge(&names[..15]).await.unwrap();
        let now = field.now();
        join_all(legs.iter().map(|leg| bank.decide(decision(*leg, now)))).await;
        let closed = legs.iter().map(|leg| {
            Message::from(Said::closed(bank.id, *leg, LegState::Released).message(*leg, 2, field.now()))
        });
        hand(&field.pool, closed.collect()).await;
        let events = bank.look().await;
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        bank.acknowledge(&names).await.unwrap();
    }
    // The counters of a connection are added up when it has been idle for a second, or when it ends.
    field.partner.unwrap().stop().await.unwrap();
    let scans = "SELECT relname::text, seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables \
                 WHERE schemaname = 'partner' AND relname IN ('assignment', 'event', 'feed')";
    let tables = eventually(LIMIT, async || {
        let tables: Vec<(String, i64, i64)> = sqlx::query_as(scans).fetch_all(&field.pool).await.unwrap();
        if tables.iter().map(|(_, _, indexed)| indexed).sum::<i64>() >= 200 {
            Ok(tables)
        } else {
            Err(tables)
        }
    })
    .await;
    for (table, whole, _) in &tables {
        assert_eq!(*whole, 0, "{table} of {tables:?}");
    }
}
