//! Neighbours of insurance that answer by simple rules, a desk to act from, and a case to ask cover for.
//!
//! Institutions 1 and 2 insure, institution 3 guarantees, institution 4 insures and is not solvent enough.

mod neighbours;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use insurance::ROLE;
use kernel::{Clock as _, InstitutionId, MessageId};
use prost::Message;
use proto::{
    common::v1::{InstitutionRole, LegState, LegSummary, ReplyJudged},
    insurance::v1::{self as wire, insurance_service_client::InsuranceServiceClient},
    intake::v1 as intake,
    partner::v1::{self as partner, reply_submitted::Reply},
};
use rpc::{Actor, Duty};
use testkit::{CallerChannel, Ground, Served, eventually};
use uuid::Uuid;

pub(crate) use neighbours::{INTAKE, PARTNER};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) type Client = InsuranceServiceClient<CallerChannel>;

/// Windows of an hour, which tests pass by moving the clock.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("ZHIRONG_INSURANCE_WINDOW", "3600s"),
    ("ZHIRONG_INSURANCE_ASK_AGAIN_SECONDS", "600"),
    ("ZHIRONG_INSURANCE_GRACE_SECONDS", "1"),
];

pub(crate) const SURETY: i32 = 2;
pub(crate) const GUARANTEE: i32 = 4;

/// Insurance and its neighbours, running, with the four institutions' appetites set.
pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) client: Client,
    /// Insurance is the last.
    roles: Vec<Served>,
}

pub(crate) async fn town() -> Town {
    let mut town = empty_town().await;
    for number in 1..=4 {
        town.set(appetite(number)).await;
    }
    town
}

/// Nobody has declared anything.
pub(crate) async fn empty_town() -> Town {
    let ground = testkit::ground(&[&ROLE, &INTAKE, &PARTNER]).await;
    let mut roles = Vec::new();
    for role in [&INTAKE, &PARTNER] {
        roles.push(ground.serve(role, &[]).await);
    }
    roles.push(ground.serve(&ROLE, &SETTINGS).await);
    let client = InsuranceServiceClient::new(ground.channel(&ROLE, clerk()));
    Town { ground, client, roles }
}

pub(crate) fn clerk() -> Actor {
    Actor::Staff { id: "U1001".to_owned(), duties: vec![Duty::Clerk] }
}

pub(crate) fn id() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) fn institution(number: u128) -> InstitutionId {
    InstitutionId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn appetite(number: u128) -> wire::Appetite {
    let guarantor = number == 3;
    let role = if guarantor { InstitutionRole::Guarantor } else { InstitutionRole::Insurer };
    wire::Appetite {
        institution_id: institution(number).to_string(),
        role: i32::from(role),
        kinds: vec![if guarantor { GUARANTEE } else { SURETY }],
        amount_min_fen: 1_000_000,
        amount_max_fen: 1_000_000_000,
        term_max_months: 36,
        core_solvency_bp: if number == 4 { 7_000 } else { 20_000 },
        comprehensive_solvency_bp: 25_000,
        government_backed: guarantor,
        ..wire::Appetite::default()
    }
}

/// A case of intake's, whose version rises with each fact that is sent.
pub(crate) struct Case {
    pub(crate) id: Uuid,
    version: std::cell::Cell<i64>,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self { id: Uuid::now_v7(), version: std::cell::Cell::new(4) }
    }

    fn next(&self) -> i64 {
        self.version.set(self.version.get() + 1);
        self.version.get()
    }

    pub(crate) fn requested(&self) -> intake::CoverRequested {
        intake::CoverRequested {
            case_id: self.id.to_string(),
            round: 1,
            kinds: vec![SURETY, GUARANTEE],
            amount_fen: 300_000_000,
            term_months: 12,
            park: "JY-GX".to_owned(),
            size: 3,
            grade: 2,
            recipient_institution_ids: Vec::new(),
        }
    }

    pub(crate) fn selected(&self, leg: &str, approve_by: DateTime<Utc>) -> intake::CaseSelected {
        intake::CaseSelected {
            case_id: self.id.to_string(),
            round: 1,
            cover_leg_id: leg.to_owned(),
            approve_by: Some(timestamp(approve_by)),
            ..intake::CaseSelected::default()
        }
    }

    pub(crate) fn approved(&self, leg: &str) -> intake::CaseApproved {
        intake::CaseApproved {
            case_id: self.id.to_string(),
            round: 1,
            cover_leg_id: leg.to_owned(),
            cover: true,
            ..intake::CaseApproved::default()
        }
    }

    pub(crate) fn reopened(&self) -> intake::CaseReopened {
        intake::CaseReopened {
            case_id: self.id.to_string(),
            round: 1,
            cause: "BANK_DECLINED".to_owned(),
            cover: true,
            ..intake::CaseReopened::default()
        }
    }

    pub(crate) fn withdrawn(&self, cover: bool) -> intake::CaseWithdrawn {
        intake::CaseWithdrawn {
            case_id: self.id.to_string(),
            round: 1,
            cause: "ENTERPRISE".to_owned(),
            cover,
            ..intake::CaseWithdrawn::default()
        }
    }
}

