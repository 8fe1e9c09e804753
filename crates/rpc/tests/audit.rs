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
    unhurried: &[],
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
        "SELECT e.object_id FROM audit_seal AS s CROSS JOIN unnest(s.entries) AS sealed (entry_id)
           JOIN audit_entry AS e ON e.entry_id = sealed.entry_id ORDER BY s.seal_no",
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

/// What the sealer has made of these: rows 1 to 3 in seal 1, row 4 in seal 2, row 5 in seal 3.
async fn sealed() -> (testkit::Ground, PgPool) {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    for numbers in [&[1, 2, 3][..], &[4], &[5]] {
        for number in numbers {
            write(&pool, *number).await;
        }
        assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), numbers.len() as u64);
    }
    assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), 0);
    let report = verify_chain(&pool).await.unwrap();
    assert_eq!((report.seals, report.sealed, report.unsealed), (3, 5, 0));
    (ground, pool)
}

#[tokio::test]
async fn tampering_by_the_owner_is_found() {
    type Expected = fn(&ChainError) -> bool;
    let cases: [(&str, Expected); 11] = [
        ("UPDATE audit_entry SET result = 'REFUSED' WHERE entry_id = 2", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 1 })
        }),
        ("UPDATE audit_entry SET person = '' WHERE entry_id = 4", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 2 })
        }),
        ("DELETE FROM audit_entry WHERE entry_id = 2", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 1 })
        }),
        ("DELETE FROM audit_seal WHERE seal_no = 2; DELETE FROM audit_entry WHERE entry_id = 4", |e| {
            matches!(e, ChainError::SealMissing { expected: 2 })
        }),
        ("UPDATE audit_seal SET previous = hash WHERE seal_no = 2", |e| {
            matches!(e, ChainError::NotLinked { seal_no: 2 })
        }),
        ("DELETE FROM audit_seal WHERE seal_no = 3", |e| matches!(e, ChainError::RowsOutside(1))),
        // The seal of a block says which rows it holds, how many, and in which order.
        ("UPDATE audit_seal SET entries = ARRAY[1, 3] WHERE seal_no = 1; DELETE FROM audit_entry WHERE entry_id = 2", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 1 })
        }),
        ("UPDATE audit_seal SET entries = ARRAY[3, 2, 1] WHERE seal_no = 1", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 1 })
        }),
        ("UPDATE audit_seal SET entries = ARRAY[1, 2, 3, 4] WHERE seal_no = 1", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 1 })
        }),
        ("UPDATE audit_seal SET entries = NULL, entry_id = 4 WHERE seal_no = 2", |e| {
            matches!(e, ChainError::RowChanged { seal_no: 2 })
        }),
        ("INSERT INTO audit_entry (at, issuer, actor, action, object_kind, object_id, purpose, result)
          SELECT at, issuer, actor, action, object_kind, object_id, purpose, 'PLANTED' FROM audit_entry WHERE entry_id = 1;
          DELETE FROM audit_unsealed", |e| matches!(e, ChainError::RowsOutside(1))),
    ];
    for (tampering, expected) in cases {
        let (ground, pool) = sealed().await;
        let owner = ground.owner_pool(&ROLE);
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

#[tokio::test]
async fn seals_of_single_rows_from_before_hold_and_the_chain_goes_on_from_them() {
    let ground = testkit::ground(&[&ROLE]).await;
    let (pool, owner) = (ground.pool(&ROLE), ground.owner_pool(&ROLE));
    // A row and its seal as they were written before there were blocks, with the hash that was computed then.
    sqlx::raw_sql(
        "INSERT INTO audit_entry (at, issuer, actor, action, object_kind, object_id, purpose, result)
         VALUES ('2026-01-02 03:04:05.000006+00', 'desk', 'staff:s-7', 'ACCEPT_CASE', 'case',
                 '00000000-0000-0000-0000-000000000001', 'IP_PLEDGE_FINANCING', 'DONE');
         DELETE FROM audit_unsealed;
         INSERT INTO audit_seal (seal_no, entry_id, previous, hash, sealed_at)
         VALUES (1, 1, decode(repeat('00', 32), 'hex'), sha256(
             '\\x01'::bytea || int8send(32) || decode(repeat('00', 32), 'hex') || '\\x01'::bytea || int8send(8) || int8send(1)
             || '\\x01'::bytea || int8send(8) || int8send(1)
             || '\\x01'::bytea || int8send(8) || int8send((extract(epoch FROM '2026-01-02 03:04:05.000006+00'::timestamptz) * 1000000)::bigint)
             || '\\x01'::bytea || int8send(4) || 'desk'::bytea || '\\x01'::bytea || int8send(9) || 'staff:s-7'::bytea
             || '\\x01'::bytea || int8send(11) || 'ACCEPT_CASE'::bytea || '\\x01'::bytea || int8send(4) || 'case'::bytea
             || '\\x01'::bytea || int8send(19) || 'IP_PLEDGE_FINANCING'::bytea || '\\x01'::bytea || int8send(4) || 'DONE'::bytea
             || '\\x00'::bytea || '\\x00'::bytea
             || '\\x01'::bytea || int8send(16) || uuid_send('00000000-0000-0000-0000-000000000001'::uuid)), now())",
    )
    .execute(&owner)
    .await
    .unwrap();
    let report = verify_chain(&pool).await.unwrap();
    assert_eq!((report.seals, report.sealed, report.unsealed), (1, 1, 0));
    write(&pool, 2).await;
    write(&pool, 3).await;
    assert_eq!(seal_once(&pool, Utc::now()).await.unwrap(), 2);
    let report = verify_chain(&pool).await.unwrap();
    assert_eq!((report.seals, report.sealed, report.unsealed), (2, 3, 0));
}
