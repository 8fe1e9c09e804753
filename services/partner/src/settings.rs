//! The settings of the partner edge beyond those of every role.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use host::settings::{AnyKey, Key};

pub const LISTEN: Key<SocketAddr> = Key::with_default(
    "ZHIRONG_PARTNER_LISTEN",
    "127.0.0.1:7443",
    "address and port of the institutions' face (mTLS)",
);
pub const TLS_CERT_FILE: Key<PathBuf> =
    Key::required("ZHIRONG_PARTNER_TLS_CERT_FILE", "path of the server's certificate chain (PEM)");
pub const TLS_KEY_FILE: Key<PathBuf> =
    Key::required("ZHIRONG_PARTNER_TLS_KEY_FILE", "path of the server's private key (PEM)");
pub const CLIENT_CA_FILE: Key<PathBuf> = Key::required(
    "ZHIRONG_PARTNER_CLIENT_CA_FILE",
    "path of the CA that signs institutions' certificates (PEM)",
);

pub const UNREACHABLE_AFTER: Key<Duration> = Key::with_default(
    "ZHIRONG_PARTNER_UNREACHABLE_AFTER",
    "156m",
    "how long an assignment may wait without any contact before it counts as unreachable, such as 156m",
);
pub const EVENT_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_PARTNER_EVENT_KEEP",
    "720h",
    "for how long acknowledged events are kept, such as 720h",
);
pub const REPLY_KEEP: Key<Duration> = Key::with_default(
    "ZHIRONG_PARTNER_REPLY_KEEP",
    "9600h",
    "for how long institutions' replies are kept as they were sent, such as 9600h",
);

pub const ALL: &[&dyn AnyKey] =
    &[&LISTEN, &TLS_CERT_FILE, &TLS_KEY_FILE, &CLIENT_CA_FILE, &UNREACHABLE_AFTER, &EVENT_KEEP, &REPLY_KEEP];
