//! The addresses of a system's roles: loopback ports, chosen before any role starts, because each has to know all.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Result, bail};
use host::Role;
use rand::Rng as _;
use serde::Serialize;

/// Ports for each role: its face, its admin face, the face for institutions.
const PORTS: u16 = 3;
/// Below the range that the kernel takes ports for outgoing connections from, which would collide now and then.
const RANGE: std::ops::Range<u16> = 12_000..32_000;
const ATTEMPTS: usize = 200;

/// Names by which the partner face of a system on this machine, or in the deployment's network, is reached.
pub fn partner_names() -> Vec<String> {
    ["localhost", "127.0.0.1", "::1", "partner"].map(str::to_owned).to_vec()
}

/// Where a role is.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    #[serde(skip)]
    pub listen: SocketAddr,
    #[serde(skip)]
    pub admin_listen: SocketAddr,
    #[serde(skip)]
    pub partner_listen: Option<SocketAddr>,
    /// Of the role's own face: gRPC, or HTTP for desk.
    pub url: String,
    pub admin_url: String,
    /// Of the face for institutions (mTLS), which only `partner` has.
    pub partner_url: Option<String>,
}

/// Where every role is.
#[derive(Clone, Debug)]
pub(super) struct Places(BTreeMap<&'static str, Place>);

impl Places {
    /// Consecutive ports from `first`, or free ones.
    pub(super) fn choose(roles: &[&'static Role], first: Option<u16>) -> Result<Self> {
        let count = roles.len() * usize::from(PORTS);
        let ports: Vec<u16> = match first {
            Some(first) => (first..=u16::MAX).take(count).collect(),
            None => free_ports(count)?,
        };
        if ports.len() < count {
            bail!("there are no {count} ports from {} on", first.unwrap_or_default());
        }
        let each = ports.chunks_exact(usize::from(PORTS));
        Ok(Self(roles.iter().zip(each).map(|(role, ports)| (role.name, place(role, ports))).collect()))
    }

    pub(super) fn get(&self, role: &str) -> Option<&Place> {
        self.0.get(role)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        self.0.iter().map(|(role, place)| (*role, place))
    }

    /// For scripts beside the system.
    pub(super) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(&self.0)?)
    }
}

fn place(role: &Role, ports: &[u16]) -> Place {
    let at =
        |index: usize| SocketAddr::from((Ipv4Addr::LOCALHOST, ports.get(index).copied().unwrap_or_default()));
    let partner_listen = (role.name == partner::ROLE.name).then(|| at(2));
    Place {
        listen: at(0),
        admin_listen: at(1),
        partner_listen,
        url: format!("http://{}", at(0)),
        admin_url: format!("http://{}", at(1)),
        partner_url: partner_listen.map(|address| format!("https://localhost:{}", address.port())),
    }
}

/// Ports that nobody listens on now. All are held until the last is found, so that none is given twice.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let mut held: Vec<(u16, TcpListener)> = Vec::with_capacity(count);
    for _ in 0..count.saturating_mul(ATTEMPTS) {
        if held.len() == count {
            break;
        }
        let port = rand::rng().random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push((port, listener));
        }
    }
    if held.len() < count {
        bail!("{count} free ports were not found on 127.0.0.1");
    }
    Ok(held.into_iter().map(|(port, _listener)| port).collect())
}
