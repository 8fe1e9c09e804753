//! All figures computed anew, while facts arrive.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use proto::statistics::v1 as wire;
use rpc::{Actor, Duty};
use statistics::store::{facts, shadow};
use uuid::Uuid;

use crate::{
    figures::figures,
    story::{Dice, story},
    support::{Client, Stand},
};

fn operator(stand: &Stand) -> Client {
    stand.client(Actor::Staff { id: "staff-2".to_owned(), duties: vec![Duty::Operator] })
}

async fn rebuild(stand: &Stand) -> wire::RebuildResponse {
    let request = wire::RebuildRequest { request_id: Uuid::new_v4().to_string() };
    operator(stand).rebuild(request).await.unwrap().into_inner()
}

/// Books, and rows of books that are not in use.
async fn left_over(stand: &Stand) -> (i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM book),
                (SELECT count(*) FROM figure WHERE book NOT IN (SELECT book FROM book WHERE in_use))
              + (SELECT count(*) FROM case_now WHERE book NOT IN (SELECT book FROM book WHERE in_use))",
    )
    .fetch_one(&stand.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn rebuilt_figures_are_the_same_to_the_last_number_while_facts_arrive() {
    let stand = Stand::new().await;
    stand.take(&story(41, 100)).await;
    let ended = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (pool, ended, now) = (stand.pool.clone(), Arc::clone(&ended), stand.now());
            tokio::spawn(async move {
                let mut batches = 0;
                while batches < 20 || !ended.load(Ordering::Relaxed) {
                    let mut told = story(1_000 * writer + batches, 5);
                    Dice::new(batches).shuffle(&mut told);
                    let mut transaction = pool.begin().await.unwrap();
                    facts::insert_new(&mut transaction, &told, now).await.unwrap();
                    transaction.commit().await.unwrap();
                    batches += 1;
                }
                batches
            })
        })
        .collect();
    let mut rested_on = 0;
    for _ in 0..4 {
        let answer = rebuild(&stand).await;
        assert!(answer.equal);
        assert!(answer.facts > rested_on, "facts have arrived between two rebuilds");
        rested_on = answer.facts;
        stand.today().await;
    }
    ended.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() >= 20);
    }
    let running = stand.today().await;
    let answer = rebuild(&stand).await;
    assert_eq!((answer.equal, answer.facts), (true, running.facts));
    assert_eq!(stand.today().await, running);
    assert_eq!(left_over(&stand).await, (1, 0));
}

#[tokio::test]
async fn a_wrong_figure_is_found_and_replaced() {
    let stand = Stand::new().await;
    stand.take(&story(51, 30)).await;
    let right = stand.today().await;
    sqlx::query("UPDATE figure SET n = n + 1 WHERE measure = 2 AND n > 0")
        .execute(&stand.pool)
        .await
        .unwrap();
    assert_ne!(figures(stand.today().await), figures(right.clone()));
    assert!(!rebuild(&stand).await.equal);
    assert_eq!(stand.today().await, right);
    assert!(rebuild(&stand).await.equal);
    let results: Vec<String> =
        sqlx::query_scalar("SELECT result FROM audit_entry WHERE action = 'REBUILD_FIGURES' ORDER BY at")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    assert_eq!(results, ["REPLACED", "DONE"]);
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before() {
    let stand = Stand::new().await;
    stand.take(&story(61, 5)).await;
    let request = wire::RebuildRequest { request_id: Uuid::new_v4().to_string() };
    let first = operator(&stand).rebuild(request.clone()).await.unwrap().into_inner();
    stand.take(&story(62, 5)).await;
    assert_eq!(operator(&stand).rebuild(request).await.unwrap().into_inner(), first);
    assert!(rebuild(&stand).await.facts > first.facts);
}

#[tokio::test]
async fn only_one_rebuild_runs_at_a_time() {
    let stand = Stand::new().await;
    let turn = shadow::try_turn(&stand.pool).await.unwrap();
    assert!(turn.is_some());
    let request = wire::RebuildRequest { request_id: Uuid::new_v4().to_string() };
    let status = operator(&stand).rebuild(request.clone()).await.unwrap_err();
    assert_eq!(rpc::status::reason(&status).as_deref(), Some("REBUILD_RUNNING"));
    drop(turn);
    testkit::eventually(crate::support::SOON, async || operator(&stand).rebuild(request.clone()).await).await;
}

#[tokio::test]
async fn what_an_interrupted_rebuild_left_behind_is_removed() {
    let stand = Stand::new().await;
    stand.take(&story(71, 5)).await;
    let mut conn = stand.pool.acquire().await.unwrap();
    let abandoned = shadow::create(&mut conn).await.unwrap();
    sqlx::query("INSERT INTO figure VALUES ($1, 2, 5, 0, '', 77)")
        .bind(abandoned)
        .execute(&mut *conn)
        .await
        .unwrap();
    sqlx::query("INSERT INTO case_now VALUES ($1, gen_random_uuid(), '')")
        .bind(abandoned)
        .execute(&mut *conn)
        .await
        .unwrap();
    assert!(rebuild(&stand).await.equal);
    assert_eq!(left_over(&stand).await, (1, 0));
}
