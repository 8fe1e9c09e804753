//! CountFacts.

use proto::statistics::v1 as wire;
use rpc::{Actor, Duty};
use tonic::Code;

use crate::support::Stand;

#[tokio::test]
async fn before_the_first_fact_nothing_is_counted() {
    let stand = Stand::new().await;
    assert_eq!(stand.counts().await, []);
}

#[tokio::test]
async fn staff_and_roles_may_count_and_institutions_may_not() {
    let stand = Stand::new().await;
    for duty in Duty::ALL {
        let mut staff = stand.client(Actor::Staff { id: "staff-1".to_owned(), duties: vec![duty] });
        staff.count_facts(wire::CountFactsRequest {}).await.unwrap();
    }
    stand.client(Actor::Role("desk".to_owned())).count_facts(wire::CountFactsRequest {}).await.unwrap();
    let bank = Actor::Institution {
        id: kernel::InstitutionId::from_uuid(uuid::Uuid::new_v4()),
        role: kernel::InstitutionRole::Bank,
        person: None,
    };
    let status = stand.client(bank).count_facts(wire::CountFactsRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(rpc::status::reason(&status).as_deref(), Some("PERMISSION_DENIED"));
}
