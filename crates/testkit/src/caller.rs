//! Client channels on which every call is made in the name of one actor.

use host::Role;
use rpc::Actor;
use rpc::client::{ActAs, Channel};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};

use crate::Ground;

/// Put generated clients on it: `IntakeServiceClient::new(ground.channel(&ROLE, actor))`.
pub type CallerChannel = InterceptedService<Channel, Acting>;

/// Names the actor on each call.
#[derive(Debug, Clone)]
pub struct Acting(Actor);

impl Interceptor for Acting {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.extensions_mut().insert(ActAs(self.0.clone()));
        Ok(request)
    }
}

impl Ground {
    /// A channel to `role` for `actor`, signed by the role that may name such an actor: `desk` for staff, `partner` for
    /// institutions, a role for itself.
    #[must_use]
    pub fn channel(&self, role: &'static Role, actor: Actor) -> CallerChannel {
        let signer = issuer(&actor).to_owned();
        self.channel_signed_by(&signer, role, actor)
    }

    /// As [`Ground::channel`], signed by a role of the test's choice, who may not be allowed to.
    #[must_use]
    pub fn channel_signed_by(&self, signer: &str, role: &'static Role, actor: Actor) -> CallerChannel {
        let channel = rpc::client::channel(&self.url(role.name), role.name, self.signer(signer));
        InterceptedService::new(channel, Acting(actor))
    }
}

fn issuer(actor: &Actor) -> &str {
    match actor {
        Actor::Role(name) => name,
        Actor::Staff { .. } => rpc::identity::STAFF_ISSUER,
        Actor::Institution { .. } => rpc::identity::INSTITUTION_ISSUER,
    }
}
