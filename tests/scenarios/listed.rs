//! A zone with banks and nobody at work: firms go through screening to the list, banks read it at the gateway.

use std::path::PathBuf;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use engines::Source;
use kernel::{InstitutionId, Uscc, calendar::date_of, check_digits};
use prost_types::Timestamp;
use proto::catalog::v1::{RegisterInstitutionRequest, catalog_service_client::CatalogServiceClient};
use proto::common::v1::InstitutionRole;
use proto::partner::v1::event_service_client::EventServiceClient;
use proto::partner::v1::whitelist_feed_service_client::WhitelistFeedServiceClient;
use proto::partner::v1::{self as gateway, AcknowledgeRequest, PullEventsRequest};
use proto::whitelist::v1::entry_service_client::EntryServiceClient;
use proto::whitelist::v1::list_service_client::ListServiceClient;
use proto::whitelist::v1::screening_service_client::ScreeningServiceClient;
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use proto::whitelist::v1::{self as kept, get_entry_request::Key};
use rpc::Duty;
use rpc::client::Channel;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use testkit::eventually;
use zhirong::run_dir::RunDir;
use zhirong::simulate::{Link, StaffChannel, admit};
use zhirong::system::{Options, System};

use crate::support::LIMIT;

/// What a bank that holds an event is given for it: longer than the test.
const LEASE_SECONDS: i32 = 600;

pub(crate) struct Zone {
    pub(crate) system: System,
    link: Link,
    /// A superuser's, which sees every schema.
    pub(crate) books: PgPool,
    scratch: PathBuf,
}

/// A firm of the register whose entry stands on the zone's list.
pub(crate) struct Listed {
    pub(crate) enterprise: String,
    pub(crate) uscc: String,
    pub(crate) grade: i32,
}

