//! Where a channel leads and how its connection behaves.

use std::sync::Arc;
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::Channel;
use super::credential::Credential;
use crate::identity::Signer;

const CONNECT: Duration = Duration::from_secs(3);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A channel to the role `audience` at `url` (`http://host:port`). Connects at the first call and again whenever the
/// connection is lost; with a URL that is none, every call answers `UNAVAILABLE`.
pub fn channel(url: &str, audience: &'static str, signer: Arc<Signer>) -> Channel {
    let endpoint = Endpoint::from_shared(url.to_owned()).map(tuned);
    Channel::new(endpoint.ok(), audience, Credential::minted(audience, signer))
}

/// A channel that leads nowhere: every call answers `UNAVAILABLE`.
pub fn nowhere(peer: &'static str) -> Channel {
    Channel::new(None, peer, Credential::none())
}

/// What an institution connects with. All as PEM.
#[derive(Clone)]
pub struct ClientTls {
    pub ca_pem: String,
    pub certificate_pem: String,
    pub key_pem: String,
    /// Name in the server's certificate, where it is not the URL's host.
    pub server_name: Option<String>,
}

/// A channel as institutions have it: `https://…`, their certificate, and the token that was issued to them.
///
/// # Errors
/// If the URL, certificate, key or token cannot be used.
pub fn secure(
    url: &str,
    tls: &ClientTls,
    token: &str,
) -> Result<Channel, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&tls.ca_pem))
        .identity(Identity::from_pem(&tls.certificate_pem, &tls.key_pem));
    if let Some(name) = &tls.server_name {
        config = config.domain_name(name);
    }
    let endpoint = tuned(Endpoint::from_shared(url.to_owned())?).tls_config(config)?;
    Ok(Channel::new(Some(endpoint), "partner", Credential::bearer(token)?))
}

fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(KEEPALIVE_INTERVAL))
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}
