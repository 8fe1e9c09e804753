//! The gRPC server that every role runs: limits, keepalive, identity and policy in front, shutdown that finishes
//! work in hand.

mod config;
mod guard;
mod health;
mod layer;
mod limits;
mod refusal;
mod reply;
mod tls;

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

pub use config::ServerConfig;
pub use guard::{Authenticator, Guard, RequestHead};
pub use health::Health;
pub use tls::{PeerCertificate, TlsConfig};

pub(crate) use layer::TRACEPARENT;
use layer::{CallLayer, Rules};

/// Why a server could not be started or ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the server's certificate, key or client CA cannot be used")]
    Tls(#[source] tonic::transport::Error),
    #[error("the descriptors for reflection cannot be used")]
    Reflection(#[source] tonic_reflection::server::Error),
    #[error("the server failed")]
    Transport(#[source] tonic::transport::Error),
}

/// Listens and serves until `shutdown`; see [`Bound::serve`].
pub async fn serve(
    config: ServerConfig,
    routes: Routes,
    guard: Guard,
    health: Health,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    bind(config).await?.serve(routes, guard, health, shutdown).await
}

/// Listens, without serving yet: the address is known, and who connects waits.
pub async fn bind(config: ServerConfig) -> Result<Bound, ServeError> {
    let address = config.listen;
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let local = listener.local_addr().map_err(listen)?;
    Ok(Bound { listener, local, config })
}

/// A server that listens.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local: SocketAddr,
    config: ServerConfig,
}

impl Bound {
    /// The address that is listened on, with the port that was found for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Serves `routes`, health and (where enabled) reflection until `shutdown`. Then no connection is taken any more,
    /// calls in hand are finished within `config.drain`, and what is left is ended with `SHUTTING_DOWN`. Handlers of
    /// long polls must watch the same token.
    pub async fn serve(
        self,
        routes: Routes,
        guard: Guard,
        health: Health,
        shutdown: CancellationToken,
    ) -> Result<(), ServeError> {
        let Self { listener, config, .. } = self;
        let mut routes = routes.add_service(health.service());
        if config.reflection {
            routes = routes.add_service(reflection()?);
        }
        let cut = CancellationToken::new();
        let rules = Rules::new(&config, guard, shutdown.clone(), cut.clone());
        let mut server = Server::builder()
            .http2_keepalive_interval(Some(config.keepalive_interval))
            .http2_keepalive_timeout(Some(config.keepalive_timeout))
            .max_concurrent_streams(config.max_streams)
            .layer(CallLayer::new(rules));
        if let Some(tls) = &config.tls {
            server = server.tls_config(tls.to_tonic()).map_err(ServeError::Tls)?;
        }
        let incoming = TcpIncoming::from(listener)
            .with_nodelay(Some(true))
            .with_keepalive(Some(config.keepalive_interval));
        let mut serving = Box::pin(
            server
                .add_routes(routes)
                .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned()),
        );
        tokio::select! {
            ended = &mut serving => return ended.map_err(ServeError::Transport),
            () = shutdown.cancelled() => health.set_serving(false).await,
        }
        if let Ok(ended) = tokio::time::timeout(config.drain, &mut serving).await {
            return ended.map_err(ServeError::Transport);
        }
        cut.cancel();
        match tokio::time::timeout(config.keepalive_timeout, &mut serving).await {
            Ok(ended) => ended.map_err(ServeError::Transport),
            // Every call has been answered; a client that does not close its connection is not waited for.
            Err(_) => Ok(()),
        }
    }
}

/// Every service of ours and of health, whether this role serves it or not: clients ask for what they mean to call.
fn reflection() -> Result<
    tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection>,
    ServeError,
> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(ServeError::Reflection)
}
