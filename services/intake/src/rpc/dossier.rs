//! `DossierService`, for partner and insurance alone: what one institution may read. Consent is checked at every reading;
//! an answer of whitelist is believed for at most 30 s, and no answer means no.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CaseId, Clock, ConsentId, InstitutionId, InstitutionRole, LegId};
use proto::{
    intake::v1::{self as wire, dossier_service_server::DossierService},
    whitelist::v1::{self as whitelist, whitelist_service_client::WhitelistServiceClient},
};
use rpc::{Answer, Fault, check::Checker};
use sqlx::PgPool;
use tonic::{Request, Response};

use crate::{
    domain::case::MAX_ROUNDS,
    reasons,
    store::{
        dossiers::{self, Reading},
        legs,
    },
    wire::application::document_ref,
};

/// domain.md §7: a check may be cached for at most 30 s.
const BELIEVED: TimeDelta = TimeDelta::seconds(30);
/// Entries beyond which the cache forgets what is stale, and then everything.
const CACHE_MAX: usize = 20_000;

#[derive(Clone)]
pub(crate) struct Dossiers {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub consents: ConsentCache,
}

#[derive(Clone)]
pub(crate) struct ConsentCache {
    whitelist: WhitelistServiceClient<rpc::client::Channel>,
    known: Arc<Mutex<Known>>,
}

/// What was answered, and when it was asked.
type Known = HashMap<(ConsentId, InstitutionId), (bool, DateTime<Utc>)>;

#[tonic::async_trait]
impl DossierService for Dossiers {
    async fn get_dossier(
        &self,
        request: Request<wire::GetDossierRequest>,
    ) -> Answer<wire::GetDossierResponse> {
        Ok(Response::new(self.read(request.get_ref()).await?))
    }

    async fn get_role_dossier(
        &self,
        request: Request<wire::GetRoleDossierRequest>,
    ) -> Answer<wire::GetRoleDossierResponse> {
        Ok(Response::new(self.read_of_role(request.get_ref()).await?))
    }
}

impl Dossiers {
    async fn read(&self, request: &wire::GetDossierRequest) -> Result<wire::GetDossierResponse, Fault> {
        let invalid = |field| Fault::new(&rpc::reasons::UUID_INVALID).field(field);
        let leg: LegId = request.leg_id.parse().map_err(|_| invalid("leg_id"))?;
        let institution: InstitutionId =
            request.institution_id.parse().map_err(|_| invalid("institution_id"))?;
        let mut conn = self.pool.acquire().await?;
        let reading = dossiers::find(&mut conn, leg, institution).await?;
        let reading = reading.ok_or_else(|| Fault::new(&reasons::LEG_NOT_FOUND))?;
        if reading.recalled {
            return Err(Fault::new(&reasons::CASE_STATE).metadata("command", "read dossier"));
        }
        let supplements = legs::supplements(&mut conn, leg).await?;
        drop(conn);
        if !self.consents.allows(&reading, institution, self.clock.now()).await? {
            return Err(Fault::new(&reasons::CONSENT_REVOKED));
        }
        Ok(wire::GetDossierResponse {
            dossier: reading.body,
            product_id: reading.product.map(|product| product.id.to_string()).unwrap_or_default(),
            product_version: reading.product.map(|product| product.version).unwrap_or_default(),
            supplements: supplements.iter().map(document_ref).collect(),
        })
    }
}

/// States of a case in which its insurers and guarantors have something to read.
const READABLE: [&str; 4] = ["COLLECTING", "OFFERS_READY", "SELECTED", "APPROVED"];

impl Dossiers {
    async fn read_of_role(
        &self,
        request: &wire::GetRoleDossierRequest,
    ) -> Result<wire::GetRoleDossierResponse, Fault> {
        let mut check = Checker::new();
        let case = check.id::<CaseId>("case_id", &request.case_id);
        let institution = check.id::<InstitutionId>("institution_id", &request.institution_id);
        let round = check.number("round", request.round, 1..=i32::from(MAX_ROUNDS));
        let role = check.code("role", request.role, |number| {
            let coverers = [InstitutionRole::Insurer, InstitutionRole::Guarantor];
            InstitutionRole::from_number(number).filter(|role| coverers.contains(role))
        });
        let (case, institution, round, role) = check.all((case, institution, round, role))?;
        let round = u8::try_from(round).unwrap_or_default();
        let mut conn = self.pool.acquire().await?;
        let found = dossiers::of_role(&mut conn, case, round, role).await?;
        drop(conn);
        let (state, present, reading) = found.ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))?;
        if present != i16::from(round) || !READABLE.contains(&state.as_str()) {
            let fault = Fault::new(&reasons::CASE_STATE);
            return Err(fault.metadata("state", state).metadata("command", "read dossier"));
        }
        if !self.consents.allows(&reading, institution, self.clock.now()).await? {
            return Err(Fault::new(&reasons::CONSENT_REVOKED));
        }
        Ok(wire::GetRoleDossierResponse { dossier: reading.body })
    }
}

impl ConsentCache {
    pub(crate) fn new(whitelist: WhitelistServiceClient<rpc::client::Channel>) -> Self {
        Self { whitelist, known: Arc::default() }
    }

    /// Forgets a consent at once: it has been revoked.
    pub(crate) fn forget(&self, consent: ConsentId) {
        self.lock().retain(|(known, _), _| *known != consent);
    }

    async fn allows(
        &self,
        reading: &Reading,
        institution: InstitutionId,
        now: DateTime<Utc>,
    ) -> Result<bool, Fault> {
        let key = (reading.consent, institution);
        let known = self.lock().get(&key).copied();
        if let Some((allowed, _)) = known.filter(|(_, asked_at)| now - *asked_at < BELIEVED) {
            return Ok(allowed);
        }
        let request = whitelist::CheckConsentRequest {
            consent_id: reading.consent.to_string(),
            enterprise_id: reading.enterprise.to_string(),
            uscc: String::new(),
            purpose: i32::from(whitelist::ConsentPurpose::IpPledgeFinancing),
            categories: vec![
                i32::from(whitelist::DataCategory::EnterpriseProfile),
                i32::from(whitelist::DataCategory::IpAssets),
            ],
            recipient_institution_id: institution.to_string(),
            ..whitelist::CheckConsentRequest::default()
        };
        let answer = self.whitelist.clone().check_consent(request).await;
        let allowed = answer.map_err(|status| Fault::of_peer("whitelist", status))?.into_inner().allowed;
        let mut known = self.lock();
        if known.len() >= CACHE_MAX {
            known.retain(|_, (_, asked_at)| now - *asked_at < BELIEVED);
        }
        if known.len() >= CACHE_MAX {
            known.clear();
        }
        known.insert(key, (allowed, now));
        Ok(allowed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
