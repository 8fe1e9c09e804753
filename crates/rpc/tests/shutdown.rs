//! Health, reflection, and the end of a server.

use std::time::Duration;

use rpc::server::ServerConfig;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::probe::{LIMIT, Probe, WAIT, pull, summary};

#[tokio::test]
async fn health_is_open_to_anyone() {
    let probe = Probe::start(ServerConfig::default()).await;
    let answer = HealthClient::new(probe.bare()).check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    let unknown = HealthCheckRequest { service: "no.such.Service".into() };
    let unknown = HealthClient::new(probe.bare()).check(unknown).await.unwrap_err();
    assert_eq!(summary(&unknown).0, Code::NotFound);
}

async fn ask_reflection(
    probe: &Probe,
    what: MessageRequest,
) -> Result<ServerReflectionResponse, tonic::Status> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    let mut client = ServerReflectionClient::new(probe.bare());
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    answers.next().await.unwrap()
}

#[tokio::test]
async fn reflection_is_served_only_where_it_is_enabled() {
    let closed = Probe::start(ServerConfig::default()).await;
    let refused = ask_reflection(&closed, MessageRequest::ListServices(String::new())).await.unwrap_err();
    assert_eq!(summary(&refused).1, "METHOD_UNKNOWN");

    let open = Probe::start(ServerConfig { reflection: true, ..ServerConfig::default() }).await;
    let answer = ask_reflection(&open, MessageRequest::ListServices(String::new())).await.unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in
        ["zhirong.partner.v1.EventService", "zhirong.intake.v1.IntakeService", "grpc.health.v1.Health"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    for symbol in ["zhirong.partner.v1.EventService", "google.protobuf.Timestamp"] {
        let found = ask_reflection(&open, MessageRequest::FileContainingSymbol(symbol.into())).await.unwrap();
        assert!(
            matches!(found.message_response, Some(MessageResponse::FileDescriptorResponse(_))),
            "{symbol}"
        );
    }
}

#[tokio::test]
async fn a_stopped_server_finishes_calls_in_hand_and_takes_no_more() {
    let probe = Probe::start(ServerConfig::default()).await;
    let mut client = probe.client();
    let in_hand = tokio::spawn(async move { client.pull_events(pull(WAIT)).await });
    let mut watch =
        HealthClient::new(probe.bare()).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    testkit::eventually(LIMIT, async || probe.state.inside() == 1).await;

    probe.shutdown.cancel();
    let last = loop {
        match tokio::time::timeout(LIMIT, watch.next()).await.expect("the stream ends") {
            Some(Ok(_)) => {}
            ended => break ended,
        }
    };
    if let Some(Err(status)) = last {
        assert_eq!(summary(&status).1, "SHUTTING_DOWN", "{status:?}");
    }
    testkit::eventually(LIMIT, async || probe.channel_refuses().await).await;
    assert!(!probe.served.is_finished(), "a call is in hand");
    probe.state.permits.add_permits(1);
    assert!(in_hand.await.unwrap().is_ok(), "the call in hand was finished");
    testkit::eventually(LIMIT, async || probe.served.is_finished()).await;
}

#[tokio::test]
async fn a_call_that_does_not_end_is_ended_with_a_reason() {
    let probe =
        Probe::start(ServerConfig { drain: Duration::from_millis(100), ..ServerConfig::default() }).await;
    let mut client = probe.client();
    let endless = tokio::spawn(async move { client.pull_events(pull(WAIT)).await });
    testkit::eventually(LIMIT, async || probe.state.inside() == 1).await;
    probe.shutdown.cancel();
    let ended = endless.await.unwrap().unwrap_err();
    assert_eq!((summary(&ended).0, summary(&ended).1), (Code::Unavailable, "SHUTTING_DOWN".into()));
    testkit::eventually(LIMIT, async || probe.served.is_finished()).await;
    assert_eq!(probe.state.inside(), 0);
}

impl Probe {
    async fn channel_refuses(&self) -> bool {
        let address = self.url.trim_start_matches("http://");
        tokio::net::TcpStream::connect(address).await.is_err()
    }
}
