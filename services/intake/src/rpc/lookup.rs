//! Finds the case that a call is about.

use host::Change;
use kernel::{CaseId, RequestId};
use rpc::Fault;
use sqlx::PgConnection;

use crate::{
    reasons,
    store::cases::{self, Record},
};

/// What all cases are handled for, in audit rows.
pub(crate) const PURPOSE: &str = "IP_PLEDGE_FINANCING";

/// # Errors
/// `REQUEST_ID_INVALID`.
pub(crate) fn request_id(text: &str) -> Result<RequestId, Fault> {
    text.parse().map_err(|_| Fault::new(&rpc::reasons::REQUEST_ID_INVALID).field("request_id"))
}

/// Locks the case.
///
/// # Errors
/// `UUID_INVALID`, `CASE_NOT_FOUND`.
pub(crate) async fn lock(change: &mut Change, case_id: &str) -> Result<Record, Fault> {
    let id = parse(case_id)?;
    cases::lock(change.conn(), &[id]).await?.pop().ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))
}

/// Reads a case without locking it.
///
/// # Errors
/// `UUID_INVALID`, `CASE_NOT_FOUND`.
pub(crate) async fn find(conn: &mut PgConnection, case_id: &str) -> Result<Record, Fault> {
    let id = parse(case_id)?;
    cases::find(conn, id).await?.ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))
}

fn parse(case_id: &str) -> Result<CaseId, Fault> {
    case_id.parse().map_err(|_| Fault::new(&rpc::reasons::UUID_INVALID).field("case_id"))
}

impl Record {
    /// # Errors
    /// `VERSION_CONFLICT` when the case has moved on since the caller read it.
    pub(crate) fn expect_version(&self, version: i64) -> Result<(), Fault> {
        if self.case.version == version {
            return Ok(());
        }
        Err(Fault::new(&rpc::reasons::VERSION_CONFLICT).field("version"))
    }
}
