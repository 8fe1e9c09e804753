//! Questions to whitelist and catalog, and their answers; the frozen dossier.

use kernel::{CaseNumber, EnterpriseSize, Grade, IpType, Qualification};
use prost::Message as _;
use proto::{catalog::v1 as catalog, intake::v1 as intake, whitelist::v1 as whitelist};
use tonic::Status;

use super::application::document_ref;
use crate::domain::{
    Application,
    plan::{Asset, Fit, Profile, Standing},
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

/// What every bank of the round is shown, encoded once.
pub(crate) fn dossier(
    number: &CaseNumber,
    application: &Application,
    standing: &Standing,
    profile: &Profile,
) -> Vec<u8> {
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
    .encode_to_vec()
}

fn unknown(what: &str) -> Status {
    Status::internal(format!("another role answered with an unknown {what}"))
}
