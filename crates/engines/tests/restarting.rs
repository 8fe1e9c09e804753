//! A private engine keeps its address and its data over a stop, a crash and a restart.

use std::io::{Read, Write};
use std::net::TcpStream;

use engines::{Postgres, RabbitMq, Source};
use sqlx::{Connection, PgConnection};

async fn count(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn postgres_keeps_what_was_committed_over_a_crash_and_a_restart() {
    let mut postgres = Postgres::start(Source::Private).await.unwrap();
    let url = postgres.admin_url().to_owned();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE kept (id int)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut connection).await.unwrap();
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await.unwrap();
    assert_eq!(fsync, "on");

    postgres.kill9().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    assert!(sqlx::query("SELECT 1").execute(&mut connection).await.is_err());
    postgres.resume().await.unwrap();
    assert_eq!(count(&url).await, 1);

    postgres.restart().await.unwrap();
    assert_eq!(count(&url).await, 1);
    postgres.stop().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
}

/// One request to the management interface without credentials, which it refuses: enough to know that it is there.
fn management_answers(url: &str) -> bool {
    let address = url.rsplit_once('@').unwrap().1;
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.write_all(b"GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 401")
}

#[tokio::test]
async fn rabbitmq_comes_back_on_the_same_address_after_a_crash_and_a_stop() {
    let mut rabbitmq = RabbitMq::start(Source::Private).await.unwrap();
    let url = rabbitmq.management_url().to_owned();
    assert!(management_answers(&url));
    assert!(rabbitmq.amqp_url("a/b").ends_with("/a%2Fb"));

    rabbitmq.kill9().await.unwrap();
    assert!(!management_answers(&url));
    rabbitmq.resume().await.unwrap();
    assert!(management_answers(&url));

    rabbitmq.halt().await.unwrap();
    assert!(!management_answers(&url));
    rabbitmq.resume().await.unwrap();
    assert!(management_answers(&url));
    rabbitmq.stop().await.unwrap();
    assert!(!management_answers(&url));
}
