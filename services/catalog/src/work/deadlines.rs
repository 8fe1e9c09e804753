//! Days that come by themselves: a version takes effect, or the last day of the one in force is over.

use kernel::calendar::date_of;
use rpc::{Actor, Caller, audit};

use super::{WorkError, Worker};
use crate::{
    domain::product::{Act, Command, Person, Side, Step, decide},
    journal::{self, Happened},
    store::{
        acts::{self, Deadline},
        products,
    },
};

const PURPOSE: &str = "CATALOG_UPKEEP";

impl Worker {
    /// Takes one deadline that is due, in one transaction with all that follows; false if none is.
    pub(super) async fn take_deadline(&self) -> Result<bool, WorkError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        let Some((id, kind, version)) = acts::due(conn, now).await? else { return Ok(false) };
        acts::set_deadline(conn, id, kind, None).await?;
        let caller =
            Caller { issuer: crate::ROLE.name.to_owned(), actor: Actor::Role(crate::ROLE.name.to_owned()) };
        let by = Person(caller.audit_name());
        let product = products::lock(conn, id).await?;
        // The product may have gone on since the day was set: then nothing is left to be done.
        let command = match kind {
            Deadline::Effect => Some((Command::TakeEffect { version }, "PUBLISH_PRODUCT")),
            Deadline::End => {
                let in_force = product.as_ref().and_then(|product| product.on_shelf()) == Some(version);
                in_force.then_some((Command::Suspend, "SUSPEND_PRODUCT"))
            }
        };
        if let Some((product, (command, action))) = product.zip(command) {
            let act = Act { by: &by, side: Side::Calendar, now, today: date_of(now) };
            if let Ok(Step::Executed(event)) = decide(&product, command, &act) {
                let happened = Happened { event: &event, by: &by, terms: None, text: "", now };
                let (product, message) = journal::write(conn, product, &happened).await?;
                let entry = audit::Entry {
                    action,
                    object_kind: "product",
                    object_id: product.id.uuid(),
                    purpose: PURPOSE,
                    result: "DONE",
                };
                audit::record(conn, &caller, now, &entry)
                    .await
                    .map_err(|error| WorkError::Audit(error.into()))?;
                if let Some(message) = message {
                    bus::enqueue(conn, &[message]).await.map_err(WorkError::Message)?;
                }
            }
        }
        transaction.commit().await?;
        self.outbox.wake();
        Ok(true)
    }
}
