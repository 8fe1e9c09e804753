//! The settings of this role beyond those of every role.

use std::{path::PathBuf, time::Duration};

use host::{AnyKey, FromSetting, Key, Secret};

use crate::{domain::place::Parks, sources};

pub const PARKS: Key<Parks> = Key::with_default(
    "ZHIRONG_WHITELIST_PARKS",
    Parks::DEFAULT,
    "codes of the parks that take part, separated by commas, such as JY-GX,JY-HL",
);

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

pub const PERSON_KEY: Key<Secret> = Key::optional_secret(
    "ZHIRONG_WHITELIST_PERSON_KEY",
    "a long random text by which persons' numbers are hashed; never change it, or consents of persons are not found again",
);

const fn all() -> [&'static dyn AnyKey; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = sources::KEYS;
    [&PARKS, &PERSON_KEY, &SPOOL, &IMPORT_KEEP, a, b, c, d, e, f, g, h, i, j, k, l]
}

pub const ALL: &[&dyn AnyKey] = &all();

impl FromSetting for Parks {
    fn from_setting(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|entry| {
            if entry.is_empty() { "an empty list".to_owned() } else { format!("{entry} is no park code") }
        })
    }
}
