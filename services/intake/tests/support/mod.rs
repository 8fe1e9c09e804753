//! Neighbours of intake that answer by simple rules, and a desk to act from.
//!
//! Whitelist: who the enterprise is goes by its USCC (see the constants), the consent's last digit tells whether it is
//! active. Catalog: as many banks fit as the amount's last two digits say.

mod neighbours;

use std::time::Duration;

use chrono::{DateTime, Utc};
use intake::ROLE;
use kernel::{InstitutionId, MessageId};
use prost::Message as _;
use proto::{
    common::v1::DocumentRef,
    intake::v1::{self as wire, intake_service_client::IntakeServiceClient},
    partner::v1 as partner,
};
use rpc::{Actor, Duty};
use testkit::{CallerChannel, Ground, Served, eventually};
use uuid::Uuid;

pub(crate) use neighbours::{CATALOG, HANGING, PARTNER, WHITELIST};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const CLEAR: &str = "91419001MA9ABC128H";
pub(crate) const EXCLUDED: &str = "91419001MA9K7Q3R0T";
pub(crate) const UNKNOWN: &str = "91350100M000100Y43";
pub(crate) const ACTIVE_CONSENT: &str = "018f0000-0000-7000-8000-000000000001";
/// Names the first bank only.
pub(crate) const NARROW_CONSENT: &str = "018f0000-0000-7000-8000-000000000002";
/// Names nobody: everyone that takes part, evaluators too. The others name banks alone.
pub(crate) const WIDE_CONSENT: &str = "018f0000-0000-7000-8000-000000000003";
pub(crate) const REVOKED_CONSENT: &str = "018f0000-0000-7000-8000-000000000000";

/// What insurance tells has rising versions.
static ROSE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1);

pub(crate) type Client = IntakeServiceClient<CallerChannel>;

/// Windows of an hour, which tests pass by moving the clock.
pub(crate) const SETTINGS: [(&str, &str); 10] = [
    ("ZHIRONG_INTAKE_WINDOW", "3600s"),
    ("ZHIRONG_INTAKE_SUPPLEMENT", "3600s"),
    ("ZHIRONG_INTAKE_ASK_AGAIN_SECONDS", "600"),
    ("ZHIRONG_INTAKE_GRACE_SECONDS", "1"),
    ("ZHIRONG_INTAKE_AUTO_ACCEPT", "API"),
    ("ZHIRONG_INTAKE_COVER_WAIT", "7200s"),
    ("ZHIRONG_INTAKE_SELECTION", "7200s"),
    ("ZHIRONG_INTAKE_APPROVAL", "3600s"),
    ("ZHIRONG_INTAKE_NO_OFFER", "7200s"),
    ("ZHIRONG_INTAKE_SUBSIDIES", "INTEREST:5000:4000000"),
];

/// Intake and its neighbours, running.
pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) client: Client,
    /// Intake is the last.
    pub(crate) roles: Vec<Served>,
}

pub(crate) async fn town() -> Town {
    let neighbours = [&WHITELIST, &CATALOG, &PARTNER];
    town_with(&neighbours).await
}

/// Only these neighbours are up.
pub(crate) async fn town_with(neighbours: &[&'static host::Role]) -> Town {
    let ground = testkit::ground(&[&ROLE, &WHITELIST, &CATALOG, &PARTNER]).await;
    let mut roles = Vec::new();
    for role in neighbours {
        roles.push(ground.serve(role, &[]).await);
    }
    roles.push(ground.serve(&ROLE, &SETTINGS).await);
    let client = IntakeServiceClient::new(ground.channel(&ROLE, clerk()));
    Town { ground, client, roles }
}

pub(crate) fn clerk() -> Actor {
    Actor::Staff { id: "U1001".to_owned(), duties: vec![Duty::Clerk] }
}

pub(crate) fn id() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) fn documents() -> Vec<DocumentRef> {
    (1..=7)
        .map(|number| DocumentRef {
            code: format!("D{number:02}"),
            document_id: format!("store/{number}"),
            sha256: vec![7; 32],
        })
        .collect()
}

