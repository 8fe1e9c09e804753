//! What the load needs before it starts: institutions with a product and a way in, enterprises with an asset and a
//! consent; all registered through the public calls.

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{InstitutionId, Uscc};
use proto::{
    catalog::v1::{
        self as catalog, catalog_service_client::CatalogServiceClient,
        review_service_client::ReviewServiceClient,
    },
    common::v1::InstitutionRole,
    partner::v1::{IssueCredentialRequest, credential_service_client::CredentialServiceClient},
    whitelist::v1::{self as whitelist, whitelist_service_client::WhitelistServiceClient},
};
use rpc::{Actor, Duty};
use uuid::Uuid;

use super::institutions::Way;
use crate::system::{ActingChannel, System};

/// Registrations under way at once.
const AT_ONCE: usize = 32;

/// An enterprise that can apply.
#[derive(Debug, Clone)]
pub(super) struct Applicant {
    pub(super) uscc: String,
    pub(super) asset_id: String,
    pub(super) consent_id: String,
}

fn staff(system: &System, role: &'static str) -> Result<ActingChannel> {
    person(system, role, "bench")
}

fn person(system: &System, role: &'static str, id: &str) -> Result<ActingChannel> {
    let duties = vec![Duty::Clerk, Duty::Supervisor, Duty::Administrator];
    system.channel(role, Actor::Staff { id: id.to_owned(), duties })
}

/// Who writes products, and who lets them out: nobody reviews what they wrote.
#[derive(Clone)]
pub(super) struct Shelf {
    writer: CatalogServiceClient<ActingChannel>,
    submitter: ReviewServiceClient<ActingChannel>,
    reviewer: ReviewServiceClient<ActingChannel>,
}

impl Shelf {
    pub(super) fn of(system: &System) -> Result<Self> {
        Ok(Self {
            writer: CatalogServiceClient::new(staff(system, "catalog")?),
            submitter: ReviewServiceClient::new(staff(system, "catalog")?),
            reviewer: ReviewServiceClient::new(person(system, "catalog", "bench-reviewer")?),
        })
    }

    /// Registers an institution and gives its id.
    pub(super) async fn register(&mut self, name: String, role: InstitutionRole) -> Result<String> {
        let register = catalog::RegisterInstitutionRequest {
            request_id: id(),
            name,
            role: role.into(),
            responsible_department: "科技金融部".to_owned(),
            financial_license_code: String::new(),
        };
        let registered = self.writer.register_institution(register).await?.into_inner().institution;
        Ok(registered.context("institution")?.institution_id)
    }

