//! The settings of this role beyond those of every role.

use std::time::Duration;

use host::{AnyKey, FromSetting, Host, HostError, Key, Secret, outward::Outward};

use crate::domain::pledge::{USUAL, UsualCaps};

pub const XYD_URL: Key<String> = Key::optional(
    "ZHIRONG_CATALOG_XYD_URL",
    "address of the 信易贷 platform, such as https://host/path; without it publications stay pending",
);
pub const XYD_TOKEN: Key<Secret> =
    Key::optional("ZHIRONG_CATALOG_XYD_TOKEN", "token that the 信易贷 platform is shown");
pub const XYD_LIMIT: Key<Duration> = Key::with_default(
    "ZHIRONG_CATALOG_XYD_LIMIT",
    "15s",
    "how long one exchange with the 信易贷 platform may take, such as 15s",
);

pub const PLEDGE_CAPS: Key<UsualCaps> = Key::with_default(
    "ZHIRONG_CATALOG_PLEDGE_CAPS",
    USUAL,
    "what is lent on a right where its product says nothing, comma-separated: a type and basis points of its value, and BUNDLE for all rights of a loan together; nothing on a type that is not named",
);

pub const ALL: &[&dyn AnyKey] = &[&XYD_URL, &XYD_TOKEN, &XYD_LIMIT, &PLEDGE_CAPS];

impl FromSetting for UsualCaps {
    fn from_setting(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// No answer of the platform is longer.
const ANSWER_MAX: usize = 64 * 1024;

/// The way to the platform, if this installation has one.
pub(crate) fn platform(host: &Host) -> Result<Option<Outward>, HostError> {
    let Some(url) = host.settings.find(&XYD_URL)? else { return Ok(None) };
    let limit = host.settings.get(&XYD_LIMIT)?;
    let outward = Outward::new(&url, limit, ANSWER_MAX).map_err(HostError::role)?;
    match host.settings.find(&XYD_TOKEN)? {
        Some(token) => outward.with_token(&token).map(Some).map_err(HostError::role),
        None => Ok(Some(outward)),
    }
}