impl Town {
    /// Starts insurance anew with these settings.
    pub(crate) async fn restart(&mut self, settings: &[(&str, &str)]) {
        self.roles.pop().unwrap().stop().await.unwrap();
        self.roles.push(self.ground.serve(&ROLE, settings).await);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ground.clock().now()
    }

    pub(crate) async fn set(&mut self, appetite: wire::Appetite) {
        let request = wire::SetAppetiteRequest { request_id: id(), appetite: Some(appetite) };
        self.client.set_appetite(request).await.unwrap();
    }

    /// Tells insurance a fact of the case, as the newest one.
    pub(crate) async fn fact(&self, case: &Case, kind: &'static str, body: &impl Message) {
        self.fact_of(case, kind, body, case.next()).await;
    }

    /// Tells insurance a fact of the case as it was at this version.
    pub(crate) async fn fact_of(&self, case: &Case, kind: &'static str, body: &impl Message, version: i64) {
        self.send(kind, case.id, version, body.encode_to_vec()).await;
    }

    async fn send(&self, kind: &'static str, aggregate_id: Uuid, aggregate_version: i64, body: Vec<u8>) {
        let now = self.now();
        let outgoing = bus::Outgoing {
            // By the town's clock: a message that seems older than the inbox is parked.
            message_id: MessageId::new(now, &mut rand::rng()),
            kind,
            aggregate_id,
            aggregate_version,
            occurred_at: now,
            traceparent: None,
            body,
        };
        let mut conn = self.ground.pool(&PARTNER).acquire().await.unwrap();
        bus::enqueue(&mut conn, &[outgoing]).await.unwrap();
    }

    pub(crate) async fn ask(&self, case: &Case) {
        self.fact(case, "intake.cover-requested.v1", &case.requested()).await;
    }

    pub(crate) async fn received(&self, leg: &wire::CoverLeg) {
        let body = partner::AssignmentReceived {
            leg_id: leg.leg_id.clone(),
            institution_id: leg.institution_id.clone(),
            received_at: Some(timestamp(self.now())),
        };
        let leg = leg.leg_id.parse().unwrap();
        self.send("partner.cover-assignment-received.v1", leg, 1, body.encode_to_vec()).await;
    }

    /// The institution answers; the reply's id.
    pub(crate) async fn reply(&self, leg: &wire::CoverLeg, reply: Reply) -> String {
        let body = partner::ReplySubmitted {
            reply_id: Uuid::new_v4().to_string(),
            leg_id: leg.leg_id.clone(),
            institution_id: leg.institution_id.clone(),
            submitted_at: Some(timestamp(self.now())),
            reply: Some(reply),
        };
        let leg = leg.leg_id.parse().unwrap();
        self.send("partner.cover-reply-submitted.v1", leg, 1, body.encode_to_vec()).await;
        body.reply_id
    }

