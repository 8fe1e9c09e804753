//! What the tests stand on: the roles running, and institutions with certificates and tokens.

mod bank;
mod insurance;
mod intake;
mod whitelist;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use host::Role;
use kernel::{Clock as _, InstitutionId, LegId, MessageId, ProductId};
use partner::ROLE;
use prost::Message as _;
use prost_types::Timestamp;
use proto::common::v1::InstitutionRole;
use proto::common::v1::{LegClosed, LegIssued, LegNoticed, LegState, LegSupplemented, ReplyJudged};
use proto::intake::v1::Dossier;
use proto::partner::v1::IssueCredentialRequest;
use proto::partner::v1::credential_service_client::CredentialServiceClient;
use rpc::client::{Channel, ClientTls, secure};
use rpc::{Actor, Duty};
use sqlx::PgPool;
use testkit::tls::{Authority, Certificate};
use testkit::{Ground, Served, eventually, ground};
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use uuid::Uuid;

pub(crate) use bank::{
    Bank, approval, decision, guarantee, insurance as insurance_quote, name, offer, report, valuation,
};
pub(crate) use intake::Heard;

/// Longest wait for anything; a busy machine may need much of it.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) type Administrator = CredentialServiceClient<InterceptedService<Channel, testkit::Acting>>;

pub(crate) struct Field {
    pub(crate) ground: Ground,
    pub(crate) partner: Option<Served>,
    pub(crate) intake: Option<Served>,
    pub(crate) authority: Authority,
    pub(crate) pool: PgPool,
    intake_pool: PgPool,
    /// Only where the test has to do with cover.
    insurance: Option<(Served, PgPool)>,
    /// Only where the test has to do with lists.
    whitelist: Option<(Served, PgPool)>,
    url: String,
}

impl Field {
    pub(crate) async fn new() -> Self {
        Self::of(&[&ROLE, &intake::ROLE]).await
    }

    /// With insurance, for insurers and guarantors.
    pub(crate) async fn with_insurance() -> Self {
        Self::of(&[&ROLE, &intake::ROLE, &insurance::ROLE]).await
    }

    /// With whitelist, for its lists.
    pub(crate) async fn with_whitelist() -> Self {
        Self::of(&[&ROLE, &intake::ROLE, &whitelist::ROLE]).await
    }

