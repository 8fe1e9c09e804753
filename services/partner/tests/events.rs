//! The feed: leases, attempts, order, long polls.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use partner::store::give_back;
use proto::common::v1::LegState;
use proto::partner::v1::{Event, EventType, PullEventsRequest};
use testkit::eventually;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::field::{Bank, Field, LIMIT, Said, decision, name, refusal, uuid};

const EVENTS: &str = "SELECT count(*) FROM event WHERE assignment_id = $1";

fn waiting(wait_seconds: i32) -> PullEventsRequest {
    PullEventsRequest { wait_seconds, lease_seconds: 30, ..PullEventsRequest::default() }
}

fn kinds(events: &[Event]) -> Vec<i32> {
    events.iter().map(|event| event.r#type).collect()
}

/// A pull that goes on by itself.
fn begin(bank: &Bank, request: PullEventsRequest) -> JoinHandle<Result<Vec<Event>, Status>> {
    let mut events = bank.events.clone();
    tokio::spawn(async move { Ok(events.pull_events(request).await?.into_inner().events) })
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_after_its_lease_with_a_higher_attempt() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let first = bank.pull(waiting(0)).await.unwrap();
    assert_eq!((first.len(), first[0].attempt), (1, 1));
    assert_eq!((first[0].r#type, &first[0].assignment), (EventType::AssignmentIssued as i32, &name(leg)));
    field.advance(29);
    assert!(bank.pull(waiting(0)).await.unwrap().is_empty(), "still leased");
    field.advance(2);
    let second = bank.pull(waiting(0)).await.unwrap();
    assert_eq!((second.len(), second[0].attempt), (1, 2));
    assert_eq!(second[0].name, first[0].name);
    assert!(bank.acknowledge(&[&second[0].name]).await.unwrap().is_empty());
    field.advance(31);
    assert!(bank.pull(waiting(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_of_one_assignment_come_in_order_and_none_overtakes_a_leased_one() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    let other = field.issue(&bank, None).await;
    let one = PullEventsRequest { max_events: 1, lease_seconds: 30, ..PullEventsRequest::default() };
    let issued = bank.pull(one).await.unwrap();
    assert_eq!(issued[0].assignment, name(leg));
    let reply = uuid();
    field.tell(leg, 4, Said::judged("intake.reply-accepted.v1", bank.id, leg, &reply, "")).await;
    field.tell(leg, 5, Said::closed(bank.id, leg, LegState::Released)).await;
    eventually(LIMIT, async || field.count(EVENTS, leg).await == 3).await;
    // The first event of `leg` is leased: what follows it has to wait, what is of another assignment does not.
    let free = bank.pull(waiting(0)).await.unwrap();
    assert_eq!(free.iter().map(|event| &event.assignment).collect::<Vec<_>>(), [&name(other)]);
    bank.acknowledge(&[&issued[0].name]).await.unwrap();
    let rest = bank.pull(waiting(0)).await.unwrap();
    assert_eq!(kinds(&rest), [EventType::ReplyAccepted as i32, EventType::AssignmentClosed as i32]);
    assert_eq!((&rest[0].reply_id, rest[1].reason.as_str()), (&reply, "RELEASED"));
    // Both leases end at the same time: they come again together, and in order.
    field.advance(31);
    let again = bank.pull(waiting(0)).await.unwrap();
    assert_eq!(kinds(&again[..1]), [EventType::AssignmentIssued as i32], "of the other assignment");
    assert_eq!(kinds(&again[1..]), [EventType::ReplyAccepted as i32, EventType::AssignmentClosed as i32]);
    assert!(again.iter().all(|event| event.attempt == 2));
}

#[tokio::test]
async fn a_later_message_that_came_first_is_kept_back_until_the_earlier_one_is_acknowledged() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    field.tell(leg, 7, Said::closed(bank.id, leg, LegState::Released)).await;
    eventually(LIMIT, async || field.count(EVENTS, leg).await == 2).await;
    let reply = uuid();
    field.tell(leg, 6, Said::judged("intake.reply-refused.v1", bank.id, leg, &reply, "LEG_CLOSED")).await;
    eventually(LIMIT, async || field.count(EVENTS, leg).await == 3).await;
    let first = bank.pull(waiting(0)).await.unwrap();
    assert_eq!(kinds(&first), [EventType::AssignmentIssued as i32, EventType::ReplyRefused as i32]);
    assert_eq!(first[1].reason, "LEG_CLOSED");
    let names: Vec<&str> = first.iter().map(|event| event.name.as_str()).collect();
    bank.acknowledge(&names).await.unwrap();
    assert_eq!(kinds(&bank.pull(waiting(0)).await.unwrap()), [EventType::AssignmentClosed as i32]);
}

#[tokio::test]
async fn a_long_poll_is_woken_by_the_event_it_waits_for() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let start = Instant::now();
    let none = bank.pull(waiting(1)).await.unwrap();
    assert!(none.is_empty());
    assert!(start.elapsed() >= Duration::from_secs(1), "it waits as long as it was asked to");
    let poll = begin(&bank, waiting(60));
    let leg = field.issue(&bank, None).await;
    let events = tokio::time::timeout(LIMIT, poll).await.unwrap().unwrap().unwrap();
    assert_eq!(events[0].assignment, name(leg));
}

#[tokio::test]
async fn what_a_long_poll_is_handed_is_leased_to_it_and_comes_again() {
    let field = Field::new().await;
    let bank = field.bank().await;
    bank.look().await;
    let poll = begin(&bank, PullEventsRequest { max_events: 1, ..waiting(60) });
    // A decision over the same connection comes after the poll has been taken in.
    let _ = bank.decide(decision(kernel::LegId::random(&mut rand::rng()), field.now())).await;
    let legs = [field.issue(&bank, None).await, field.issue(&bank, None).await];
    let handed = tokio::time::timeout(LIMIT, poll).await.unwrap().unwrap().unwrap();
    assert_eq!(handed.iter().map(|event| event.attempt).collect::<Vec<_>>(), [1]);
    let rest = bank.look().await;
    let mut both = [handed[0].assignment.clone(), rest[0].assignment.clone()];
    both.sort_unstable();
    let mut named = legs.map(name);
    named.sort_unstable();
    assert_eq!((rest.len(), both), (1, named), "not more than asked for, and the rest is not lost");
    field.advance(31);
    let again = bank.pull(waiting(0)).await.unwrap();
    assert_eq!(
        again.iter().map(|event| (&event.name, event.attempt)).collect::<Vec<_>>(),
        [(&handed[0].name, 2)]
    );
    bank.acknowledge(&[&again[0].name]).await.unwrap();
    field.advance(31);
    assert_eq!(bank.look().await.len(), 1, "only the other comes again");
}

#[tokio::test]
async fn who_is_given_as_much_as_it_asked_for_finds_the_rest_at_once() {
    let field = Field::new().await;
    let bank = field.bank().await;
    for _ in 0..5 {
        field.issue(&bank, None).await;
    }
    let start = Instant::now();
    let one = PullEventsRequest { max_events: 1, ..waiting(60) };
    for _ in 0..5 {
        assert_eq!(bank.pull(one).await.unwrap().len(), 1);
    }
    assert!(start.elapsed() < Duration::from_secs(1), "none waited to be looked for: {:?}", start.elapsed());
}

#[tokio::test]
async fn who_has_gone_takes_nothing_along() {
    let field = Field::new().await;
    let bank = field.bank().await;
    for _ in 0..3 {
        let mut events = bank.events.clone();
        let gone = tokio::time::timeout(Duration::from_millis(300), events.pull_events(waiting(60)));
        assert!(gone.await.is_err());
        let leg = field.issue(&bank, None).await;
        let found = eventually(LIMIT, async || bank.look().await.into_iter().next()).await;
        assert_eq!((found.assignment, found.attempt), (name(leg), 1));
    }
}

#[tokio::test]
async fn what_is_given_back_late_is_left_to_who_has_it_by_then() {
    let field = Field::new().await;
    let bank = field.bank().await;
    field.issue(&bank, None).await;
    let event = bank.look().await.remove(0).name;
    let event = event.strip_prefix("events/").unwrap().parse().unwrap();
    let until: DateTime<Utc> =
        sqlx::query_scalar("SELECT lease_until FROM feed").fetch_one(&field.pool).await.unwrap();
    let earlier = until - TimeDelta::seconds(1);
    assert!(give_back(&field.pool, &[(event, earlier)]).await.unwrap().is_empty());
    assert!(bank.look().await.is_empty(), "another's lease goes on");
    assert_eq!(give_back(&field.pool, &[(event, until)]).await.unwrap(), [event]);
    assert_eq!(bank.look().await[0].attempt, 1, "nobody has seen it");
}

#[tokio::test]
async fn concurrent_pulls_of_one_institution_never_share_an_event() {
    let field = Field::new().await;
    let bank = field.bank().await;
    for _ in 0..20 {
        field.issue(&bank, None).await;
    }
    let three = PullEventsRequest { max_events: 3, lease_seconds: 60, ..PullEventsRequest::default() };
    let pulls = futures::future::join_all((0..10).map(|_| bank.pull(three))).await;
    let mut names: Vec<String> = pulls.into_iter().flat_map(Result::unwrap).map(|event| event.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!((all, names.len()), (20, 20));
}

#[tokio::test]
async fn an_institution_sees_its_own_events_only() {
    let field = Field::new().await;
    let (bank, other) = (field.bank().await, field.bank().await);
    let leg = field.issue(&bank, None).await;
    field.issue(&other, None).await;
    let events = bank.look().await;
    assert_eq!(events.iter().map(|event| &event.assignment).collect::<Vec<_>>(), [&name(leg)]);
}

#[tokio::test]
async fn shutdown_ends_a_long_poll_with_an_empty_answer() {
    let mut field = Field::new().await;
    let bank = field.bank().await;
    bank.look().await;
    let poll = begin(&bank, waiting(60));
    // A decision over the same connection comes after the poll has been taken in.
    let _ = bank.decide(decision(kernel::LegId::random(&mut rand::rng()), field.now())).await;
    let start = Instant::now();
    field.partner.take().unwrap().stop().await.unwrap();
    let answer = tokio::time::timeout(LIMIT, poll).await.unwrap().unwrap();
    assert!(answer.is_ok_and(|events| events.is_empty()));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn wishes_out_of_range_are_refused_by_field() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let wish = |max_events, wait_seconds, lease_seconds| PullEventsRequest {
        max_events,
        wait_seconds,
        lease_seconds,
    };
    let table = [
        (wish(501, 0, 0), "max_events"),
        (wish(-1, 0, 0), "max_events"),
        (wish(0, 61, 0), "wait_seconds"),
        (wish(0, -1, 0), "wait_seconds"),
        (wish(0, 0, 4), "lease_seconds"),
        (wish(0, 0, 601), "lease_seconds"),
    ];
    for (request, path) in table {
        let status = bank.pull(request).await.unwrap_err();
        assert_eq!(rpc::status::violations(&status), [(path.to_owned(), "NUMBER_OUT_OF_RANGE".to_owned())]);
    }
    let names = vec!["events/x"; 1001];
    assert_eq!(refusal(bank.acknowledge(&names).await), (Code::InvalidArgument, "TOO_MANY".to_owned()));
}
