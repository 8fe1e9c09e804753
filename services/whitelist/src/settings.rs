//! The settings of this role beyond those of every role.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;
use host::{AnyKey, FromSetting, HostError, Key, Secret, Settings};
use kernel::Span;

use crate::{
    domain::{entry::Terms, place::Parks},
    sources,
    work::Policy,
};

pub const PARKS: Key<Parks> = Key::with_default(
    "ZHIRONG_WHITELIST_PARKS",
    Parks::DEFAULT,
    "codes of the parks that take part, separated by commas, such as JY-GX,JY-HL",
);

pub const PUBLICITY: Key<Span> = Key::with_default(
    "ZHIRONG_WHITELIST_PUBLICITY",
    "5wd",
    "how long an entry is published before it is listed (公示期), such as 5wd or 30s",
);
pub const ACKNOWLEDGE_WITHIN: Key<Span> = Key::with_default(
    "ZHIRONG_WHITELIST_ACKNOWLEDGE_WITHIN",
    "1wd",
    "within which a bank has to take note of a published list, such as 1wd or 30s",
);
pub const WATCH: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_WATCH",
    "1h",
    "how often entries are looked at for exclusions that have come or gone, such as 1h",
);
pub const SOURCE_RETRY: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_RETRY",
    "10m",
    "how often a screening that waits for a source is tried again, such as 10m",
);
pub const ROSTER: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_ROSTER",
    "60s",
    "how often the catalog is asked for banks that came later, such as 60s",
);

pub const CURE_DAYS: Key<u16> = Key::with_default(
    "ZHIRONG_WHITELIST_CURE_DAYS",
    "30",
    "days within which a suspended entry has to be cured before it is removed",
);
pub const TERM_MONTHS: Key<u16> =
    Key::with_default("ZHIRONG_WHITELIST_TERM_MONTHS", "12", "months that a listing, or its renewal, lasts");
pub const WARNING_DAYS: Key<u16> = Key::with_default(
    "ZHIRONG_WHITELIST_WARNING_DAYS",
    "30",
    "days before the end of a listing at which it is warned of",
);
pub const RENEWAL_DAYS: Key<u16> = Key::with_default(
    "ZHIRONG_WHITELIST_RENEWAL_DAYS",
    "60",
    "days before the end of a listing from which on it may be renewed",
);

/// The spans and distances of entries and lists.
pub fn policy(settings: &Settings) -> Result<Policy, HostError> {
    let distance = |given| TimeDelta::from_std(given).unwrap_or(TimeDelta::MAX);
    Ok(Policy {
        publicity: settings.get(&PUBLICITY)?,
        acknowledge: settings.get(&ACKNOWLEDGE_WITHIN)?,
        terms: Terms {
            cure_days: settings.get(&CURE_DAYS)?,
            term_months: settings.get(&TERM_MONTHS)?,
            warning_days: settings.get(&WARNING_DAYS)?,
            renewal_days: settings.get(&RENEWAL_DAYS)?,
        },
        watch: distance(settings.get(&WATCH)?),
        source_retry: distance(settings.get(&SOURCE_RETRY)?),
        roster: settings.get(&ROSTER)?,
    })
}
pub const SPOOL: Key<PathBuf> = Key::with_default(
    "ZHIRONG_WHITELIST_SPOOL",
    "/tmp",
    "folder in which files lie while they are read or written; some 300 MiB are enough for each",
);
pub const IMPORT_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_IMPORT_KEEP",
    "168h",
    "for how long an import waits to be accepted, such as 168h",
);

pub const FAULT_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_FAULT_KEEP",
    "4320h",
    "for how long the faults of a settled import are kept, such as 4320h",
);
pub const SNAPSHOT_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SNAPSHOT_KEEP",
    "4464h",
    "for how long what a platform told is kept unless a screening cites it, never less than six months, such as 4464h",
);

pub const PERSON_KEY: Key<Secret> = Key::optional_secret(
    "ZHIRONG_WHITELIST_PERSON_KEY",
    "a long random text by which persons' numbers are hashed; never change it, or consents of persons are not found again",
);

const OWN: [&dyn AnyKey; 15] = [
    &PARKS,
    &PERSON_KEY,
    &PUBLICITY,
    &ACKNOWLEDGE_WITHIN,
    &CURE_DAYS,
    &TERM_MONTHS,
    &WARNING_DAYS,
    &RENEWAL_DAYS,
    &WATCH,
    &SOURCE_RETRY,
    &ROSTER,
    &SPOOL,
    &IMPORT_KEEP,
    &FAULT_KEEP,
    &SNAPSHOT_KEEP,
];

/// Its own, then those of the sources.
const fn all() -> [&'static dyn AnyKey; OWN.len() + sources::KEYS.len()] {
    let mut keys = [OWN[0]; OWN.len() + sources::KEYS.len()];
    let mut place = 0;
    while place < keys.len() {
        keys[place] = if place < OWN.len() { OWN[place] } else { sources::KEYS[place - OWN.len()] };
        place += 1;
    }
    keys
}

pub const ALL: &[&dyn AnyKey] = &all();

impl FromSetting for Parks {
    fn from_setting(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|entry| {
            if entry.is_empty() { "an empty list".to_owned() } else { format!("{entry} is no park code") }
        })
    }
}
