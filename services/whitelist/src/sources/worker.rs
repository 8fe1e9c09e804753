//! Asks the platforms what is due: consent looked at immediately before each question, no transaction open meanwhile, and
//! what came back kept together with the next due time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, future::join_all, stream};
use kernel::{AssetId, Clock, ConsentId, EnterpriseId, IpNumber, SnapshotId, calendar::date_of};
use ring::digest::{SHA256, digest};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::{Source, Sources};
use crate::{
    domain::{
        consent::{Category, Use, allowing},
        legal::{LegalCode, LegalEvent},
        source::{CREDIT_PURPOSES, Findings, Outcome, SourceCode, retry_at},
        source_reply::{self, PARSER_VERSION},
    },
    store::{
        StoreError,
        assets::{self, EventSource},
        consents, snapshots,
        watches::{self, Due},
    },
};

/// Taken in one turn, and asked at the same time of one platform.
const BATCH: i64 = 16;
const AT_ONCE: usize = 4;
/// How often work is looked for that nobody announced (another replica's, or what has become stale).
const POLL: Duration = Duration::from_secs(1);
/// How long a batch belongs to who took it: longer than all of it can take.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// A platform that is away for everybody is left alone, longer each time, up to this.
const PAUSE_MOST: Duration = Duration::from_secs(60);
/// How soon a consent is looked for again that nobody announced.
const CONSENT_AGAIN: TimeDelta = TimeDelta::days(1);
/// How often the metrics are told what waits.
const HOUSE: Duration = Duration::from_secs(10);

/// One for each process; several processes share the work by taking rows that are not taken.
#[derive(Clone)]
pub struct Worker {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub sources: Sources,
}

impl Worker {
    /// Runs until `shutdown`; questions in hand are finished.
    pub async fn run(self, shutdown: CancellationToken) {
        let each = self.sources.connected().cloned().map(|source| self.ask(source, shutdown.clone()));
        let asking = join_all(each);
        tokio::join!(asking, self.keep_house(shutdown.clone()));
    }

    async fn ask(&self, source: Arc<dyn Source>, shutdown: CancellationToken) {
        let mut away = 0_u32;
        while !shutdown.is_cancelled() {
            let rest = match self.turn(source.as_ref()).await {
                Ok(Turn::Idle) => POLL,
                Ok(Turn::Asked) => {
                    away = 0;
                    Duration::ZERO
                }
                Ok(Turn::Away) => {
                    away = away.saturating_add(1);
                    POLL.saturating_mul(1 << away.min(6)).min(PAUSE_MOST)
                }
                Err(error) => {
                    let code = source.code().code();
                    tracing::warn!(source = code, error = &error as &dyn std::error::Error, "a source waits");
                    POLL
                }
            };
            if rest.is_zero() {
                continue;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.sources.woken(), if away == 0 => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Asks about what is due, all of one batch.
    async fn turn(&self, source: &dyn Source) -> Result<Turn, StoreError> {
        let now = self.now();
        let due = {
            let mut conn = self.pool.acquire().await?;
            watches::claim(&mut conn, source.code(), now, now + LEASE, BATCH).await?
        };
        if due.is_empty() {
            return Ok(Turn::Idle);
        }
        let outcomes: Vec<Result<Outcome, StoreError>> =
            stream::iter(due).map(|one| self.one(source, one)).buffer_unordered(AT_ONCE).collect().await;
        let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        let away = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unreachable | Outcome::Slow));
        Ok(if away { Turn::Away } else { Turn::Asked })
    }

    async fn one(&self, source: &dyn Source, due: Due) -> Result<Outcome, StoreError> {
        let code = source.code();
        let consent = match code.needs() {
            None => Ok(None),
            Some(category) => {
                self.allowed(due.enterprise_id, category).await?.map(Some).ok_or(Outcome::NoConsent)
            }
        };
        let told = match consent {
            Err(outcome) => Err(outcome),
            Ok(consent_id) => self.fetch(source, &due).await.map(|bytes| (bytes, consent_id)),
        };
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        let outcome = match told {
            Err(outcome) => outcome,
            Ok((bytes, consent_id)) => {
                let stale_after = self.sources.pace.stale_after;
                keep(&mut tx, code, &due, (&bytes, consent_id), stale_after, now).await?
            }
        };
        let next_at = self.next_at(outcome, due.failures, now);
        watches::settle(&mut tx, due.enterprise_id, code, outcome, next_at, now).await?;
        tx.commit().await?;
        telemetry::metrics::add_source_fetch(code.code(), outcome.code());
        Ok(outcome)
    }

    /// Under which consent credit data of this enterprise may be read now.
    async fn allowed(
        &self,
        enterprise_id: EnterpriseId,
        category: Category,
    ) -> Result<Option<ConsentId>, StoreError> {
        let mut conn = self.pool.acquire().await?;
        credit_consent(&mut conn, enterprise_id, category, self.clock.as_ref()).await
    }

    /// The limit holds for every kind of source, whatever the adapter promises.
    async fn fetch(&self, source: &dyn Source, due: &Due) -> Result<Vec<u8>, Outcome> {
        let limit = self.sources.pace.limit;
        match tokio::time::timeout(limit, source.fetch(&due.uscc)).await {
            Err(_) => Err(Outcome::Slow),
            Ok(Err(fault)) => {
                tracing::info!(
                    source = source.code().code(), enterprise = %due.enterprise_id,
                    error = &fault as &dyn std::error::Error, "a source told nothing"
                );
                Err(fault.into())
            }
            Ok(Ok(bytes)) => Ok(bytes),
        }
    }

    fn next_at(&self, outcome: Outcome, failures: i32, now: DateTime<Utc>) -> DateTime<Utc> {
        let pace = &self.sources.pace;
        match outcome {
            Outcome::Good => now + pace.stale_after,
            Outcome::NoConsent => now + CONSENT_AGAIN,
            Outcome::Malformed
            | Outcome::Outdated
            | Outcome::Absent
            | Outcome::Unreachable
            | Outcome::Slow
            | Outcome::TooLong
            | Outcome::Refused => {
                retry_at(now, failures.saturating_add(1), pace.retry_first, pace.retry_most)
            }
        }
    }

    async fn keep_house(&self, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(HOUSE);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
            }
            for source in self.sources.connected() {
                if let Err(error) = self.tell(source.code()).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "what waits for a source is not known");
                }
            }
        }
    }

    async fn tell(&self, code: SourceCode) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await?;
        let (rows, oldest) = watches::pending(&mut conn, code).await?;
        let age = oldest.map_or(0.0, |since| (self.clock.now() - since).as_seconds_f64());
        telemetry::metrics::set_source_pending(code.code(), rows, age);
        Ok(())
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// What a turn came to.
enum Turn {
    Idle,
    Asked,
    /// Nobody was answered.
    Away,
}

