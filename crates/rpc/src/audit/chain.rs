//! The hash chain over audit rows, and its check.

use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};
use sqlx::PgPool;
use uuid::Uuid;

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first seal follows.
pub(super) const GENESIS: Hash = [0; 32];

/// Seals read at a time while checking.
const PAGE: i64 = 2_000;

/// An audit row as it is sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) entry_id: i64,
    at: DateTime<Utc>,
    issuer: String,
    actor: String,
    person: Option<String>,
    action: String,
    object_kind: String,
    object_id: Uuid,
    purpose: String,
    result: String,
    trace_id: Option<String>,
}

impl Row {
    /// The hash of this row as number `seal_no` after `previous`. Each field goes in with its length, an absent one
    /// differs from an empty one, so that no two rows have the same input.
    pub(super) fn hash(&self, seal_no: i64, previous: &Hash) -> Hash {
        let mut context = Context::new(&SHA256);
        let mut field = |value: Option<&[u8]>| match value {
            None => context.update(&[0]),
            Some(bytes) => {
                context.update(&[1]);
                context.update(&(bytes.len() as u64).to_be_bytes());
                context.update(bytes);
            }
        };
        field(Some(previous));
        field(Some(&seal_no.to_be_bytes()));
        field(Some(&self.entry_id.to_be_bytes()));
        field(Some(&self.at.timestamp_micros().to_be_bytes()));
        for text in [&self.issuer, &self.actor, &self.action, &self.object_kind, &self.purpose, &self.result]
        {
            field(Some(text.as_bytes()));
        }
        field(self.person.as_deref().map(str::as_bytes));
        field(self.trace_id.as_deref().map(str::as_bytes));
        field(Some(self.object_id.as_bytes()));
        let mut hash = GENESIS;
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}

/// A chain that holds. Keep `seal_no` and `head` elsewhere from time to time: only that shows a chain cut off at its
/// end by someone who owns the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Number of sealed rows: the number of the last seal.
    pub sealed: i64,
    /// Rows that wait for the sealer.
    pub unsealed: i64,
    /// Hash of the last seal in hex; zeros if there is none.
    pub head: String,
}

/// Where the chain breaks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    #[error("seal {expected} is missing")]
    SealMissing { expected: i64 },
    #[error("seal {seal_no} does not follow the one before it")]
    NotLinked { seal_no: i64 },
    #[error("the row of seal {seal_no} is not what was sealed")]
    RowChanged { seal_no: i64 },
    #[error("{0} audit rows are neither sealed nor waiting to be")]
    RowsOutside(i64),
    #[error("the audit tables could not be read")]
    Database(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    seal_no: i64,
    previous: Vec<u8>,
    hash: Vec<u8>,
    #[sqlx(flatten)]
    row: Row,
}

/// Walks the whole chain, page by page, without a long transaction.
pub async fn verify_chain(pool: &PgPool) -> Result<ChainReport, ChainError> {
    let (mut last, mut head) = (0_i64, GENESIS);
    loop {
        let page: Vec<SealedRow> = sqlx::query_as(
            "SELECT s.seal_no, s.previous, s.hash, e.entry_id, e.at, e.issuer, e.actor, e.person, e.action,
                    e.object_kind, e.object_id, e.purpose, e.result, e.trace_id
               FROM audit_seal s JOIN audit_entry e USING (entry_id)
              WHERE s.seal_no > $1 ORDER BY s.seal_no LIMIT $2",
        )
        .bind(last)
        .bind(PAGE)
        .fetch_all(pool)
        .await?;
        for sealed in &page {
            if sealed.seal_no != last + 1 {
                return Err(ChainError::SealMissing { expected: last + 1 });
            }
            if sealed.previous != head {
                return Err(ChainError::NotLinked { seal_no: sealed.seal_no });
            }
            head = sealed.row.hash(sealed.seal_no, &head);
            if sealed.hash != head {
                return Err(ChainError::RowChanged { seal_no: sealed.seal_no });
            }
            last = sealed.seal_no;
        }
        if page.is_empty() {
            break;
        }
    }
    let (unsealed, outside): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM audit_unsealed),
                (SELECT count(*) FROM audit_entry e
                  WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.entry_id)
                    AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.entry_id = e.entry_id))",
    )
    .fetch_one(pool)
    .await?;
    if outside > 0 {
        return Err(ChainError::RowsOutside(outside));
    }
    Ok(ChainReport { sealed: last, unsealed, head: hex(&head) })
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
