//! `CredentialService`, for the administrator on the internal face.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, CredentialId, InstitutionId, InstitutionRole, RequestId};
use prost::Message;
use proto::partner::v1::credential_service_server::CredentialService;
use proto::partner::v1::{
    IssueCredentialRequest, IssueCredentialResponse, ListCredentialsRequest, ListCredentialsResponse,
    RevokeCredentialRequest, RevokeCredentialResponse, RotateCredentialRequest,
};
use rpc::audit::{self, Entry};
use rpc::check::Checker;
use rpc::replay::{self, BodyHash, Claim, body_hash};
use rpc::{Answer, Caller, Fault, reasons as shared};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::ParsedCertificate;
use sqlx::{PgConnection, PgPool};
use tonic::{Request, Response};

use super::door::{CredentialCache, fingerprint, new_token};
use super::policy;
use crate::domain::{Credential, Fingerprint, Scope, Scopes};
use crate::store::credentials;
use crate::{reasons, wire};

const MAX_VALID_DAYS: i32 = 400;
const MAX_OVERLAP_SECONDS: i32 = 604_800;
/// No client certificate is longer.
const MAX_PEM: usize = 16 * 1024;

pub(super) struct Credentials {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) cache: Arc<CredentialCache>,
}

/// A change that the administrator asks for, by which a repeat is known.
struct Asked {
    caller: Caller,
    request_id: RequestId,
    method: &'static str,
    body_hash: BodyHash,
    now: DateTime<Utc>,
}

#[tonic::async_trait]
impl CredentialService for Credentials {
    async fn issue_credential(
        &self,
        request: Request<IssueCredentialRequest>,
    ) -> Answer<IssueCredentialResponse> {
        let (caller, body_hash) = (rpc::caller(&request)?.clone(), body_hash(request.get_ref()));
        let request = request.into_inner();
        let mut check = Checker::new();
        let fields = (
            check.request_id(&request.request_id),
            check.id::<InstitutionId>("institution_id", &request.institution_id),
            check.code("role", request.role, InstitutionRole::from_number),
            certificate(&mut check, &request.certificate_pem),
            scopes(&mut check, &request.scopes),
            check.number("valid_days", request.valid_days, 1..=MAX_VALID_DAYS),
        );
        let (request_id, institution_id, role, certificate, scopes, days) = check.all(fields)?;
        let now = self.clock.now();
        let asked = Asked { caller, request_id, method: policy::ISSUE_CREDENTIAL, body_hash, now };
        let credential = Credential {
            id: CredentialId::new(now, &mut rand::rng()),
            institution_id,
            role,
            certificate,
            scopes,
            issued_at: now,
            expires_at: now + TimeDelta::days(days.into()),
            revoked_at: None,
            last_used_at: None,
        };
        let (token, hash) = new_token(&mut rand::rng());
        let response = self
            .change(&asked, token, async |conn| {
                refuse_taken(conn, &credential, now).await?;
                credentials::insert(conn, &credential, &hash, None).await?;
                Ok(("ISSUE_CREDENTIAL", credential))
            })
            .await?;
        Ok(Response::new(response))
    }

    async fn rotate_credential(
        &self,
        request: Request<RotateCredentialRequest>,
    ) -> Answer<IssueCredentialResponse> {
        let (caller, body_hash) = (rpc::caller(&request)?.clone(), body_hash(request.get_ref()));
        let request = request.into_inner();
        let mut check = Checker::new();
        let new_certificate = if request.certificate_pem.is_empty() {
            Some(None)
        } else {
            certificate(&mut check, &request.certificate_pem).map(Some)
        };
        let fields = (
            check.request_id(&request.request_id),
            check.id::<CredentialId>("credential_id", &request.credential_id),
            new_certificate,
            check.number("valid_days", request.valid_days, 1..=MAX_VALID_DAYS),
            check.number("overlap_seconds", request.overlap_seconds, 0..=MAX_OVERLAP_SECONDS),
        );
        let (request_id, old_id, new_certificate, days, overlap) = check.all(fields)?;
        let now = self.clock.now();
        let asked = Asked { caller, request_id, method: policy::ROTATE_CREDENTIAL, body_hash, now };
        let (token, hash) = new_token(&mut rand::rng());
        let response = self
            .change(&asked, token, async |conn| {
                let old = locked(conn, old_id).await?;
                old.standing(now).map_err(|_| Fault::new(&reasons::CREDENTIAL_ENDED))?;
                let credential = Credential {
                    id: CredentialId::new(now, &mut rand::rng()),
                    certificate: new_certificate.unwrap_or(old.certificate),
                    issued_at: now,
                    expires_at: now + TimeDelta::days(days.into()),
                    last_used_at: None,
                    ..old.clone()
                };
                refuse_taken(conn, &credential, now).await?;
                credentials::insert(conn, &credential, &hash, Some(old.id)).await?;
                let end = old.end_after_rotation(now, TimeDelta::seconds(overlap.into()));
                credentials::end(conn, old.id, end).await?;
                Ok(("ROTATE_CREDENTIAL", credential))
            })
            .await?;
        Ok(Response::new(response))
    }

