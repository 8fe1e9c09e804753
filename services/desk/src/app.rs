//! What every page has at hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use host::{Host, HostError};
use kernel::Clock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::access::Hasher;
use crate::live::{Hub, Streams};
use crate::peers::{Directory, Peers};
use crate::settings;

pub(crate) struct Desk {
    pub(crate) store: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hasher: Hasher,
    pub(crate) peers: Peers,
    pub(crate) directory: Directory,
    pub(crate) hub: Hub,
    pub(crate) streams: Streams,
    /// Browsers come by https.
    pub(crate) secure: bool,
    pub(crate) forwarded: bool,
    pub(crate) idle: TimeDelta,
    pub(crate) longest: TimeDelta,
    pub(crate) shutdown: CancellationToken,
}

impl Desk {
    pub(crate) fn of(host: &Host) -> Result<Self, HostError> {
        let delta = |span: Duration| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        let peers = Peers::of(host);
        let directory = Directory::new(peers.clone());
        let every = host.settings.get(&settings::BOARD)?;
        Ok(Self {
            store: host.pool.clone(),
            clock: Arc::clone(&host.clock),
            hasher: Hasher::new().map_err(HostError::role)?,
            hub: Hub::new(peers.clone(), directory.clone(), every, host.shutdown.clone()),
            peers,
            directory,
            streams: Streams::default(),
            secure: host.settings.get(&settings::BEHIND_TLS)?,
            forwarded: host.settings.get(&settings::FORWARDED)?,
            idle: delta(host.settings.get(&settings::IDLE)?),
            longest: delta(host.settings.get(&settings::SESSION)?),
            shutdown: host.shutdown.clone(),
        })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}
