//! `zhirong secrets`: what is made, who may read it, what is kept.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rpc::identity::{KeyRing, Verifier};
use rpc::{Actor, Duty};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use zhirong::secrets::{Existing, Places, Secrets};

use crate::place::Place;

fn places() -> Places {
    Places {
        postgres: "postgres:5432".to_owned(),
        rabbitmq: "rabbitmq:5672".to_owned(),
        management: "rabbitmq:15672".to_owned(),
        database: "zhirong".to_owned(),
        vhost: "zhirong".to_owned(),
    }
}

fn make(place: &Place, existing: Existing) -> Secrets {
    let secrets = place.run_dir().secrets();
    secrets.ensure_identity(existing, &["partner".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    secrets.ensure_deployment(existing, &places()).unwrap();
    secrets
}

fn contents(secrets: &Secrets) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(secrets.directory()).unwrap().map(Result::unwrap);
    let text = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path()).unwrap();
    entries.map(|entry| (entry.file_name().into_string().unwrap(), text(entry))).collect()
}

#[test]
fn every_file_that_a_role_reads_is_there_and_only_its_owner_may_read_it() {
    let place = Place::new("secrets-made");
    let secrets = make(&place, Existing::Keep);
    for role in zhirong::roles::ALL {
        for name in zhirong::secrets::names_of(role) {
            assert!(secrets.path(&name).is_file(), "{name}");
        }
    }
    for name in contents(&secrets).keys() {
        let mode = std::fs::metadata(secrets.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let directory = std::fs::metadata(secrets.directory()).unwrap().permissions().mode();
    assert_eq!(directory & 0o777, 0o700);
    let url = secrets.read("intake-database-url").unwrap();
    let password = secrets.read("intake-database-password").unwrap();
    assert_eq!(
        *url.expose(),
        format!("postgres://zhirong_intake:{}@postgres:5432/zhirong", password.expose())
    );
}

#[test]
fn what_is_there_is_kept_what_is_missing_is_made_and_force_replaces_all_but_the_key_of_persons() {
    let place = Place::new("secrets-kept");
    let first = contents(&make(&place, Existing::Keep));
    assert_eq!(contents(&make(&place, Existing::Keep)), first);

    std::fs::remove_file(place.run_dir().secrets().path("intake-broker-password")).unwrap();
    let second = contents(&make(&place, Existing::Keep));
    let changed: Vec<&str> =
        first.keys().filter(|name| first[*name] != second[*name]).map(String::as_str).collect();
    assert_eq!(changed, ["intake-amqp-url", "intake-broker-password"]);

    let third = contents(&make(&place, Existing::Replace));
    let kept: Vec<&String> = second.keys().filter(|name| second[*name] == third[*name]).collect();
    assert_eq!(kept, ["whitelist-person-key"]);
}

#[test]
fn a_token_of_the_desk_s_key_is_accepted_by_the_ring() {
    let place = Place::new("secrets-keys");
    let secrets = make(&place, Existing::Keep);
    let actor = Actor::Staff { id: "s-1".to_owned(), duties: vec![Duty::Clerk] };
    let token = secrets.signer("desk").unwrap().mint("intake", &actor);
    let ring = KeyRing::read(&secrets.path("verify-keys.json")).unwrap();
    let verifier = Verifier::new("intake", ring, Arc::new(kernel::SystemClock));
    assert_eq!(verifier.verify(&token).unwrap().actor, actor);
}

fn certificate(secrets: &Secrets, name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(secrets.path(name)).unwrap()
}

fn roots(secrets: &Secrets, name: &str) -> Arc<rustls::RootCertStore> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate(secrets, name)).unwrap();
    Arc::new(roots)
}

#[test]
fn certificates_prove_the_partner_face_and_institutions_and_nothing_else() {
    let place = Place::new("secrets-tls");
    let secrets = make(&place, Existing::Keep);
    let provider = Arc::new(rustls::crypto::ring::default_provider());

    let face = WebPkiServerVerifier::builder_with_provider(
        roots(&secrets, "partner-tls-ca.pem"),
        Arc::clone(&provider),
    )
    .build()
    .unwrap();
    let server = certificate(&secrets, "partner-tls-cert.pem");
    let check = |name: &'static str| {
        let name = ServerName::try_from(name).unwrap();
        face.verify_server_cert(&server, &[], &name, &[], UnixTime::now())
    };
    check("partner").unwrap();
    check("127.0.0.1").unwrap();
    check("elsewhere").unwrap_err();

    let clients =
        WebPkiClientVerifier::builder_with_provider(roots(&secrets, "partner-client-ca.pem"), provider)
            .build()
            .unwrap();
    let issued = secrets.issue_client_certificate("B01").unwrap();
    let client = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
    clients.verify_client_cert(&client, &[], UnixTime::now()).unwrap();
    clients.verify_client_cert(&server, &[], UnixTime::now()).unwrap_err();
}
