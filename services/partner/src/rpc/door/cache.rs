//! The credentials that are in force, in memory. One small row is read twice a second; all is loaded again when it has
//! moved. So a revocation ends within the second what is open anywhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, CredentialId};
use rpc::Fault;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::domain::{Credential, Fingerprint, Rejection, TokenHash};
use crate::reasons;
use crate::store::{StoreError, credentials};

/// How often the epoch is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Nothing is admitted upon knowledge that is older.
const STALE: Duration = Duration::from_secs(2);
/// An unknown token makes one look again, if the last one is older: it may have been issued by another process.
const FRESH: Duration = Duration::from_millis(50);
/// How often it is written down when credentials were last used.
const WRITE_USES: Duration = Duration::from_secs(2);
/// Credentials that ended before are forgotten: their tokens are unknown instead of ended.
const REMEMBER_ENDED: TimeDelta = TimeDelta::days(30);

/// A credential that opened the door, and the signal of its end.
#[derive(Debug, Clone)]
pub(in crate::rpc) struct Admitted {
    pub(in crate::rpc) credential: Arc<Credential>,
    /// Cancelled when the credential is revoked or expires: ends what is open under it.
    pub(in crate::rpc) ended: CancellationToken,
}

struct Snapshot {
    epoch: i64,
    looked_at: Option<Instant>,
    by_token: HashMap<TokenHash, Admitted>,
}

pub(in crate::rpc) struct CredentialCache {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    snapshot: RwLock<Snapshot>,
    /// One look at a time; who waits for it has its result.
    looking: tokio::sync::Mutex<()>,
    uses: Mutex<HashMap<CredentialId, DateTime<Utc>>>,
}

impl CredentialCache {
    pub(in crate::rpc) fn new(pool: PgPool, clock: Arc<dyn Clock>) -> Arc<Self> {
        let nothing = Snapshot { epoch: 0, looked_at: None, by_token: HashMap::new() };
        Arc::new(Self {
            pool,
            clock,
            snapshot: RwLock::new(nothing),
            looking: tokio::sync::Mutex::default(),
            uses: Mutex::default(),
        })
    }

    /// The credential of this token, if it opens the door now for who holds this certificate.
    pub(in crate::rpc) async fn admit(
        &self,
        token: &TokenHash,
        certificate: &Fingerprint,
    ) -> Result<Admitted, Fault> {
        self.look_unless_within(STALE).await?;
        let mut found = self.find(token);
        if found.is_none() {
            self.look_unless_within(FRESH).await?;
            found = self.find(token);
        }
        let Some(admitted) = found else {
            return Err(Fault::new(&rpc::reasons::UNAUTHENTICATED));
        };
        let now = self.clock.now();
        admitted.credential.admit(certificate, now).map_err(|rejection| Fault::new(reason(rejection)))?;
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).insert(admitted.credential.id, now);
        Ok(admitted)
    }

    /// Looks for changes now; call after a change of one's own.
    pub(in crate::rpc) async fn look(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.looking.lock().await;
        self.look_alone().await
    }

    /// Looks again and again until `shutdown`.
    pub(in crate::rpc) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut written = Instant::now();
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "credentials could not be looked at");
            }
            self.end_what_is_over();
            if written.elapsed() >= WRITE_USES {
                self.write_uses().await;
                written = Instant::now();
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.cancelled() => break,
            }
        }
        self.write_uses().await;
    }

    async fn look_unless_within(&self, age: Duration) -> Result<(), Fault> {
        if self.is_within(age) {
            return Ok(());
        }
        let _one_at_a_time = self.looking.lock().await;
        if self.is_within(age) {
            return Ok(());
        }
        self.look_alone().await.map_err(|error| Fault::new(&reasons::CREDENTIALS_UNCHECKED).source(error))
    }

    async fn look_alone(&self) -> Result<(), StoreError> {
        // The moment before the question: what is learned is at least as new as this.
        let asked = Instant::now();
        let epoch = credentials::epoch(&self.pool).await?;
        let known = self.read(|snapshot| snapshot.epoch);
        let loaded = if epoch == known {
            None
        } else {
            Some(credentials::load(&self.pool, self.clock.now() - REMEMBER_ENDED).await?)
        };
        let mut snapshot = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        snapshot.looked_at = Some(asked);
        if let Some(loaded) = loaded {
            snapshot.replace(epoch, loaded);
        }
        drop(snapshot);
        self.end_what_is_over();
        Ok(())
    }

    fn end_what_is_over(&self) {
        let now = self.clock.now();
        self.read(|snapshot| {
            for admitted in snapshot.by_token.values() {
                if admitted.credential.standing(now).is_err() {
                    admitted.ended.cancel();
                }
            }
        });
    }

    async fn write_uses(&self) {
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() {
            return;
        }
        let mut uses: Vec<_> = uses.into_iter().collect();
        // Every process writes in the same order, so that none waits for another in a circle.
        uses.sort_unstable();
        if let Err(error) = credentials::note_used(&self.pool, &uses).await {
            tracing::warn!(%error, "the last use of credentials could not be written down");
        }
    }

    fn is_within(&self, age: Duration) -> bool {
        self.read(|snapshot| snapshot.looked_at.is_some_and(|at| at.elapsed() <= age))
    }

    fn find(&self, token: &TokenHash) -> Option<Admitted> {
        self.read(|snapshot| snapshot.by_token.get(token).cloned())
    }

    fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        look(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Snapshot {
    /// What is open under a credential keeps its signal across loads.
    fn replace(&mut self, epoch: i64, loaded: Vec<(Credential, TokenHash)>) {
        let mut before = std::mem::take(&mut self.by_token);
        for (credential, token) in loaded {
            let ended = before.remove(&token).map(|admitted| admitted.ended).unwrap_or_default();
            self.by_token.insert(token, Admitted { credential: Arc::new(credential), ended });
        }
        for forgotten in before.into_values() {
            forgotten.ended.cancel();
        }
        self.epoch = epoch;
    }
}

fn reason(rejection: Rejection) -> &'static rpc::Reason {
    match rejection {
        Rejection::OtherCertificate => &reasons::CERTIFICATE_MISMATCH,
        Rejection::Revoked => &reasons::CREDENTIAL_REVOKED,
        Rejection::Expired => &reasons::CREDENTIAL_EXPIRED,
    }
}
