//! The settings of this role beyond those of every role.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;
use host::{AnyKey, FromSetting, HostError, Key, Secret, Settings};
use kernel::Span;

use crate::{domain::place::Parks, sources, work::Policy};

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

/// The spans and distances of entries and lists.
pub fn policy(settings: &Settings) -> Result<Policy, HostError> {
    let distance = |given| TimeDelta::from_std(given).unwrap_or(TimeDelta::MAX);
    Ok(Policy {
        publicity: settings.get(&PUBLICITY)?,
        acknowledge: settings.get(&ACKNOWLEDGE_WITHIN)?,
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

const fn all() -> [&'static dyn AnyKey; 23] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = sources::KEYS;
    let [m, n, o, p, q]: [&'static dyn AnyKey; 5] =
        [&PUBLICITY, &ACKNOWLEDGE_WITHIN, &WATCH, &SOURCE_RETRY, &ROSTER];
    let [r, s]: [&'static dyn AnyKey; 2] = [&FAULT_KEEP, &SNAPSHOT_KEEP];
    [&PARKS, &PERSON_KEY, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, &SPOOL, &IMPORT_KEEP, r, s]
}

pub const ALL: &[&dyn AnyKey] = &all();

impl FromSetting for Parks {
    fn from_setting(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|entry| {
            if entry.is_empty() { "an empty list".to_owned() } else { format!("{entry} is no park code") }
        })
    }
}
