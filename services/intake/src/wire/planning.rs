//! Questions to whitelist and catalog, and their answers; the frozen dossier.

use kernel::{CaseNumber, EnterpriseSize, Grade, InstitutionRole, IpType, Qualification};
use prost::Message as _;
use proto::{
    catalog::v1 as catalog, common::v1::DocumentRef, intake::v1 as intake, whitelist::v1 as whitelist,
};
use tonic::Status;

use super::application::document_ref;
use crate::{
    domain::{
        Application, Case, CoverNeed,
        plan::{Asset, Fit, Profile, Standing},
    },
    store::dossiers::Dossier,
};

pub(crate) fn standing_query(application: &Application) -> whitelist::StandingQuery {
    whitelist::StandingQuery {
        uscc: application.uscc.as_str().to_owned(),
        consent_id: application.consent.to_string(),
        asset_ids: application.assets.iter().map(ToString::to_string).collect(),
    }
}

/// # Errors
/// INTERNAL when whitelist answers with a code that we do not know.
pub(crate) fn standing(found: whitelist::Standing) -> Result<Standing, Status> {
    let profile = match (found.registered, found.enterprise) {
        (true, Some(enterprise)) => Some(Profile {
            id: enterprise.enterprise_id.parse().map_err(|_| unknown("enterprise id"))?,
            name: enterprise.name,
            size: EnterpriseSize::from_number(enterprise.size),
            industry: enterprise.industry,
            park: enterprise.park,
            region: enterprise.region,
            qualifications: enterprise
                .qualifications
                .iter()
                .map(|held| Qualification::from_number(held.code).ok_or_else(|| unknown("qualification")))
                .collect::<Result<_, _>>()?,
        }),
        _ => None,
    };
    let asset = |asset: whitelist::IpAsset| {
        Ok(Asset {
            kind: IpType::from_number(asset.r#type).ok_or_else(|| unknown("kind of asset"))?,
            number: asset.number,
            title: asset.title,
            filing_date: asset.filing_date,
            grant_date: asset.grant_date,
        })
    };
    Ok(Standing {
        profile,
        listed: found.listed,
        grade: Grade::from_number(found.grade),
        exclusions: found.exclusions,
        consent_refusal: (!found.consent_active).then_some(found.consent_reason),
        recipients: found
            .consent_recipient_institution_ids
            .iter()
            .map(|id| id.parse().map_err(|_| unknown("recipient")))
            .collect::<Result<_, Status>>()?,
        assets: found.assets.into_iter().map(asset).collect::<Result<_, Status>>()?,
        missing_assets: found.missing_asset_ids.len(),
    })
}

pub(crate) fn need(application: &Application, standing: &Standing) -> catalog::Need {
    let profile = standing.profile.as_ref();
    catalog::Need {
        amount_fen: application.amount.get(),
        term_months: i32::from(application.term.get()),
        region: profile.map(|profile| profile.region.clone()).unwrap_or_default(),
        park: profile.map(|profile| profile.park.clone()).unwrap_or_default(),
        size: profile.and_then(|profile| profile.size).map(|size| size.number()).unwrap_or_default(),
        qualifications: profile
            .map(|profile| profile.qualifications.iter().map(|held| held.number()).collect())
            .unwrap_or_default(),
        assets: standing
            .asset_counts()
            .into_iter()
            .map(|(kind, count)| catalog::AssetCount { r#type: kind.number(), count })
            .collect(),
        grade: standing.grade.map(|grade| grade.number()).unwrap_or_default(),
        enhancement: application.enhancement.iter().map(|mode| mode.number()).collect(),
        repayment: application.repayment.iter().map(|method| method.number()).collect(),
        ..catalog::Need::default()
    }
}

/// # Errors
/// INTERNAL when catalog answers with an id that is none.
pub(crate) fn fits(found: &catalog::Match) -> Result<Vec<Fit>, Status> {
    let fit = |fit: &catalog::Fit| {
        Ok(Fit {
            institution: fit.institution_id.parse().map_err(|_| unknown("institution id"))?,
            product: fit.product_id.parse().map_err(|_| unknown("product id"))?,
            version: fit.version,
        })
    };
    found.fits.iter().map(fit).collect()
}

/// Why no product fits: every reason once, in alphabetical order.
pub(crate) fn reasons(found: &catalog::Match) -> Vec<String> {
    let mut reasons: Vec<String> =
        found.misfits.iter().flat_map(|misfit| misfit.reasons.iter().cloned()).collect();
    reasons.sort();
    reasons.dedup();
    if found.fits.is_empty() && reasons.is_empty() {
        reasons.push("NO_PRODUCT".to_owned());
    }
    reasons
}

/// What every institution of this role is shown in the round, encoded once (domain.md §7). A valuation needs the assets,
/// not the loan: evaluators see neither amounts nor grade nor finances.
pub(crate) fn dossier(
    role: InstitutionRole,
    number: &CaseNumber,
    application: &Application,
    standing: &Standing,
    profile: &Profile,
) -> Vec<u8> {
    let whole = for_banks(number, application, standing, profile);
    match role {
        InstitutionRole::Evaluator => intake::Dossier {
            amount_fen: 0,
            term_months: 0,
            whitelisted: false,
            grade: 0,
            enhancement: Vec::new(),
            repayment: Vec::new(),
            documents: without(&whole.documents, &NOT_FOR_EVALUATORS),
            ..whole
        },
        InstitutionRole::Bank
        | InstitutionRole::Insurer
        | InstitutionRole::Guarantor
        | InstitutionRole::ReGuarantor
        | InstitutionRole::IpFund
        | InstitutionRole::Investor
        | InstitutionRole::Exchange
        | InstitutionRole::IpAgency => whole,
    }
    .encode_to_vec()
}

/// Documents that show persons or finances: identity of the legal representative, statements, personal consent. The
/// application form (D03) tells the loan.
const NOT_FOR_EVALUATORS: [&str; 4] = ["D02", "D03", "D04", "D08"];
/// Insurers and guarantors see finances, and no personal identifiers.
const NOT_FOR_COVERERS: [&str; 2] = ["D02", "D08"];

fn without(documents: &[DocumentRef], hidden: &[&str]) -> Vec<DocumentRef> {
    documents.iter().filter(|document| !hidden.contains(&document.code.as_str())).cloned().collect()
}

/// What insurers and guarantors are shown, made of the banks' reading; None where that cannot be read.
pub(crate) fn for_coverers(banks: &[u8], need: &CoverNeed) -> Option<Vec<u8>> {
    let whole = intake::Dossier::decode(banks).ok()?;
    let shown = intake::Dossier {
        // What is to be covered, not what was applied for: premiums are counted on it.
        amount_fen: need.amount.get(),
        term_months: i32::from(need.term.get()),
        documents: without(&whole.documents, &NOT_FOR_COVERERS),
        cover_kinds: need.kinds.iter().map(|kind| kind.number()).collect(),
        ..whole
    };
    Some(shown.encode_to_vec())
}

/// What insurance is asked: never which bank, or how many. None where the banks' reading cannot be read.
pub(crate) fn cover_requested(
    case: &Case,
    need: &CoverNeed,
    banks: &Dossier,
) -> Option<intake::CoverRequested> {
    let whole = intake::Dossier::decode(banks.body.as_slice()).ok()?;
    Some(intake::CoverRequested {
        case_id: case.id.to_string(),
        round: i32::from(case.round),
        kinds: need.kinds.iter().map(|kind| kind.number()).collect(),
        amount_fen: need.amount.get(),
        term_months: i32::from(need.term.get()),
        park: whole.park,
        size: whole.size,
        grade: whole.grade,
        recipient_institution_ids: banks.recipients.iter().map(ToString::to_string).collect(),
    })
}

/// The numbers of the assets in a reading.
pub(crate) fn asset_numbers(body: &[u8]) -> Vec<String> {
    intake::Dossier::decode(body)
        .map(|dossier| dossier.assets.into_iter().map(|asset| asset.number).collect())
        .unwrap_or_default()
}

fn for_banks(
    number: &CaseNumber,
    application: &Application,
    standing: &Standing,
    profile: &Profile,
) -> intake::Dossier {
    let asset = |asset: &Asset| intake::DossierAsset {
        r#type: asset.kind.number(),
        number: asset.number.clone(),
        title: asset.title.clone(),
        filing_date: asset.filing_date.clone(),
        grant_date: asset.grant_date.clone(),
    };
    intake::Dossier {
        case_no: number.to_string(),
        uscc: application.uscc.as_str().to_owned(),
        enterprise_name: profile.name.clone(),
        size: profile.size.map(|size| size.number()).unwrap_or_default(),
        industry: profile.industry.clone(),
        park: profile.park.clone(),
        amount_fen: application.amount.get(),
        term_months: i32::from(application.term.get()),
        purpose: application.purpose.clone(),
        assets: standing.assets.iter().map(asset).collect(),
        documents: application.documents.iter().map(document_ref).collect(),
        whitelisted: standing.listed,
        grade: standing.grade.map(|grade| grade.number()).unwrap_or_default(),
        enhancement: application.enhancement.iter().map(|mode| mode.number()).collect(),
        repayment: application.repayment.iter().map(|method| method.number()).collect(),
        cover_kinds: Vec::new(),
    }
}

fn unknown(what: &str) -> Status {
    Status::internal(format!("another role answered with an unknown {what}"))
}
