//! Request ids against PostgreSQL, with races.

use chrono::{TimeDelta, Utc};
use kernel::RequestId;
use proto::partner::v1::{AcceptAssignmentRequest, PullEventsRequest};
use rpc::replay::{BodyHash, Claim, body_hash, claim, find, purge};
use rpc::{Actor, Caller, Fault};
use sqlx::PgPool;

use crate::audit::{ROLE, staff};
use crate::probe::bank;

const METHOD: &str = "/zhirong.partner.v1.AssignmentService/AcceptAssignment";

fn id(number: u128) -> RequestId {
    RequestId::from_uuid(uuid::Uuid::from_u128(number))
}

fn hash(text: &str) -> BodyHash {
    body_hash(&AcceptAssignmentRequest { name: text.into(), ..AcceptAssignmentRequest::default() })
}

fn reason(fault: Fault) -> &'static str {
    fault.reason().id
}

async fn store(
    pool: &PgPool,
    caller: &Caller,
    number: u128,
    body: &str,
    answer: &[u8],
) -> Result<Claim, Fault> {
    let mut tx = pool.begin().await?;
    let claimed = claim(&mut tx, caller, id(number), METHOD, &hash(body), answer, Utc::now()).await?;
    tx.commit().await?;
    Ok(claimed)
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let mut conn = pool.acquire().await.unwrap();
    let caller = staff();
    assert_eq!(find(&mut conn, &caller, id(1), METHOD, &hash("a")).await.unwrap(), None);
    assert_eq!(store(&pool, &caller, 1, "a", b"first").await.unwrap(), Claim::Fresh);
    assert_eq!(find(&mut conn, &caller, id(1), METHOD, &hash("a")).await.unwrap(), Some(b"first".to_vec()));
    assert_eq!(store(&pool, &caller, 1, "a", b"second").await.unwrap(), Claim::Repeat(b"first".to_vec()));
    assert_eq!(
        find(&mut conn, &caller, id(1), METHOD, &hash("b")).await.map_err(reason),
        Err("REQUEST_ID_REUSED")
    );
    assert_eq!(store(&pool, &caller, 1, "b", b"x").await.map_err(reason), Err("REQUEST_ID_REUSED"));
    let elsewhere = find(&mut conn, &caller, id(1), "/another/Method", &hash("a")).await;
    assert_eq!(elsewhere.map_err(reason), Err("REQUEST_ID_REUSED"));
    let refused = find(&mut conn, &caller, id(1), METHOD, &hash("b")).await.unwrap_err();
    assert_eq!(refused.violations()[0].0, "request_id");
}

#[tokio::test]
async fn ids_are_the_callers_own_and_an_institutions_persons_share_them() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let role = Caller { issuer: "desk".into(), actor: Actor::Role("desk".into()) };
    let bank_as = |person: Option<&str>| {
        let Actor::Institution { id, role, .. } = bank() else { panic!("a bank is an institution") };
        let actor = Actor::Institution { id, role, person: person.map(Into::into) };
        Caller { issuer: "partner".into(), actor }
    };
    assert_eq!(store(&pool, &staff(), 2, "a", b"s").await.unwrap(), Claim::Fresh);
    assert_eq!(store(&pool, &role, 2, "b", b"r").await.unwrap(), Claim::Fresh);
    assert_eq!(store(&pool, &bank_as(Some("B-1")), 2, "c", b"i").await.unwrap(), Claim::Fresh);
    assert_eq!(store(&pool, &bank_as(None), 2, "c", b"j").await.unwrap(), Claim::Repeat(b"i".to_vec()));
}

#[tokio::test]
async fn of_callers_that_race_one_stores_and_the_others_are_given_its_answer() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let caller = staff();
    let race = (0..6_u8).map(|n| {
        let (pool, caller) = (pool.clone(), caller.clone());
        tokio::spawn(async move { store(&pool, &caller, 3, "a", &[n]).await.unwrap() })
    });
    let mut ended = Vec::new();
    for runner in race.collect::<Vec<_>>() {
        ended.push(runner.await.unwrap());
    }
    let fresh = ended.iter().filter(|claim| **claim == Claim::Fresh).count();
    assert_eq!(fresh, 1, "{ended:?}");
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT response FROM request_replay").fetch_one(&pool).await.unwrap();
    assert!(ended.iter().all(|claim| *claim == Claim::Fresh || *claim == Claim::Repeat(stored.clone())));
}

#[tokio::test]
async fn a_change_that_is_rolled_back_leaves_its_id_free() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let caller = staff();
    let mut first = pool.begin().await.unwrap();
    let claimed = claim(&mut first, &caller, id(4), METHOD, &hash("a"), b"lost", Utc::now()).await.unwrap();
    assert_eq!(claimed, Claim::Fresh);
    let second = {
        let (pool, caller) = (pool.clone(), caller.clone());
        tokio::spawn(async move { store(&pool, &caller, 4, "b", b"kept").await })
    };
    testkit::eventually(crate::probe::LIMIT, async || {
        let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap()
    })
    .await;
    first.rollback().await.unwrap();
    assert_eq!(second.await.unwrap().unwrap(), Claim::Fresh);
}

#[tokio::test]
async fn old_answers_are_purged_in_portions() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    for number in 10..15 {
        store(&pool, &staff(), number, "a", b"x").await.unwrap();
    }
    let hour = TimeDelta::hours(1);
    assert_eq!(purge(&pool, Utc::now() - hour, 100).await.unwrap(), 0);
    assert_eq!(purge(&pool, Utc::now() + hour, 3).await.unwrap(), 3);
    assert_eq!(purge(&pool, Utc::now() + hour, 3).await.unwrap(), 2);
}

#[test]
fn the_hash_covers_the_whole_body() {
    let base = PullEventsRequest { max_events: 1, ..PullEventsRequest::default() };
    let other = PullEventsRequest { max_events: 2, ..PullEventsRequest::default() };
    assert_eq!(body_hash(&base), body_hash(&base.clone()));
    assert_ne!(body_hash(&base), body_hash(&other));
}
