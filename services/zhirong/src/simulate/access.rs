//! What an institution connects with: a certificate signed by the system's CA, and the token bound to it.

use anyhow::{Context as _, Result};
use kernel::InstitutionId;
use proto::common::v1::InstitutionRole;
use proto::partner::v1::credential_service_client::CredentialServiceClient;
use proto::partner::v1::{IssueCredentialRequest, RevokeCredentialRequest};
use rpc::Duty;
use rpc::client::{Channel, ClientTls, secure};
use uuid::Uuid;

use super::link::Link;
use crate::secrets::PARTNER_TLS_CA;

const VALID_DAYS: i32 = 30;

/// One institution's way in.
#[derive(Clone)]
pub struct Access {
    /// Needed to take it back.
    pub credential_id: String,
    url: String,
    tls: ClientTls,
    token: String,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("credential_id", &self.credential_id).finish_non_exhaustive()
    }
}

impl Access {
    /// A channel of its own to the partner gateway.
    pub fn channel(&self) -> Result<Channel> {
        secure(&self.url, &self.tls, &self.token).map_err(|error| anyhow::anyhow!("{error}"))
    }
}

/// Lets an institution in as the administrator does. Every run has its own credential: the token is shown only once.
pub async fn admit(link: &Link, institution: InstitutionId, role: InstitutionRole) -> Result<Access> {
    let name = institution.to_string();
    let issued = link.secrets().issue_client_certificate(&name)?;
    let request = IssueCredentialRequest {
        request_id: Uuid::new_v4().to_string(),
        institution_id: name,
        role: role.into(),
        certificate_pem: issued.certificate.clone(),
        scopes: Vec::new(),
        valid_days: VALID_DAYS,
    };
    let mut client = CredentialServiceClient::new(link.staff("partner", &[Duty::Administrator])?);
    let answer = client.issue_credential(request).await.context("no credential was issued")?.into_inner();
    let credential = answer.credential.context("the answer holds no credential")?;
    Ok(Access {
        credential_id: credential.credential_id,
        url: link.partner_face()?.to_owned(),
        tls: ClientTls {
            ca_pem: link.secrets().read(PARTNER_TLS_CA)?.expose().to_owned(),
            certificate_pem: issued.certificate,
            key_pem: issued.key,
            server_name: None,
        },
        token: answer.token,
    })
}

/// Ends a credential that is no longer used.
pub async fn revoke(link: &Link, credential_id: &str) -> Result<()> {
    let mut client = CredentialServiceClient::new(link.staff("partner", &[Duty::Administrator])?);
    let request = RevokeCredentialRequest {
        request_id: Uuid::new_v4().to_string(),
        credential_id: credential_id.to_owned(),
    };
    client.revoke_credential(request).await.context("the credential was not revoked")?;
    Ok(())
}
