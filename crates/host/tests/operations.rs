//! The operations service that every role with a store answers.

use std::time::Duration;

use proto::operations::v1::{self as wire, operations_service_client::OperationsServiceClient};
use rpc::{Actor, Duty};
use sqlx::PgPool;
use testkit::{CallerChannel, Ground, eventually, ground};
use tonic::Code;
use uuid::Uuid;

use crate::ground::{BARE, NORTH};

const LIMIT: Duration = Duration::from_secs(60);

fn client(ground: &Ground, duties: &[Duty]) -> OperationsServiceClient<CallerChannel> {
    let actor = Actor::Staff { id: "op-1".to_owned(), duties: duties.to_vec() };
    OperationsServiceClient::new(ground.channel(&NORTH, actor))
}

/// A parked message; without a readable envelope where `kind` is none.
async fn park(pool: &PgPool, kind: Option<&str>) -> Uuid {
    let id = Uuid::new_v4();
    sqlx::query(
        "INSERT INTO held (held_id, queue, kind, reason, message_id, message_kind, aggregate_id, aggregate_version,
                           occurred_at, body)
         VALUES ($1, 'north.things.v1', 'parked', 'UNKNOWN_TYPE', $2, $3, $2, 7, now(), 'secret')",
    )
    .bind(id)
    .bind(kind.map(|_| Uuid::new_v4()))
    .bind(kind)
    .execute(pool)
    .await
    .unwrap();
    id
}