    /// Sends the reply and waits until its institution has been told that the fate of this one is `fate`.
    pub(crate) async fn reply_is(&self, leg: &wire::CoverLeg, reply: Reply, fate: &str) {
        let kind = format!("insurance.reply-{fate}.v1");
        let id = self.reply(leg, reply).await;
        eventually(LIMIT, || async {
            let told = self.told_to(&leg.institution_id, &kind).await;
            let is_it = |body: &Vec<u8>| ReplyJudged::decode(body.as_slice()).unwrap().reply_id == id;
            if told.iter().any(is_it) { Ok(()) } else { Err(told.len()) }
        })
        .await;
    }

    pub(crate) async fn round(&self, case: &Case) -> Option<wire::CoverRound> {
        let request = wire::ListCoverRequest { case_id: case.id.to_string() };
        let rounds = self.client.clone().list_cover(request).await.unwrap().into_inner().rounds;
        rounds.into_iter().next()
    }

    /// Waits until the round is in this state; its legs are in the order of their institutions.
    pub(crate) async fn reaches(&self, case: &Case, state: wire::CoverState) -> wire::CoverRound {
        eventually(LIMIT, || async {
            let mut round = self.round(case).await.ok_or(None)?;
            round.legs.sort_by(|one, other| one.institution_id.cmp(&other.institution_id));
            if round.state == i32::from(state) { Ok(round) } else { Err(Some(round)) }
        })
        .await
    }

    /// Waits until the newest fact of the case that insurance has taken is this one.
    pub(crate) async fn knows(&self, case: &Case, version: i64) {
        eventually(LIMIT, || async {
            let known: i64 =
                sqlx::query_scalar("SELECT max(case_version) FROM cover_request WHERE case_id = $1")
                    .bind(case.id)
                    .fetch_one(&self.ground.pool(&ROLE))
                    .await
                    .unwrap();
            if known == version { Ok(()) } else { Err(known) }
        })
        .await;
    }

    /// Bodies of this type, oldest first.
    pub(crate) async fn told(&self, kind: &str) -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT body FROM told WHERE kind = $1 ORDER BY at, version")
            .bind(kind)
            .fetch_all(&self.ground.pool(&PARTNER))
            .await
            .unwrap()
    }

    pub(crate) async fn told_to(&self, institution: &str, kind: &str) -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT body FROM told WHERE kind = $1 AND institution = $2 ORDER BY at")
            .bind(kind)
            .bind(institution)
            .fetch_all(&self.ground.pool(&PARTNER))
            .await
            .unwrap()
    }

    /// Waits until this institution has been told so at least this often; the last one's body.
    pub(crate) async fn is_told(&self, institution: &str, kind: &str, times: usize) -> Vec<u8> {
        eventually(LIMIT, || async {
            let mut told = self.told_to(institution, kind).await;
            if told.len() >= times { told.pop().ok_or(0) } else { Err(told.len()) }
        })
        .await
    }

    /// Waits until at least so many facts of this type have been published, and reads them.
    pub(crate) async fn facts<B: Message + Default>(&self, kind: &str, times: usize) -> Vec<B> {
        let bodies = eventually(LIMIT, || async {
            let told = self.told(kind).await;
            if told.len() >= times { Ok(told) } else { Err(told.len()) }
        })
        .await;
        bodies.iter().map(|body| B::decode(body.as_slice()).unwrap()).collect()
    }

    /// A round in which institutions 1 to 3 have answered; their legs, in this order.
    pub(crate) async fn quoted(&self, case: &Case) -> Vec<wire::CoverLeg> {
        self.ask(case).await;
        let legs = self.reaches(case, wire::CoverState::Collecting).await.legs;
        self.reply(&legs[0], insurance(1, 180, self.later())).await;
        self.reply(&legs[1], insurance(1, 200, self.later())).await;
        self.reply(&legs[2], guarantee(1, 100, self.later())).await;
        self.reaches(case, wire::CoverState::Quoted).await.legs
    }

    /// A round in which this leg's answer is held for the enterprise.
    pub(crate) async fn held(&self, case: &Case, leg: usize) -> Vec<wire::CoverLeg> {
        let legs = self.quoted(case).await;
        let selected = case.selected(&legs[leg].leg_id, self.now() + TimeDelta::days(5));
        self.fact(case, "intake.case-selected.v1", &selected).await;
        self.reaches(case, wire::CoverState::Held).await.legs
    }

    pub(crate) fn later(&self) -> DateTime<Utc> {
        self.now() + TimeDelta::days(30)
    }

    /// Rows of a table of insurance's.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(statement).fetch_one(&self.ground.pool(&ROLE)).await.unwrap()
    }
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }
}

