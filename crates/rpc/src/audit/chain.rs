//! The hash chain over audit rows, and its check.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};
use sqlx::PgPool;
use uuid::Uuid;

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first seal follows.
pub(super) const GENESIS: Hash = [0; 32];

/// Seals read at a time while checking; each may hold as many rows as are sealed at once.
const PAGE: i64 = 20;

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
    /// Each field goes in with its length, an absent one differs from an empty one, so that no two rows have the same input.
    fn digest(&self, digest: &mut Digest) {
        digest.field(Some(&self.entry_id.to_be_bytes()));
        digest.field(Some(&self.at.timestamp_micros().to_be_bytes()));
        for text in [&self.issuer, &self.actor, &self.action, &self.object_kind, &self.purpose, &self.result]
        {
            digest.field(Some(text.as_bytes()));
        }
        digest.field(self.person.as_deref().map(str::as_bytes));
        digest.field(self.trace_id.as_deref().map(str::as_bytes));
        digest.field(Some(self.object_id.as_bytes()));
    }
}

struct Digest(Context);

impl Digest {
    /// What number `seal_no` after `previous` begins with.
    fn of_seal(seal_no: i64, previous: &Hash) -> Self {
        let mut digest = Self(Context::new(&SHA256));
        digest.field(Some(previous));
        digest.field(Some(&seal_no.to_be_bytes()));
        digest
    }

    fn field(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.0.update(&[0]),
            Some(bytes) => {
                self.0.update(&[1]);
                self.0.update(&(bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
    }

    fn finish(self) -> Hash {
        let mut hash = GENESIS;
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

/// The hash of a block of rows, in their order, as number `seal_no` after `previous`. How many there are goes in first.
pub(super) fn hash_of_block(seal_no: i64, previous: &Hash, rows: &[Row]) -> Hash {
    let mut digest = Digest::of_seal(seal_no, previous);
    digest.field(Some(&(rows.len() as u64).to_be_bytes()));
    rows.iter().for_each(|row| row.digest(&mut digest));
    digest.finish()
}

/// The hash of a single row, as seals were made before there were blocks.
fn hash_of_one(seal_no: i64, previous: &Hash, row: &Row) -> Hash {
    let mut digest = Digest::of_seal(seal_no, previous);
    row.digest(&mut digest);
    digest.finish()
}

/// A chain that holds. Keep `seal_no` and `head` elsewhere from time to time: only that shows a chain cut off at its
/// end by someone who owns the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Number of the last seal.
    pub seals: i64,
    /// Rows that are sealed.
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
    #[error("a row of seal {seal_no} is not what was sealed")]
    RowChanged { seal_no: i64 },
    #[error("{0} audit rows are sealed more than once")]
    SealedAgain(i64),
    #[error("{0} audit rows are neither sealed nor waiting to be")]
    RowsOutside(i64),
    #[error("the audit tables could not be read")]
    Database(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct Seal {
    seal_no: i64,
    previous: Vec<u8>,
    hash: Vec<u8>,
    /// Of a single row, from before there were blocks.
    entry_id: Option<i64>,
    entries: Option<Vec<i64>>,
}

impl Seal {
    fn entries(&self) -> Vec<i64> {
        self.entries.clone().or_else(|| self.entry_id.map(|id| vec![id])).unwrap_or_default()
    }

    /// What its hash must be, given the rows that are there.
    fn expected(&self, previous: &Hash, rows: &[Row]) -> Option<Hash> {
        match (self.entry_id, rows) {
            (Some(_), [row]) => Some(hash_of_one(self.seal_no, previous, row)),
            (Some(_), _) => None,
            (None, rows) => Some(hash_of_block(self.seal_no, previous, rows)),
        }
    }
}

/// Walks the whole chain, page by page, without a long transaction.
///
/// # Errors
/// Where it breaks; the database's.
pub async fn verify_chain(pool: &PgPool) -> Result<ChainReport, ChainError> {
    let (mut last, mut head, mut sealed) = (0_i64, GENESIS, 0_i64);
    loop {
        let page: Vec<Seal> = sqlx::query_as(
            "SELECT seal_no, previous, hash, entry_id, entries FROM audit_seal
              WHERE seal_no > $1 ORDER BY seal_no LIMIT $2",
        )
        .bind(last)
        .bind(PAGE)
        .fetch_all(pool)
        .await?;
        let entries: Vec<i64> = page.iter().flat_map(Seal::entries).collect();
        let mut rows = rows_of(pool, &entries).await?.into_iter();
        for seal in &page {
            if seal.seal_no != last + 1 {
                return Err(ChainError::SealMissing { expected: last + 1 });
            }
            if seal.previous != head {
                return Err(ChainError::NotLinked { seal_no: seal.seal_no });
            }
            let of_seal: Option<Vec<Row>> = rows.by_ref().take(seal.entries().len()).collect();
            let expected = of_seal.and_then(|rows| seal.expected(&head, &rows));
            match expected.filter(|expected| seal.hash == *expected) {
                Some(hash) => head = hash,
                None => return Err(ChainError::RowChanged { seal_no: seal.seal_no }),
            }
            last = seal.seal_no;
        }
        sealed += i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if page.is_empty() {
            break;
        }
    }
    let (unsealed, again, outside): (i64, i64, i64) = sqlx::query_as(
        "WITH sealed AS (SELECT unnest(coalesce(entries, ARRAY[entry_id])) AS entry_id FROM audit_seal),
              waiting AS (SELECT unnest(entries) AS entry_id FROM audit_unsealed)
         SELECT (SELECT count(*) FROM waiting),
                (SELECT count(*) - count(DISTINCT entry_id) FROM sealed),
                (SELECT count(*) FROM (SELECT entry_id FROM audit_entry EXCEPT
                    (SELECT entry_id FROM sealed UNION ALL SELECT entry_id FROM waiting)) AS outside)",
    )
    .fetch_one(pool)
    .await?;
    if again > 0 {
        return Err(ChainError::SealedAgain(again));
    }
    if outside > 0 {
        return Err(ChainError::RowsOutside(outside));
    }
    Ok(ChainReport { seals: last, sealed, unsealed, head: hex(&head) })
}

/// These rows, each in its place; None for one that is not there.
pub(super) async fn rows_of<'e>(
    executor: impl sqlx::PgExecutor<'e>,
    entries: &[i64],
) -> Result<Vec<Option<Row>>, sqlx::Error> {
    let mut rows: HashMap<i64, Row> = sqlx::query_as::<_, Row>(
        // Written so that the few look their entries up, and never the other way round.
        "SELECT e.* FROM unnest($1::bigint[]) AS wanted (entry_id)
          CROSS JOIN LATERAL (
                SELECT entry_id, at, issuer, actor, person, action, object_kind, object_id, purpose, result, trace_id
                  FROM audit_entry WHERE entry_id = wanted.entry_id LIMIT 1) AS e",
    )
    .bind(entries)
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| (row.entry_id, row))
    .collect();
    Ok(entries.iter().map(|id| rows.remove(id)).collect())
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
