//! `ContactService`, for operations on the internal face.

use std::sync::Arc;

use kernel::Clock;
use proto::partner::v1::contact_service_server::ContactService;
use proto::partner::v1::{ListContactsRequest, ListContactsResponse};
use rpc::{Answer, Fault};
use sqlx::PgPool;
use tonic::{Request, Response};

use crate::{store, wire};

pub(super) struct Contacts {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl ContactService for Contacts {
    async fn list_contacts(&self, _request: Request<ListContactsRequest>) -> Answer<ListContactsResponse> {
        let contacts = store::contacts::list(&self.pool, self.clock.now()).await.map_err(Fault::from)?;
        Ok(Response::new(ListContactsResponse { contacts: contacts.iter().map(wire::contact).collect() }))
    }
}
