//! Consumer of `partner.lists.v1`: versions of the whitelist, for the institutions that they are to be told to.

use std::time::Duration;

use bus::{Handler, HandlerError, Message, Outcome};
use prost::Message as _;
use proto::whitelist::v1::ListPublished;
use sqlx::PgConnection;

use crate::domain::{List, ListVersion};
use crate::store::lists::{self, ListTold};
use crate::store::{LongPolls, StoreError};

pub(super) const LIST_PUBLISHED: &str = "whitelist.list-published.v1";

/// Puts versions into feeds, and wakes the long polls that wait for them.
pub struct Lists {
    pub polls: LongPolls,
}

impl Handler for Lists {
    type Prepared = Vec<Result<Vec<ListTold>, &'static str>>;

    async fn prepare(&self, batch: &[Message]) -> Self::Prepared {
        batch.iter().map(read).collect()
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        _batch: &[Message],
        prepared: &mut Self::Prepared,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let told: Vec<ListTold> = prepared.iter().flatten().flatten().cloned().collect();
        lists::tell(conn, &told).await.map_err(failed)?;
        let outcome = |read: &Result<Vec<ListTold>, &'static str>| match read {
            Ok(_) => Outcome::Done,
            Err(reason) => Outcome::Park { reason },
        };
        Ok(prepared.iter().map(outcome).collect())
    }

    fn committed(&self, prepared: Self::Prepared) {
        let grown = prepared.iter().flatten().flatten().map(|one| one.institution_id);
        self.polls.wake(grown, Duration::ZERO);
    }
}

fn read(message: &Message) -> Result<Vec<ListTold>, &'static str> {
    if message.kind != LIST_PUBLISHED {
        return Err("unknown-type");
    }
    let body = ListPublished::decode(message.body.as_slice()).map_err(|_| "undecodable")?;
    let list = List::from_number(body.kind).ok_or("list-kind")?;
    if body.version < 1 {
        return Err("list-version");
    }
    let told = ListVersion { list, version: body.version };
    let trace = telemetry::context::traceparent_of(message.span()).or_else(|| message.traceparent.clone());
    let of = |id: &String| {
        let institution_id = id.parse().map_err(|_| "institution-id")?;
        Ok(ListTold { institution_id, told, at: message.occurred_at, trace: trace.clone() })
    };
    body.institution_ids.iter().map(of).collect()
}

fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        StoreError::Row { .. } | StoreError::Away | StoreError::Raced | StoreError::Ending => {
            HandlerError::failed("store", error)
        }
    }
}
