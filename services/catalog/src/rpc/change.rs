//! One change of state: done once however often it is asked for, with its audit row and its messages, or not at all.

use bus::Outgoing;
use chrono::{DateTime, SubsecRound as _, Utc};
use kernel::RequestId;
use prost::Message;
use rpc::{
    Caller, Fault, audit,
    replay::{self, BodyHash, Claim},
};
use sqlx::{PgConnection, PgTransaction};
use tonic::{Request, Response};

use super::service::Face;
use crate::store::requests;

/// What the database keeps of an instant.
const MICROSECONDS: u16 = 6;

/// An open change.
pub(super) struct Change {
    transaction: PgTransaction<'static>,
    caller: Caller,
    request_id: RequestId,
    method: &'static str,
    body_hash: BodyHash,
    now: DateTime<Utc>,
}

/// Either a change to make or the answer that it got before.
pub(super) enum Begun<A> {
    Fresh(Change),
    Repeat(Response<A>),
}

impl Change {
    /// Begins the change that `request` asks for.
    pub(super) async fn begin<Q: Message, A: Message + Default>(
        face: &Face,
        request: &Request<Q>,
        request_id: RequestId,
        method: &'static str,
    ) -> Result<Begun<A>, Fault> {
        let caller = rpc::caller(request)?.clone();
        let body_hash = replay::body_hash(request.get_ref());
        let now = face.clock.now().trunc_subsecs(MICROSECONDS);
        let mut transaction = face.pool.begin().await?;
        let key = format!("{} {request_id}", caller.audit_name());
        requests::serialise(&mut transaction, &key).await?;
        match replay::find(&mut transaction, &caller, request_id, method, &body_hash).await? {
            Some(answer) => repeat(&answer).map(Begun::Repeat),
            None => Ok(Begun::Fresh(Self { transaction, caller, request_id, method, body_hash, now })),
        }
    }

    /// The instant at which all of this change happens.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Ends the change: audit row, messages and answer become lasting together with what was written.
    pub(super) async fn commit<A: Message + Default>(
        mut self,
        face: &Face,
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
                if !messages.is_empty() {
                    face.outbox.wake();
                }
                Ok(Response::new(answer))
            }
        }
    }
}

fn repeat<A: Message + Default>(answer: &[u8]) -> Result<Response<A>, Fault> {
    A::decode(answer).map(Response::new).map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))
}
