//! The settings of this role beyond those of every role.

use std::path::PathBuf;

use host::{AnyKey, Host, HostError, Key};

use crate::domain::lpr::{EMBEDDED, LprTable};

pub const LPR_FILE: Key<PathBuf> = Key::optional(
    "ZHIRONG_CATALOG_LPR_FILE",
    "path of an LPR table (date,one year,five years in basis points) in place of the embedded one",
);

pub const ALL: &[&dyn AnyKey] = &[&LPR_FILE];

/// The LPR table that this installation has.
pub(crate) fn lpr(host: &Host) -> Result<LprTable, HostError> {
    let text = match host.settings.find(&LPR_FILE)? {
        Some(path) => std::fs::read_to_string(&path).map_err(|source| HostError::File { path, source })?,
        None => EMBEDDED.to_owned(),
    };
    LprTable::parse(&text).map_err(HostError::role)
}