    async fn of(roles: &[&'static Role]) -> Self {
        let ground = ground(roles).await;
        intake::prepare(&ground, &intake::ROLE).await;
        let (mut insured, mut listing) = (None, None);
        let has = |name: &str| roles.iter().any(|role| role.name == name);
        if has("whitelist") {
            intake::prepare(&ground, &whitelist::ROLE).await;
            listing = Some((ground.serve(&whitelist::ROLE, &[]).await, ground.pool(&whitelist::ROLE)));
        }
        if has("insurance") {
            intake::prepare(&ground, &insurance::ROLE).await;
            insured = Some((ground.serve(&insurance::ROLE, &[]).await, ground.pool(&insurance::ROLE)));
        }
        let authority = Authority::new();
        let server = authority.server();
        let [port] = engines::ports::free().unwrap();
        let listen = format!("127.0.0.1:{port}");
        let file = |name: &str, text: &str| ground.file(name, text).display().to_string();
        let (certificate, key, ca) = (
            file("partner-face.pem", &server.certificate_pem),
            file("partner-face.key", &server.key_pem),
            file("institutions-ca.pem", authority.certificate_pem()),
        );
        let intake = ground.serve(&intake::ROLE, &[]).await;
        let partner = ground
            .serve(
                &ROLE,
                &[
                    ("ZHIRONG_PARTNER_LISTEN", &listen),
                    ("ZHIRONG_PARTNER_TLS_CERT_FILE", &certificate),
                    ("ZHIRONG_PARTNER_TLS_KEY_FILE", &key),
                    ("ZHIRONG_PARTNER_CLIENT_CA_FILE", &ca),
                ],
            )
            .await;
        let (pool, intake_pool) = (ground.pool(&ROLE), ground.pool(&intake::ROLE));
        Self {
            pool,
            intake_pool,
            url: format!("https://{listen}"),
            ground,
            partner: Some(partner),
            intake: Some(intake),
            insurance: insured,
            whitelist: listing,
            authority,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ground.clock().now()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.ground.clock().advance(TimeDelta::seconds(seconds));
    }

    pub(crate) fn staff(&self, duty: Duty) -> Administrator {
        let actor = Actor::Staff { id: "s-001".to_owned(), duties: vec![duty] };
        CredentialServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    pub(crate) fn administrator(&self) -> Administrator {
        self.staff(Duty::Administrator)
    }

    /// A bank with a credential for everything.
    pub(crate) async fn bank(&self) -> Bank {
        self.bank_with(&[]).await
    }

    pub(crate) async fn bank_with(&self, scopes: &[&str]) -> Bank {
        self.institution_with(InstitutionRole::Bank, scopes).await
    }

    /// An institution of any role, with a credential for everything.
    pub(crate) async fn institution(&self, role: InstitutionRole) -> Bank {
        self.institution_with(role, &[]).await
    }

    async fn institution_with(&self, role: InstitutionRole, scopes: &[&str]) -> Bank {
        let certificate = self.authority.client("an institution");
        let id = InstitutionId::new(self.now(), &mut rand::rng());
        let request = IssueCredentialRequest {
            request_id: uuid(),
            institution_id: id.to_string(),
            role: role as i32,
            certificate_pem: certificate.certificate_pem.clone(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            valid_days: 30,
        };
        let issued = self.administrator().issue_credential(request).await.unwrap().into_inner();
        let credential_id = issued.credential.unwrap().credential_id;
        Bank::new(id, credential_id, self.connect(&certificate, &issued.token), certificate, issued.token)
    }

    /// A connection as an institution makes it.
    pub(crate) fn connect(&self, certificate: &Certificate, token: &str) -> Channel {
        let tls = ClientTls {
            ca_pem: self.authority.certificate_pem().to_owned(),
            certificate_pem: certificate.certificate_pem.clone(),
            key_pem: certificate.key_pem.clone(),
            server_name: None,
        };
        secure(&self.url, &tls, token).unwrap().with_deadline(Duration::from_secs(65))
    }

    /// Issues a leg as intake does, with a dossier that may be read, and waits until the bank can see it.
    pub(crate) async fn issue(&self, bank: &Bank, due_in: Option<i64>) -> LegId {
        self.issue_as(InstitutionRole::Bank, bank, due_in).await
    }

    /// As [`Field::issue`], to an institution of this role, by the service that asks it.
    pub(crate) async fn issue_as(&self, role: InstitutionRole, to: &Bank, due_in: Option<i64>) -> LegId {
        let leg = LegId::random(&mut rand::rng());
        self.allow(to.id, leg, true).await;
        self.tell(leg, 1, self.issued_as(role, to.id, leg, due_in)).await;
        eventually(LIMIT, async || {
            self.count("SELECT count(*) FROM assignment WHERE assignment_id = $1", leg).await == 1
        })
        .await;
        leg
    }

    pub(crate) fn issued(&self, bank: InstitutionId, leg: LegId, due_in: Option<i64>) -> Said {
        self.issued_as(InstitutionRole::Bank, bank, leg, due_in)
    }

    pub(crate) fn issued_as(
        &self,
        role: InstitutionRole,
        to: InstitutionId,
        leg: LegId,
        due_in: Option<i64>,
    ) -> Said {
        let is_bank = role == InstitutionRole::Bank;
        let product = || ProductId::new(self.now(), &mut rand::rng()).to_string();
        let body = LegIssued {
            leg_id: leg.to_string(),
            institution_id: to.to_string(),
            role: role as i32,
            product_id: if is_bank { product() } else { String::new() },
            product_version: if is_bank { 3 } else { 0 },
            issued_at: Some(timestamp(self.now())),
            due_at: due_in.map(|seconds| timestamp(self.now() + TimeDelta::seconds(seconds))),
        };
        let said = Said { kind: "intake.leg-issued.v1", body: body.encode_to_vec() };
        if matches!(role, InstitutionRole::Insurer | InstitutionRole::Guarantor) {
            said.of_insurance()
        } else {
            said
        }
    }

    /// Tells of a choice or its undoing and waits until it has been heard.
    pub(crate) async fn choose(&self, leg: LegId, version: i64, said: Said) {
        self.tell(leg, version, said).await;
        let heard = "SELECT selection_version FROM assignment WHERE assignment_id = $1";
        eventually(LIMIT, async || self.count(heard, leg).await == version).await;
    }

    /// Ends a leg and waits until that has been heard.
    pub(crate) async fn end(&self, leg: LegId, version: i64, said: Said) {
        self.tell(leg, version, said).await;
        let closed = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 6";
        eventually(LIMIT, async || self.count(closed, leg).await == 1).await;
    }

    pub(crate) async fn tell(&self, leg: LegId, version: i64, said: Said) {
        self.publish(said.message(leg, version, self.now())).await;
    }

    /// Publishes through the speaker's own outbox and relay.
    pub(crate) async fn publish(&self, message: bus::Outgoing) {
        let speaker = match &self.insurance {
            Some((_, pool)) if message.kind.starts_with("insurance.") => pool,
            _ => match &self.whitelist {
                Some((_, pool)) if message.kind.starts_with("whitelist.") => pool,
                _ => &self.intake_pool,
            },
        };
        let mut connection = speaker.acquire().await.unwrap();
        bus::enqueue(&mut connection, &[message]).await.unwrap();
    }

    /// Whether intake gives the dossier of this leg: consent or none.
    pub(crate) async fn allow(&self, bank: InstitutionId, leg: LegId, consent: bool) {
        let dossier = Dossier { case_no: "RZ4190012022091500073".to_owned(), ..Dossier::default() };
        intake::put_dossier(&self.intake_pool, bank, leg, consent, &dossier.encode_to_vec()).await;
        if let Some((_, pool)) = &self.insurance {
            let dossier = Dossier { purpose: "cover".to_owned(), ..dossier };
            intake::put_dossier(pool, bank, leg, consent, &dossier.encode_to_vec()).await;
        }
    }

    /// Waits until intake has received `count` messages about this leg, and gives all of them, by version.
    pub(crate) async fn heard(&self, leg: LegId, count: usize) -> Vec<Heard> {
        eventually(LIMIT, async || {
            let heard = intake::heard(&self.intake_pool, leg).await;
            if heard.len() >= count { Ok(heard) } else { Err(heard) }
        })
        .await
    }

    /// As [`Field::heard`], of insurance.
    pub(crate) async fn heard_by_insurance(&self, leg: LegId, count: usize) -> Vec<Heard> {
        let (_, pool) = self.insurance.as_ref().unwrap();
        eventually(LIMIT, async || {
            let heard = intake::heard(pool, leg).await;
            if heard.len() >= count { Ok(heard) } else { Err(heard) }
        })
        .await
    }

    /// Waits until whitelist has received `count` messages, and gives the bodies of all of them.
    pub(crate) async fn heard_by_whitelist(&self, count: usize) -> Vec<Vec<u8>> {
        let (_, pool) = self.whitelist.as_ref().unwrap();
        eventually(LIMIT, async || {
            let heard: Vec<Vec<u8>> =
                sqlx::query_scalar("SELECT body FROM heard").fetch_all(pool).await.unwrap();
            if heard.len() >= count { Ok(heard) } else { Err(heard.len()) }
        })
        .await
    }

    /// What intake has received about this leg so far.
    pub(crate) async fn heard_now(&self, leg: LegId) -> Vec<Heard> {
        intake::heard(&self.intake_pool, leg).await
    }

    pub(crate) async fn count(&self, statement: &'static str, id: LegId) -> i64 {
        sqlx::query_scalar(statement).bind(id.uuid()).fetch_one(&self.pool).await.unwrap()
    }
}

/// A message of intake without its envelope.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) kind: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Said {
    pub(crate) fn closed(bank: InstitutionId, leg: LegId, state: LegState) -> Self {
        let body =
            LegClosed { leg_id: leg.to_string(), institution_id: bank.to_string(), state: state as i32 };
        Self { kind: "intake.leg-closed.v1", body: body.encode_to_vec() }
    }

    pub(crate) fn selected(bank: InstitutionId, leg: LegId, due_at: Option<DateTime<Utc>>) -> Self {
        let body = LegNoticed {
            leg_id: leg.to_string(),
            institution_id: bank.to_string(),
            due_at: due_at.map(timestamp),
        };
        Self { kind: "intake.leg-selected.v1", body: body.encode_to_vec() }
    }

    pub(crate) fn unselected(bank: InstitutionId, leg: LegId) -> Self {
        Self { kind: "intake.leg-unselected.v1", ..Self::selected(bank, leg, None) }
    }

    /// The same, said by insurance.
    pub(crate) fn of_insurance(self) -> Self {
        let kind = match self.kind {
            "intake.leg-issued.v1" => "insurance.leg-issued.v1",
            "intake.leg-selected.v1" => "insurance.leg-selected.v1",
            "intake.leg-unselected.v1" => "insurance.leg-unselected.v1",
            "intake.leg-closed.v1" => "insurance.leg-closed.v1",
            "intake.reply-accepted.v1" => "insurance.reply-accepted.v1",
            "intake.reply-refused.v1" => "insurance.reply-refused.v1",
            other => panic!("insurance does not say {other}"),
        };
        Self { kind, ..self }
    }

    pub(crate) fn supplemented(bank: InstitutionId, leg: LegId) -> Self {
        let body =
            LegSupplemented { leg_id: leg.to_string(), institution_id: bank.to_string(), documents: 1 };
        Self { kind: "intake.leg-supplemented.v1", body: body.encode_to_vec() }
    }

    pub(crate) fn judged(
        kind: &'static str,
        bank: InstitutionId,
        leg: LegId,
        reply: &str,
        reason: &str,
    ) -> Self {
        let body = ReplyJudged {
            reply_id: reply.to_owned(),
            leg_id: leg.to_string(),
            institution_id: bank.to_string(),
            reason: reason.to_owned(),
        };
        Self { kind, body: body.encode_to_vec() }
    }

    pub(crate) fn message(self, leg: LegId, version: i64, now: DateTime<Utc>) -> bus::Outgoing {
        bus::Outgoing {
            message_id: MessageId::new(now, &mut rand::rng()),
            kind: self.kind,
            aggregate_id: leg.uuid(),
            aggregate_version: version,
            occurred_at: now,
            traceparent: None,
            body: self.body,
        }
    }
}

pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap() }
}

/// Code and reason of a refusal, for comparison.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (tonic::Code, String) {
    let status = answer.unwrap_err();
    (status.code(), rpc::status::reason(&status).unwrap_or_default())
}
