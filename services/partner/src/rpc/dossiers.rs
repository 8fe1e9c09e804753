//! Asks intake for dossiers. Nothing of them is kept here: consent is checked at every reading.

use std::time::Duration;

use kernel::{InstitutionId, LegId};
use prost::Message as _;
use proto::common::v1::DocumentRef;
use proto::intake::v1::dossier_service_client::DossierServiceClient;
use proto::intake::v1::{Dossier, GetDossierRequest};
use rpc::client::Channel;
use rpc::{Fault, reasons as shared, status};
use tonic::{Code, Request, Status};

use crate::reasons;

/// One indexed query and a cached consent: longer than this, the institution had better try again.
const LIMIT: Duration = Duration::from_millis(2500);
const PEER: &str = "intake";

#[derive(Clone)]
pub(super) struct Dossiers {
    client: DossierServiceClient<Channel>,
}

/// What one institution may read of one leg.
pub(super) struct Reading {
    pub(super) dossier: Dossier,
    pub(super) supplements: Vec<DocumentRef>,
}

impl Dossiers {
    pub(super) fn new(intake: Channel) -> Self {
        Self { client: DossierServiceClient::new(intake) }
    }

    pub(super) async fn read(&self, leg: LegId, institution: InstitutionId) -> Result<Reading, Fault> {
        let mut request = Request::new(GetDossierRequest {
            leg_id: leg.to_string(),
            institution_id: institution.to_string(),
        });
        request.set_timeout(LIMIT);
        let answer = self.client.clone().get_dossier(request).await.map_err(refused)?.into_inner();
        let dossier = Dossier::decode(answer.dossier.as_slice())
            .map_err(|error| Fault::new(&shared::INTERNAL).metadata("peer", PEER).source(error))?;
        Ok(Reading { dossier, supplements: answer.supplements })
    }
}

fn refused(answer: Status) -> Fault {
    let consent = status::reason(&answer).is_some_and(|reason| reason.starts_with("CONSENT_"));
    match answer.code() {
        Code::NotFound => Fault::new(&shared::NOT_FOUND),
        _ if status::is_retryable(&answer) => {
            Fault::new(&reasons::DOSSIER_UNAVAILABLE).source(Fault::of_peer(PEER, answer))
        }
        Code::PermissionDenied | Code::FailedPrecondition if consent => Fault::new(&reasons::CONSENT_REVOKED),
        _ => Fault::of_peer(PEER, answer),
    }
}
