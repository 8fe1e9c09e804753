//! What the server refuses before or around a handler: each with a code, a reason, and a handler not reached.

use std::time::Duration;

use http::Request as HttpRequest;
use http_body_util::{BodyExt as _, Full};
use proto::intake::v1::GetDossierRequest;
use proto::intake::v1::dossier_service_client::DossierServiceClient;
use proto::partner::v1::AcknowledgeRequest;
use proto::partner::v1::event_service_client::EventServiceClient;
use rpc::client::ActAs;
use rpc::server::ServerConfig;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::probe::{
    ACKNOWLEDGE, ANSWER, BARE, FAIL, LIMIT, PANIC, PULL, Probe, WAIT, bank, clerk, pull, summary,
};

fn reason(status: &Status) -> (Code, String) {
    let (code, reason, _) = summary(status);
    (code, reason)
}

#[tokio::test]
async fn a_call_with_a_token_reaches_the_handler_as_its_actor() {
    let probe = Probe::start(ServerConfig::default()).await;
    let answer = probe.client().pull_events(pull(ANSWER)).await.unwrap().into_inner();
    assert_eq!(answer.events[0].name, "role:intake");

    let partner = rpc::client::channel(&probe.url, "partner", probe.identities.partner.clone());
    let mut request = Request::new(pull(ANSWER));
    request.extensions_mut().insert(ActAs(bank()));
    let answer = EventServiceClient::new(partner).pull_events(request).await.unwrap().into_inner();
    assert_eq!(answer.events[0].name, "institution:00000000-0000-0000-0000-0000000000ba");

    let desk = rpc::client::channel(&probe.url, "partner", probe.identities.desk.clone());
    let mut request = Request::new(AcknowledgeRequest { names: vec!["n".into()] });
    request.extensions_mut().insert(ActAs(clerk()));
    let answer = EventServiceClient::new(desk).acknowledge(request).await.unwrap().into_inner();
    assert_eq!(answer.unknown, ["n"]);
}

#[tokio::test]
async fn a_call_without_right_or_name_reaches_no_handler() {
    let probe = Probe::start(ServerConfig::default()).await;
    let nobody = EventServiceClient::new(probe.bare()).pull_events(pull(ANSWER)).await.unwrap_err();
    assert_eq!(reason(&nobody), (Code::Unauthenticated, "UNAUTHENTICATED".into()));

    let mut odd = Request::new(pull(ANSWER));
    odd.metadata_mut().insert("authorization", "Basic eA==".parse().unwrap());
    let odd = EventServiceClient::new(probe.bare()).pull_events(odd).await.unwrap_err();
    assert_eq!(reason(&odd), (Code::Unauthenticated, "UNAUTHENTICATED".into()));

    let mut as_clerk = Request::new(pull(ANSWER));
    as_clerk.extensions_mut().insert(ActAs(clerk()));
    let forged = probe.client().pull_events(as_clerk).await.unwrap_err();
    assert_eq!(reason(&forged), (Code::PermissionDenied, "PERMISSION_DENIED".into()));

    let partner = rpc::client::channel(&probe.url, "partner", probe.identities.partner.clone());
    let other =
        EventServiceClient::new(partner).acknowledge(AcknowledgeRequest::default()).await.unwrap_err();
    assert_eq!(reason(&other), (Code::PermissionDenied, "PERMISSION_DENIED".into()));

    let elsewhere = rpc::client::channel(&probe.url, "catalog", probe.identities.intake.clone());
    let elsewhere = EventServiceClient::new(elsewhere).pull_events(pull(ANSWER)).await.unwrap_err();
    assert_eq!(reason(&elsewhere), (Code::Unauthenticated, "TOKEN_WRONG_AUDIENCE".into()));

    let unknown = DossierServiceClient::new(probe.channel()).get_dossier(GetDossierRequest::default()).await;
    let unknown = unknown.unwrap_err();
    assert_eq!(reason(&unknown), (Code::Unimplemented, "METHOD_UNKNOWN".into()));
    assert!(rpc::status::localized(&unknown).unwrap().contains("接口"));
    assert_eq!(probe.state.reached(), 0);
}

