//! From a checked request of an institution to an act, and from its outcome to the answer.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, LegId, ReplyId};
use rpc::audit::Entry;
use rpc::{Actor, Caller, Fault, reasons as shared};
use tonic::Request;

use crate::domain::{Assignment, Command};
use crate::reasons;
use crate::store::{Act, Outcome, Publication};

/// What the field is about; the law asks that every access names it.
const PURPOSE: &str = "IP_PLEDGE_FINANCING";

/// The institution that calls.
#[derive(Clone)]
pub(super) struct Institution {
    pub(super) id: InstitutionId,
    pub(super) caller: Caller,
}

impl Institution {
    pub(super) fn of<T>(request: &Request<T>) -> Result<Self, Fault> {
        let caller = rpc::caller(request)?.clone();
        let id = caller.institution().ok_or_else(|| Fault::new(&shared::PERMISSION_DENIED))?;
        Ok(Self { id, caller })
    }

    /// With the person who acts for it.
    pub(super) fn acting(mut self, by: String) -> Self {
        if let Actor::Institution { person, .. } = &mut self.caller.actor {
            *person = Some(by);
        }
        self
    }

    /// An act without request, reply or condition.
    pub(super) fn act(
        &self,
        assignment_id: LegId,
        command: Command,
        action: &'static str,
        now: DateTime<Utc>,
        message: Publication,
    ) -> Act {
        Act {
            caller: self.caller.clone(),
            institution_id: self.id,
            assignment_id,
            command,
            now,
            etag: None,
            valid_until: None,
            acknowledges: false,
            request: None,
            message,
            reply: None,
            field: "",
            audit: Entry {
                action,
                object_kind: "assignment",
                object_id: assignment_id.uuid(),
                purpose: PURPOSE,
                result: "DONE",
            },
            trace_id: telemetry::context::current_trace_id(),
        }
    }
}

/// The answer: the first one again for a repeat, else made of the assignment as it is now.
pub(super) fn answer<T: prost::Message + Default>(
    outcome: Outcome,
    of: impl FnOnce(&Assignment, Option<ReplyId>) -> T,
) -> Result<T, Fault> {
    match outcome {
        Outcome::Done(assignment, said) => Ok(of(&assignment, said)),
        Outcome::Repeat(first) => {
            T::decode(first.as_slice()).map_err(|error| Fault::new(&shared::INTERNAL).source(error))
        }
        Outcome::Reused => Err(Fault::new(&shared::REQUEST_ID_REUSED).field("request_id")),
        Outcome::NotFound => Err(Fault::new(&shared::NOT_FOUND)),
        Outcome::Changed => Err(Fault::new(&shared::VERSION_CONFLICT).field("etag")),
        Outcome::OfferPassed(field) => Err(Fault::new(&reasons::VALID_UNTIL_PASSED).field(field)),
        Outcome::NotForRole(field) => Err(Fault::new(&reasons::DECISION_NOT_FOR_ROLE).field(field)),
        Outcome::Refused(refusal) => Err(refusal.into()),
    }
}
