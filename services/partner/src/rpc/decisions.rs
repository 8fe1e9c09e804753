//! Several decisions in one call: each is carried out, answered and repeated as if it had been sent alone.

use std::collections::HashSet;

use futures::future::join_all;
use proto::partner::v1::decision_result::Result as Decided;
use proto::partner::v1::{
    DecisionRefused, DecisionResult, FieldRefused, SubmitDecisionRequest, SubmitDecisionResponse,
    SubmitDecisionsRequest, SubmitDecisionsResponse,
};
use rpc::check::Checker;
use rpc::replay::body_hash;
use rpc::{Fault, reasons as shared};
use tonic::Status;

use super::acting::Institution;
use super::assignments::Assignments;
use super::checks;

/// Decisions in one call.
const MOST: usize = 100;

impl Assignments {
    pub(super) async fn decide_all(
        &self,
        institution: &Institution,
        request: SubmitDecisionsRequest,
    ) -> Result<SubmitDecisionsResponse, Fault> {
        each_once(&request.decisions)?;
        let decided = request.decisions.into_iter().map(|decision| self.decide_one(institution, decision));
        let results = join_all(decided).await.into_iter().map(|decided| {
            let result = match decided {
                Ok(taken) => Decided::Taken(taken),
                Err(fault) => Decided::Refused(refused(&fault.into())),
            };
            DecisionResult { result: Some(result) }
        });
        Ok(SubmitDecisionsResponse { results: results.collect() })
    }

    async fn decide_one(
        &self,
        institution: &Institution,
        request: SubmitDecisionRequest,
    ) -> Result<SubmitDecisionResponse, Fault> {
        let body_hash = body_hash(&request);
        let act = self.decision(institution.clone(), request, body_hash)?;
        self.said(act).await
    }
}

/// What is decided twice in one call has no order.
fn each_once(decisions: &[SubmitDecisionRequest]) -> Result<(), Fault> {
    let mut check = Checker::new();
    if check.count("decisions", decisions.len(), 1..=MOST).is_some() {
        let mut seen = HashSet::with_capacity(decisions.len());
        for (place, decision) in decisions.iter().enumerate() {
            // What names none is refused in its place.
            let named = checks::assignment(&mut Checker::new(), &decision.name);
            if named.is_some_and(|id| !seen.insert(id)) {
                check.refuse(format!("decisions[{place}].name"), &shared::FIELD_REPEATED);
            }
        }
    }
    check.finish()
}

/// What the call of this decision alone would have ended with.
fn refused(status: &Status) -> DecisionRefused {
    let texts = rpc::status::field_texts(status);
    let fields = rpc::status::violations(status).into_iter().zip(texts);
    DecisionRefused {
        code: status.code().into(),
        reason: rpc::status::reason(status).unwrap_or_default(),
        text: rpc::status::localized(status).unwrap_or_default(),
        fields: fields.map(|((field, reason), (_, text))| FieldRefused { field, reason, text }).collect(),
        retryable: rpc::status::is_retryable(status),
        error_id: rpc::status::metadata(status, "error_id").unwrap_or_default(),
    }
}
