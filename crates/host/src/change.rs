//! One change of state: done once however often it is asked for, with its audit row and its messages, or not at all.

use std::sync::Arc;

use bus::{Outbox, Outgoing};
use chrono::{DateTime, Utc};
use kernel::{Clock, RequestId};
use prost::Message;
use rpc::replay::{self, BodyHash, Claim};
use rpc::{Caller, Fault, audit};
use sqlx::{PgConnection, PgPool, PgTransaction};
use tonic::{Request, Response};

use crate::Host;

/// Begins the changes of a role.
#[derive(Clone)]
pub struct Changes {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    outbox: Outbox,
}

/// An open change.
pub struct Change {
    transaction: PgTransaction<'static>,
    caller: Caller,
    request_id: RequestId,
    method: &'static str,
    body_hash: BodyHash,
    now: DateTime<Utc>,
    outbox: Outbox,
}

/// Either a change to make or the answer that it got before.
pub enum Begun<A> {
    Fresh(Change),
    Repeat(Response<A>),
}

impl Changes {
    pub fn of(host: &Host) -> Self {
        Self { pool: host.pool.clone(), clock: Arc::clone(&host.clock), outbox: host.bus.outbox() }
    }

    /// Begins the change that `request` asks for. Repeats of one request wait for each other until the transaction ends:
    /// the second then finds the first one's answer, instead of running into what the first has written.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED`; the database's.
    pub async fn begin<Q: Message, A: Message + Default>(
        &self,
        request: &Request<Q>,
        request_id: RequestId,
        method: &'static str,
    ) -> Result<Begun<A>, Fault> {
        let caller = rpc::caller(request)?.clone();
        let body_hash = replay::body_hash(request.get_ref());
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("{} {request_id}", caller.audit_name()))
            .execute(&mut *transaction)
            .await?;
        match replay::find(&mut transaction, &caller, request_id, method, &body_hash).await? {
            Some(answer) => repeat(&answer).map(Begun::Repeat),
            None => {
                let outbox = self.outbox.clone();
                Ok(Begun::Fresh(Change { transaction, caller, request_id, method, body_hash, now, outbox }))
            }
        }
    }
}

impl Change {
    /// The instant at which all of this change happens.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Who asked for it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Ends the change: audit row, messages and answer become lasting together with what was written.
    ///
    /// # Errors
    /// The database's; nothing of the change stays then.
    pub async fn commit<A: Message + Default>(
        mut self,
        answer: A,
        entry: &audit::Entry,
        messages: &[Outgoing],
    ) -> Result<Response<A>, Fault> {
        let conn = &mut *self.transaction;
        audit::record(conn, &self.caller, self.now, entry).await?;
        if !messages.is_empty() {
            bus::enqueue(conn, messages).await?;
        }
        let (id, method, hash) = (self.request_id, self.method, &self.body_hash);
        match replay::claim(conn, &self.caller, id, method, hash, &answer.encode_to_vec(), self.now).await? {
            Claim::Repeat(first) => {
                self.transaction.rollback().await?;
                repeat(&first)
            }
            Claim::Fresh => {
                self.transaction.commit().await?;
                self.outbox.wake();
                Ok(Response::new(answer))
            }
        }
    }
}

fn repeat<A: Message + Default>(answer: &[u8]) -> Result<Response<A>, Fault> {
    A::decode(answer).map(Response::new).map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))
}
