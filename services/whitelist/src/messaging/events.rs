//! From what happened here to what others are told: ids and codes, never a name or a USCC.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use proto::{common::v1 as codes, whitelist::v1 as wire};

use super::entries::{ENTRY_LISTED, ENTRY_REMOVED, ENTRY_SUSPENDED, LIST_PUBLISHED};
use crate::domain::{
    consent::{self, Consent},
    standing::Standing,
};

const CONSENT_GRANTED: &str = "whitelist.consent-granted.v1";
const CONSENT_REVOKED: &str = "whitelist.consent-revoked.v1";
const STANDING_RECORDED: &str = "whitelist.standing-recorded.v1";

/// Every type that this role publishes.
pub const PUBLISHES: &[&str] = &[
    CONSENT_GRANTED,
    CONSENT_REVOKED,
    STANDING_RECORDED,
    ENTRY_LISTED,
    ENTRY_SUSPENDED,
    ENTRY_REMOVED,
    LIST_PUBLISHED,
];

/// What only statistics takes, which stands any order, and for which nobody waits.
pub const UNHURRIED: &[&str] =
    &[CONSENT_GRANTED, STANDING_RECORDED, ENTRY_LISTED, ENTRY_SUSPENDED, ENTRY_REMOVED];

/// A consent lives through two versions at most: granted, revoked.
const GRANTED_VERSION: i64 = 1;
const REVOKED_VERSION: i64 = 2;

pub fn consent_granted(consent: &Consent, now: DateTime<Utc>) -> Outgoing {
    let body = wire::ConsentGranted {
        consent_id: consent.id.to_string(),
        enterprise_id: consent.enterprise_id.to_string(),
    };
    Outgoing::new(CONSENT_GRANTED, consent.id.uuid(), GRANTED_VERSION, now, &body)
}

pub fn consent_changed(consent: &Consent, event: consent::Event, now: DateTime<Utc>) -> Outgoing {
    match event {
        consent::Event::Revoked { at } => {
            let body = wire::ConsentRevoked {
                consent_id: consent.id.to_string(),
                enterprise_id: consent.enterprise_id.to_string(),
                revoked_at: Some(timestamp(at)),
            };
            Outgoing::new(CONSENT_REVOKED, consent.id.uuid(), REVOKED_VERSION, now, &body)
        }
    }
}

pub fn standing_recorded(standing: &Standing, now: DateTime<Utc>) -> Outgoing {
    let finding = &standing.finding;
    let body = wire::StandingRecorded {
        enterprise_id: standing.enterprise_id.to_string(),
        revision: standing.revision,
        listed: finding.listed,
        grade: finding.grade.map_or(codes::Grade::Unspecified as i32, |grade| grade.number()),
        exclusions: finding.exclusions.iter().map(ToString::to_string).collect(),
    };
    Outgoing::new(STANDING_RECORDED, standing.enterprise_id.uuid(), standing.revision, now, &body)
}

pub(super) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0) }
}
