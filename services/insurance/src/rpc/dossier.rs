//! `CoverDossierService`, for partner alone: what one insurer or guarantor may read of one leg. Nothing is kept here:
//! intake holds the dossier and checks consent at every reading.

use std::time::Duration;

use kernel::{InstitutionId, LegId, leg::LegState};
use proto::{
    insurance::v1::{self as wire, cover_dossier_service_server::CoverDossierService},
    intake::v1::{GetRoleDossierRequest, dossier_service_client::DossierServiceClient},
};
use rpc::{Answer, Fault, status};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{
    domain::Leg,
    reasons,
    store::{covers, legs},
    wire::views,
};

/// One call of partner's waits for two of ours; longer than this, the institution had better try again.
const LIMIT: Duration = Duration::from_millis(2_000);
const PEER: &str = "intake";

#[derive(Clone)]
pub(crate) struct Dossiers {
    pub pool: PgPool,
    pub intake: DossierServiceClient<rpc::client::Channel>,
}

#[tonic::async_trait]
impl CoverDossierService for Dossiers {
    async fn get_cover_dossier(
        &self,
        request: Request<wire::GetCoverDossierRequest>,
    ) -> Answer<wire::GetCoverDossierResponse> {
        Ok(Response::new(self.read(request.get_ref()).await?))
    }
}

impl Dossiers {
    async fn read(
        &self,
        request: &wire::GetCoverDossierRequest,
    ) -> Result<wire::GetCoverDossierResponse, Fault> {
        let invalid = |field| Fault::new(&rpc::reasons::UUID_INVALID).field(field);
        let leg: LegId = request.leg_id.parse().map_err(|_| invalid("leg_id"))?;
        let institution: InstitutionId =
            request.institution_id.parse().map_err(|_| invalid("institution_id"))?;
        let unknown = || Fault::new(&reasons::LEG_NOT_FOUND);
        let mut conn = self.pool.acquire().await?;
        let place = legs::find(&mut conn, leg, institution).await?.ok_or_else(unknown)?;
        let records = covers::of_case(&mut conn, place.case).await?;
        drop(conn);
        let cover = records.into_iter().map(|record| record.cover).find(|cover| cover.id == place.cover);
        let cover = cover.ok_or_else(unknown)?;
        if cover.leg(leg).is_none_or(is_closed_unread) {
            return Err(Fault::new(&reasons::LEG_CLOSED));
        }
        let mut asked = Request::new(GetRoleDossierRequest {
            case_id: place.case.to_string(),
            round: i32::from(place.round),
            role: place.role.number(),
            institution_id: institution.to_string(),
        });
        asked.set_timeout(LIMIT);
        let answer = self.intake.clone().get_role_dossier(asked).await.map_err(refused)?.into_inner();
        let need = views::need_for(&cover.need, place.role);
        Ok(wire::GetCoverDossierResponse { dossier: answer.dossier, need: Some(need) })
    }
}

/// Undo recalls packages that nobody has read (domain.md §3.2, undo table).
fn is_closed_unread(leg: &Leg) -> bool {
    let closed = match leg.state {
        LegState::TimedOut
        | LegState::Expired { .. }
        | LegState::WithdrawnByInstitution { .. }
        | LegState::Released => true,
        LegState::Created
        | LegState::Received
        | LegState::Reviewing
        | LegState::InfoRequested
        | LegState::Offered { .. }
        | LegState::Declined { .. }
        | LegState::Selected { .. }
        | LegState::Confirmed { .. }
        | LegState::Fulfilled { .. }
        | LegState::Breached { .. } => false,
    };
    closed && leg.delivered_at.is_none()
}

fn refused(answer: Status) -> Fault {
    let reason = status::reason(&answer).unwrap_or_default();
    if reason.starts_with("CONSENT_") {
        Fault::new(&reasons::CONSENT_REVOKED)
    } else if reason == "CASE_STATE" {
        Fault::new(&reasons::LEG_CLOSED)
    } else {
        Fault::of_peer(PEER, answer)
    }
}
