//! What can be set on a server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::TlsConfig;

/// Limits and addresses of one server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Loopback and port 0 unless told otherwise.
    pub listen: SocketAddr,
    /// Largest message in bytes. Above 4 MiB the generated services need `max_decoding_message_size` too.
    pub max_body: usize,
    /// Longest time for a call; a caller's shorter limit wins.
    pub timeout: Duration,
    /// Methods with another limit: long polls.
    pub slow_methods: Vec<(&'static str, Duration)>,
    /// Calls worked on at once in this process; more are refused with `OVERLOADED`.
    pub max_in_flight: usize,
    /// Streams at once on one connection.
    pub max_streams: u32,
    /// Idle time after which a connection is probed.
    pub keepalive_interval: Duration,
    /// Time for the answer to a probe.
    pub keepalive_timeout: Duration,
    /// Time to finish calls in hand at shutdown.
    pub drain: Duration,
    /// TLS with client certificates; plain text without it.
    pub tls: Option<TlsConfig>,
    /// Whether callers are outside of the system: their trace is linked then, not continued, so that nobody outside
    /// decides what is recorded or mixes into another's trace.
    pub outside: bool,
    /// Whether reflection is served, without a token: for development systems.
    pub reflection: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            max_body: 4 * 1024 * 1024,
            timeout: Duration::from_secs(10),
            slow_methods: Vec::new(),
            max_in_flight: 1024,
            max_streams: 256,
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(5),
            drain: Duration::from_secs(15),
            tls: None,
            outside: false,
            reflection: false,
        }
    }
}
