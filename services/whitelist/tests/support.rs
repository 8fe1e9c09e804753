//! A served whitelist, clients for its callers, and well-formed requests to begin from.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::Clock as _;
use prost_types::Timestamp;
use proto::whitelist::v1::{
    self as wire, register_service_client::RegisterServiceClient, source_service_client::SourceServiceClient,
    whitelist_service_client::WhitelistServiceClient,
};
use rpc::{Actor, Duty};
use sqlx::PgPool;
use testkit::{Ground, Served, ground};
use tonic::{Code, Status};
use uuid::Uuid;
use whitelist::ROLE;

pub(crate) type Client = WhitelistServiceClient<testkit::CallerChannel>;
pub(crate) type Keeper = RegisterServiceClient<testkit::CallerChannel>;
pub(crate) type Asker = SourceServiceClient<testkit::CallerChannel>;

/// Two valid codes of domain.md §2.1; nobody is asserted to own them.
pub(crate) const USCC: &str = "91419001MA9ABC128H";
pub(crate) const OTHER_USCC: &str = "91419001MA9K7Q3R0T";

/// Longest wait for anything; a busy machine may need much of it.
pub(crate) const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

pub(crate) struct Stand {
    pub(crate) ground: Ground,
    pub(crate) pool: PgPool,
    _served: Served,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        // Lists follow what happens while the tests look on.
        Self::with(&[("ZHIRONG_WHITELIST_ROSTER", "1s")]).await
    }

    /// Served with these settings besides.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(ground(&[&ROLE]).await, settings).await
    }

    /// On ground where others are too.
    pub(crate) async fn on(ground: Ground, settings: &[(&str, &str)]) -> Self {
        let served = ground.serve(&ROLE, settings).await;
        Self { pool: ground.pool(&ROLE), ground, _served: served }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ground.clock().now()
    }

    pub(crate) fn client(&self, actor: Actor) -> Client {
        WhitelistServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    pub(crate) fn staff(&self, duty: Duty) -> Client {
        self.client(Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] })
    }

    pub(crate) fn clerk(&self) -> Client {
        self.staff(Duty::Clerk)
    }

    pub(crate) fn supervisor(&self) -> Client {
        self.staff(Duty::Supervisor)
    }

    pub(crate) fn keeper_of(&self, actor: Actor) -> Keeper {
        RegisterServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    /// The register's second face, for somebody with this duty.
    pub(crate) fn keeper(&self, duty: Duty) -> Keeper {
        self.keeper_of(Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] })
    }

    /// What platforms outside told, for this actor.
    pub(crate) fn asker(&self, actor: Actor) -> Asker {
        SourceServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    pub(crate) fn role(&self, name: &str) -> Client {
        self.client(Actor::Role(name.to_owned()))
    }

    /// Registers an enterprise and gives its id.
    pub(crate) async fn enterprise(&self, uscc: &str) -> String {
        let request = wire::RegisterEnterpriseRequest { uscc: uscc.to_owned(), ..registration() };
        let answer = self.clerk().register_enterprise(request).await.unwrap().into_inner();
        answer.enterprise.unwrap().enterprise_id
    }

    pub(crate) async fn consent(&self, enterprise_id: &str) -> wire::Consent {
        let request = consent(enterprise_id, self.now());
        self.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap()
    }

    /// How many rows there are of everything that a change writes.
    pub(crate) async fn rows(&self) -> [i64; 8] {
        let counts: Vec<i64> = sqlx::query_scalar(
            "SELECT n FROM (VALUES
                (1, (SELECT count(*) FROM enterprise)), (2, (SELECT count(*) FROM qualification)),
                (3, (SELECT count(*) FROM ip_asset)), (4, (SELECT count(*) FROM consent)),
                (5, (SELECT count(*) FROM standing)), (6, (SELECT count(*) FROM audit_entry)),
                (7, (SELECT count(*) FROM request_replay)), (8, (SELECT count(*) FROM outbox))) AS counted (i, n)
             ORDER BY i",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        counts.try_into().unwrap()
    }

    /// Types of the messages that wait for the broker: no queue takes them on this ground, so none leaves.
    pub(crate) async fn owed(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM outbox ORDER BY seq").fetch_all(&self.pool).await.unwrap()
    }

    /// Who did what to which kind of object, with which result.
    pub(crate) async fn audited(&self) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT actor, action, result FROM audit_entry ORDER BY entry_id")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// The call was refused for this reason, in this field where one is named.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    reason: &str,
    field: Option<&str>,
) {
    let status = answer.expect_err("refused");
    assert_eq!((status.code(), rpc::status::reason(&status).as_deref()), (code, Some(reason)), "{status:?}");
    let violations = rpc::status::violations(&status);
    match field {
        Some(field) => assert!(violations.contains(&(field.to_owned(), reason.to_owned())), "{violations:?}"),
        None => assert_eq!(violations, []),
    }
    assert!(rpc::status::localized(&status).is_some_and(|text| !text.is_ascii()), "no text for people");
    for name in ["沁铅", USCC, OTHER_USCC] {
        assert!(!format!("{status:?}").contains(name), "the refusal names the firm");
    }
}

pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: at.timestamp(), nanos: 0 }
}

pub(crate) fn registration() -> wire::RegisterEnterpriseRequest {
    wire::RegisterEnterpriseRequest {
        request_id: new_id(),
        uscc: USCC.to_owned(),
        name: "济源市沁铅新材料有限公司".to_owned(),
        size: 3,
        industry: "C3240".to_owned(),
        park: "JY-GX".to_owned(),
        region: "419001".to_owned(),
        qualifications: vec![wire::QualificationHeld {
            code: 1,
            number: "GR202141000001".to_owned(),
            valid_from: "2021-10-28".to_owned(),
            valid_to: "2099-10-27".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A patent; the number is synthetic (domain.md §2.2).
pub(crate) fn asset(enterprise_id: &str) -> wire::RegisterAssetRequest {
    wire::RegisterAssetRequest {
        request_id: new_id(),
        enterprise_id: enterprise_id.to_owned(),
        r#type: 1,
        number: "ZL202210123456.1".to_owned(),
        title: "一种再生铅冶炼方法".to_owned(),
        filing_date: "2022-02-10".to_owned(),
        grant_date: "2022-08-30".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn consent(enterprise_id: &str, now: DateTime<Utc>) -> wire::GrantConsentRequest {
    wire::GrantConsentRequest {
        request_id: new_id(),
        enterprise_id: enterprise_id.to_owned(),
        purpose: 1,
        categories: vec![1, 4],
        recipient_institution_ids: vec![],
        signed_at: Some(timestamp(now - TimeDelta::hours(1))),
        valid_to: Some(timestamp(now + TimeDelta::days(180))),
        text_sha256: vec![1; 32],
        evidence_sha256: vec![2; 32],
        ..Default::default()
    }
}

pub(crate) fn standing(enterprise_id: &str, now: DateTime<Utc>) -> wire::RecordStandingRequest {
    wire::RecordStandingRequest {
        request_id: new_id(),
        enterprise_id: enterprise_id.to_owned(),
        listed: true,
        grade: 2,
        exclusions: vec![],
        as_of: Some(timestamp(now - TimeDelta::minutes(1))),
    }
}

/// An entry of a list of the province's, as an accepted file leaves it.
pub(crate) async fn province_entry(owner: &PgPool, uscc: &str, number: &str) {
    let statement = "WITH file AS (
            INSERT INTO file_import (import_id, kind, format, sha256, bytes, state, staged, uploaded_by, uploaded_at,
                expires_at, settled_at)
            VALUES (gen_random_uuid(), 'PROVINCE_LIST', 'CSV', sha256($2::text::bytea), 1, 'ACCEPTED', false, 'staff:x',
                '2022-03-01', '2022-03-02', '2022-03-01') RETURNING import_id),
        entry AS (
            INSERT INTO province_list_entry (import_id, list, uscc, name, level, number, valid_from, valid_to)
            SELECT import_id, $2, $1, 'x', 'PROVINCE', $2, '2022-01-01', NULL FROM file)
        INSERT INTO province_list (list, import_id, accepted_at) SELECT $2, import_id, '2022-03-01' FROM file";
    sqlx::query(statement).bind(uscc).bind(number).execute(owner).await.unwrap();
}
