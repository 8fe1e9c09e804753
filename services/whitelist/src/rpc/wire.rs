//! From the domain to the contract's messages, and the contract's own codes back.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseSize, Uscc, privacy};
use prost_types::Timestamp;
use proto::whitelist::v1 as wire;

use super::{detail, profile};
use crate::domain::{
    asset::IpAsset,
    consent::{Consent, State},
    enterprise::{Enterprise, QualificationHeld, QualificationLevel},
    size::{self, Measures},
};

/// Told where the stated size is not the one that the table gives.
const SIZE_DIFFERS: &str = "SIZE_DIFFERS";

pub(super) fn enterprise(enterprise: &Enterprise) -> wire::Enterprise {
    let profile = &enterprise.profile;
    let measures = Measures {
        staff: profile.staff,
        revenue: profile.latest_revenue(),
        total_assets: profile.total_assets,
    };
    let computed = size::size_of(&enterprise.industry, measures);
    let differs = computed.is_some_and(|computed| computed != enterprise.size);
    let doubts = Uscc::parse(enterprise.uscc.as_str()).map(|code| code.warnings).unwrap_or_default();
    wire::Enterprise {
        profile: Some(profile::masked(profile)),
        computed_size: computed.map_or(0, EnterpriseSize::number),
        warnings: doubts
            .iter()
            .map(|doubt| doubt.code())
            .chain(differs.then_some(SIZE_DIFFERS))
            .map(str::to_owned)
            .collect(),
        ..enterprise_with(enterprise, |_| true)
    }
}

/// Only the qualifications that count on `day`: what a decision may rest on. Without the profile, which needs a consent
/// of its own.
pub(super) fn enterprise_on(found: &Enterprise, day: NaiveDate) -> wire::Enterprise {
    enterprise_with(found, |held| held.counts_on(day))
}

fn enterprise_with(found: &Enterprise, wanted: impl Fn(&QualificationHeld) -> bool) -> wire::Enterprise {
    wire::Enterprise {
        enterprise_id: found.id.to_string(),
        uscc: privacy::uscc(&found.uscc),
        name: found.name.as_str().to_owned(),
        size: found.size.number(),
        industry: found.industry.as_str().to_owned(),
        park: found.park.as_str().to_owned(),
        region: found.region.as_str().to_owned(),
        qualifications: found.qualifications.iter().filter(|held| wanted(held)).map(qualification).collect(),
        registered_at: Some(timestamp(found.registered_at)),
        version: found.version,
        amended_at: found.amended_at.map(timestamp),
        ..wire::Enterprise::default()
    }
}

fn qualification(held: &QualificationHeld) -> wire::QualificationHeld {
    wire::QualificationHeld {
        code: held.code.number(),
        number: held.number.clone(),
        valid_from: held.valid_from().to_string(),
        valid_to: held.valid_to().to_string(),
        level: held.level.map_or(0, QualificationLevel::number),
    }
}

/// `today` in Asia/Shanghai: what the asset comes to then.
pub(super) fn asset(asset: &IpAsset, today: NaiveDate) -> wire::IpAsset {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    wire::IpAsset {
        asset_id: asset.id.to_string(),
        enterprise_id: asset.enterprise_id.to_string(),
        r#type: asset.kind.number(),
        number: asset.number.value.as_str().to_owned(),
        title: asset.title.clone(),
        filing_date: date(asset.dates.filed()),
        grant_date: date(asset.dates.granted()),
        warnings: asset.number.warnings.iter().map(|warning| warning.code().to_owned()).collect(),
        detail: Some(detail::masked(asset)),
        owners: detail::owners_masked(asset),
        legal_events: asset.events.iter().map(detail::event).collect(),
        status: Some(detail::status(asset, today)),
        version: asset.version,
        amended_at: asset.amended_at.map(timestamp),
    }
}

pub(super) fn consent(consent: &Consent) -> wire::Consent {
    let revoked_at = match consent.state {
        State::Active => None,
        State::Revoked { at } => Some(timestamp(at)),
    };
    wire::Consent {
        consent_id: consent.id.to_string(),
        enterprise_id: consent.enterprise_id.to_string(),
        purpose: consent.purpose.number(),
        categories: consent.categories.iter().map(|category| category.number()).collect(),
        recipient_institution_ids: consent.recipients.iter().map(ToString::to_string).collect(),
        signed_at: Some(timestamp(consent.period.signed_at())),
        valid_to: Some(timestamp(consent.period.valid_to())),
        revoked_at,
        person: consent.person.as_ref().map(|person| person.masked.clone()).unwrap_or_default(),
        legal_basis: consent.legal_basis.number(),
        channel: consent.channel.number(),
    }
}

pub(super) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Nanoseconds of a second are always below 2^31.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