/// An application that `banks` banks will be asked for.
pub(crate) fn application(banks: i64) -> wire::Application {
    wire::Application {
        uscc: CLEAR.to_owned(),
        amount_fen: 300_000_000 + banks,
        term_months: 12,
        purpose: "购买原材料".to_owned(),
        asset_ids: vec![Uuid::from_u128(77).to_string()],
        consent_id: ACTIVE_CONSENT.to_owned(),
        documents: documents(),
        ..wire::Application::default()
    }
}

pub(crate) fn submission(application: wire::Application) -> wire::SubmitApplicationRequest {
    wire::SubmitApplicationRequest {
        request_id: id(),
        channel: i32::from(wire::Channel::Api),
        application: Some(application),
    }
}

impl Town {
    pub(crate) async fn submit(&mut self, application: wire::Application) -> wire::CaseHeader {
        self.client.submit_application(submission(application)).await.unwrap().into_inner().case.unwrap()
    }

    pub(crate) async fn view(&mut self, case: &wire::CaseHeader) -> wire::CaseView {
        let key = Some(wire::get_case_request::Key::CaseId(case.case_id.clone()));
        self.client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner()
    }

    /// Waits until the case is in this state.
    pub(crate) async fn reaches(
        &mut self,
        case: &wire::CaseHeader,
        state: wire::CaseState,
    ) -> wire::CaseView {
        let client = self.client.clone();
        let key = Some(wire::get_case_request::Key::CaseId(case.case_id.clone()));
        eventually(LIMIT, || {
            let (mut client, key) = (client.clone(), key.clone());
            async move {
                let view = client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner();
                let header = view.header.clone().unwrap();
                if header.state == i32::from(state) { Ok(view) } else { Err(header) }
            }
        })
        .await
    }

    pub(crate) async fn offers(&mut self, case: &wire::CaseHeader) -> wire::ListOffersResponse {
        let request = wire::ListOffersRequest { case_id: case.case_id.clone() };
        self.client.list_offers(request).await.unwrap().into_inner()
    }

    /// The one leg of this institution, in the newest round.
    pub(crate) async fn leg_of(&mut self, case: &wire::CaseHeader, id: InstitutionId) -> wire::LegView {
        let legs = self.view(case).await.legs;
        legs.into_iter().rfind(|leg| leg.institution_id == id.to_string()).unwrap()
    }

    /// Takes a case of `banks` banks to OFFERS_READY, each with an offer of 4.00 %, 4.01 % …; its legs by institution.
    pub(crate) async fn ready(&mut self, banks: i64) -> (wire::CaseHeader, Vec<wire::LegView>) {
        let case = self.submit(application(banks)).await;
        let mut legs = self.reaches(&case, wire::CaseState::Collecting).await.legs;
        legs.sort_by_key(|leg| leg.institution_id.clone());
        for (index, leg) in legs.iter().enumerate() {
            self.reply(leg, offer(1, 400 + i32::try_from(index).unwrap())).await;
        }
        self.reaches(&case, wire::CaseState::OffersReady).await;
        (case, legs)
    }

    pub(crate) async fn select(
        &mut self,
        case: &wire::CaseHeader,
        bank: &wire::LegView,
        cover: &str,
        evaluator: &str,
    ) -> Result<wire::CaseHeader, tonic::Status> {
        let request = wire::SelectOfferRequest {
            request_id: id(),
            case_id: case.case_id.clone(),
            bank_leg_id: bank.leg_id.clone(),
            cover_leg_id: cover.to_owned(),
            evaluator_leg_id: evaluator.to_owned(),
        };
        Ok(self.client.select_offer(request).await?.into_inner().case.unwrap())
    }

    /// Tells as insurance would.
    pub(crate) async fn insurance(
        &self,
        kind: &'static str,
        case: &wire::CaseHeader,
        body: &impl prost::Message,
    ) {
        let at = kernel::Clock::now(self.ground.clock());
        let outgoing = bus::Outgoing {
            message_id: MessageId::new(at, &mut rand::rng()),
            kind,
            aggregate_id: case.case_id.parse().unwrap(),
            aggregate_version: ROSE.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            occurred_at: at,
            traceparent: None,
            body: body.encode_to_vec(),
        };
        let mut conn = self.ground.pool(&PARTNER).acquire().await.unwrap();
        bus::enqueue(&mut conn, &[outgoing]).await.unwrap();
    }

