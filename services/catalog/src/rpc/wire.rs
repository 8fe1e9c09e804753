//! From the domain to the contract's messages.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use proto::{catalog::v1 as wire, common::v1 as codes};

use crate::{
    domain::{
        codes::{Code, CodeSet},
        institution::Institution,
        product::State,
        terms::ProductTerms,
    },
    store::products::Described,
};

pub(super) fn institution(institution: &Institution) -> wire::Institution {
    wire::Institution {
        institution_id: institution.id.to_string(),
        name: institution.name.clone(),
        role: institution.role.number(),
        responsible_department: institution.responsible_department.clone().unwrap_or_default(),
        financial_license_code: institution
            .licence
            .as_ref()
            .map(|licence| licence.as_str().to_owned())
            .unwrap_or_default(),
        registered_at: Some(timestamp(institution.registered_at)),
    }
}

pub(super) fn product(described: &Described) -> wire::Product {
    let product = &described.product;
    let state = match product.state {
        State::Draft => wire::ProductState::Draft,
        State::Published { .. } => wire::ProductState::Published,
        State::Retired { .. } => wire::ProductState::Retired,
    };
    wire::Product {
        product_id: product.id.to_string(),
        institution_id: product.institution_id.to_string(),
        state: state.into(),
        version: described.version,
        terms: Some(terms(&described.terms)),
        newest_version: product.newest,
        published_at: product.published().map(|(_, at)| timestamp(at)),
    }
}

fn terms(terms: &ProductTerms) -> wire::ProductTerms {
    wire::ProductTerms {
        name: terms.name.clone(),
        regions: terms.regions.iter().map(|region| region.text()).collect(),
        parks: terms.parks.iter().map(|park| park.text()).collect(),
        sizes: numbers(terms.sizes),
        any_qualification: numbers(terms.any_qualification),
        accepted_ip: numbers(terms.accepted_ip),
        min_assets: i32::from(terms.min_assets),
        amount_min_fen: terms.amount.min().get(),
        amount_max_fen: terms.amount.max().get(),
        term_min_months: i32::from(terms.term.min().get()),
        term_max_months: i32::from(terms.term.max().get()),
        rate_kind: terms.rate_kind.number(),
        rate_min_bp: terms.rate.min().get(),
        rate_max_bp: terms.rate.max().get(),
        repayment: numbers(terms.repayment),
        enhancement: numbers(terms.enhancement),
        lowest_grade: terms.lowest_grade.map_or(codes::Grade::Unspecified.into(), |grade| grade.number()),
    }
}

fn numbers<C: Code>(set: CodeSet<C>) -> Vec<i32> {
    set.iter().map(C::number).collect()
}

fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Nanoseconds of a second are always below 2^31.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
