//! What the service declares holds against its schema and its contract.

use intake::{POLICY, ROLE, store::STATEMENTS};
use prost::Message as _;
use prost_types::MethodDescriptorProto;
use sqlx::Executor;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_can_be_prepared_by_the_login_role() {
    let ground = testkit::ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    for statement in STATEMENTS {
        let prepared = (&mut *conn).prepare(sqlx::SqlStr::from_static(statement)).await;
        assert!(prepared.is_ok(), "{statement}\n{:?}", prepared.err());
    }
}

#[test]
fn every_method_has_a_policy_and_every_policy_a_method() {
    let descriptors = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let files = descriptors.file.iter().filter(|file| file.package() == "zhirong.intake.v1");
    let services = files.flat_map(|file| &file.service);
    let mut methods: Vec<String> = services
        .flat_map(|service| {
            let name = |method: &MethodDescriptorProto| {
                format!("/zhirong.intake.v1.{}/{}", service.name(), method.name())
            };
            service.method.iter().map(name).collect::<Vec<_>>()
        })
        .collect();
    let mut named: Vec<String> = POLICY.iter().map(|policy| policy.method.to_owned()).collect();
    methods.sort();
    named.sort();
    assert_eq!(named, methods);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_allows_no_update_and_no_delete() {
    let ground = testkit::ground(&[&ROLE]).await;
    for statement in ["UPDATE case_entry SET kind = 'X'", "DELETE FROM case_entry", "TRUNCATE case_entry"] {
        assert!(sqlx::query(statement).execute(&ground.owner_pool(&ROLE)).await.is_err(), "{statement}");
    }
}
