//! A role, and what its process gives it.

use std::sync::Arc;

use bus::Bus;
use futures::future::BoxFuture;
use kernel::Clock;
use kernel::calendar::Calendar;
use proto::operations::v1::operations_service_server::OperationsServiceServer;
use rpc::client::Channel;
use rpc::identity::{Signer, Verifier};
use rpc::policy::MethodPolicy;
use rpc::server::{self, Guard, Health, ServerConfig};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::error::HostError;
use crate::health::HealthBoard;
use crate::operations::{self, Operations};
use crate::settings::{AnyKey, Settings, host_keys};

/// Of the whole time for shutdown, what calls in hand may take; the rest is for closing what lies behind them.
const DRAIN_SHARE: f32 = 0.75;

/// One of the processes of the system (architecture §2): what it is called, stores, consumes, publishes and serves.
pub struct Role {
    /// Name in every place: command line, schema, database and broker users, token audience.
    pub name: &'static str,
    /// All migrations of the role's schema; see [`crate::migrations`].
    pub migrator: fn() -> Migrator,
    /// Whether the role has a schema and takes part in messaging. A role without is given a closed pool and a stopped bus.
    pub has_store: bool,
    /// The queues that it consumes.
    pub queues: &'static [bus::Queue],
    /// The message types that it publishes.
    pub publishes: &'static [&'static str],
    /// Of these types, those that may wait a moment for company on their way (`bus::BusConfig::unhurried`): facts for which
    /// nobody waits, and whose consumers all stand any order.
    pub unhurried: &'static [&'static str],
    /// The roles that it calls by gRPC.
    pub peers: &'static [&'static str],
    /// The settings it has beyond every role's; names begin with `ZHIRONG_<ROLE>_`.
    pub keys: &'static [&'static dyn AnyKey],
    /// The reasons it may refuse with, beyond those of rpc.
    pub reasons: &'static [&'static rpc::Reason],
    /// Serves until `Host::shutdown`; usually ends in [`Host::serve_grpc`].
    pub serve: fn(Host) -> BoxFuture<'static, Result<(), HostError>>,
}

impl Role {
    /// The broker's view of this role.
    pub fn topology(&self) -> bus::topology::RoleTopology {
        bus::topology::RoleTopology { role: self.name, queues: self.queues, publishes: self.publishes }
    }

    /// Every setting that the role reads, those of every role first.
    pub fn all_keys(&self) -> Vec<&'static dyn AnyKey> {
        let of_host = host_keys::ALL
            .iter()
            .filter(|key| self.has_store || !host_keys::STORE_ONLY.contains(&key.name()));
        of_host.chain(self.keys).copied().collect()
    }

    /// Schema owner: migrates, cannot log in.
    pub fn owner(&self) -> String {
        format!("zhirong_{}_owner", self.name)
    }

    /// Database and broker user that serves.
    pub fn login(&self) -> String {
        format!("zhirong_{}", self.name)
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a running role is given.
#[derive(Clone)]
pub struct Host {
    pub role: &'static Role,
    pub settings: Arc<Settings>,
    pub pool: PgPool,
    pub bus: Bus,
    pub clock: Arc<dyn Clock>,
    pub calendar: Arc<Calendar>,
    pub signer: Arc<Signer>,
    pub verifier: Arc<Verifier>,
    pub shutdown: CancellationToken,
    pub health: HealthBoard,
}

impl Host {
    /// A lazy channel to another role, which carries this role's tokens, the trace and the deadline.
    ///
    /// The address is `ZHIRONG_PEER_<ROLE>`; without it the role is sought under its own name, port 7400.
    pub fn peer(&self, role: &'static str) -> Channel {
        rpc::client::channel(&self.settings.peer(role), role, Arc::clone(&self.signer))
    }

    /// How a gRPC server of this role is set up: listening on `ZHIRONG_LISTEN`. Change it for slow methods or another
    /// face and hand it to [`Host::serve_grpc_with`] or `rpc::server::serve`.
    pub fn server_config(&self) -> Result<ServerConfig, HostError> {
        Ok(ServerConfig {
            listen: self.settings.get(&host_keys::LISTEN)?,
            reflection: self.settings.get(&host_keys::REFLECTION)?,
            drain: self.settings.get(&host_keys::GRACE)?.mul_f32(DRAIN_SHARE),
            ..ServerConfig::default()
        })
    }

    /// Serves `routes` on `ZHIRONG_LISTEN` with identity and `policy` in front, until shutdown, finishing calls in hand.
    pub async fn serve_grpc(self, routes: Routes, policy: &'static [MethodPolicy]) -> Result<(), HostError> {
        let config = self.server_config()?;
        self.serve_grpc_with(config, routes, policy).await
    }

    /// As [`Host::serve_grpc`], with a configuration of the role's own. A role with a store answers the operations
    /// service beside its own.
    pub async fn serve_grpc_with(
        self,
        config: ServerConfig,
        routes: Routes,
        policy: &'static [MethodPolicy],
    ) -> Result<(), HostError> {
        let face = self.health.flag("grpc");
        let server = server::bind(config).await.map_err(|e| HostError::Serve(e.into()))?;
        face.up();
        let (routes, guard) = if self.role.has_store {
            let operations = OperationsServiceServer::new(Operations::of(&self));
            let policy = [policy, operations::POLICY].concat();
            (routes.add_service(operations), Guard::new(self.verifier, &policy))
        } else {
            (routes, Guard::new(self.verifier, policy))
        };
        server
            .serve(routes, guard, Health::new(), self.shutdown)
            .await
            .map_err(|e| HostError::Serve(e.into()))
    }
}
