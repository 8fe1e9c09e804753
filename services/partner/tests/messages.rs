//! What intake says, in any order and any number of times.

use std::sync::Arc;

use bus::{Handler as _, HandlerError, Message, Outcome, Way};
use chrono::TimeDelta;
use kernel::{InstitutionId, LegId, MessageId, SystemClock};
use partner::messaging::Assignments;
use partner::store::{Known, LongPolls};
use proto::common::v1::{InstitutionRole, LegState};
use proto::partner::v1::EventType;
use sqlx::PgPool;
use testkit::eventually;
use writes::Writes;

use crate::field::{Field, LIMIT, Said, refusal, uuid};

/// Hands a batch to the handler as the bus does, in a transaction.
pub(crate) async fn hand(pool: &PgPool, batch: Vec<Message>) -> Vec<Outcome> {
    let (clock, polls) = (Arc::new(SystemClock), LongPolls::default());
    let handler = Assignments::new(pool.clone(), clock, polls, Known::default());
    let mut prepared = handler.prepare(&batch).await;
    let mut transaction = pool.begin().await.unwrap();
    let outcomes = handler.apply(&mut transaction, &batch, &mut prepared).await.unwrap();
    transaction.commit().await.unwrap();
    handler.committed(prepared);
    outcomes
}

/// The same by one statement alone, as the bus tries first, to a process that has just begun.
async fn hand_alone(pool: &PgPool, batch: Vec<Message>) -> Result<Vec<Outcome>, HandlerError> {
    let (clock, polls) = (Arc::new(SystemClock), LongPolls::default());
    let handler = Assignments::new(pool.clone(), clock, polls, Known::default());
    let mut prepared = handler.prepare(&batch).await;
    let mut connection = pool.acquire().await.unwrap();
    let mut writes = Writes::new();
    let gathered = handler.gather(&mut connection, &batch, &mut prepared, &mut writes, Way::Alone).await;
    let outcomes = gathered?;
    writes.execute(&mut connection).await?;
    Ok(outcomes)
}

/// The same message under another id, as when intake asks again.
fn again(message: &Message, field: &Field) -> Message {
    let mut twin = message.clone();
    twin.id = MessageId::new(field.now(), &mut rand::rng());
    twin
}

fn said(field: &Field, bank: InstitutionId, leg: LegId, reply: &str) -> Vec<Message> {
    let now = field.now();
    [
        (1, field.issued(bank, leg, None)),
        (2, field.issued(bank, leg, Some(3600))),
        (3, Said::judged("intake.reply-accepted.v1", bank, leg, reply, "")),
        (4, Said::judged("intake.reply-superseded.v1", bank, leg, reply, "")),
        (5, Said::closed(bank, leg, LegState::Released)),
    ]
    .into_iter()
    .map(|(version, said)| Message::from(said.message(leg, version, now)))
    .collect()
}

/// All orders of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for place in 0..count {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            all.push(order);
        }
    }
    all
}

#[tokio::test]
async fn every_order_and_repetition_of_a_legs_messages_ends_in_the_same_assignment_and_feed() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let mut legs = Vec::new();
    for (number, order) in orders(5).into_iter().enumerate() {
        let leg = LegId::random(&mut rand::rng());
        let messages = said(&field, bank.id, leg, &uuid());
        let ordered: Vec<Message> = order.iter().map(|place| messages[*place].clone()).collect();
        // One by one, in twos, or all at once; and the whole a second time under other ids.
        for batch in ordered.chunks(1 + number % 3 * 2) {
            let outcomes = hand(&field.pool, batch.to_vec()).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));
            hand(&field.pool, batch.iter().map(|message| again(message, &field)).collect()).await;
        }
        legs.push(leg);
    }
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM assignment WHERE assignment_id = ANY($1) \
         AND (state <> 6 OR close_cause <> 2 OR seen IS NULL OR due_at IS NULL OR issued_version <> 2)",
    )
    .bind(legs.iter().map(|leg| leg.uuid()).collect::<Vec<_>>())
    .fetch_one(&field.pool)
    .await
    .unwrap();
    assert_eq!(wrong, 0);
    for leg in legs {
        let feed: Vec<(i16, bool)> =
            sqlx::query_as("SELECT kind, held FROM event WHERE assignment_id = $1 ORDER BY ordinal, kind")
                .bind(leg.uuid())
                .fetch_all(&field.pool)
                .await
                .unwrap();
        assert_eq!(feed, [(1, false), (4, false), (6, false), (2, false)], "once each, none held back");
    }
}

