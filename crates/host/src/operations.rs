//! `zhirong.operations.v1`: what waits in a role and what was set aside there. Every role with a store serves it beside its
//! own methods; what it shows are ids and codes.

use bus::Bus;
use bus::parked::{self, Act, Filter, Parked, ParkedError};
use chrono::{DateTime, Utc};
use kernel::RequestId;
use proto::operations::v1::{self as wire, operations_service_server::OperationsService};
use rpc::check::{Checker, page_token};
use rpc::policy::{Allow, MethodPolicy};
use rpc::{Answer, Duty, Fault, audit};
use sqlx::PgPool;
use tonic::{Request, Response};
use uuid::Uuid;

use crate::{Begun, Change, Changes, Host};

const PURPOSE_MAX: usize = 200;
const AT_ONCE: usize = 200;
const PAGE: i32 = 50;
const PAGE_MAX: i32 = 200;
/// Kept with each look at the list: it needs no reason of its own.
const LOOKING: &str = "list";

const OPERATORS: &[Allow] = &[Allow::Staff(&[Duty::Operator, Duty::Administrator])];

const GET_BUS: &str = "/zhirong.operations.v1.OperationsService/GetBus";
const LIST_PARKED: &str = "/zhirong.operations.v1.OperationsService/ListParked";
const REPLAY_PARKED: &str = "/zhirong.operations.v1.OperationsService/ReplayParked";
const DROP_PARKED: &str = "/zhirong.operations.v1.OperationsService/DropParked";

/// Who may call it. Added to the policy of every role with a store.
pub const POLICY: &[MethodPolicy] = &[
    MethodPolicy { method: GET_BUS, allow: OPERATORS },
    MethodPolicy { method: LIST_PARKED, allow: OPERATORS },
    MethodPolicy { method: REPLAY_PARKED, allow: OPERATORS },
    MethodPolicy { method: DROP_PARKED, allow: OPERATORS },
];

/// The service of one role.
pub(crate) struct Operations {
    role: &'static str,
    pool: PgPool,
    bus: Bus,
    changes: Changes,
}

