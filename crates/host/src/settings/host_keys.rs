//! The settings that every role has.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use telemetry::LogFormat;

use super::key::{AnyKey, Key};
use super::secret::Secret;
use super::value::FromSetting;

/// Prefix of every key in the environment.
pub const PREFIX: &str = "ZHIRONG_";

/// Prefix of the keys that say where another role is.
pub const PEER_PREFIX: &str = "ZHIRONG_PEER_";

/// Names a TOML file; read from the environment only.
pub const CONFIG: &str = "ZHIRONG_CONFIG";

pub const DATABASE_URL: Key<Secret> =
    Key::secret("ZHIRONG_DATABASE_URL", "postgres:// URL of this role's login user");
pub const AMQP_URL: Key<Secret> = Key::secret(
    "ZHIRONG_AMQP_URL",
    "amqp:// or amqps:// URL of this role's broker user with its virtual host",
);
pub const LISTEN: Key<SocketAddr> =
    Key::with_default("ZHIRONG_LISTEN", "127.0.0.1:7400", "address and port of the role's own face");
pub const ADMIN_LISTEN: Key<SocketAddr> = Key::with_default(
    "ZHIRONG_ADMIN_LISTEN",
    "127.0.0.1:7490",
    "address and port for /metrics, /healthz and /readyz",
);
pub const SIGNING_KEY_FILE: Key<PathBuf> =
    Key::required("ZHIRONG_SIGNING_KEY_FILE", "path of this role's private Ed25519 key");
pub const VERIFY_KEYS_FILE: Key<PathBuf> =
    Key::required("ZHIRONG_VERIFY_KEYS_FILE", "path of the ring of every role's public key");
pub const OTLP_ENDPOINT: Key<String> = Key::optional(
    "ZHIRONG_OTLP_ENDPOINT",
    "http:// URL of an OTLP/gRPC collector; absent: no traces are sent",
);
pub const TRACE_RATIO: Key<Ratio> =
    Key::with_default("ZHIRONG_TRACE_RATIO", "1.0", "share of new traces that are kept, from 0 to 1");
pub const LOG_FORMAT: Key<LogFormat> = Key::with_default("ZHIRONG_LOG_FORMAT", "json", "json or text");
pub const REFLECTION: Key<bool> =
    Key::with_default("ZHIRONG_REFLECTION", "false", "true or false; true on development systems");
pub const POOL_SIZE: Key<u32> = Key::with_default(
    "ZHIRONG_POOL_SIZE",
    "12",
    "largest number of database connections of this process, 2 to 200",
);
pub const GRACE: Key<Duration> =
    Key::with_default("ZHIRONG_GRACE", "20s", "time to finish work in hand at shutdown, such as 20s");
pub const INBOX_DAYS: Key<i32> =
    Key::with_default("ZHIRONG_INBOX_DAYS", "30", "for how many days ids of consumed messages are kept");
pub const REPLAY_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_REPLAY_KEEP",
    "72h",
    "for how long a repeated request is given its first answer, such as 72h",
);
pub const BUS_BATCH: Key<usize> =
    Key::with_default("ZHIRONG_BUS_BATCH", "256", "messages with which a transaction of a consumer is full");
pub const BUS_PREFETCH: Key<u16> =
    Key::with_default("ZHIRONG_BUS_PREFETCH", "1024", "most unacknowledged messages of a consumer");
pub const BUS_PIPELINE: Key<usize> =
    Key::with_default("ZHIRONG_BUS_PIPELINE", "500", "most unconfirmed messages of the relay");
pub const CALENDAR_FILE: Key<PathBuf> = Key::optional(
    "ZHIRONG_CALENDAR_FILE",
    "path of working-day tables that are added to the embedded ones and replace those of the same year",
);

/// Every one of them.
pub const ALL: &[&dyn AnyKey] = &[
    &DATABASE_URL,
    &AMQP_URL,
    &LISTEN,
    &ADMIN_LISTEN,
    &SIGNING_KEY_FILE,
    &VERIFY_KEYS_FILE,
    &OTLP_ENDPOINT,
    &TRACE_RATIO,
    &LOG_FORMAT,
    &REFLECTION,
    &POOL_SIZE,
    &GRACE,
    &INBOX_DAYS,
    &REPLAY_KEEP,
    &BUS_BATCH,
    &BUS_PREFETCH,
    &BUS_PIPELINE,
    &CALENDAR_FILE,
];

/// Keys of a role without a store: these are not asked for.
pub const STORE_ONLY: &[&str] = &["ZHIRONG_DATABASE_URL", "ZHIRONG_AMQP_URL"];

/// Keys that other parts read from the environment by themselves: the log filter, the tools, the engines.
pub const ELSEWHERE: &[&str] = &[
    CONFIG,
    "ZHIRONG_LOG",
    "ZHIRONG_RUN_DIR",
    "ZHIRONG_BIN",
    "ZHIRONG_MIGRATE_POSTGRES_URL",
    "ZHIRONG_MIGRATE_POSTGRES_URL_FILE",
    "ZHIRONG_MIGRATE_MANAGEMENT_URL",
    "ZHIRONG_MIGRATE_MANAGEMENT_URL_FILE",
    "ZHIRONG_MIGRATE_SECRETS_DIR",
    "ZHIRONG_MIGRATE_DATABASE",
    "ZHIRONG_MIGRATE_VHOST",
    "ZHIRONG_PARKED_ACTOR",
    "ZHIRONG_STAFF_ACTOR",
    "ZHIRONG_ENGINES_DIR",
    "ZHIRONG_ENGINES_POSTGRES",
    "ZHIRONG_ENGINES_AMQP",
    "ZHIRONG_ENGINES_MANAGEMENT",
];

/// A share from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio(pub f64);

impl FromSetting for Ratio {
    fn from_setting(text: &str) -> Result<Self, String> {
        match f64::from_setting(text)? {
            share if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            _ => Err("outside 0 to 1".to_owned()),
        }
    }
}

impl FromSetting for LogFormat {
    fn from_setting(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "neither json nor text".to_owned())
    }
}
