//! A revoked consent ends what rests on it: open cases are withdrawn and their legs released (domain.md §3.2, undo
//! table). Reads stop at once, because consent is checked at each.
//!
//! A submission that is planned before it is stored (`rpc/at_once.rs`) may have been told that the consent holds, and be stored
//! just after the cases of the revoked consent were looked for. So they are looked for again for some minutes.

use std::{sync::Arc, time::Duration};

use bus::{Handler, HandlerError, Message, Outcome};
use chrono::TimeDelta;
use kernel::{CaseId, Clock, ConsentId};
use prost::Message as _;
use proto::whitelist::v1::ConsentRevoked;
use sqlx::PgConnection;

use super::failed;
use crate::{
    domain::{Command, Leg, Phase, WithdrawCause},
    journal::{Doer, Journal, Rules},
    rpc::ConsentCache,
    store::{
        cases::{self, Record},
        legs,
    },
};

/// When cases of a revoked consent are looked for once more: what was planned by an older answer of whitelist is stored by
/// then.
const LOOK_AGAIN: Duration = Duration::from_secs(40);
/// For how long that is done: a process may have stood still between its question and its commit.
const LOOK_FOR: TimeDelta = TimeDelta::minutes(5);

#[derive(Clone)]
pub(crate) struct Consents {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    /// What dossier readings believe of consents; a revoked one is forgotten at once.
    pub cache: ConsentCache,
}

impl Handler for Consents {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        let revoked: Vec<Result<ConsentId, &'static str>> = batch.iter().map(read).collect();
        // All cases of the batch are locked in the order of their ids before the first is changed.
        let all: Vec<ConsentId> = revoked.iter().flatten().copied().collect();
        cases::lock_by_consent(conn, &all).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, consent) in batch.iter().zip(revoked) {
            outcomes.push(match consent {
                Ok(consent) => {
                    self.cache.forget(consent);
                    self.revoke(conn, message, consent).await.map_err(failed)?;
                    if self.is_young(message) {
                        Outcome::Retry { after: LOOK_AGAIN, reason: "look-again" }
                    } else {
                        Outcome::Done
                    }
                }
                Err(reason) => Outcome::Park { reason },
            });
        }
        Ok(outcomes)
    }
}

fn read(message: &Message) -> Result<ConsentId, &'static str> {
    match message.kind.as_str() {
        "whitelist.consent-revoked.v1" => ConsentRevoked::decode(message.body.as_slice())
            .ok()
            .and_then(|body| body.consent_id.parse().ok())
            .ok_or("BODY_UNREADABLE"),
        _ => Err("TYPE_UNKNOWN"),
    }
}

impl Consents {
    /// Whether cases may still be stored that were planned before the revocation.
    fn is_young(&self, message: &Message) -> bool {
        !self.rules.policy.auto_accept.is_empty() && self.clock.now() - message.occurred_at < LOOK_FOR
    }

    async fn revoke(
        &self,
        conn: &mut PgConnection,
        message: &Message,
        consent: ConsentId,
    ) -> Result<(), crate::store::StoreError> {
        let cases = cases::lock_by_consent(conn, &[consent]).await?;
        // Handed in after the revocation and not planned upon an older answer: whitelist is asked before anybody sees it.
        let is_later = |record: &Record| {
            matches!(record.case.phase, Phase::Draft | Phase::Submitted { .. })
                && record.created_at > message.occurred_at
        };
        let cases: Vec<Record> = cases.into_iter().filter(|record| !is_later(record)).collect();
        let ids: Vec<CaseId> = cases.iter().map(|record| record.case.id).collect();
        let mut legs = legs::of_cases(conn, &ids).await?;
        let mut journal = Journal::new(self.clock.now(), &self.rules);
        message.scope(|| {
            for mut case in cases.into_iter().map(|record| record.case) {
                let mut own: Vec<Leg> = legs.extract_if(.., |leg| leg.case == case.id).collect();
                let command = Command::Withdraw { cause: WithdrawCause::ConsentRevoked };
                // A state that can no longer be withdrawn is unaffected by the revocation.
                if let Err(refusal) = journal.execute(&mut case, command, &Doer::intake(), &mut own) {
                    tracing::info!(case = %case.id, %refusal, "a revoked consent found nothing to withdraw");
                }
            }
        });
        journal.write(conn).await
    }
}
