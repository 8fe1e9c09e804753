//! The frame of every mutation: a repeated `request_id` gets its first answer; otherwise change, audit row and the
//! stored answer are one transaction.

use chrono::{DateTime, Utc};
use kernel::{CaseId, RequestId};
use prost::Message;
use rpc::{
    Caller, Fault, audit,
    replay::{self, BodyHash, Claim},
};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::{
    reasons,
    store::cases::{self, Record},
};

/// What all cases are handled for, in audit rows.
pub(super) const PURPOSE: &str = "IP_PLEDGE_FINANCING";

pub(super) struct Change {
    pub tx: Transaction<'static, Postgres>,
    pub caller: Caller,
    pub now: DateTime<Utc>,
    request_id: RequestId,
    method: &'static str,
    body_hash: BodyHash,
}

pub(super) enum Begun<R> {
    Fresh(Box<Change>),
    Repeat(R),
}

impl Change {
    /// # Errors
    /// `REQUEST_ID_INVALID`, `REQUEST_ID_REUSED`; the database's.
    pub(super) async fn begin<Q: Message, R: Message + Default>(
        pool: &PgPool,
        request: &tonic::Request<Q>,
        request_id: &str,
        method: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Begun<R>, Fault> {
        let caller = rpc::caller(request)?.clone();
        let request_id: RequestId =
            request_id.parse().map_err(|_| Fault::new(&rpc::reasons::REQUEST_ID_INVALID).field("request_id"))?;
        let body_hash = replay::body_hash(request.get_ref());
        let mut tx = pool.begin().await?;
        match replay::find(&mut tx, &caller, request_id, method, &body_hash).await? {
            Some(first) => Ok(Begun::Repeat(decode(&first)?)),
            None => Ok(Begun::Fresh(Box::new(Self { tx, caller, now, request_id, method, body_hash }))),
        }
    }

    /// Stores the answer and the audit row, and commits; where another call with the same id was faster, its answer
    /// is returned and nothing of this one stays.
    pub(super) async fn commit<R: Message + Default>(mut self, answer: R, entry: audit::Entry) -> Result<R, Fault> {
        let stored = answer.encode_to_vec();
        let claim = replay::claim(
            &mut self.tx,
            &self.caller,
            self.request_id,
            self.method,
            &self.body_hash,
            &stored,
            self.now,
        )
        .await?;
        match claim {
            Claim::Fresh => {
                audit::record(&mut self.tx, &self.caller, self.now, &entry).await?;
                self.tx.commit().await?;
                Ok(answer)
            }
            Claim::Repeat(first) => {
                self.tx.rollback().await?;
                decode(&first)
            }
        }
    }
}

fn decode<R: Message + Default>(stored: &[u8]) -> Result<R, Fault> {
    R::decode(stored).map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))
}

impl Change {
    /// Locks the case.
    ///
    /// # Errors
    /// `UUID_INVALID`, `CASE_NOT_FOUND`.
    pub(super) async fn case(&mut self, case_id: &str) -> Result<Record, Fault> {
        let id = parse(case_id)?;
        cases::lock(&mut self.tx, &[id]).await?.pop().ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))
    }
}

/// Reads a case without locking it.
///
/// # Errors
/// `UUID_INVALID`, `CASE_NOT_FOUND`.
pub(super) async fn find(conn: &mut PgConnection, case_id: &str) -> Result<Record, Fault> {
    let id = parse(case_id)?;
    cases::find(conn, id).await?.ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))
}

fn parse(case_id: &str) -> Result<CaseId, Fault> {
    case_id.parse().map_err(|_| Fault::new(&rpc::reasons::UUID_INVALID).field("case_id"))
}

impl Record {
    /// # Errors
    /// `VERSION_CONFLICT` when the case has moved on since the caller read it.
    pub fn expect_version(&self, version: i64) -> Result<(), Fault> {
        if self.case.version == version {
            return Ok(());
        }
        Err(Fault::new(&rpc::reasons::VERSION_CONFLICT).field("version"))
    }
}
