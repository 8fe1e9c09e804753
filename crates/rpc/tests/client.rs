//! The client's side: what it says when the way fails.

use std::time::{Duration, Instant};

use proto::partner::v1::event_service_client::EventServiceClient;
use rpc::server::ServerConfig;
use tonic::{Code, Status};

use crate::probe::{ANSWER, Identities, LIMIT, Probe, pull, summary};

fn peer_refused(status: &Status) -> (Code, String, Option<String>) {
    let (code, reason, _) = summary(status);
    (code, reason, rpc::status::metadata(status, "peer"))
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unavailable() {
    let ids = Identities::new();
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    for url in [url.as_str(), "", "not a url"] {
        let channel = rpc::client::channel(url, "partner", ids.intake.clone());
        let away = EventServiceClient::new(channel).pull_events(pull(ANSWER)).await.unwrap_err();
        assert_eq!(
            peer_refused(&away),
            (Code::Unavailable, "UNAVAILABLE".into(), Some("partner".into())),
            "{url}"
        );
        assert!(rpc::status::is_retryable(&away));
    }
}

#[tokio::test]
async fn a_peer_that_never_answers_costs_no_more_than_the_deadline() {
    let ids = Identities::new();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let channel =
        rpc::client::channel(&url, "partner", ids.intake.clone()).with_deadline(Duration::from_millis(100));
    let begun = Instant::now();
    let late = EventServiceClient::new(channel).pull_events(pull(ANSWER)).await.unwrap_err();
    assert_eq!(
        peer_refused(&late),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into(), Some("partner".into()))
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_channel_finds_its_peer_again_after_a_restart() {
    let first = Probe::start(ServerConfig::default()).await;
    let mut client = first.client();
    client.pull_events(pull(ANSWER)).await.unwrap();
    let listen = first.url.trim_start_matches("http://").parse().unwrap();
    let identities = first.identities.clone();
    first.shutdown.cancel();
    testkit::eventually(LIMIT, async || first.served.is_finished()).await;
    let away = client.pull_events(pull(ANSWER)).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable, "{away:?}");

    let verifier = identities.verifier();
    let _second =
        Probe::start_with(ServerConfig { listen, ..ServerConfig::default() }, identities, verifier).await;
    testkit::eventually(LIMIT, async || client.clone().pull_events(pull(ANSWER)).await.map(drop)).await;
}
