//! The page for operations: ids and codes, replay and removal for a purpose.

use desk::domain::Duty;
use proto::intake::v1::CaseState;
use proto::partner::v1 as partner;
use uuid::Uuid;

use crate::support::{Stand, world};

async fn park(stand: &Stand) -> Uuid {
    sqlx::query_scalar(
        "INSERT INTO held (queue, kind, reason, message_id, message_kind, aggregate_id, aggregate_version,
                           occurred_at, body)
         VALUES ('intake.replies.v1', 'parked', 'UNDECODABLE', gen_random_uuid(), 'partner.reply-submitted.v1',
                 gen_random_uuid(), 3, now(), 'body')
         RETURNING held_id",
    )
    .fetch_one(&stand.intake)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_parked_message_is_seen_and_replayed_for_a_purpose_that_is_kept() {
    let stand = Stand::new().await;
    let held = park(&stand).await.to_string();
    let mut browser = stand.enter("opera1", &[Duty::Operator]).await;
    let page = browser.get("/operations").await;
    assert_eq!(page.status, 200);
    assert!(page.has("partner.reply-submitted.v1") && page.has("UNDECODABLE") && page.has(&held));
    let (csrf, request_id) = (page.field("csrf"), page.field("request_id"));

    let mut fields =
        vec![("csrf", csrf.as_str()), ("request_id", &request_id), ("act", "replay"), ("purpose", "")];
    let nothing = browser.post("/operations/intake", &fields).await;
    assert!(nothing.has("请先勾选"));
    fields.push(("held", &held));
    let unsaid = browser.post("/operations/intake", &fields).await;
    assert_eq!(unsaid.status, 422);
    assert!(unsaid.has("此项必填") && unsaid.has("checked"), "what was ticked stays ticked");
    fields[3] = ("purpose", "版本更新后重新处理");
    let done = browser.post("/operations/intake", &fields).await;
    assert_eq!(done.location(), "/operations?replayed=1");
    assert!(browser.get("/operations?replayed=1").await.has("已安排重新处理 1 条"));
    let kept: String = sqlx::query_scalar("SELECT purpose FROM parked_audit WHERE action = 'replay'")
        .fetch_one(&stand.intake)
        .await
        .unwrap();
    assert_eq!(kept, "版本更新后重新处理");
    assert_eq!(browser.post("/operations/nowhere", &fields).await.status, 404);
}

#[tokio::test]
async fn operations_see_ids_and_no_name() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::Collecting)];
        let contact = partner::Contact {
            institution_id: world::institution(0),
            role: 1,
            open_assignments: 2,
            waiting_events: 1,
            ..Default::default()
        };
        world.contacts = Some(vec![contact]);
    }
    let page = stand.enter("opera1", &[Duty::Operator]).await.get("/operations").await;
    assert!(page.has(&world::institution(0)) && page.has("从未"));
    for name in world::institutions() {
        assert!(!page.has(&name.name), "{}", name.name);
    }
}