impl Operations {
    pub(crate) fn of(host: &Host) -> Self {
        let changes = Changes::of(host);
        Self { role: host.role.name, pool: host.pool.clone(), bus: host.bus.clone(), changes }
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    /// Counts name no message: looking at them leaves no row.
    async fn get_bus(&self, _request: Request<wire::GetBusRequest>) -> Answer<wire::BusView> {
        let waiting = bus::waiting(&self.pool).await.map_err(Fault::from)?;
        Ok(Response::new(wire::BusView {
            role: self.role.to_owned(),
            outbox_rows: waiting.outbox_rows,
            outbox_oldest_at: waiting.outbox_oldest_at.map(timestamp),
            retrying: waiting.retrying,
            parked: waiting.parked,
            parked_oldest_at: waiting.parked_oldest_at.map(timestamp),
            connected: self.bus.health().ready(),
        }))
    }

    async fn list_parked(
        &self,
        request: Request<wire::ListParkedRequest>,
    ) -> Answer<wire::ListParkedResponse> {
        let actor = rpc::caller(&request)?.audit_name();
        let asked = request.get_ref();
        let mut check = Checker::new();
        let size = check.page_size(asked.page_size, PAGE, PAGE_MAX);
        let after = check.page_token::<(DateTime<Utc>, Uuid)>(&asked.page_token);
        let (size, after) = check.all((size, after))?;
        let filter = Filter { after, limit: i64::from(size) + 1, ..Filter::default() };
        let act = Act { actor: &actor, purpose: LOOKING };
        let mut rows = parked::list(&self.pool, filter, act).await.map_err(refused)?;
        let kept = usize::try_from(size).unwrap_or_default();
        let more = rows.len() > kept;
        rows.truncate(kept);
        let last = rows.last().filter(|_| more).map(|row| page_token(&(row.held_at, row.held_id)));
        Ok(Response::new(wire::ListParkedResponse {
            messages: rows.into_iter().map(message).collect(),
            next_page_token: last.unwrap_or_default(),
        }))
    }

    async fn replay_parked(
        &self,
        request: Request<wire::ReplayParkedRequest>,
    ) -> Answer<wire::ReplayParkedResponse> {
        let asked = request.get_ref();
        let order = Order::read(&asked.request_id, &asked.held_ids, &asked.purpose)?;
        let mut change = match self.changes.begin(&request, order.request_id, REPLAY_PARKED).await? {
            Begun::Fresh(change) => change,
            Begun::Repeat(answer) => return Ok(answer),
        };
        let actor = change.caller().audit_name();
        let act = Act { actor: &actor, purpose: &order.purpose };
        let replayed = parked::replay_all(change.conn(), &order.held_ids, act).await.map_err(refused)?;
        let answer = wire::ReplayParkedResponse { replayed: i32::try_from(replayed).unwrap_or(i32::MAX) };
        Ok(order.done(change, "REPLAY_PARKED", answer).await?)
    }

    async fn drop_parked(
        &self,
        request: Request<wire::DropParkedRequest>,
    ) -> Answer<wire::DropParkedResponse> {
        let asked = request.get_ref();
        let order = Order::read(&asked.request_id, &asked.held_ids, &asked.purpose)?;
        let mut change = match self.changes.begin(&request, order.request_id, DROP_PARKED).await? {
            Begun::Fresh(change) => change,
            Begun::Repeat(answer) => return Ok(answer),
        };
        let actor = change.caller().audit_name();
        let act = Act { actor: &actor, purpose: &order.purpose };
        let dropped = parked::drop_all(change.conn(), &order.held_ids, act).await.map_err(refused)?;
        let answer = wire::DropParkedResponse { dropped: i32::try_from(dropped).unwrap_or(i32::MAX) };
        Ok(order.done(change, "DROP_PARKED", answer).await?)
    }
}

/// What both changes are told.
struct Order {
    request_id: RequestId,
    held_ids: Vec<Uuid>,
    purpose: String,
}

impl Order {
    fn read(request_id: &str, held_ids: &[String], purpose: &str) -> Result<Self, Fault> {
        let mut check = Checker::new();
        let request_id = check.request_id(request_id);
        let held_ids = check.ids("held_ids", held_ids, 1..=AT_ONCE);
        let given = check.text("purpose", purpose, PURPOSE_MAX);
        check.note("purpose", purpose, PURPOSE_MAX);
        let (request_id, held_ids, purpose) = check.all((request_id, held_ids, given))?;
        Ok(Self { request_id, held_ids, purpose })
    }

    /// The order is what the audit names; each message of it has a row in `parked_audit`, with the purpose in words.
    async fn done<A: prost::Message + Default>(
        &self,
        change: Change,
        action: &'static str,
        answer: A,
    ) -> Result<Response<A>, Fault> {
        let entry = audit::Entry {
            action,
            object_kind: "parked_order",
            object_id: self.request_id.uuid(),
            purpose: "OPERATIONS",
            result: "DONE",
        };
        change.commit(answer, &entry, &[]).await
    }
}

fn refused(error: ParkedError) -> Fault {
    match error {
        ParkedError::Store(error) => error.into(),
        ParkedError::Unreadable { held_id } => {
            Fault::new(&rpc::reasons::PARKED_UNREADABLE).metadata("held_id", held_id.to_string())
        }
        ParkedError::NotFound { .. } => Fault::new(&rpc::reasons::NOT_FOUND),
        other => Fault::new(&rpc::reasons::INTERNAL).source(other),
    }
}

fn message(row: Parked) -> wire::ParkedMessage {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    wire::ParkedMessage {
        held_id: row.held_id.to_string(),
        queue: row.queue,
        r#type: row.message_kind.unwrap_or_default(),
        message_id: id(row.message_id),
        aggregate_id: id(row.aggregate_id),
        aggregate_version: row.aggregate_version.unwrap_or_default(),
        reason: row.reason,
        parked_at: Some(timestamp(row.held_at)),
        attempts: row.attempts,
    }
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}

#[cfg(test)]
mod tests {
    use super::POLICY;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.operations.v1", POLICY);
    }
}