    /// The facts of this kind that were told, oldest first.
    pub(crate) async fn facts<M: prost::Message + Default>(&self, kind: &str) -> Vec<M> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT body FROM told WHERE kind = $1 ORDER BY at")
            .bind(kind)
            .fetch_all(&self.ground.pool(&PARTNER))
            .await
            .unwrap();
        rows.iter().map(|(body,)| M::decode(body.as_slice()).unwrap()).collect()
    }

    /// Waits for the first fact of this kind.
    pub(crate) async fn fact<M: prost::Message + Default>(&self, kind: &str) -> M {
        eventually(LIMIT, || async { self.facts::<M>(kind).await.pop() }).await
    }

    /// Waits until the timeline shows this kind.
    pub(crate) async fn shows(&self, case: &wire::CaseHeader, kind: &str) {
        eventually(LIMIT, || {
            let (mut client, case_id) = (self.client.clone(), case.case_id.clone());
            async move {
                let request = wire::ListTimelineRequest { case_id };
                let entries = client.list_timeline(request).await.unwrap().into_inner().entries;
                let kinds: Vec<String> = entries.into_iter().map(|entry| entry.kind).collect();
                if kinds.iter().any(|one| one == kind) { Ok(()) } else { Err(kinds) }
            }
        })
        .await;
    }

    pub(crate) async fn withdraw(&mut self, case: &wire::CaseHeader) -> wire::CaseHeader {
        let request = wire::WithdrawCaseRequest {
            request_id: id(),
            case_id: case.case_id.clone(),
            reason: "另有安排".to_owned(),
        };
        self.client.withdraw_case(request).await.unwrap().into_inner().case.unwrap()
    }

    /// The states of all legs, by institution.
    pub(crate) async fn states(&self, case: &wire::CaseHeader) -> Vec<String> {
        let case_id: Uuid = case.case_id.parse().unwrap();
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT state FROM leg WHERE case_id = $1 ORDER BY round, institution_id")
                .bind(case_id)
                .fetch_all(&self.ground.pool(&ROLE))
                .await
                .unwrap();
        rows.into_iter().map(|(state,)| state).collect()
    }

    /// The kinds of the case's deadlines.
    pub(crate) async fn waits_for(&mut self, case: &wire::CaseHeader) -> Vec<String> {
        self.view(case).await.deadlines.into_iter().map(|deadline| deadline.kind).collect()
    }

    /// The kinds of the rows of `deadline` that the case has, those that nobody is shown too.
    pub(crate) async fn row_kinds(&self, case: &wire::CaseHeader) -> Vec<String> {
        let case_id: Uuid = case.case_id.parse().unwrap();
        sqlx::query_scalar("SELECT kind FROM deadline WHERE case_id = $1 ORDER BY kind")
            .bind(case_id)
            .fetch_all(&self.ground.pool(&ROLE))
            .await
            .unwrap()
    }

    /// Sends a message as partner would; the same `message` twice is a redelivery.
    pub(crate) async fn send(
        &self,
        kind: &'static str,
        message: MessageId,
        leg: &wire::LegView,
        body: Vec<u8>,
    ) {
        let outgoing = bus::Outgoing {
            message_id: message,
            kind,
            aggregate_id: leg.leg_id.parse().unwrap(),
            aggregate_version: 1,
            occurred_at: Utc::now(),
            traceparent: None,
            body,
        };
        let pool = self.ground.pool(&PARTNER);
        let mut conn = pool.acquire().await.unwrap();
        bus::enqueue(&mut conn, &[outgoing]).await.unwrap();
    }

    pub(crate) async fn reply(&self, leg: &wire::LegView, reply: partner::reply_submitted::Reply) -> String {
        let at = kernel::Clock::now(self.ground.clock());
        self.reply_at(leg, reply, at).await
    }

    /// The same for a reply that was given at another time than now.
    pub(crate) async fn reply_at(
        &self,
        leg: &wire::LegView,
        reply: partner::reply_submitted::Reply,
        at: DateTime<Utc>,
    ) -> String {
        let body = partner::ReplySubmitted {
            reply_id: Uuid::new_v4().to_string(),
            leg_id: leg.leg_id.clone(),
            institution_id: leg.institution_id.clone(),
            submitted_at: Some(timestamp(at)),
            reply: Some(reply),
        };
        // By the town's clock: a message that seems older than the inbox is parked.
        let message = MessageId::new(kernel::Clock::now(self.ground.clock()), &mut rand::rng());
        self.send("partner.reply-submitted.v1", message, leg, body.encode_to_vec()).await;
        body.reply_id
    }

    /// The institution has read or acknowledged its assignment.
    pub(crate) async fn received(&self, leg: &wire::LegView) {
        let at = kernel::Clock::now(self.ground.clock());
        let body = partner::AssignmentReceived {
            leg_id: leg.leg_id.clone(),
            institution_id: leg.institution_id.clone(),
            received_at: Some(timestamp(at)),
        };
        let message = MessageId::new(at, &mut rand::rng());
        self.send("partner.assignment-received.v1", message, leg, body.encode_to_vec()).await;
    }

    /// How often the institution was told this.
    pub(crate) async fn times_told(&self, institution: &str, kind: &str) -> usize {
        self.told(institution).await.iter().filter(|one| *one == kind).count()
    }

    /// Waits until the institution has been told this so often.
    pub(crate) async fn is_told_times(&self, institution: &str, kind: &str, times: usize) {
        eventually(LIMIT, || async {
            let told = self.times_told(institution, kind).await;
            if told == times { Ok(()) } else { Err(told) }
        })
        .await;
    }

    /// What partner has been told, by type, for this institution; oldest first.
    pub(crate) async fn told(&self, institution: &str) -> Vec<String> {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT kind FROM told WHERE institution = $1 ORDER BY at")
            .bind(institution)
            .fetch_all(&self.ground.pool(&PARTNER))
            .await
            .unwrap();
        rows.into_iter().map(|(kind,)| kind).collect()
    }

    pub(crate) async fn is_told(&self, institution: &str, kind: &str) {
        eventually(LIMIT, || async {
            let told = self.told(institution).await;
            if told.iter().any(|one| one == kind) { Ok(()) } else { Err(told) }
        })
        .await;
    }
}

