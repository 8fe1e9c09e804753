//! The institutions' edge: a client certificate of the right authority, and a token that is bound to it.

use std::sync::Arc;

use proto::partner::v1::event_service_client::EventServiceClient;
use rpc::client::ClientTls;
use rpc::server::{Authenticator, PeerCertificate, RequestHead, ServerConfig, TlsConfig};
use rpc::{Caller, Fault, reasons};
use testkit::tls::{Authority, Certificate};
use tonic::{Code, Status};

use crate::probe::{ANSWER, Identities, Probe, bank, pull, summary};

/// As the partner edge does it: the token is looked up, and holds with its certificate only.
struct Bound {
    token: &'static str,
    certificate: PeerCertificate,
}

#[tonic::async_trait]
impl Authenticator for Bound {
    async fn authenticate(&self, head: &RequestHead<'_>) -> Result<Caller, Fault> {
        if head.bearer() == Some(self.token) && head.certificate == Some(self.certificate) {
            Ok(Caller { issuer: "partner".into(), actor: bank() })
        } else {
            Err(Fault::new(&reasons::UNAUTHENTICATED))
        }
    }
}

struct Edge {
    probe: Probe,
    authority: Authority,
    own: Certificate,
}

impl Edge {
    async fn start() -> Self {
        let authority = Authority::new();
        let (server, own) = (authority.server(), authority.client("bank-1"));
        let tls = TlsConfig {
            certificate_pem: server.certificate_pem,
            key_pem: server.key_pem,
            client_ca_pem: authority.certificate_pem().to_owned(),
        };
        let bound = Bound { token: "t-1", certificate: PeerCertificate::of_der(&own.der) };
        let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
        let probe = Probe::start_with(config, Identities::new(), Arc::new(bound)).await;
        Self { probe, authority, own }
    }

    fn tls(&self, certificate: &Certificate) -> ClientTls {
        ClientTls {
            ca_pem: self.authority.certificate_pem().to_owned(),
            certificate_pem: certificate.certificate_pem.clone(),
            key_pem: certificate.key_pem.clone(),
            server_name: Some("localhost".into()),
        }
    }

    async fn call(&self, tls: &ClientTls, token: &str) -> Result<proto::partner::v1::Event, Status> {
        let channel = rpc::client::secure(&self.probe.url, tls, token).unwrap();
        let answer = EventServiceClient::new(channel).pull_events(pull(ANSWER)).await?;
        Ok(answer.into_inner().events.remove(0))
    }
}

#[tokio::test]
async fn an_institution_comes_in_with_its_certificate_and_its_token() {
    let edge = Edge::start().await;
    let event = edge.call(&edge.tls(&edge.own), "t-1").await.unwrap();
    assert_eq!(event.name, "institution:00000000-0000-0000-0000-0000000000ba");
    assert_eq!(event.assignment, PeerCertificate::of_der(&edge.own.der).hex());
}

#[tokio::test]
async fn a_token_with_another_certificate_or_another_token_is_refused() {
    let edge = Edge::start().await;
    let other = edge.authority.client("bank-2");
    for (certificate, token) in [(&other, "t-1"), (&edge.own, "t-2"), (&other, "t-2")] {
        let refused = edge.call(&edge.tls(certificate), token).await.unwrap_err();
        assert_eq!(
            (summary(&refused).0, summary(&refused).1),
            (Code::Unauthenticated, "UNAUTHENTICATED".into())
        );
    }
    assert_eq!(edge.probe.state.reached(), 0);
}

#[tokio::test]
async fn a_foreign_certificate_or_server_gets_no_connection() {
    let edge = Edge::start().await;
    let foreign = Authority::new();
    let stranger = edge.call(&edge.tls(&foreign.client("bank-1")), "t-1").await.unwrap_err();
    assert_eq!(summary(&stranger).1, "UNAVAILABLE", "{stranger:?}");
    let deceived = ClientTls { ca_pem: foreign.certificate_pem().to_owned(), ..edge.tls(&edge.own) };
    let deceived = edge.call(&deceived, "t-1").await.unwrap_err();
    assert_eq!(summary(&deceived).1, "UNAVAILABLE", "{deceived:?}");

    let plain = edge.probe.url.replace("https", "http");
    let channel = tonic::transport::Endpoint::from_shared(plain).unwrap().connect_lazy();
    let plain = EventServiceClient::new(channel).pull_events(pull(ANSWER)).await.unwrap_err();
    assert_ne!(plain.code(), Code::Unauthenticated, "no answer without TLS");
    assert_eq!(edge.probe.state.reached(), 0);
    assert!(edge.call(&edge.tls(&edge.own), "t-1").await.is_ok(), "the server is as it was");
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused_before_connecting() {
    let edge = Edge::start().await;
    let nonsense = ClientTls { certificate_pem: "nonsense".into(), ..edge.tls(&edge.own) };
    assert!(rpc::client::secure(&edge.probe.url, &nonsense, "t-1").is_err());
    assert!(rpc::client::secure(&edge.probe.url, &edge.tls(&edge.own), "line\nbreak").is_err());
}
