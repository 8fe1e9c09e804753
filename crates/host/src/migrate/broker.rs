//! Exchange, queues, policies and users on the broker.

use bus::topology::{self, BrokerAdmin};

use super::{AdminUrls, RoleSecrets};
use crate::error::HostError;
use crate::role::Role;

pub(super) async fn bring_up(
    admin: &AdminUrls,
    roles: &[(&'static Role, &RoleSecrets)],
) -> Result<(), HostError> {
    let server = BrokerAdmin::new(admin.management.expose()).map_err(|e| HostError::Broker(e.into()))?;
    let roles: Vec<_> =
        roles.iter().map(|(role, secrets)| (role.topology(), secrets.broker.expose().clone())).collect();
    topology::declare(&server, &admin.vhost, &roles).await.map_err(|e| HostError::Broker(e.into()))?;
    tracing::info!(vhost = admin.vhost, "broker is up to date");
    Ok(())
}
