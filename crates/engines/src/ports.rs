//! Free loopback ports for engines that are about to start.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use rand::Rng;

use crate::EngineError;

/// Below Linux's ephemeral range (32768 and up): a client that retries against a stopped engine on an ephemeral port can
/// be given that very port as its own source, connect to itself, and keep the engine from ever binding again.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

/// What this process has been given before, and may not have bound yet.
static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// `N` different ports that were free a moment ago, none of which this process has been given before. Nothing else reserves
/// them: another process may still be quicker, and the engine then ends early with "address in use", which callers answer
/// with one more try.
pub fn free<const N: usize>() -> Result<[u16; N], EngineError> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = rand::rng();
    let mut held: Vec<(TcpListener, u16)> = Vec::with_capacity(N);
    for _ in 0..1_000 {
        if held.len() == N {
            break;
        }
        let port = random.random_range(RANGE);
        if given.contains(&port) {
            continue;
        }
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push((listener, port));
        }
    }
    let ports: Vec<u16> = held.iter().map(|(_, port)| *port).collect();
    given.extend(&ports);
    ports.try_into().map_err(|_| EngineError::NoPort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_different_and_below_the_ephemeral_range() {
        let mut ports: Vec<u16> = (0..200).flat_map(|_| free::<16>().unwrap()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 3_200, "none is given twice, bound or not");
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }
}
