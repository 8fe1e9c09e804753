//! The settings of this role beyond those of every role.

use host::{AnyKey, FromSetting, Key};

use crate::domain::place::Parks;

pub const PARKS: Key<Parks> = Key::with_default(
    "ZHIRONG_WHITELIST_PARKS",
    Parks::DEFAULT,
    "codes of the parks that take part, separated by commas, such as JY-GX,JY-HL",
);

pub const ALL: &[&dyn AnyKey] = &[&PARKS];

impl FromSetting for Parks {
    fn from_setting(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|entry| {
            if entry.is_empty() { "an empty list".to_owned() } else { format!("{entry} is no park code") }
        })
    }
}
