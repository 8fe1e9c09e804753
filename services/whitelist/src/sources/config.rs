//! Which platforms are connected and how patient we are, from the settings.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use host::{AnyKey, Cause, FromSetting, HostError, Key, Secret, Settings, outward::Outward};
use kernel::EnterpriseId;
use sqlx::PgConnection;
use tokio::sync::Notify;

use super::{FileDrop, Source, Web};
use crate::{
    domain::{source::SourceCode, source_reply::BYTES_MAX},
    store::{StoreError, watches},
};

/// Where a platform is: over HTTP, or as files that are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Web(String),
    Files(PathBuf),
}

impl FromSetting for Address {
    fn from_setting(text: &str) -> Result<Self, String> {
        if let Some(directory) = text.strip_prefix("file:").filter(|directory| directory.starts_with('/')) {
            return Ok(Self::Files(PathBuf::from(directory)));
        }
        let web = text.starts_with("https://") || text.starts_with("http://");
        if web { Ok(Self::Web(text.to_owned())) } else { Err("neither https://… nor file:/…".to_owned()) }
    }
}

const ADDRESS: &str = "https://… of the platform, http://… of this machine, or file:/… of a directory with one <USCC>.json for each \
     enterprise; absent: not connected";
const TOKEN: &str = "what the platform wants to see as bearer token";

const CREDIT_CHINA: Key<Address> = Key::optional("ZHIRONG_WHITELIST_SOURCE_CREDIT_CHINA", ADDRESS);
const CREDIT_HENAN: Key<Address> = Key::optional("ZHIRONG_WHITELIST_SOURCE_CREDIT_HENAN", ADDRESS);
const CREDIT_JIYUAN: Key<Address> = Key::optional("ZHIRONG_WHITELIST_SOURCE_CREDIT_JIYUAN", ADDRESS);
const PLEDGE_PLATFORM: Key<Address> = Key::optional("ZHIRONG_WHITELIST_SOURCE_PLEDGE_PLATFORM", ADDRESS);
const CREDIT_CHINA_TOKEN: Key<Secret> =
    Key::optional_secret("ZHIRONG_WHITELIST_SOURCE_CREDIT_CHINA_TOKEN", TOKEN);
const CREDIT_HENAN_TOKEN: Key<Secret> =
    Key::optional_secret("ZHIRONG_WHITELIST_SOURCE_CREDIT_HENAN_TOKEN", TOKEN);
const CREDIT_JIYUAN_TOKEN: Key<Secret> =
    Key::optional_secret("ZHIRONG_WHITELIST_SOURCE_CREDIT_JIYUAN_TOKEN", TOKEN);
const PLEDGE_PLATFORM_TOKEN: Key<Secret> =
    Key::optional_secret("ZHIRONG_WHITELIST_SOURCE_PLEDGE_PLATFORM_TOKEN", TOKEN);
const STALE_DAYS: Key<u16> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_STALE_DAYS",
    "30",
    "days after which what a platform told is too old to decide by and is asked for again",
);
const REFRESH: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_REFRESH",
    "12h",
    "after which time a platform is asked again about an enterprise that has an entry, so that a new exclusion suspends it \
     within a working day; at most 20h",
);
const LIMIT: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_LIMIT",
    "10s",
    "how long a platform may take for one answer; at most 30s, or a revoked consent would be read under for too long",
);
const RETRY_FIRST: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_RETRY_FIRST",
    "30s",
    "how long a platform that failed is left alone the first time; each further failure doubles it",
);
const RETRY_MOST: Key<Duration> = Key::with_default(
    "ZHIRONG_WHITELIST_SOURCE_RETRY_MOST",
    "1h",
    "how long a platform that fails again and again is left alone at most",
);

/// Every setting of this module.
pub const KEYS: [&dyn AnyKey; 13] = [
    &CREDIT_CHINA,
    &CREDIT_HENAN,
    &CREDIT_JIYUAN,
    &PLEDGE_PLATFORM,
    &CREDIT_CHINA_TOKEN,
    &CREDIT_HENAN_TOKEN,
    &CREDIT_JIYUAN_TOKEN,
    &PLEDGE_PLATFORM_TOKEN,
    &STALE_DAYS,
    &REFRESH,
    &LIMIT,
    &RETRY_FIRST,
    &RETRY_MOST,
];

/// Beyond this, reads would go on for more than a minute after a consent was revoked.
const LIMIT_MOST: Duration = Duration::from_secs(30);

