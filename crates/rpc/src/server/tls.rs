//! TLS of a server that institutions reach, and the certificate that a peer showed.

use std::fmt;
use std::time::Duration;

use http::Extensions;
use ring::digest::{SHA256, digest};
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

/// A client that does not finish its handshake in this time is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The server's own certificate chain and key, and the CA whose clients may connect at all. All as PEM.
#[derive(Clone)]
pub struct TlsConfig {
    pub certificate_pem: String,
    pub key_pem: String,
    pub client_ca_pem: String,
}

impl TlsConfig {
    pub(super) fn to_tonic(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .identity(Identity::from_pem(&self.certificate_pem, &self.key_pem))
            .client_ca_root(Certificate::from_pem(&self.client_ca_pem))
            .timeout(HANDSHAKE)
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

/// SHA-256 of the certificate (DER) that the peer showed. An extension of every request on a TLS connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerCertificate(pub [u8; 32]);

impl PeerCertificate {
    /// Of a certificate in DER form.
    pub fn of_der(der: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, der).as_ref());
        Self(hash)
    }

    /// Lower-case hex.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn of_connection(extensions: &Extensions) -> Option<Self> {
        let connection = extensions.get::<TlsConnectInfo<TcpConnectInfo>>()?;
        connection.peer_certs()?.first().map(|certificate| Self::of_der(certificate))
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerCertificate({})", self.hex())
    }
}
