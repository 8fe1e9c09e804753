//! Which executable the roles are started from.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// Names the executable where the running one is another, as in tests.
const VARIABLE: &str = "ZHIRONG_BIN";
const NAME: &str = "zhirong";

/// `ZHIRONG_BIN`, else this executable, else the one that Cargo put beside this test.
pub(super) fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe().context("this executable has no path")?;
    if own.file_name().is_some_and(|name| name == NAME) {
        return Ok(own);
    }
    let near =
        own.ancestors().skip(1).take(2).map(|directory| directory.join(NAME)).find(|path| path.is_file());
    match near {
        Some(path) => Ok(path),
        None => bail!("the executable {NAME} was not found; build it, or name it in {VARIABLE}"),
    }
}
