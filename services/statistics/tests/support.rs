//! A served statistics role, and a role that tells facts through the real outbox, relay and broker.

use std::time::Duration;

use bus::Outgoing;
use chrono::{DateTime, Utc};
use host::Role;
use kernel::Clock as _;
use prost_types::Timestamp;
use proto::{
    common::v1 as codes,
    insurance::v1 as insurance,
    intake::v1 as intake,
    statistics::v1::{self as wire, statistics_service_client::StatisticsServiceClient},
};
use rpc::{Actor, Duty};
use sqlx::PgPool;
use statistics::{
    ROLE,
    domain::fact::{Fact, FactKind},
    store::facts,
};
use testkit::{Ground, Served, eventually, ground};
use uuid::Uuid;

pub(crate) type Client = StatisticsServiceClient<testkit::CallerChannel>;

/// A message is taken within milliseconds; a busy machine may need many more.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Tells facts of every kind; serves nothing.
static TELLER: Role = Role {
    name: "teller",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: FactKind::TYPES,
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| {
        Box::pin(async move {
            host.shutdown.cancelled().await;
            Ok(())
        })
    },
};

pub(crate) struct Stand {
    pub(crate) ground: Ground,
    pub(crate) pool: PgPool,
    teller: PgPool,
    _served: [Served; 2],
}

impl Stand {
    pub(crate) async fn new() -> Self {
        let ground = ground(&[&ROLE, &TELLER]).await;
        let served = [ground.serve(&ROLE, &[]).await, ground.serve(&TELLER, &[]).await];
        Self { pool: ground.pool(&ROLE), teller: ground.pool(&TELLER), ground, _served: served }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ground.clock().now()
    }

    pub(crate) fn client(&self, actor: Actor) -> Client {
        StatisticsServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    pub(crate) fn regulator(&self) -> Client {
        self.client(Actor::Staff { id: "staff-1".to_owned(), duties: vec![Duty::Regulator] })
    }

    /// Keeps these facts as if the broker had brought them, some at a time.
    pub(crate) async fn take(&self, told: &[Fact]) {
        for batch in told.chunks(17) {
            let mut transaction = self.pool.begin().await.unwrap();
            facts::insert_new(&mut transaction, batch, self.now()).await.unwrap();
            transaction.commit().await.unwrap();
        }
    }

    /// Today, as known now.
    pub(crate) async fn today(&self) -> wire::Overview {
        self.overview("", None).await
    }

    pub(crate) async fn overview(&self, day: &str, known_at: Option<Timestamp>) -> wire::Overview {
        let question = wire::GetOverviewRequest { day: day.to_owned(), known_at, park: String::new() };
        self.regulator().get_overview(question).await.unwrap().into_inner()
    }

    /// Every day of a span, as known now or at a time.
    pub(crate) async fn days(
        &self,
        first: &str,
        last: &str,
        known_at: Option<Timestamp>,
    ) -> wire::ListDaysResponse {
        let (first_day, last_day) = (first.to_owned(), last.to_owned());
        let question = wire::ListDaysRequest { first_day, last_day, known_at, park: String::new() };
        self.regulator().list_days(question).await.unwrap().into_inner()
    }

    /// Lets these be told through outbox and broker.
    pub(crate) async fn tell(&self, messages: &[Outgoing]) {
        let mut transaction = self.teller.begin().await.unwrap();
        bus::enqueue(&mut transaction, messages).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Waits until everything that was told has left the outbox, which the broker's confirm allows.
    pub(crate) async fn sent(&self) {
        eventually(SOON, async || {
            let left: i64 =
                sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&self.teller).await.unwrap();
            if left == 0 { Ok(()) } else { Err(left) }
        })
        .await;
    }

    pub(crate) async fn counts(&self) -> Vec<(String, i64)> {
        let answer = self.regulator().count_facts(wire::CountFactsRequest {}).await.unwrap().into_inner();
        answer.counts.into_iter().map(|counted| (counted.r#type, counted.count)).collect()
    }

    /// Waits until exactly these counts are answered.
    pub(crate) async fn counted(&self, wanted: &[(&str, i64)]) {
        eventually(SOON, async || {
            let counts = self.counts().await;
            let same = counts.iter().map(|(kind, count)| (kind.as_str(), *count)).eq(wanted.iter().copied());
            if same { Ok(()) } else { Err(counts) }
        })
        .await;
    }
}

pub(crate) fn submitted(case_id: Uuid, version: i64, now: DateTime<Utc>) -> Outgoing {
    let body = intake::CaseSubmitted {
        case_id: case_id.to_string(),
        channel: 1,
        amount_fen: 300_000_000,
        term_months: 12,
        submitted_at: None,
    };
    Outgoing::new(FactKind::CaseSubmitted.code(), case_id, version, now, &body)
}

pub(crate) fn offers_ready(case_id: Uuid, version: i64, now: DateTime<Utc>) -> Outgoing {
    let leg = proto::common::v1::LegSummary {
        role: codes::InstitutionRole::Bank.into(),
        institution_id: Uuid::new_v4().to_string(),
        ..Default::default()
    };
    let body = intake::CaseOffersReady { case_id: case_id.to_string(), round: 1, legs: vec![leg; 12] };
    Outgoing::new(FactKind::CaseOffersReady.code(), case_id, version, now, &body)
}

/// A body of the kind whose fields are all at their defaults, except where a default cannot be.
pub(crate) fn plain(kind: FactKind, id: Uuid, now: DateTime<Utc>) -> Outgoing {
    let case_id = Uuid::new_v4().to_string();
    match kind {
        FactKind::CoverQuoted => {
            let body = insurance::CoverQuoted { case_id, ..Default::default() };
            Outgoing::new(kind.code(), id, 1, now, &body)
        }
        FactKind::CoverBound => {
            let body = insurance::CoverBound { case_id, ..Default::default() };
            Outgoing::new(kind.code(), id, 1, now, &body)
        }
        FactKind::CoverReleased => {
            let body = insurance::CoverReleased { case_id, ..Default::default() };
            Outgoing::new(kind.code(), id, 1, now, &body)
        }
        FactKind::CoverLegsChanged => {
            let body = insurance::CoverLegsChanged { case_id, ..Default::default() };
            Outgoing::new(kind.code(), id, 1, now, &body)
        }
        _ => Outgoing::new(kind.code(), id, 1, now, &()),
    }
}

pub(crate) fn as_fact(told: Outgoing) -> Fact {
    Fact {
        message_id: told.message_id,
        kind: FactKind::from_code(told.kind).unwrap(),
        aggregate_id: told.aggregate_id,
        aggregate_version: told.aggregate_version,
        occurred_at: told.occurred_at,
        body: told.body,
    }
}
