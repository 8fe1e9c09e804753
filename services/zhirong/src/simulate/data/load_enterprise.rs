//! Registers an enterprise with its rights, its consent and its standing.

use anyhow::{Context as _, Result};
use prost_types::Timestamp;
use proto::whitelist::v1::get_enterprise_request::Key;
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use proto::whitelist::v1::{
    ConsentPurpose, DataCategory, GetEnterpriseRequest, GetStandingsRequest, GrantConsentRequest,
    ListAssetsRequest, QualificationHeld, RecordStandingRequest, RegisterAssetRequest,
    RegisterEnterpriseRequest, Standing, StandingQuery,
};
use ring::digest::{SHA256, digest};
use rpc::Duty;
use tonic::Code;
use uuid::Uuid;

use super::super::link::{Link, StaffChannel};
use super::super::seed::Seed;
use super::enterprises::{Asset, Enterprise, Screened};
use super::load::LoadedEnterprise;

const REGION: &str = kernel::regions::JIYUAN;
/// 2022-07-01 and 2035-01-01 in UTC: fixed, so that a repeated request is the same request.
const SIGNED_AT: i64 = 1_656_633_600;
const VALID_TO: i64 = 2_051_222_400;
/// Thirty days, within which a suspended firm has to be cured (domain.md §3.2 c).
const CURED_AFTER: i64 = 30 * 86_400;
const PAGE: i32 = 1000;

/// Registers as a clerk and, for standings, as a supervisor.
pub(super) struct Register {
    clerk: WhitelistServiceClient<StaffChannel>,
    supervisor: WhitelistServiceClient<StaffChannel>,
    seed: Seed,
    /// Whom a consent names that names any.
    recipients: Vec<String>,
}

impl Register {
    pub(super) fn new(link: &Link, seed: Seed, recipients: Vec<String>) -> Result<Self> {
        let client =
            |duty| Ok::<_, anyhow::Error>(WhitelistServiceClient::new(link.staff("whitelist", &[duty])?));
        Ok(Self { clerk: client(Duty::Clerk)?, supervisor: client(Duty::Supervisor)?, seed, recipients })
    }

    pub(super) async fn enterprise(&mut self, enterprise: Enterprise) -> Result<LoadedEnterprise> {
        let id = self.register(&enterprise).await.context("registering an enterprise")?;
        let mut assets = Vec::with_capacity(enterprise.assets.len());
        for asset in &enterprise.assets {
            assets.push(self.asset(&id, asset).await.context("registering an IP right")?);
        }
        let named =
            if enterprise.screened.consent_names_recipients { self.recipients.clone() } else { Vec::new() };
        let mut consent_id = self.consent(&id, self.seed.request_id("consent", &id), named.clone()).await?;
        let mut standing = self.standing(&enterprise.uscc, &consent_id).await?;
        if !standing.consent_active {
            // Somebody has revoked the consent of an earlier run: the enterprise signs again.
            consent_id = self.consent(&id, Uuid::new_v4().to_string(), named).await?;
            standing = self.standing(&enterprise.uscc, &consent_id).await?;
        }
        if standing.standing_revision == 0 {
            self.record_standings(&id, enterprise.screened).await.context("recording a standing")?;
        }
        Ok(LoadedEnterprise { id, name: enterprise.name, uscc: enterprise.uscc, assets, consent_id })
    }

    async fn register(&mut self, enterprise: &Enterprise) -> Result<String> {
        let held = |(index, code): (usize, &_)| QualificationHeld {
            code: i32::from(*code),
            number: format!("DEMO-{:04}", index + 1),
            valid_from: "2022-01-01".to_owned(),
            valid_to: "2034-12-31".to_owned(),
            ..Default::default()
        };
        let request = RegisterEnterpriseRequest {
            request_id: self.seed.request_id("enterprise", &enterprise.uscc),
            uscc: enterprise.uscc.clone(),
            name: enterprise.name.clone(),
            size: enterprise.size.into(),
            industry: enterprise.industry.to_owned(),
            park: enterprise.park.to_owned(),
            region: REGION.to_owned(),
            qualifications: enterprise.qualifications.iter().enumerate().map(held).collect(),
            ..Default::default()
        };
        let found = match self.clerk.register_enterprise(request).await {
            Ok(answer) => answer.into_inner().enterprise.context("no enterprise in the answer")?,
            Err(status) if status.code() == Code::AlreadyExists => {
                let request = GetEnterpriseRequest { key: Some(Key::Uscc(enterprise.uscc.clone())) };
                self.clerk.get_enterprise(request).await?.into_inner()
            }
            Err(status) => return Err(status.into()),
        };
        Ok(found.enterprise_id)
    }