pub(crate) fn message() -> MessageId {
    MessageId::new(Utc::now(), &mut rand::rng())
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }
}

pub(crate) fn offer(seq: i32, rate: i32) -> partner::reply_submitted::Reply {
    partner::reply_submitted::Reply::Offer(terms(seq, rate))
}

pub(crate) fn terms(seq: i32, rate: i32) -> wire::Offer {
    wire::Offer {
        offer_seq: seq,
        amount_fen: 280_000_000,
        term_months: 12,
        annual_rate_bp: rate,
        repayment: 3,
        enhancement: 1,
        fees_fen: 0,
        valid_until: Some(timestamp(DateTime::from_timestamp(4_000_000_000, 0).unwrap())),
    }
}

pub(crate) fn decline(reason: i32) -> partner::reply_submitted::Reply {
    partner::reply_submitted::Reply::Decline(partner::DeclineGiven { reason, text: String::new() })
}

/// An offer that calls for loan surety insurance.
pub(crate) fn covered(seq: i32, rate: i32) -> partner::reply_submitted::Reply {
    partner::reply_submitted::Reply::Offer(wire::Offer { enhancement: 2, ..terms(seq, rate) })
}

pub(crate) fn quote(fee: i64) -> partner::reply_submitted::Reply {
    partner::reply_submitted::Reply::Valuation(wire::ValuationQuote {
        quote_seq: 1,
        fee_fen: fee,
        report_working_days: 7,
        methods: vec![1, 3],
        valid_until: Some(far()),
    })
}

pub(crate) fn far() -> prost_types::Timestamp {
    timestamp(DateTime::from_timestamp(4_000_000_000, 0).unwrap())
}

pub(crate) fn evaluator(number: u128) -> InstitutionId {
    bank(900 + number)
}

pub(crate) fn bank(number: u128) -> InstitutionId {
    InstitutionId::from_uuid(Uuid::from_u128(number))
}

/// The reason by which a call was refused.
pub(crate) fn reason(status: &tonic::Status) -> String {
    rpc::status::reason(status).unwrap_or_default()
}