/// Beyond this, an exclusion could go unseen for more than the day within which it has to suspend.
const REFRESH_MOST: Duration = Duration::from_secs(20 * 60 * 60);

/// How patient we are.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub stale_after: TimeDelta,
    /// Between two questions about an enterprise that has an entry.
    pub refresh: TimeDelta,
    pub limit: Duration,
    pub retry_first: TimeDelta,
    pub retry_most: TimeDelta,
}

/// The connected platforms, with what wakes the one who asks them.
#[derive(Clone)]
pub struct Sources {
    connected: Arc<[Arc<dyn Source>]>,
    pub pace: Pace,
    alarm: Arc<Notify>,
}

impl Sources {
    /// # Errors
    /// A setting that cannot be used: an address that is none, a limit beyond 30 s, or questions more than 20 h apart.
    pub fn of(settings: &Settings) -> Result<Self, HostError> {
        let limit = settings.get(&LIMIT)?;
        if limit > LIMIT_MOST {
            return Err(HostError::Serve(Cause::from("ZHIRONG_WHITELIST_SOURCE_LIMIT is above 30s")));
        }
        let refresh = settings.get(&REFRESH)?;
        if refresh > REFRESH_MOST {
            return Err(HostError::Serve(Cause::from("ZHIRONG_WHITELIST_SOURCE_REFRESH is above 20h")));
        }
        let days = settings.get(&STALE_DAYS)?;
        let span = |duration: Duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        let pace = Pace {
            stale_after: TimeDelta::days(i64::from(days)),
            refresh: span(refresh),
            limit,
            retry_first: span(settings.get(&RETRY_FIRST)?),
            retry_most: span(settings.get(&RETRY_MOST)?),
        };
        let mut connected: Vec<Arc<dyn Source>> = Vec::new();
        for (code, address, token) in [
            (SourceCode::CreditChina, &CREDIT_CHINA, &CREDIT_CHINA_TOKEN),
            (SourceCode::CreditHenan, &CREDIT_HENAN, &CREDIT_HENAN_TOKEN),
            (SourceCode::CreditJiyuan, &CREDIT_JIYUAN, &CREDIT_JIYUAN_TOKEN),
            (SourceCode::PledgePlatform, &PLEDGE_PLATFORM, &PLEDGE_PLATFORM_TOKEN),
        ] {
            match settings.find(address)? {
                None => {}
                Some(Address::Files(directory)) => connected.push(Arc::new(FileDrop::new(code, directory))),
                Some(Address::Web(base)) => {
                    let outward = Outward::new(&base, limit, BYTES_MAX);
                    let outward = outward.map_err(|fault| HostError::Serve(fault.into()))?;
                    let outward = match settings.find(token)? {
                        None => outward,
                        Some(token) => {
                            outward.with_token(&token).map_err(|fault| HostError::Serve(fault.into()))?
                        }
                    };
                    connected.push(Arc::new(Web::new(code, outward)));
                }
            }
        }
        Ok(Self { connected: connected.into(), pace, alarm: Arc::default() })
    }

    pub fn connected(&self) -> impl Iterator<Item = &Arc<dyn Source>> {
        self.connected.iter()
    }

    pub fn is_connected(&self, code: SourceCode) -> bool {
        self.connected.iter().any(|source| source.code() == code)
    }

    /// Has every connected platform asked about these enterprises, which have entries: at once where nobody asked before, and
    /// else not later than the refreshing after the last answer.
    ///
    /// # Errors
    /// The database's.
    pub async fn follow(
        &self,
        conn: &mut PgConnection,
        ids: &[EnterpriseId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        watches::follow(conn, &self.each(ids), now, self.pace.refresh).await
    }

    /// Each of these enterprises with each connected platform.
    pub fn each(&self, ids: &[EnterpriseId]) -> Vec<(EnterpriseId, SourceCode)> {
        let codes = || self.connected().map(|source| source.code());
        ids.iter().flat_map(|id| codes().map(|code| (*id, code))).collect()
    }

    /// After a commit that gave the worker of this process something to do.
    pub fn wake(&self) {
        self.alarm.notify_waiters();
    }

    pub(super) async fn woken(&self) {
        self.alarm.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_web_or_of_a_directory() {
        let read = |text| Address::from_setting(text);
        assert_eq!(read("https://credit.example"), Ok(Address::Web("https://credit.example".to_owned())));
        assert_eq!(read("file:/srv/drop"), Ok(Address::Files(PathBuf::from("/srv/drop"))));
        for text in ["", "file:drop", "ftp://x", "/srv/drop"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