    async fn asset(&mut self, enterprise_id: &str, asset: &Asset) -> Result<String> {
        let request = RegisterAssetRequest {
            request_id: self.seed.request_id("asset", &asset.number),
            enterprise_id: enterprise_id.to_owned(),
            r#type: asset.kind.into(),
            number: asset.number.clone(),
            title: asset.title.clone(),
            filing_date: asset.filed.clone(),
            grant_date: asset.granted.clone(),
            ..Default::default()
        };
        match self.clerk.register_asset(request).await {
            Ok(answer) => Ok(answer.into_inner().asset.context("no asset in the answer")?.asset_id),
            Err(status) if status.code() == Code::AlreadyExists => {
                self.find_asset(enterprise_id, asset).await
            }
            Err(status) => Err(status.into()),
        }
    }

    async fn find_asset(&mut self, enterprise_id: &str, asset: &Asset) -> Result<String> {
        let request = ListAssetsRequest {
            enterprise_id: enterprise_id.to_owned(),
            page_size: PAGE,
            page_token: String::new(),
        };
        let listed = self.clerk.list_assets(request).await?.into_inner().assets;
        // Numbers are stored as the office writes them, with or without the prefix of a granted patent.
        let bare = asset.number.trim_start_matches("ZL");
        let found = listed.into_iter().find(|one| one.number.trim_start_matches("ZL") == bare);
        Ok(found.context("a registered right was not found")?.asset_id)
    }

    async fn consent(
        &mut self,
        enterprise_id: &str,
        request_id: String,
        recipient_institution_ids: Vec<String>,
    ) -> Result<String> {
        let categories = [DataCategory::EnterpriseProfile, DataCategory::Financials, DataCategory::IpAssets];
        let hash = |text: &str| digest(&SHA256, text.as_bytes()).as_ref().to_vec();
        let request = GrantConsentRequest {
            request_id,
            enterprise_id: enterprise_id.to_owned(),
            purpose: ConsentPurpose::IpPledgeFinancing.into(),
            categories: categories.map(i32::from).to_vec(),
            recipient_institution_ids,
            signed_at: Some(Timestamp { seconds: SIGNED_AT, nanos: 0 }),
            valid_to: Some(Timestamp { seconds: VALID_TO, nanos: 0 }),
            text_sha256: hash("信息查询授权书（演示）"),
            evidence_sha256: hash("签署页（演示）"),
            ..Default::default()
        };
        let answer = self.clerk.grant_consent(request).await.context("granting a consent")?.into_inner();
        Ok(answer.consent.context("no consent in the answer")?.consent_id)
    }

    async fn standing(&mut self, uscc: &str, consent_id: &str) -> Result<Standing> {
        let query =
            StandingQuery { uscc: uscc.to_owned(), consent_id: consent_id.to_owned(), asset_ids: Vec::new() };
        let request = GetStandingsRequest { queries: vec![query] };
        let answer = self.clerk.get_standings(request).await.context("asking for a standing")?.into_inner();
        answer.standings.into_iter().next().context("no standing in the answer")
    }

    /// What the screening found; of a firm that has been cured, what it was before as well.
    async fn record_standings(&mut self, enterprise_id: &str, screened: Screened) -> Result<()> {
        if screened.cured {
            let before = Screened { listed: false, cured: false, ..screened };
            self.record_standing(enterprise_id, "standing before", before, SIGNED_AT).await?;
        }
        self.record_standing(enterprise_id, "standing", screened, SIGNED_AT + CURED_AFTER).await
    }

    async fn record_standing(
        &mut self,
        enterprise_id: &str,
        purpose: &str,
        screened: Screened,
        as_of: i64,
    ) -> Result<()> {
        let standing = screened.exclusion.filter(|_| !screened.cured);
        let request = RecordStandingRequest {
            request_id: self.seed.request_id(purpose, enterprise_id),
            enterprise_id: enterprise_id.to_owned(),
            listed: screened.listed,
            grade: screened.grade.into(),
            exclusions: standing.into_iter().map(str::to_owned).collect(),
            as_of: Some(Timestamp { seconds: as_of, nanos: 0 }),
        };
        self.supervisor.record_standing(request).await?;
        Ok(())
    }
}