#[tokio::test]
async fn what_is_told_again_holds_up_nobody() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let [silent, chosen, new] = [(); 3].map(|()| LegId::random(&mut rand::rng()));
    field.ground.clock().set(field.now());
    let first = |leg| Message::from(field.issued(bank.id, leg, None).message(leg, 1, field.now()));
    let choice = Message::from(Said::selected(bank.id, chosen, None).message(chosen, 3, field.now()));
    let (issued, before) = (first(silent), vec![first(silent), first(chosen), choice.clone()]);
    hand(&field.pool, before).await;

    field.ground.clock().advance(TimeDelta::minutes(10));
    let told_again = [&issued, &choice].map(|message| {
        let mut later = again(message, &field);
        later.occurred_at = field.now();
        later
    });
    let batch: Vec<Message> = told_again.into_iter().chain([first(new)]).collect();
    let outcomes = hand_alone(&field.pool, batch).await.unwrap();
    assert_eq!(outcomes, [Outcome::Done; 3]);
    let told = "SELECT count(*) FROM event WHERE assignment_id = $1";
    for (leg, times) in [(silent, 1), (chosen, 2), (new, 1)] {
        assert_eq!(field.count(told, leg).await, times);
    }
}

#[tokio::test]
async fn choices_in_any_order_and_repetition_end_in_the_newest_and_each_is_told_once() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let now = field.now();
    let mut legs = Vec::new();
    for (number, order) in orders(4).into_iter().enumerate() {
        let leg = LegId::random(&mut rand::rng());
        let messages: Vec<Message> = [
            (1, field.issued(bank.id, leg, None)),
            (4, Said::selected(bank.id, leg, None)),
            (5, Said::unselected(bank.id, leg)),
            (6, Said::selected(bank.id, leg, Some(now))),
        ]
        .into_iter()
        .map(|(version, said)| Message::from(said.message(leg, version, now)))
        .collect();
        let ordered: Vec<Message> = order.iter().map(|place| messages[*place].clone()).collect();
        for batch in ordered.chunks(1 + number % 2 * 2) {
            hand(&field.pool, batch.to_vec()).await;
            hand(&field.pool, batch.iter().map(|message| again(message, &field)).collect()).await;
        }
        legs.push(leg);
    }
    let selected = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 7 \
                    AND confirm_by IS NOT NULL AND selection_version = 6";
    for leg in legs {
        assert_eq!(field.count(selected, leg).await, 1);
        let feed: Vec<(i16, bool)> =
            sqlx::query_as("SELECT kind, held FROM event WHERE assignment_id = $1 ORDER BY ordinal")
                .bind(leg.uuid())
                .fetch_all(&field.pool)
                .await
                .unwrap();
        assert_eq!(feed, [(1, false), (8, false), (9, false), (8, false)], "in the order of the leg");
    }
}

#[tokio::test]
async fn a_leg_that_was_closed_before_it_was_issued_is_kept_unseen_and_then_closed() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = LegId::random(&mut rand::rng());
    field.allow(bank.id, leg, true).await;
    field.tell(leg, 2, Said::closed(bank.id, leg, LegState::TimedOut)).await;
    let rows = "SELECT count(*) FROM assignment WHERE assignment_id = $1";
    eventually(LIMIT, async || field.count(rows, leg).await == 1).await;
    assert!(bank.look().await.is_empty());
    assert_eq!(bank.get(leg).await.unwrap_err().code(), tonic::Code::NotFound);
    field.tell(leg, 1, field.issued(bank.id, leg, None)).await;
    let event = eventually(LIMIT, async || bank.look().await.pop()).await;
    assert_eq!(event.r#type, EventType::AssignmentIssued as i32, "first that it was issued");
    bank.acknowledge(&[&event.name]).await.unwrap();
    let event = eventually(LIMIT, async || bank.look().await.pop()).await;
    assert_eq!(event.r#type, EventType::AssignmentClosed as i32, "then that it is over");
    let shut = refusal(bank.get(leg).await);
    assert_eq!(shut, (tonic::Code::FailedPrecondition, "DOSSIER_CLOSED".to_owned()), "it was never open");
}

#[tokio::test]
async fn what_cannot_be_used_is_parked_and_does_not_hold_up_the_rest() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = LegId::random(&mut rand::rng());
    let good = Message::from(field.issued(bank.id, leg, None).message(leg, 1, field.now()));
    let mut unknown = again(&good, &field);
    unknown.kind = "intake.leg-sold.v1".to_owned();
    let mut undecodable = again(&good, &field);
    undecodable.body = vec![0xff; 7];
    let elsewhere = InstitutionId::new(field.now(), &mut rand::rng());
    let foreign = Said::closed(elsewhere, leg, LegState::Released).message(leg, 2, field.now());
    let insurers = field
        .issued_as(InstitutionRole::Insurer, bank.id, LegId::random(&mut rand::rng()), None)
        .message(leg, 1, field.now());
    let mut misplaced = Message::from(insurers);
    misplaced.kind = "intake.leg-issued.v1".to_owned();
    let offered = Said::closed(bank.id, leg, LegState::Offered).message(leg, 2, field.now());
    let batch = vec![unknown, good, undecodable, Message::from(foreign), Message::from(offered), misplaced];
    let outcomes = hand(&field.pool, batch).await;
    let park = |reason| Outcome::Park { reason };
    let expected = [
        park("unknown-type"),
        Outcome::Done,
        park("undecodable"),
        park("leg-of-another-institution"),
        park("leg-closed-state"),
        park("leg-issued-role"),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(bank.get(leg).await.map(|_| ()).map_err(|status| status.code()), Err(tonic::Code::NotFound));
    assert_eq!(bank.look().await.len(), 1);
}