/// A surety quote for 3 m over 12 months, 80 % covered, with the right premium for its rate.
pub(crate) fn terms(seq: i32, rate: i32, valid_until: DateTime<Utc>) -> wire::InsurerQuote {
    wire::InsurerQuote {
        quote_seq: seq,
        kind: 1,
        basis: 1,
        amount_fen: 300_000_000,
        coverage_bp: 8_000,
        annual_premium_bp: rate,
        min_premium_fen: 100_000,
        premium_fen: 24_000 * i64::from(rate),
        waiting_days: 60,
        deductible_bp: 1_000,
        deductible_abs_fen: 0,
        max_term_months: 24,
        conditions: vec!["C01".to_owned()],
        valid_until: Some(timestamp(valid_until)),
        core_solvency_bp: 20_000,
        comprehensive_solvency_bp: 25_000,
    }
}

pub(crate) fn insurance(seq: i32, rate: i32, valid_until: DateTime<Utc>) -> Reply {
    Reply::Insurance(terms(seq, rate, valid_until))
}

pub(crate) fn guarantee(seq: i32, rate: i32, valid_until: DateTime<Utc>) -> Reply {
    Reply::Guarantee(wire::GuaranteeCommitment {
        commitment_seq: seq,
        amount_fen: 400_000_000,
        cover_bp: 8_000,
        fee_bp: rate,
        fee_fen: 24_000 * i64::from(rate),
        max_term_months: 12,
        counter_guarantee: vec![2],
        deposit_bp: 0,
        payout_days: 60,
        risk_share: Some(wire::RiskShare {
            guarantor_bp: 4_000,
            re_guarantor_bp: 2_000,
            fund_bp: 2_000,
            bank_bp: 2_000,
        }),
        valid_until: Some(timestamp(valid_until)),
    })
}

pub(crate) fn decline(reason: i32) -> Reply {
    Reply::Decline(partner::DeclineGiven { reason, text: String::new() })
}

pub(crate) fn refused() -> Reply {
    Reply::Refused(partner::DeclineGiven { reason: 8, text: String::new() })
}

pub(crate) fn confirmed() -> Reply {
    Reply::Confirmed(partner::Confirmed { document_no: "BX2022-1".to_owned() })
}

/// What a fact says of these legs, in their order.
pub(crate) fn outcomes(legs: &[wire::CoverLeg], told: &[LegSummary]) -> Vec<LegState> {
    let outcome = |leg: &wire::CoverLeg| {
        told.iter().find(|one| one.institution_id == leg.institution_id).unwrap().state()
    };
    assert_eq!(told.len(), legs.len());
    legs.iter().map(outcome).collect()
}

pub(crate) fn state(leg: &wire::CoverLeg) -> LegState {
    LegState::try_from(leg.state).unwrap()
}

/// The reason by which a call was refused.
pub(crate) fn reason(status: &tonic::Status) -> String {
    rpc::status::reason(status).unwrap_or_default()
}
