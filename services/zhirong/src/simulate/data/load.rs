//! Registers the demo data by the calls that staff make. Doing it again finds what is there: request ids follow from
//! the seed, and what another seed has registered is looked up by its own number or name.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use kernel::InstitutionId;
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::catalog::v1::review_service_client::ReviewServiceClient;
use proto::catalog::v1::{
    ApproveProductRequest, CreateProductRequest, ListInstitutionsRequest, ListProductsRequest, Product,
    ProductState, ProductTerms, RegisterInstitutionRequest, SubmitProductRequest,
};
use proto::common::v1::InstitutionRole;
use rpc::Duty;

use super::super::link::{Link, StaffChannel};
use super::super::seed::Seed;
use super::banks::{Bank, banks, without_department};
use super::enterprises::{association, enterprises};
use super::load_archive::load_archive;
use super::load_enterprise::Register;

/// The largest page of either list.
const PAGE: i32 = 1000;

/// How many banks a consent names that names any.
const NAMED: usize = 4;

/// How much is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub banks: usize,
    pub enterprises: usize,
}

/// A registered bank with its published product.
#[derive(Clone, Debug)]
pub struct LoadedBank {
    pub id: InstitutionId,
    pub name: String,
    pub product_id: String,
    pub terms: ProductTerms,
}

/// An enterprise that may apply.
#[derive(Clone, Debug)]
pub struct LoadedEnterprise {
    pub id: String,
    pub name: String,
    pub uscc: String,
    pub assets: Vec<String>,
    pub consent_id: String,
}

/// Everything that is registered now.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub banks: Vec<LoadedBank>,
    /// Has a product, and no department: nobody asks it.
    pub without_department: LoadedBank,
    pub enterprises: Vec<LoadedEnterprise>,
}

/// Registers what is missing.
pub async fn load(link: &Link, seed: Seed, wanted: Wanted) -> Result<Loaded> {
    let client = CatalogServiceClient::new(link.staff("catalog", &[Duty::Clerk])?);
    let author = ReviewServiceClient::new(link.staff("catalog", &[Duty::Clerk])?);
    let reviewer = link.staff_named("demo-reviewer", "catalog", &[Duty::Supervisor])?;
    let reviewer = ReviewServiceClient::new(reviewer);
    let mut catalog = Catalog { client, author, reviewer, seed, known: HashMap::new() };
    catalog.read_known().await?;
    let mut loaded = Vec::with_capacity(wanted.banks);
    for bank in banks(wanted.banks) {
        loaded.push(catalog.bank(bank).await?);
    }
    let without_department = catalog.bank(without_department()).await?;
    load_archive(link, seed, &loaded).await?;
    let recipients: Vec<String> = loaded.iter().take(NAMED).map(|bank| bank.id.to_string()).collect();
    let mut register = Register::new(link, seed, recipients)?;
    let mut firms = Vec::with_capacity(wanted.enterprises);
    for enterprise in enterprises(wanted.enterprises) {
        firms.push(register.enterprise(enterprise).await?);
    }
    Ok(Loaded { banks: loaded, without_department, enterprises: firms })
}

/// Registers the association that holds the certification marks.
pub async fn load_association(link: &Link, seed: Seed) -> Result<LoadedEnterprise> {
    let association = association().context("the association's numbers do not hold")?;
    Register::new(link, seed, Vec::new())?.enterprise(association).await
}

struct Catalog {
    client: CatalogServiceClient<StaffChannel>,
    author: ReviewServiceClient<StaffChannel>,
    /// A second person: nobody reviews what they wrote.
    reviewer: ReviewServiceClient<StaffChannel>,
    seed: Seed,
    /// Ids of the banks that are registered, by name.
    known: HashMap<String, String>,
}

impl Catalog {
    async fn read_known(&mut self) -> Result<()> {
        let mut page_token = String::new();
        loop {
            let request =
                ListInstitutionsRequest { role: InstitutionRole::Bank.into(), page_size: PAGE, page_token };
            let page = self.client.list_institutions(request).await.context("institutions")?.into_inner();
            self.known.extend(page.institutions.into_iter().map(|one| (one.name, one.institution_id)));
            if page.next_page_token.is_empty() {
                return Ok(());
            }
            page_token = page.next_page_token;
        }
    }

    async fn bank(&mut self, bank: Bank) -> Result<LoadedBank> {
        let institution_id = match self.known.get(&bank.name) {
            Some(id) => id.clone(),
            None => self.register(&bank).await.with_context(|| format!("registering {}", bank.name))?,
        };
        let product = self.product(&institution_id, &bank).await;
        let product = product.with_context(|| format!("the product of {}", bank.name))?;
        Ok(LoadedBank {
            id: institution_id.parse()?,
            name: bank.name,
            product_id: product.product_id,
            terms: product.terms.context("a product without terms")?,
        })
    }

    async fn register(&mut self, bank: &Bank) -> Result<String> {
        let request = RegisterInstitutionRequest {
            request_id: self.seed.request_id("institution", &bank.name),
            name: bank.name.clone(),
            role: InstitutionRole::Bank.into(),
            responsible_department: bank.department.to_owned(),
            financial_license_code: String::new(),
        };
        let answer = self.client.register_institution(request).await?.into_inner();
        Ok(answer.institution.context("no institution in the answer")?.institution_id)
    }

    /// The bank's published product, or a new one.
    async fn product(&mut self, institution_id: &str, bank: &Bank) -> Result<Product> {
        let request = ListProductsRequest {
            institution_id: institution_id.to_owned(),
            page_size: PAGE,
            page_token: String::new(),
        };
        let listed = self.client.list_products(request).await?.into_inner().products;
        if let Some(published) = listed.into_iter().find(|one| one.state() == ProductState::Published) {
            return Ok(published);
        }
        let request = CreateProductRequest {
            request_id: self.seed.request_id("product", institution_id),
            institution_id: institution_id.to_owned(),
            terms: Some(bank.terms.clone()),
        };
        let created =
            self.client.create_product(request).await?.into_inner().product.context("no product")?;
        let (product_id, version) = (created.product_id, created.version);
        let request = SubmitProductRequest {
            request_id: self.seed.request_id("submission", &product_id),
            product_id: product_id.clone(),
            version,
        };
        self.author.submit_product(request).await?;
        let request = ApproveProductRequest {
            request_id: self.seed.request_id("publication", &product_id),
            product_id,
            version,
            publish: true,
        };
        self.reviewer.approve_product(request).await?.into_inner().product.context("no product")
    }
}
