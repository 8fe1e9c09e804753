//! The desk's own settings.

use std::time::Duration;

use host::{AnyKey, Key};

/// Whether browsers reach the desk by TLS, which something in front of it ends.
pub(crate) const BEHIND_TLS: Key<bool> = Key::with_default(
    "ZHIRONG_DESK_BEHIND_TLS",
    "false",
    "true or false; true where browsers come by https: cookies are then sent by https only",
);
/// Whether the last entry of `X-Forwarded-For` is the browser's address.
pub(crate) const FORWARDED: Key<bool> = Key::with_default(
    "ZHIRONG_DESK_FORWARDED",
    "false",
    "true or false; true where a proxy in front writes X-Forwarded-For",
);
/// How long a session may be idle.
pub(crate) const IDLE: Key<Duration> =
    Key::with_default("ZHIRONG_DESK_IDLE", "30m", "how long a session may be idle, such as 30m");
/// How long a session lasts at most.
pub(crate) const SESSION: Key<Duration> =
    Key::with_default("ZHIRONG_DESK_SESSION", "12h", "how long a session lasts at most, such as 12h");
/// How often a case is looked at while somebody watches its board.
pub(crate) const BOARD: Key<Duration> = Key::with_default(
    "ZHIRONG_DESK_BOARD",
    "1s",
    "how often a case is looked at while somebody watches it, such as 1s",
);

/// All of them.
pub(crate) const ALL: &[&dyn AnyKey] = &[&BEHIND_TLS, &FORWARDED, &IDLE, &SESSION, &BOARD];
