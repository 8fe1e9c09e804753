//! From the domain to the contract's messages.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{BasisPoints, IpType};
use prost_types::Timestamp;
use proto::{catalog::v1 as wire, common::v1 as codes};

use super::conditions::fee;
use crate::{
    domain::{
        agreement::Agreement,
        branch::Branch,
        codes::{Code, CodeSet, Park},
        desk::{Desk, Owner},
        institution::Institution,
        park,
        policy::Document,
        product::{Stage, Standing},
        publication::{self, Publication},
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
        version: institution.version,
        agreement_required: institution.agreement_required,
    }
}

pub(super) fn branch(branch: &Branch) -> wire::Branch {
    let details = &branch.details;
    wire::Branch {
        branch_id: branch.id.to_string(),
        institution_id: branch.institution_id.to_string(),
        version: branch.version,
        details: Some(wire::BranchDetails {
            name: details.name.clone(),
            kind: details.kind.number(),
            park: details.park.map(Park::text).unwrap_or_default(),
            tech_origin: details.tech.map_or(0, |(origin, _)| origin.number()),
            tech_since: day(details.tech.map(|(_, since)| since)),
            closed_on: day(details.closed_on),
        }),
    }
}

pub(super) fn park(park: &park::Park) -> wire::Park {
    wire::Park {
        code: park.code.text(),
        name: park.name.clone(),
        agreement_required: park.agreement_required,
        version: park.version,
    }
}

pub(super) fn desk(desk: &Desk) -> wire::DutyDesk {
    let of = match &desk.owner {
        Owner::Unit(code) => wire::duty_desk::Of::Unit(code.clone()),
        Owner::Institution(id) => wire::duty_desk::Of::InstitutionId(id.to_string()),
    };
    wire::DutyDesk {
        of: Some(of),
        post: desk.post.clone(),
        switchboard: desk.switchboard.clone(),
        address: desk.address.clone(),
        hours: desk.hours.clone(),
    }
}

pub(super) fn agreement(agreement: &Agreement) -> wire::Agreement {
    let cover = &agreement.cover;
    wire::Agreement {
        agreement_id: agreement.id.to_string(),
        number: agreement.number.clone(),
        line: agreement.line.number(),
        institution_ids: agreement.institutions.iter().map(|id| id.to_string()).collect(),
        parks: cover.parks.iter().map(|park| park.text()).collect(),
        signed_on: agreement.signed_on.to_string(),
        valid_from: cover.from.to_string(),
        valid_to: cover.to.to_string(),
        ended_on: day(cover.ended),
        text: agreement.text.clone(),
    }
}

pub(super) fn policy(document: &Document) -> wire::PolicyDocument {
    wire::PolicyDocument {
        document_id: document.id.to_string(),
        institution_id: document.institution_id.to_string(),
        kind: document.kind.number(),
        title: document.title.clone(),
        issued_on: document.issued_on.to_string(),
        repealed_on: day(document.repealed_on),
        file_sha256: document.file_sha256.to_vec(),
        filed_at: Some(timestamp(document.filed_at)),
    }
}

pub(super) fn publication(publication: &Publication) -> wire::Publication {
    let state = match publication.state {
        publication::State::Pending => wire::PublicationState::Pending,
        publication::State::Synced => wire::PublicationState::Synced,
        publication::State::Failed => wire::PublicationState::Failed,
        publication::State::WithdrawPending => wire::PublicationState::WithdrawPending,
        publication::State::Withdrawn => wire::PublicationState::Withdrawn,
    };
    wire::Publication {
        product_id: publication.product_id.to_string(),
        state: state.into(),
        version: publication.version,
        external_id: publication.external_id.clone().unwrap_or_default(),
        attempts: publication.attempts,
        last_failure: publication.last_failure.clone().unwrap_or_default(),
        next_attempt_at: publication.due_at.map(timestamp),
        changed_at: Some(timestamp(publication.changed_at)),
    }
}

pub(super) fn product(described: &Described) -> wire::Product {
    let product = &described.product;
    let state = match product.standing {
        Standing::Unpublished => {
            product.pending.as_ref().map_or(wire::ProductState::Draft, |one| stage(one.stage))
        }
        Standing::Published { .. } => wire::ProductState::Published,
        Standing::Suspended { .. } => wire::ProductState::Suspended,
        Standing::Retired { .. } => wire::ProductState::Retired,
    };
    let pending = product.pending.as_ref().map(|pending| wire::PendingVersion {
        version: pending.version,
        state: stage(pending.stage).into(),
        author: pending.author.0.clone(),
        effective_on: match pending.stage {
            Stage::Scheduled(on) => on.to_string(),
            Stage::Draft | Stage::InReview | Stage::Returned | Stage::Approved => String::new(),
        },
    });
    wire::Product {
        product_id: product.id.to_string(),
        institution_id: product.institution_id.to_string(),
        state: state.into(),
        version: described.version,
        terms: Some(terms(&described.terms)),
        newest_version: product.newest,
        published_at: product.published().map(|(_, at)| timestamp(at)),
        pending,
        approved_by: described.approved_by.clone().unwrap_or_default(),
        xyd_external_id: described.external_id.clone().unwrap_or_default(),
        suspended_by: match product.standing {
            Standing::Suspended { by, .. } => by.code().to_owned(),
            Standing::Unpublished | Standing::Published { .. } | Standing::Retired { .. } => String::new(),
        },
    }
}

fn stage(stage: Stage) -> wire::ProductState {
    match stage {
        Stage::Draft => wire::ProductState::Draft,
        Stage::InReview => wire::ProductState::InReview,
        Stage::Returned => wire::ProductState::Returned,
        Stage::Approved | Stage::Scheduled(_) => wire::ProductState::Approved,
    }
}

/// Every term as it counts, also those that were left to the general practice.
pub(super) fn terms(terms: &ProductTerms) -> wire::ProductTerms {
    let conditions = &terms.conditions;
    let cap =
        |(kind, cap): (&IpType, &BasisPoints)| wire::PledgeCap { r#type: kind.number(), cap_bp: cap.get() };
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
        product_code: conditions.code.clone(),
        lpr_tenor: conditions.lpr_tenor.map_or(0, Code::number),
        rate_reset: conditions.rate_reset.number(),
        pledge_caps: conditions.caps.0.iter().map(cap).collect(),
        portfolio_cap_bp: conditions.portfolio_cap.get(),
        interest_basis: conditions.basis.days(),
        settle_day: i32::from(conditions.settle_day),
        guarantee_required: conditions.guarantee_required,
        evaluation_required: conditions.evaluation.number(),
        fee_items: conditions.fees.iter().map(fee).collect(),
        prepay_penalty_bp: conditions.prepay_penalty.get(),
        first_loan_ok: Some(conditions.first_loan_ok),
        renewal_ok: conditions.renewal_ok,
        line_type: conditions.line.number(),
        sla_wd: Some(wire::SlaWorkingDays {
            response: i32::from(conditions.sla.response),
            offer: i32::from(conditions.sla.offer),
            approval: i32::from(conditions.sla.approval),
        }),
        responsible_dept: conditions.department.clone().unwrap_or_default(),
        channels: numbers(conditions.channels),
        effective_from: day(conditions.effective_from),
        effective_to: day(conditions.effective_to),
    }
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn numbers<C: Code>(set: CodeSet<C>) -> Vec<i32> {
    set.iter().map(C::number).collect()
}

pub(super) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Nanoseconds of a second are always below 2^31.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