async fn rows(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

fn replay(held_ids: &[Uuid], purpose: &str) -> wire::ReplayParkedRequest {
    wire::ReplayParkedRequest {
        request_id: Uuid::new_v4().to_string(),
        held_ids: held_ids.iter().map(Uuid::to_string).collect(),
        purpose: purpose.to_owned(),
    }
}

#[tokio::test]
async fn the_bus_of_a_role_is_seen_with_what_waits_in_it() {
    let ground = ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let served = ground.serve(&NORTH, &[]).await;
    park(&pool, Some("west.thing-done.v1")).await;
    park(&pool, None).await;
    eventually(LIMIT, async || {
        let bus = client(&ground, &[Duty::Operator]).get_bus(wire::GetBusRequest {}).await.unwrap();
        let bus = bus.into_inner();
        let good = bus.role == "north"
            && (bus.outbox_rows, bus.outbox_oldest_at, bus.retrying, bus.parked) == (0, None, 0, 2)
            && bus.parked_oldest_at.is_some()
            && bus.connected;
        if good { Ok(()) } else { Err(bus) }
    })
    .await;
    served.stop().await.unwrap();
}

#[tokio::test]
async fn parked_messages_are_listed_by_pages_without_their_bodies_and_the_look_is_kept() {
    let ground = ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let served = ground.serve(&NORTH, &[]).await;
    let parked =
        [park(&pool, Some("a.b.v1")).await, park(&pool, Some("a.b.v1")).await, park(&pool, None).await];
    let mut client = client(&ground, &[Duty::Administrator]);
    let ask = |page_token: String| wire::ListParkedRequest { page_size: 2, page_token };
    let first = client.list_parked(ask(String::new())).await.unwrap().into_inner();
    let second = client.list_parked(ask(first.next_page_token.clone())).await.unwrap().into_inner();
    let ids: Vec<String> = first.messages.iter().chain(&second.messages).map(|m| m.held_id.clone()).collect();
    assert_eq!(ids, parked.map(|id| id.to_string()));
    assert_eq!(second.next_page_token, "");
    assert_eq!(second.messages[0].r#type, "");
    assert_eq!(first.messages[0].aggregate_version, 7);
    assert_eq!(
        rows(&pool, "SELECT count(*) FROM parked_audit WHERE action = 'list' AND actor = 'staff:op-1'").await,
        2
    );
    served.stop().await.unwrap();
}

#[tokio::test]
async fn a_replay_is_done_once_audited_with_its_purpose_and_repeated_without_harm() {
    let ground = ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let served = ground.serve(&NORTH, &[]).await;
    let [one, two] = [park(&pool, Some("a.b.v1")).await, park(&pool, Some("a.b.v1")).await];
    let mut client = client(&ground, &[Duty::Operator]);
    let request = replay(&[one, two], "下游恢复后重新处理");
    for _ in 0..2 {
        let answer = client.replay_parked(request.clone()).await.unwrap().into_inner();
        assert_eq!(answer.replayed, 2, "a repeat is given the first answer");
    }
    let again = client.replay_parked(replay(&[one, Uuid::new_v4()], "再次处理")).await.unwrap().into_inner();
    assert_eq!(again.replayed, 0, "what is on its way, or gone, is passed over");
    assert_eq!(rows(&pool, "SELECT count(*) FROM held WHERE kind = 'retry'").await, 2);
    let kept = "SELECT count(*) FROM parked_audit WHERE action = 'replay' AND purpose = '下游恢复后重新处理'";
    assert_eq!(rows(&pool, kept).await, 2);
    let audit = "SELECT count(*) FROM audit_entry WHERE action = 'REPLAY_PARKED' AND actor = 'staff:op-1'";
    assert_eq!(rows(&pool, audit).await, 2);
    served.stop().await.unwrap();
}

#[tokio::test]
async fn one_unreadable_message_stops_a_replay_whole_and_can_be_dropped() {
    let ground = ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let served = ground.serve(&NORTH, &[]).await;
    let [good, bad] = [park(&pool, Some("a.b.v1")).await, park(&pool, None).await];
    let mut client = client(&ground, &[Duty::Operator]);
    let refused = client.replay_parked(replay(&[good, bad], "处理")).await.unwrap_err();
    assert_eq!(rpc::status::reason(&refused).as_deref(), Some("PARKED_UNREADABLE"));
    assert_eq!(rows(&pool, "SELECT count(*) FROM held WHERE kind = 'parked'").await, 2);
    let drop = wire::DropParkedRequest {
        request_id: Uuid::new_v4().to_string(),
        held_ids: vec![bad.to_string()],
        purpose: "来源不明，已核实".to_owned(),
    };
    assert_eq!(client.drop_parked(drop).await.unwrap().into_inner().dropped, 1);
    assert_eq!(rows(&pool, "SELECT count(*) FROM held").await, 1);
    served.stop().await.unwrap();
}

#[tokio::test]
async fn a_purpose_is_needed_and_others_than_operators_may_not() {
    let ground = ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let served = ground.serve(&NORTH, &[]).await;
    let id = park(&pool, Some("a.b.v1")).await;
    let refused = client(&ground, &[Duty::Operator]).replay_parked(replay(&[id], " ")).await.unwrap_err();
    assert_eq!(rpc::status::violations(&refused), [("purpose".to_owned(), "FIELD_REQUIRED".to_owned())]);
    let told = replay(&[id], "致电 13812345678 核实");
    let refused = client(&ground, &[Duty::Operator]).replay_parked(told).await.unwrap_err();
    assert_eq!(rpc::status::reason(&refused).as_deref(), Some("TEXT_HAS_IDENTIFIER"));
    for duty in [Duty::Clerk, Duty::Supervisor, Duty::Regulator] {
        let refused = client(&ground, &[duty]).get_bus(wire::GetBusRequest {}).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{duty:?}");
    }
    served.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_without_a_store_does_not_serve_it() {
    let ground = ground(&[&BARE]).await;
    let served = ground.serve(&BARE, &[]).await;
    let actor = Actor::Staff { id: "op-1".to_owned(), duties: vec![Duty::Operator] };
    let mut client = OperationsServiceClient::new(ground.channel(&BARE, actor));
    let refused = client.get_bus(wire::GetBusRequest {}).await.unwrap_err();
    assert_eq!(rpc::status::reason(&refused).as_deref(), Some("METHOD_UNKNOWN"));
    served.stop().await.unwrap();
}
