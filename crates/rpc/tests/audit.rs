//! Audit rows against PostgreSQL: append-only for everyone, chained in the order of their commits, checked.

use std::sync::Arc;

use chrono::Utc;
use host::Role;
use rpc::audit::{ChainError, Entry, record, record_all, seal_once, spawn_sealer, verify_chain};
use rpc::{Actor, Caller, Duty};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::probe::{LIMIT, bank};

/// A role with the tables that every role has.
pub(crate) static ROLE: Role = Role {
    name: "probe",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |_| Box::pin(std::future::ready(Ok(()))),
};

pub(crate) fn staff() -> Caller {
    Caller { issuer: "desk".into(), actor: Actor::Staff { id: "s-7".into(), duties: vec![Duty::Clerk] } }
}

fn entry(number: u128) -> Entry {
    Entry {
        action: "ACCEPT_CASE",
        object_kind: "case",
        object_id: Uuid::from_u128(number),
        purpose: "IP_PLEDGE_FINANCING",
        result: "DONE",
    }
}

async fn write(pool: &PgPool, number: u128) {
    record(&mut pool.acquire().await.unwrap(), &staff(), Utc::now(), &entry(number)).await.unwrap();
}

#[tokio::test]
async fn a_row_says_who_did_what_to_which_object_and_what_for() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let caller = Caller { issuer: "partner".into(), actor: bank() };
    let now = Utc::now();
    let mut tx = pool.begin().await.unwrap();
    record_all(&mut tx, &caller, now, &[entry(1), entry(2)]).await.unwrap();
    record_all(&mut tx, &caller, now, &[]).await.unwrap();
    tx.commit().await.unwrap();
    type Row = (String, String, Option<String>, String, String, Uuid, String, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT issuer, actor, person, action, object_kind, object_id, purpose, result FROM audit_entry ORDER BY 6",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = |number| {
        let actor = "institution:00000000-0000-0000-0000-0000000000ba";
        let who = ("partner".to_owned(), actor.to_owned(), Some("B-12".to_owned()));
        let what = ("ACCEPT_CASE".to_owned(), "case".to_owned(), Uuid::from_u128(number));
        let why = ("IP_PLEDGE_FINANCING".to_owned(), "DONE".to_owned());
        (who.0, who.1, who.2, what.0, what.1, what.2, why.0, why.1)
    };
    assert_eq!(rows, [expected(1), expected(2)]);
}

#[tokio::test]
async fn nobody_changes_or_removes_a_row() {
    let ground = testkit::ground(&[&ROLE]).await;
    let (pool, owner) = (ground.pool(&ROLE), ground.owner_pool(&ROLE));
    write(&pool, 1).await;
    assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), 1);
    for statement in [
        "UPDATE audit_entry SET result = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "UPDATE audit_seal SET sealed_at = now()",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
    ] {
        for (who, pool) in [("login role", &pool), ("owner", &owner)] {
            let refused = sqlx::raw_sql(statement).execute(pool).await.unwrap_err();
            let code = refused.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
            assert_eq!(code, "42501", "{who}: {statement}: {refused}");
        }
    }
    for table in ["audit_entry", "audit_seal"] {
        for right in ["UPDATE", "DELETE", "TRUNCATE"] {
            let granted: bool = sqlx::query_scalar("SELECT has_table_privilege(current_user, $1, $2)")
                .bind(table)
                .bind(right)
                .fetch_one(&pool)
                .await
                .unwrap();
            assert!(!granted, "{right} on {table}");
        }
    }
    assert_eq!(verify_chain(&pool).await.unwrap().sealed, 1);
}