    /// Publishes a product with these terms.
    pub(super) async fn publish(&mut self, institution_id: &str, terms: catalog::ProductTerms) -> Result<()> {
        let create = catalog::CreateProductRequest {
            request_id: id(),
            institution_id: institution_id.to_owned(),
            terms: Some(terms),
        };
        let product = self.writer.create_product(create).await?.into_inner().product.context("product")?;
        let product_id = product.product_id;
        let submit =
            catalog::SubmitProductRequest { request_id: id(), product_id: product_id.clone(), version: 1 };
        self.submitter.submit_product(submit).await?;
        let approve =
            catalog::ApproveProductRequest { request_id: id(), product_id, version: 1, publish: true };
        self.reviewer.approve_product(approve).await?;
        Ok(())
    }
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

/// Registers banks with one product each that fits every application, and evaluators, and lets them in.
pub(super) async fn institutions(system: &System, banks: usize, evaluators: usize) -> Result<Vec<Way>> {
    let mut shelf = Shelf::of(system)?;
    let mut door = CredentialServiceClient::new(staff(system, "partner")?);
    let mut ways = Vec::new();
    for number in 1..=banks + evaluators {
        let evaluates = number > banks;
        let role = if evaluates { InstitutionRole::Evaluator } else { InstitutionRole::Bank };
        let name = format!("测试{number}号{}", if evaluates { "评估公司" } else { "银行" });
        let institution_id = shelf.register(name, role).await?;
        if !evaluates {
            shelf.publish(&institution_id, terms()).await?;
        }
        let institution: InstitutionId = institution_id.parse()?;
        let certificate = system.secrets().issue_client_certificate(&institution.to_string())?;
        let issue = IssueCredentialRequest {
            request_id: id(),
            institution_id,
            role: role.into(),
            certificate_pem: certificate.certificate.clone(),
            scopes: Vec::new(),
            valid_days: 1,
        };
        let token = door.issue_credential(issue).await?.into_inner().token;
        ways.push(Way {
            certificate_pem: certificate.certificate,
            key_pem: certificate.key,
            token,
            evaluates,
        });
    }
    Ok(ways)
}

fn terms() -> catalog::ProductTerms {
    catalog::ProductTerms {
        name: "知识产权质押贷".to_owned(),
        accepted_ip: vec![1],
        min_assets: 1,
        amount_min_fen: 1,
        amount_max_fen: 30_000_000_000,
        term_min_months: 1,
        term_max_months: 120,
        rate_kind: 2,
        rate_min_bp: 400,
        rate_max_bp: 500,
        repayment: vec![3],
        enhancement: vec![1],
        ..catalog::ProductTerms::default()
    }
}

/// Registers enterprises, each with one asset and a consent.
pub(super) async fn enterprises(system: &System, count: usize) -> Result<Vec<Applicant>> {
    let client = WhitelistServiceClient::new(staff(system, "whitelist")?);
    stream::iter(0..count)
        .map(|number| enterprise(client.clone(), number))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn enterprise(mut client: WhitelistServiceClient<ActingChannel>, number: usize) -> Result<Applicant> {
    let organisation = format!("MA{number:06}");
    let uscc = Uscc::complete("91419001", &organisation)?;
    let register = whitelist::RegisterEnterpriseRequest {
        request_id: id(),
        uscc: uscc.as_str().to_owned(),
        name: format!("济源市第{number}材料有限公司"),
        size: 3,
        industry: "C32".to_owned(),
        park: "JY-GX".to_owned(),
        region: "419001".to_owned(),
        qualifications: Vec::new(),
        ..Default::default()
    };
    let enterprise =
        client.register_enterprise(register).await?.into_inner().enterprise.context("enterprise")?;
    let asset = whitelist::RegisterAssetRequest {
        request_id: id(),
        enterprise_id: enterprise.enterprise_id.clone(),
        r#type: 1,
        number: patent(number),
        title: "一种材料".to_owned(),
        filing_date: "2022-01-05".to_owned(),
        grant_date: "2023-06-06".to_owned(),
        ..Default::default()
    };
    let asset = client.register_asset(asset).await?.into_inner().asset.context("asset")?;
    let now = chrono::Utc::now().timestamp();
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let consent = whitelist::GrantConsentRequest {
        request_id: id(),
        enterprise_id: enterprise.enterprise_id,
        purpose: 1,
        categories: vec![1, 2, 3, 4],
        recipient_institution_ids: Vec::new(),
        signed_at: at(now - 60),
        valid_to: at(now + 86_400),
        text_sha256: vec![1; 32],
        evidence_sha256: vec![2; 32],
        ..Default::default()
    };
    let consent = client.grant_consent(consent).await?.into_inner().consent.context("consent")?;
    Ok(Applicant { uscc: uscc.as_str().to_owned(), asset_id: asset.asset_id, consent_id: consent.consent_id })
}

/// A patent number with a true check digit (domain.md §2.2).
fn patent(number: usize) -> String {
    let digits = format!("20221{number:07}");
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 =
        digits.chars().zip(weights).filter_map(|(digit, weight)| Some(digit.to_digit(10)? * weight)).sum();
    let check = match sum % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    };
    format!("{digits}.{check}")
}