#[tokio::test]
async fn a_token_that_is_over_is_refused_and_the_client_mints_another_in_time() {
    let probe = Probe::start(ServerConfig::default()).await;
    let ids = &probe.identities;
    let old = ids.intake.mint("partner", &ids.intake.own_actor());
    let mut client = probe.client();
    client.pull_events(pull(ANSWER)).await.unwrap();
    for seconds in [29, 29, 61, -120] {
        ids.clock.advance(chrono::TimeDelta::seconds(seconds));
        client.pull_events(pull(ANSWER)).await.unwrap();
    }
    ids.clock.advance(chrono::TimeDelta::seconds(240));
    let mut late = Request::new(pull(ANSWER));
    late.metadata_mut().insert("authorization", format!("Bearer {old}").parse().unwrap());
    let late = EventServiceClient::new(probe.bare()).pull_events(late).await.unwrap_err();
    assert_eq!(reason(&late), (Code::Unauthenticated, "TOKEN_EXPIRED".into()));
}

#[tokio::test]
async fn a_body_of_20_mib_is_refused_and_the_connection_goes_on() {
    let probe = Probe::start(ServerConfig::default()).await;
    let mut client = probe.client();
    let names = vec!["x".repeat(1024 * 1024); 20];
    let large = client.acknowledge(AcknowledgeRequest { names }).await.unwrap_err();
    assert_eq!(reason(&large), (Code::ResourceExhausted, "BODY_TOO_LARGE".into()));
    assert_eq!(rpc::status::metadata(&large, "max_bytes").as_deref(), Some("4194304"));
    assert_eq!(probe.state.reached(), 0);
    client.pull_events(pull(ANSWER)).await.unwrap();
}

#[tokio::test]
async fn the_limit_of_the_body_is_the_servers() {
    let probe = Probe::start(ServerConfig { max_body: 100, ..ServerConfig::default() }).await;
    let mut client = probe.client();
    client.acknowledge(AcknowledgeRequest { names: vec!["x".repeat(98)] }).await.unwrap();
    let over = client.acknowledge(AcknowledgeRequest { names: vec!["x".repeat(99)] }).await.unwrap_err();
    assert_eq!(reason(&over), (Code::ResourceExhausted, "BODY_TOO_LARGE".into()));

    // Above what the generated service takes, tonic refuses: the same answer.
    let wide = Probe::start(ServerConfig { max_body: 64 << 20, ..ServerConfig::default() }).await;
    let names = vec!["x".repeat(1024 * 1024); 5];
    let over = wide.client().acknowledge(AcknowledgeRequest { names }).await.unwrap_err();
    assert_eq!(reason(&over), (Code::ResourceExhausted, "BODY_TOO_LARGE".into()));
    assert_eq!(wide.state.reached(), 0);
}

/// Sends bytes as they are to a method, and returns the status that comes back.
async fn raw(probe: &Probe, path: &str, bytes: Vec<u8>, encoding: Option<&str>) -> Status {
    let mut request =
        HttpRequest::post(path).header("content-type", "application/grpc").header("te", "trailers");
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let body = Body::new(Full::new(prost::bytes::Bytes::from(bytes)));
    let response = probe.channel().oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    Status::from_header_map(&parts.headers)
        .or_else(|| collected.trailers().and_then(Status::from_header_map))
        .unwrap()
}

#[tokio::test]
async fn a_body_that_is_not_the_message_is_unreadable() {
    let probe = Probe::start(ServerConfig::default()).await;
    let wrong_type = vec![0, 0, 0, 0, 3, 0x0a, 0x01, b'x'];
    let cut_off_message = vec![0, 0, 0, 0, 1, 0x08];
    let cut_off_frame = vec![0, 0, 0, 0, 9, 0x08, 0x01];
    let odd_flag = vec![2, 0, 0, 0, 2, 0x08, 0x01];
    let compressed_without_saying = vec![1, 0, 0, 0, 2, 0x08, 0x01];
    let no_message = Vec::new();
    for bytes in [wrong_type, cut_off_message, cut_off_frame, odd_flag, compressed_without_saying, no_message]
    {
        let status = raw(&probe, PULL, bytes.clone(), None).await;
        assert_eq!(
            reason(&status),
            (Code::InvalidArgument, "BODY_UNREADABLE".into()),
            "{bytes:?}: {status:?}"
        );
    }
    let invalid_text = raw(&probe, ACKNOWLEDGE, vec![0, 0, 0, 0, 3, 0x0a, 0x01, 0xff], None).await;
    assert_eq!(reason(&invalid_text), (Code::InvalidArgument, "BODY_UNREADABLE".into()));
    let packed = raw(&probe, PULL, vec![0, 0, 0, 0, 2, 0x08, 0x01], Some("gzip")).await;
    assert_eq!(reason(&packed), (Code::Unimplemented, "ENCODING_UNSUPPORTED".into()));
    assert_eq!(probe.state.reached(), 0);
    let good = raw(&probe, PULL, vec![0, 0, 0, 0, 2, 0x08, 0x01], None).await;
    assert_eq!(good.code(), Code::Ok);
}