/// Under which consent credit data of this enterprise may be read at this moment, if any: asked for each of the purposes
/// that allow it, with the clock read last.
pub async fn credit_consent(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    category: Category,
    clock: &dyn Clock,
) -> Result<Option<ConsentId>, StoreError> {
    for purpose in CREDIT_PURPOSES {
        let given = consents::list_of_many(conn, &[enterprise_id], purpose).await?;
        let wanted = Use::own(enterprise_id, purpose, [category]);
        if let Ok(consent) = allowing(&given, &wanted, clock.now()) {
            return Ok(Some(consent.id));
        }
    }
    Ok(None)
}

/// Keeps the reply as it came, and what it tells of pledges with the assets that it is about.
async fn keep(
    conn: &mut PgConnection,
    code: SourceCode,
    due: &Due,
    (bytes, consent_id): (&[u8], Option<ConsentId>),
    stale_after: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Outcome, StoreError> {
    let read = source_reply::read(code, &due.uscc, bytes, date_of(now));
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    let id = SnapshotId::new(now, &mut rand::rng());
    let reply = snapshots::Reply {
        id,
        enterprise_id: due.enterprise_id,
        source: code,
        fetched_at: now,
        sha256,
        raw: bytes,
        parser_version: PARSER_VERSION,
        read: read.as_ref().map_err(|fault| *fault),
        consent_id,
    };
    snapshots::insert(conn, &reply).await?;
    match read {
        Err(fault) => {
            tracing::warn!(source = code.code(), snapshot = %id, fault = fault.code(), "a reply says nothing");
            Ok(Outcome::Malformed)
        }
        Ok(findings) => {
            pledges(conn, due.enterprise_id, &findings, now).await?;
            Ok(if findings.is_outdated(now, stale_after) { Outcome::Outdated } else { Outcome::Good })
        }
    }
}

/// Events of rights that are on record; others stay in the snapshot.
async fn pledges(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    findings: &Findings,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if findings.pledges.is_empty() {
        return Ok(());
    }
    let owned = assets::list_of_many(conn, &[enterprise_id]).await?;
    let mut events: Vec<(AssetId, LegalEvent)> = Vec::new();
    for told in &findings.pledges {
        let Some(code) = LegalCode::parse(&told.code) else { continue };
        let about = owned.iter().filter(|asset| {
            IpNumber::parse(asset.kind, &told.number).is_ok_and(|number| number.value == asset.number.value)
        });
        let event = LegalEvent { code, on: told.on, reference: told.reference.clone() };
        events.extend(about.map(|asset| (asset.id, event.clone())));
    }
    assets::add_events(conn, &events, EventSource::PledgePlatform, now).await?;
    Ok(())
}
