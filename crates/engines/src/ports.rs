//! Free loopback ports for engines that are about to start.

use std::net::{Ipv4Addr, TcpListener};

use rand::Rng;

use crate::EngineError;

/// Below Linux's ephemeral range (32768 and up): a client that retries against a stopped engine on an ephemeral port can
/// be given that very port as its own source, connect to itself, and keep the engine from ever binding again.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

/// `N` different ports that were free a moment ago. Nothing reserves them: another process may still be quicker, and the
/// engine then ends early with "address in use", which callers answer with one more try.
pub fn free<const N: usize>() -> Result<[u16; N], EngineError> {
    let mut random = rand::rng();
    let mut held: Vec<(TcpListener, u16)> = Vec::with_capacity(N);
    for _ in 0..1_000 {
        if held.len() == N {
            break;
        }
        let port = random.random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push((listener, port));
        }
    }
    let ports: Vec<u16> = held.iter().map(|(_, port)| *port).collect();
    ports.try_into().map_err(|_| EngineError::NoPort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_different_and_below_the_ephemeral_range() {
        let mut ports = free::<16>().unwrap().to_vec();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 16);
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }
}