#[tokio::test]
async fn the_servers_limit_and_the_callers_shorter_one_end_a_call_and_its_work() {
    let timeout = Duration::from_millis(100);
    let probe = Probe::start(ServerConfig { timeout, ..ServerConfig::default() }).await;
    let late = EventServiceClient::new(probe.channel()).pull_events(pull(WAIT)).await.unwrap_err();
    assert_eq!(reason(&late), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()));
    assert_eq!(rpc::status::metadata(&late, "peer"), None, "the server's own answer, not the client's");
    testkit::eventually(LIMIT, async || probe.state.inside() == 0).await;
    assert_eq!(probe.state.reached(), 1);

    let patient = Probe::start(ServerConfig::default()).await;
    let mut short = Request::new(pull(WAIT));
    short.set_timeout(Duration::from_millis(100));
    let late = patient.client().pull_events(short).await.unwrap_err();
    assert_eq!(reason(&late), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()));
    testkit::eventually(LIMIT, async || patient.state.inside() == 0).await;
}

#[tokio::test]
async fn a_slow_method_has_its_own_limit() {
    let config = ServerConfig {
        timeout: Duration::from_millis(50),
        slow_methods: vec![(PULL, Duration::from_secs(60))],
        ..ServerConfig::default()
    };
    let probe = Probe::start(config.clone()).await;
    let mut client = EventServiceClient::new(probe.channel().with_deadline(Duration::from_secs(60)));
    let call = tokio::spawn(async move { client.pull_events(pull(WAIT)).await });
    testkit::eventually(LIMIT, async || probe.state.inside() == 1).await;
    // A call that begins later on a server where the method is like any other ends first.
    let strict = Probe::start(ServerConfig { timeout: config.timeout, ..ServerConfig::default() }).await;
    let late = strict.client().pull_events(pull(WAIT)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(probe.state.inside(), 1);
    probe.state.permits.add_permits(1);
    assert!(call.await.unwrap().is_ok());
}

#[tokio::test]
async fn more_calls_than_may_be_in_flight_are_refused_as_overload() {
    let probe = Probe::start(ServerConfig { max_in_flight: 1, ..ServerConfig::default() }).await;
    let mut client = probe.client();
    let first = tokio::spawn(async move { client.pull_events(pull(WAIT)).await });
    testkit::eventually(LIMIT, async || probe.state.inside() == 1).await;
    let second = probe.client().pull_events(pull(ANSWER)).await.unwrap_err();
    assert_eq!(reason(&second), (Code::Unavailable, "OVERLOADED".into()));
    assert!(rpc::status::is_retryable(&second));
    probe.state.permits.add_permits(1);
    assert!(first.await.unwrap().is_ok());
    probe.client().pull_events(pull(ANSWER)).await.unwrap();
}

#[tokio::test]
async fn a_handler_that_fails_tells_nothing_and_takes_nobody_with_it() {
    let probe = Probe::start(ServerConfig::default()).await;
    let mut client = probe.client();
    let mut beside = client.clone();
    let beside = tokio::spawn(async move { beside.pull_events(pull(WAIT)).await });
    testkit::eventually(LIMIT, async || probe.state.inside() == 1).await;
    for what in [PANIC, BARE, FAIL] {
        let failed = client.pull_events(pull(what)).await.unwrap_err();
        assert_eq!(reason(&failed), (Code::Internal, "INTERNAL".into()), "{what}");
        assert!(!format!("{failed:?}").contains("secret"), "{failed:?}");
    }
    probe.state.permits.add_permits(1);
    assert!(beside.await.unwrap().is_ok(), "a panic ends its own call only");
}