    async fn revoke_credential(
        &self,
        request: Request<RevokeCredentialRequest>,
    ) -> Answer<RevokeCredentialResponse> {
        let (caller, body_hash) = (rpc::caller(&request)?.clone(), body_hash(request.get_ref()));
        let request = request.into_inner();
        let mut check = Checker::new();
        let fields = (
            check.request_id(&request.request_id),
            check.id::<CredentialId>("credential_id", &request.credential_id),
        );
        let (request_id, id) = check.all(fields)?;
        let now = self.clock.now();
        let asked = Asked { caller, request_id, method: policy::REVOKE_CREDENTIAL, body_hash, now };
        // The answer of a revocation has the shape of an issue without token.
        let response = self
            .change(&asked, String::new(), async |conn| {
                let credential = locked(conn, id).await?;
                credentials::revoke(conn, id, now).await?;
                let revoked_at = credential.revoked_at.or(Some(now));
                Ok(("REVOKE_CREDENTIAL", Credential { revoked_at, ..credential }))
            })
            .await?;
        Ok(Response::new(RevokeCredentialResponse { credential: response.credential }))
    }

    async fn list_credentials(
        &self,
        request: Request<ListCredentialsRequest>,
    ) -> Answer<ListCredentialsResponse> {
        let mut check = Checker::new();
        let id = check.id::<InstitutionId>("institution_id", &request.get_ref().institution_id);
        let (id,) = check.all((id,))?;
        let found = credentials::list(&self.pool, id).await.map_err(Fault::from)?;
        let credentials = found.iter().map(wire::credential).collect();
        Ok(Response::new(ListCredentialsResponse { credentials }))
    }
}

impl Credentials {
    /// One change in one transaction: epoch, change, audit row, replay row. A repeat is answered without the token,
    /// which is kept nowhere.
    async fn change(
        &self,
        asked: &Asked,
        token: String,
        change: impl AsyncFnOnce(&mut PgConnection) -> Result<(&'static str, Credential), Fault>,
    ) -> Result<IssueCredentialResponse, Fault> {
        let Asked { caller, request_id, method, body_hash, now } = asked;
        let mut transaction = self.pool.begin().await?;
        credentials::raise_epoch(&mut transaction).await?;
        let first = replay::find(&mut transaction, caller, *request_id, method, body_hash).await?;
        if let Some(first) = first {
            return again(&first);
        }
        let (action, credential) = change(&mut transaction).await?;
        let entry = Entry {
            action,
            object_kind: "credential",
            object_id: credential.id.uuid(),
            purpose: "PARTNER_ACCESS",
            result: "DONE",
        };
        audit::record(&mut transaction, caller, *now, &entry).await?;
        let kept =
            IssueCredentialResponse { credential: Some(wire::credential(&credential)), token: String::new() };
        let answer = kept.encode_to_vec();
        let claim =
            replay::claim(&mut transaction, caller, *request_id, method, body_hash, &answer, *now).await?;
        if let Claim::Repeat(first) = claim {
            return again(&first);
        }
        transaction.commit().await?;
        // Other processes look by themselves; here it holds at once. A failure only delays it to the next look.
        if let Err(error) = self.cache.look().await {
            tracing::warn!(%error, "credentials could not be looked at after a change");
        }
        Ok(IssueCredentialResponse { token, ..kept })
    }
}

fn again(first: &[u8]) -> Result<IssueCredentialResponse, Fault> {
    IssueCredentialResponse::decode(first).map_err(|error| Fault::new(&shared::INTERNAL).source(error))
}

async fn locked(conn: &mut PgConnection, id: CredentialId) -> Result<Credential, Fault> {
    credentials::lock(conn, id).await?.ok_or_else(|| Fault::new(&shared::NOT_FOUND))
}

async fn refuse_taken(
    conn: &mut PgConnection,
    credential: &Credential,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let (certificate, institution) = (&credential.certificate, credential.institution_id);
    if credentials::certificate_is_taken(conn, certificate, institution, now).await? {
        return Err(Fault::new(&reasons::CERTIFICATE_TAKEN).field("certificate_pem"));
    }
    Ok(())
}

/// The fingerprint of exactly one certificate.
fn certificate(check: &mut Checker, pem: &str) -> Option<Fingerprint> {
    if pem.is_empty() {
        check.refuse("certificate_pem", &shared::FIELD_REQUIRED);
        return None;
    }
    if pem.len() > MAX_PEM {
        check.refuse("certificate_pem", &shared::FIELD_TOO_LONG);
        return None;
    }
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found.as_slice() {
        [Ok(der)] if ParsedCertificate::try_from(der).is_ok() => Some(fingerprint(der)),
        _ => {
            check.refuse("certificate_pem", &reasons::CERTIFICATE_UNREADABLE);
            None
        }
    }
}

fn scopes(check: &mut Checker, codes: &[String]) -> Option<Scopes> {
    check.count("scopes", codes.len(), 0..=Scope::ALL.len())?;
    let mut found = Vec::new();
    for (place, code) in codes.iter().enumerate() {
        match Scope::from_code(code) {
            Some(scope) => found.push(scope),
            None => check.refuse(format!("scopes[{place}]"), &reasons::SCOPE_UNKNOWN),
        }
    }
    (found.len() == codes.len()).then(|| Scopes::of(&found))
}
