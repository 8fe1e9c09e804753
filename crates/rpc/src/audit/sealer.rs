//! Chains audit rows soon after they are committed.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::Clock;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::chain::{GENESIS, Hash, Row, hash_of_block, hex, rows_of};

/// Two looks a second keep every row's wait below a second.
const INTERVAL: Duration = Duration::from_millis(500);
/// Rows in one seal, unless one statement wrote more.
const BATCH: i64 = 1_000;
/// How often the head of the chain is logged, as a witness outside of the database.
const WITNESS: Duration = Duration::from_secs(60);

/// Seals until `shutdown`, and once more after it. Every replica may run one: they take turns by an advisory lock.
pub fn spawn_sealer(pool: PgPool, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut witness = Witness::default();
        loop {
            let last = tokio::select! {
                _ = ticks.tick() => false,
                () = shutdown.cancelled() => true,
            };
            seal_all(&pool, clock.as_ref(), &mut witness).await;
            if last {
                return;
            }
        }
    })
}

#[derive(Default)]
struct Witness {
    logged_at: Option<tokio::time::Instant>,
    logged_no: i64,
}

impl Witness {
    fn see(&mut self, sealed: &Sealed) {
        let due = self.logged_at.is_none_or(|at| at.elapsed() >= WITNESS);
        if due && sealed.seal_no > self.logged_no {
            tracing::info!(seal_no = sealed.seal_no, head = hex(&sealed.head), "audit chain");
            *self = Self { logged_at: Some(tokio::time::Instant::now()), logged_no: sealed.seal_no };
        }
    }
}

async fn seal_all(pool: &PgPool, clock: &dyn Clock, witness: &mut Witness) {
    loop {
        match seal_batch(pool, clock.now()).await {
            Ok(Some(sealed)) => {
                witness.see(&sealed);
                if sealed.rows < BATCH / 2 {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = error.to_string(), "audit rows could not be sealed; trying again");
                return;
            }
        }
    }
}

struct Sealed {
    rows: i64,
    seal_no: i64,
    head: Hash,
}

/// Seals what waits now, about 1,000 rows at most; returns how many. Also 0 while another process seals.
///
/// # Errors
/// The database's.
pub async fn seal_once(pool: &PgPool, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    Ok(seal_batch(pool, now).await?.map_or(0, |sealed| sealed.rows.unsigned_abs()))
}

async fn seal_batch(pool: &PgPool, now: DateTime<Utc>) -> Result<Option<Sealed>, sqlx::Error> {
    let waiting: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(cardinality(entries)), 0)::bigint FROM audit_unsealed")
            .fetch_one(pool)
            .await?;
    telemetry::metrics::set_audit_unsealed(waiting);
    if waiting == 0 {
        return Ok(None);
    }
    let mut tx = pool.begin().await?;
    let leads: bool = sqlx::query_scalar(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.audit_seal', 0))",
    )
    .fetch_one(&mut *tx)
    .await?;
    if !leads {
        return Ok(None);
    }
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT seal_no, hash FROM audit_seal ORDER BY seal_no DESC LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?;
    let (seal_no, previous) = match last {
        None => (1, GENESIS),
        Some((seal_no, hash)) => (seal_no + 1, <Hash>::try_from(hash).unwrap_or(GENESIS)),
    };
    let waiting: Vec<(i64, Vec<i64>)> =
        sqlx::query_as("SELECT unsealed_id, entries FROM audit_unsealed ORDER BY unsealed_id LIMIT $1")
            .bind(BATCH)
            .fetch_all(&mut *tx)
            .await?;
    let (mut taken, mut entries) = (Vec::new(), Vec::new());
    for (unsealed_id, of_one) in waiting {
        if !entries.is_empty() && entries.len() + of_one.len() > BATCH as usize {
            break;
        }
        taken.push(unsealed_id);
        entries.extend(of_one);
    }
    let rows: Vec<Row> = rows_of(&mut *tx, &entries).await?.into_iter().flatten().collect();
    let hash = hash_of_block(seal_no, &previous, &rows);
    sqlx::query(
        "WITH sealed AS (
             INSERT INTO audit_seal (seal_no, entries, previous, hash, sealed_at) VALUES ($1, $2, $3, $4, $5))
         DELETE FROM audit_unsealed WHERE unsealed_id = ANY($6)",
    )
    .bind(seal_no)
    .bind(rows.iter().map(|row| row.entry_id).collect::<Vec<_>>())
    .bind(previous.as_slice())
    .bind(hash.as_slice())
    .bind(now)
    .bind(taken)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let rows = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok(Some(Sealed { rows, seal_no, head: hash }))
}
