//! Asks intake, or insurance for cover, for dossiers. Nothing of them is kept here: consent is checked at every reading.

use std::time::Duration;

use kernel::{InstitutionId, LegId};
use prost::Message as _;
use proto::common::v1::DocumentRef;
use proto::insurance::v1::GetCoverDossierRequest;
use proto::insurance::v1::cover_dossier_service_client::CoverDossierServiceClient;
use proto::intake::v1::dossier_service_client::DossierServiceClient;
use proto::intake::v1::{Dossier, GetDossierRequest};
use rpc::client::Channel;
use rpc::{Fault, reasons as shared, status};
use tonic::{Code, Request, Status};

use crate::reasons;

/// One indexed query and a cached consent: longer than this, the institution had better try again.
const LIMIT: Duration = Duration::from_millis(2500);
const INTAKE: &str = "intake";
const INSURANCE: &str = "insurance";
/// How intake says that the case does not go on.
const CASE_ENDED: &str = "CASE_STATE";
/// How insurance says it of a leg of cover.
const COVER_ENDED: &str = "LEG_CLOSED";

#[derive(Clone)]
pub(super) struct Dossiers {
    intake: DossierServiceClient<Channel>,
    insurance: CoverDossierServiceClient<Channel>,
}

/// What one institution may read of one leg.
pub(super) struct Reading {
    pub(super) dossier: Dossier,
    pub(super) supplements: Vec<DocumentRef>,
}

impl Dossiers {
    pub(super) fn new(intake: Channel, insurance: Channel) -> Self {
        Self {
            intake: DossierServiceClient::new(intake),
            insurance: CoverDossierServiceClient::new(insurance),
        }
    }

    /// Legs of `cover` are insurance's, all others intake's.
    pub(super) async fn read(
        &self,
        cover: bool,
        leg: LegId,
        institution: InstitutionId,
    ) -> Result<Reading, Fault> {
        let (leg_id, institution_id) = (leg.to_string(), institution.to_string());
        if cover {
            let mut request = Request::new(GetCoverDossierRequest { leg_id, institution_id });
            request.set_timeout(LIMIT);
            let answer = self.insurance.clone().get_cover_dossier(request).await;
            let answer = answer.map_err(|status| refused(INSURANCE, status))?.into_inner();
            Ok(Reading { dossier: decode(INSURANCE, &answer.dossier)?, supplements: Vec::new() })
        } else {
            let mut request = Request::new(GetDossierRequest { leg_id, institution_id });
            request.set_timeout(LIMIT);
            let answer = self.intake.clone().get_dossier(request).await;
            let answer = answer.map_err(|status| refused(INTAKE, status))?.into_inner();
            Ok(Reading { dossier: decode(INTAKE, &answer.dossier)?, supplements: answer.supplements })
        }
    }
}

fn decode(peer: &'static str, dossier: &[u8]) -> Result<Dossier, Fault> {
    Dossier::decode(dossier)
        .map_err(|error| Fault::new(&shared::INTERNAL).metadata("peer", peer).source(error))
}

fn refused(peer: &'static str, answer: Status) -> Fault {
    let reason = status::reason(&answer).unwrap_or_default();
    match answer.code() {
        Code::NotFound => Fault::new(&shared::NOT_FOUND),
        _ if status::is_retryable(&answer) => {
            Fault::new(&reasons::DOSSIER_UNAVAILABLE).source(Fault::of_peer(peer, answer))
        }
        Code::PermissionDenied | Code::FailedPrecondition if reason.starts_with("CONSENT_") => {
            Fault::new(&reasons::CONSENT_REVOKED)
        }
        // The case has ended, and the news of it is still on its way here.
        Code::FailedPrecondition if [CASE_ENDED, COVER_ENDED].contains(&reason.as_str()) => {
            Fault::new(&reasons::DOSSIER_CLOSED)
        }
        _ => Fault::of_peer(peer, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    rpc::reason_table! {
        /// The stand-ins of what the two answer.
        LEG_CLOSED = FailedPrecondition, "该任务已经结束。";
        CASE_STATE = FailedPrecondition, "案件状态不允许。";
        CONSENT_EXPIRED = PermissionDenied, "授权已到期。";
    }

    fn told(peer: &'static str, reason: &'static rpc::Reason) -> Option<String> {
        status::reason(&Status::from(refused(peer, Fault::new(reason).into())))
    }

    #[test]
    fn what_has_ended_at_intake_or_insurance_closes_the_dossier_and_is_no_fault_of_ours() {
        assert_eq!(told(INTAKE, &CASE_STATE).as_deref(), Some("DOSSIER_CLOSED"));
        assert_eq!(told(INSURANCE, &CASE_STATE).as_deref(), Some("DOSSIER_CLOSED"));
        assert_eq!(told(INSURANCE, &LEG_CLOSED).as_deref(), Some("DOSSIER_CLOSED"));
        assert_eq!(told(INSURANCE, &CONSENT_EXPIRED).as_deref(), Some("CONSENT_REVOKED"));
        assert_eq!(ALL.len(), 3);
    }
}