impl Zone {
    /// Engines of its own, which the test halts; entries are published for a second.
    pub(crate) async fn start() -> Self {
        let scratch = std::env::temp_dir().join(format!("zhirong-zone-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&scratch).unwrap();
        let mut options = Options::scratch(RunDir::at(&scratch).unwrap())
            .set("ZHIRONG_WHITELIST_PUBLICITY", "1s")
            .set("ZHIRONG_WHITELIST_ACKNOWLEDGE_WITHIN", "3600s")
            .set("ZHIRONG_WHITELIST_ROSTER", "200ms");
        options.engines = Source::Private;
        let system = System::start(options).await.unwrap();
        let link = Link::of(system.run_dir()).unwrap();
        let admin: PgConnectOptions = system.admin().postgres.expose().parse().unwrap();
        let pool = PgPoolOptions::new().max_connections(2);
        let books = pool.connect_with(admin.database(&system.admin().database)).await.unwrap();
        Self { system, link, books, scratch }
    }

    fn staff(&self, role: &'static str) -> StaffChannel {
        self.link.staff(role, &[Duty::Clerk, Duty::Supervisor]).unwrap()
    }

    /// Registers a bank and lets it in at the gateway.
    pub(crate) async fn bank(&self, name: &str) -> Bank {
        let request = RegisterInstitutionRequest {
            request_id: id(),
            name: name.to_owned(),
            role: InstitutionRole::Bank.into(),
            responsible_department: "科技金融部".to_owned(),
            financial_license_code: String::new(),
        };
        let mut catalog = CatalogServiceClient::new(self.staff("catalog"));
        let answer = catalog.register_institution(request).await.unwrap().into_inner();
        let bank: InstitutionId = answer.institution.unwrap().institution_id.parse().unwrap();
        let access = admit(&self.link, bank, InstitutionRole::Bank).await.unwrap();
        let channel = access.channel().unwrap();
        Bank {
            id: bank,
            events: EventServiceClient::new(channel.clone()),
            lists: WhitelistFeedServiceClient::new(channel),
            seen: Vec::new(),
        }
    }

    /// Registers the firm with this number and leads it over consent, screening and publicity to the list.
    pub(crate) async fn listed(&self, number: u32) -> Listed {
        let (enterprise, uscc) = self.register(number).await;
        let mut entries = EntryServiceClient::new(self.staff("whitelist"));
        let request = kept::NominateRequest { request_id: id(), enterprise_ids: vec![enterprise.clone()] };
        entries.nominate(request).await.unwrap();
        let scored = self.reaches(&enterprise, kept::EntryState::Scored).await;
        assert!(
            !scored.run_id.is_empty() && scored.score >= 6_000,
            "a screening gave its points: {scored:?}"
        );
        let request = kept::OpenPublicityRequest { request_id: id(), entry_ids: vec![scored.entry_id] };
        entries.open_publicity(request).await.unwrap();
        let listed = self.reaches(&enterprise, kept::EntryState::Listed).await;
        Listed { enterprise, uscc, grade: listed.grade }
    }

    async fn reaches(&self, enterprise: &str, state: kept::EntryState) -> kept::Entry {
        let entries = EntryServiceClient::new(self.staff("whitelist"));
        eventually(LIMIT, async || {
            let request = kept::GetEntryRequest { key: Some(Key::EnterpriseId(enterprise.to_owned())) };
            let entry = entries.clone().get_entry(request).await.unwrap().into_inner();
            if entry.state() == state { Ok(entry) } else { Err(entry) }
        })
        .await
    }

    /// Grade B by what the register alone knows of it; eight inventions.
    async fn register(&self, number: u32) -> (String, String) {
        let mut register = WhitelistServiceClient::new(self.staff("whitelist"));
        let (now, uscc) = (Utc::now(), Uscc::complete("91419001", &format!("MA9D{number:04}")).unwrap());
        let today = date_of(now);
        let request = kept::RegisterEnterpriseRequest {
            request_id: id(),
            uscc: uscc.as_str().to_owned(),
            name: format!("济源市第{number}新材料有限公司"),
            size: 3,
            industry: "C3240".to_owned(),
            park: "JY-GX".to_owned(),
            region: "419001".to_owned(),
            qualifications: vec![held(9, 0, today), held(8, 1, today), held(1, 0, today)],
            profile: Some(profile(today)),
        };
        let answer = register.register_enterprise(request).await.unwrap().into_inner();
        let enterprise_id = answer.enterprise.unwrap().enterprise_id;
        for invention in 0..8 {
            let asset = asset(&enterprise_id, number * 10 + invention, today);
            register.register_asset(asset).await.unwrap();
        }
        register.grant_consent(consent(&enterprise_id, now)).await.unwrap();
        (enterprise_id, uscc.as_str().to_owned())
    }

    /// Puts a hard exclusion on record.
    pub(crate) async fn exclude(&self, firm: &Listed) {
        let request = kept::RecordExclusionRequest {
            request_id: id(),
            enterprise_id: firm.enterprise.clone(),
            code: "HX03".to_owned(),
            evidence_sha256: vec![7; 32],
        };
        ScreeningServiceClient::new(self.staff("whitelist")).record_exclusion(request).await.unwrap();
        self.reaches(&firm.enterprise, kept::EntryState::Suspended).await;
    }

    fn lists(&self) -> ListServiceClient<StaffChannel> {
        ListServiceClient::new(self.staff("whitelist"))
    }

    pub(crate) async fn publish(&self) -> kept::ListVersion {
        let request = kept::PublishListRequest { request_id: id(), kind: kept::ListKind::Zone.into() };
        self.lists().publish_list(request).await.unwrap().into_inner()
    }

    /// Waits until the zone's list has come to this version, and gives it.
    pub(crate) async fn version(&self, version: i64) -> kept::ListVersion {
        eventually(LIMIT, async || {
            let request = kept::ListVersionsRequest { kind: kept::ListKind::Zone.into() };
            let versions = self.lists().list_versions(request).await.unwrap().into_inner().versions;
            versions.iter().find(|one| one.version == version).cloned().ok_or(versions)
        })
        .await
    }

    /// What is known of each bank: its latest version, and whether it has taken note.
    pub(crate) async fn noted(&self) -> Vec<(String, i64, bool)> {
        let request =
            kept::ListAcknowledgementsRequest { kind: kept::ListKind::Zone.into(), late_only: false };
        let answer = self.lists().list_acknowledgements(request).await.unwrap().into_inner();
        let of = |one: kept::ListAcknowledgement| {
            assert!(one.told_at.is_some() && one.due_at.is_some() && !one.late, "{one:?}");
            (one.institution_id, one.version, one.acknowledged_at.is_some())
        };
        answer.acknowledgements.into_iter().map(of).collect()
    }

    pub(crate) async fn count(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&self.books).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.books.close().await;
        self.system.stop().await.unwrap();
        std::fs::remove_dir_all(&self.scratch).unwrap();
    }
}

/// A bank at the gateway, with its own certificate and token.
pub(crate) struct Bank {
    pub(crate) id: InstitutionId,
    events: EventServiceClient<Channel>,
    lists: WhitelistFeedServiceClient<Channel>,
    /// All that it was ever handed: the event, the version that it tells of, and for which time.
    pub(crate) seen: Vec<(String, i64, i32)>,
}

impl Bank {
    /// Pulls until something comes, keeps a lease on it, and gives the event's name and version.
    pub(crate) async fn pulls(&mut self) -> (String, i64) {
        let request = PullEventsRequest { lease_seconds: LEASE_SECONDS, wait_seconds: 1, max_events: 0 };
        let pulled = eventually(LIMIT, async || match self.events.clone().pull_events(request).await {
            Ok(answer) if answer.get_ref().events.is_empty() => Err("nothing yet".to_owned()),
            Ok(answer) => Ok(answer.into_inner().events),
            Err(status) => Err(format!("{status:?}")),
        })
        .await;
        for event in &pulled {
            assert_eq!(event.r#type(), gateway::EventType::ListPublished);
            assert_eq!(event.list(), gateway::WhitelistKind::Zone);
        }
        self.seen.extend(pulled.iter().map(|one| (one.name.clone(), one.list_version, one.attempt)));
        let [event] = &pulled[..] else { panic!("one version at a time: {pulled:?}") };
        (event.name.clone(), event.list_version)
    }

    /// Says that the event needs not come again.
    pub(crate) async fn done_with(&self, event: &str) {
        let request = AcknowledgeRequest { names: vec![event.to_owned()] };
        let answer = self.events.clone().acknowledge(request).await.unwrap().into_inner();
        assert_eq!(answer.unknown, Vec::<String>::new());
    }

    /// The version, whole or as what has changed since another: who, how, and with which grade.
    pub(crate) async fn reads(
        &self,
        version: i64,
        since: i64,
    ) -> Vec<(String, gateway::WhitelistChange, i32)> {
        let request = gateway::GetWhitelistRequest {
            kind: gateway::WhitelistKind::Zone.into(),
            version,
            since_version: since,
            ..Default::default()
        };
        let answer = self.lists.clone().get_whitelist(request).await.unwrap().into_inner();
        assert_eq!((answer.version, answer.next_page_token.as_str()), (version, ""));
        let of = |one: gateway::WhitelistItem| {
            let change = one.change();
            let has_left = change == gateway::WhitelistChange::Removed;
            assert!(has_left || !one.reasons.is_empty(), "banks see why: {one:?}");
            (one.uscc, change, one.grade)
        };
        let mut items: Vec<_> = answer.items.into_iter().map(of).collect();
        items.sort();
        items
    }

    /// Says that it has taken the version over.
    pub(crate) async fn takes_note(&self, version: i64) {
        let request = gateway::AcknowledgeWhitelistRequest {
            request_id: id(),
            acted_by: "B0172".to_owned(),
            kind: gateway::WhitelistKind::Zone.into(),
            version,
        };
        self.lists.clone().acknowledge_whitelist(request).await.unwrap();
    }
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn timestamp(at: DateTime<Utc>) -> Option<Timestamp> {
    Some(Timestamp { seconds: at.timestamp(), nanos: 0 })
}

fn years_before(day: NaiveDate, years: u32) -> String {
    (day - Months::new(12 * years)).to_string()
}

fn held(code: i32, level: i32, today: NaiveDate) -> kept::QualificationHeld {
    kept::QualificationHeld {
        code,
        number: "x".to_owned(),
        valid_from: years_before(today, 2),
        valid_to: (today + Months::new(12)).to_string(),
        level,
    }
}

/// Accounts of two years, a tenth of the staff in research.
fn profile(today: NaiveDate) -> kept::EnterpriseProfile {
    let of = |year| kept::AccountsYear {
        year,
        revenue_fen: Some(10_000_000_000),
        rd_spend_fen: Some(600_000_000),
        net_profit_fen: Some(1),
    };
    kept::EnterpriseProfile {
        staff: Some(100),
        rd_staff: Some(10),
        accounts: Some(kept::Accounts { years: vec![of(today.year() - 1), of(today.year() - 2)] }),
        total_assets_fen: Some(10_000),
        total_liabilities_fen: Some(3_000),
        tax_grade: kept::TaxGrade::A.into(),
        platform_link: Some(true),
        ..Default::default()
    }
}

/// An invention with 14 years left, of high value, cited, with a family; the number is synthetic (domain.md §2.2).
fn asset(enterprise_id: &str, serial: u32, today: NaiveDate) -> kept::RegisterAssetRequest {
    let digits = format!("20201{serial:07}");
    kept::RegisterAssetRequest {
        request_id: id(),
        enterprise_id: enterprise_id.to_owned(),
        r#type: 1,
        number: format!("{digits}.{}", check_digits::patent(&digits).unwrap()),
        title: "一种再生铅冶炼方法".to_owned(),
        filing_date: years_before(today, 6),
        grant_date: years_before(today, 5),
        detail: Some(kept::AssetDetail {
            revenue_share_bp: Some(750),
            citations: Some(3),
            family_size: Some(4),
            high_value: vec![1],
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn consent(enterprise_id: &str, now: DateTime<Utc>) -> kept::GrantConsentRequest {
    kept::GrantConsentRequest {
        request_id: id(),
        enterprise_id: enterprise_id.to_owned(),
        purpose: 1,
        categories: vec![1, 4],
        signed_at: timestamp(now - TimeDelta::hours(1)),
        valid_to: timestamp(now + TimeDelta::days(900)),
        text_sha256: vec![1; 32],
        evidence_sha256: vec![2; 32],
        ..Default::default()
    }
}