#[tokio::test]
async fn rows_are_sealed_soon_in_the_order_they_become_visible() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    // The earlier id commits later: a cursor over ids would pass it over.
    let mut late = pool.begin().await.unwrap();
    record(&mut late, &staff(), Utc::now(), &entry(1)).await.unwrap();
    write(&pool, 2).await;
    // A transaction that is undone leaves a hole in the ids, not in the chain.
    let mut undone = pool.begin().await.unwrap();
    record(&mut undone, &staff(), Utc::now(), &entry(3)).await.unwrap();
    undone.rollback().await.unwrap();

    let shutdown = CancellationToken::new();
    let sealers: Vec<_> =
        (0..2).map(|_| spawn_sealer(pool.clone(), Arc::new(kernel::SystemClock), shutdown.clone())).collect();
    let sealed = async |count: i64| verify_chain(&pool).await.unwrap().sealed == count;
    testkit::eventually(LIMIT, async || sealed(1).await).await;
    late.commit().await.unwrap();
    let committed = Utc::now();
    testkit::eventually(LIMIT, async || sealed(2).await).await;
    let sealed_at: chrono::DateTime<Utc> =
        sqlx::query_scalar("SELECT sealed_at FROM audit_seal WHERE seal_no = 2")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(sealed_at - committed < chrono::TimeDelta::seconds(1), "{}", sealed_at - committed);
    let objects: Vec<Uuid> = sqlx::query_scalar(
        "SELECT object_id FROM audit_seal JOIN audit_entry USING (entry_id) ORDER BY seal_no",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(objects, [Uuid::from_u128(2), Uuid::from_u128(1)]);

    // What was written just before the end is sealed at the end.
    write(&pool, 4).await;
    shutdown.cancel();
    for sealer in sealers {
        sealer.await.unwrap();
    }
    let report = verify_chain(&pool).await.unwrap();
    assert_eq!((report.sealed, report.unsealed, report.head.len()), (3, 0, 64));
}

#[tokio::test]
async fn many_writers_and_two_sealers_make_one_chain() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let shutdown = CancellationToken::new();
    let sealers: Vec<_> =
        (0..2).map(|_| spawn_sealer(pool.clone(), Arc::new(kernel::SystemClock), shutdown.clone())).collect();
    let writers: Vec<_> = (0..4_u128)
        .map(|writer| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for n in 0..50 {
                    write(&pool, writer * 1000 + n).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    testkit::eventually(LIMIT, async || verify_chain(&pool).await.is_ok_and(|report| report.sealed == 200))
        .await;
    shutdown.cancel();
    for sealer in sealers {
        sealer.await.unwrap();
    }
}

#[tokio::test]
async fn tampering_by_the_owner_is_found() {
    type Expected = fn(&ChainError) -> bool;
    let cases: [(&str, Expected); 5] = [
        ("UPDATE audit_entry SET result = 'REFUSED' WHERE entry_id = 2", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 2 })
        }),
        ("UPDATE audit_entry SET person = '' WHERE entry_id = 3", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 3 })
        }),
        ("DELETE FROM audit_seal WHERE seal_no = 2; DELETE FROM audit_entry WHERE entry_id = 2", |e| {
            matches!(e, ChainError::SealMissing { expected: 2 })
        }),
        ("UPDATE audit_seal SET previous = hash WHERE seal_no = 2", |e| {
            matches!(e, ChainError::NotLinked { seal_no: 2 })
        }),
        ("DELETE FROM audit_seal WHERE seal_no = 3", |e| matches!(e, ChainError::RowsOutside(1))),
    ];
    for (tampering, expected) in cases {
        let ground = testkit::ground(&[&ROLE]).await;
        let (pool, owner) = (ground.pool(&ROLE), ground.owner_pool(&ROLE));
        for number in 1..=3 {
            write(&pool, number).await;
        }
        assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), 3);
        assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), 0);
        verify_chain(&pool).await.unwrap();
        sqlx::raw_sql(
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only;
             ALTER TABLE audit_seal DISABLE TRIGGER audit_seal_append_only",
        )
        .execute(&owner)
        .await
        .unwrap();
        sqlx::raw_sql(tampering).execute(&owner).await.unwrap();
        let found = verify_chain(&pool).await.unwrap_err();
        assert!(expected(&found), "{tampering}: {found}");
    }
}
