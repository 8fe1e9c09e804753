//! Who may ask, and what is refused.

use prost_types::Timestamp;
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

fn staff(stand: &Stand, duty: Duty) -> crate::support::Client {
    stand.client(Actor::Staff { id: "staff-1".to_owned(), duties: vec![duty] })
}

#[tokio::test]
async fn figures_are_for_those_who_see_cases_and_for_the_regulator() {
    let stand = Stand::new().await;
    let readers = [Duty::Clerk, Duty::Supervisor, Duty::Regulator];
    let keepers = [Duty::Supervisor, Duty::Operator, Duty::Administrator];
    let day = "2026-03-02".to_owned();
    for duty in Duty::ALL {
        let mut client = staff(&stand, duty);
        let overview = client.get_overview(wire::GetOverviewRequest::default()).await;
        let span =
            wire::ListDaysRequest { first_day: day.clone(), last_day: day.clone(), ..Default::default() };
        let days = client.list_days(span).await;
        let request = wire::RebuildRequest { request_id: uuid::Uuid::new_v4().to_string() };
        let rebuilt = client.rebuild(request).await;
        assert_eq!(overview.is_ok(), readers.contains(&duty), "{duty:?} {overview:?}");
        assert_eq!(days.is_ok(), readers.contains(&duty), "{duty:?} {days:?}");
        assert_eq!(rebuilt.is_ok(), keepers.contains(&duty), "{duty:?} {rebuilt:?}");
    }
    let mut role = stand.client(Actor::Role("partner".to_owned()));
    let status = role.get_overview(wire::GetOverviewRequest::default()).await.unwrap_err();
    assert_eq!(rpc::status::reason(&status).as_deref(), Some("PERMISSION_DENIED"));
}

#[tokio::test]
async fn questions_that_cannot_be_answered_are_refused_with_their_reason() {
    let stand = Stand::new().await;
    let later = Timestamp { seconds: stand.now().timestamp() + 60, nanos: 0 };
    let mut client = stand.regulator();
    let overview =
        |day: &str, known_at| wire::GetOverviewRequest { day: day.to_owned(), known_at, park: String::new() };
    for (question, reason) in [
        (overview("2026-02-30", None), "DATE_INVALID"),
        (overview("", Some(later)), "TIME_IN_FUTURE"),
        (overview("", Some(Timestamp { seconds: i64::MAX, nanos: 0 })), "TIME_INVALID"),
        (wire::GetOverviewRequest { park: "x".repeat(41), ..Default::default() }, "FIELD_TOO_LONG"),
    ] {
        let status = client.get_overview(question).await.unwrap_err();
        assert_eq!(rpc::status::reason(&status).as_deref(), Some(reason));
    }
    for (first, last, reason) in [
        ("", "2026-03-02", "FIELD_REQUIRED"),
        ("2026-03-02", "2026-03-01", "RANGE_REVERSED"),
        ("2026-01-01", "2027-02-05", "SPAN_TOO_LONG"),
    ] {
        let (first_day, last_day) = (first.to_owned(), last.to_owned());
        let span = wire::ListDaysRequest { first_day, last_day, ..Default::default() };
        let status = client.list_days(span).await.unwrap_err();
        assert_eq!(rpc::status::reason(&status).as_deref(), Some(reason), "{first} {last}");
    }
    assert_eq!(stand.days("2026-01-01", "2027-02-04", None).await.days.len(), 400);
}
