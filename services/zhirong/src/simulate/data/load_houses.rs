//! Registers insurers, guarantors and evaluators, and what they are ready to cover.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use kernel::InstitutionId;
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::catalog::v1::{ListInstitutionsRequest, RegisterInstitutionRequest};
use proto::insurance::v1::SetAppetiteRequest;
use proto::insurance::v1::insurance_service_client::InsuranceServiceClient;
use rpc::Duty;

use super::super::link::Link;
use super::super::seed::Seed;
use super::houses::{House, HouseTerms, houses};

/// The largest page of the list.
const PAGE: i32 = 1000;

/// A registered institution other than a bank.
#[derive(Clone, Debug)]
pub struct LoadedHouse {
    pub id: InstitutionId,
    pub name: String,
    pub terms: HouseTerms,
}

/// Registers those that are missing, and tells `insurance` the appetite of each insurer and guarantor. Doing it again
/// finds what is there.
pub async fn load_houses(link: &Link, seed: Seed) -> Result<Vec<LoadedHouse>> {
    let mut catalog = CatalogServiceClient::new(link.staff("catalog", &[Duty::Clerk])?);
    let request = ListInstitutionsRequest { role: 0, page_size: PAGE, page_token: String::new() };
    let page = catalog.list_institutions(request).await.context("institutions")?.into_inner();
    let known: HashMap<String, String> =
        page.institutions.into_iter().map(|one| (one.name, one.institution_id)).collect();
    let mut loaded = Vec::new();
    for House { name, terms } in houses() {
        let id = match known.get(name) {
            Some(id) => id.clone(),
            None => {
                let request = RegisterInstitutionRequest {
                    request_id: seed.request_id("institution", name),
                    name: name.to_owned(),
                    role: terms.role().into(),
                    responsible_department: String::new(),
                    financial_license_code: String::new(),
                };
                let answer = catalog.register_institution(request).await;
                let answer = answer.with_context(|| format!("registering {name}"))?.into_inner();
                answer.institution.context("no institution in the answer")?.institution_id
            }
        };
        loaded.push(LoadedHouse { id: id.parse()?, name: name.to_owned(), terms });
    }
    let mut insurance = InsuranceServiceClient::new(link.staff("insurance", &[Duty::Supervisor])?);
    for house in &loaded {
        let id = house.id.to_string();
        let Some(appetite) = house.terms.appetite(&id) else { continue };
        let request =
            SetAppetiteRequest { request_id: seed.request_id("appetite", &id), appetite: Some(appetite) };
        let set = insurance.set_appetite(request).await;
        set.with_context(|| format!("the appetite of {}", house.name))?;
    }
    Ok(loaded)
}
