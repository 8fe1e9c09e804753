//! The door of the institutions' face: a client certificate and a token bound to it, both or nothing.

mod cache;
mod token;

use std::sync::Arc;

use rpc::server::{Authenticator, PeerCertificate, RequestHead};
use rpc::{Actor, Caller, Fault};
use tonic::Request;

use super::policy;
use crate::domain::{Credential, Fingerprint};
use crate::reasons;

pub(super) use cache::{Admitted, CredentialCache};
pub(super) use token::{fingerprint, new_token};

/// Lets institutions in, and says when what is open has to end.
#[derive(Clone)]
pub(super) struct Door {
    cache: Arc<CredentialCache>,
}

impl Door {
    pub(super) fn new(cache: Arc<CredentialCache>) -> Self {
        Self { cache }
    }

    /// The credential behind a request that has already been let in, for calls that stay open for long.
    pub(super) async fn credential_of<T>(&self, request: &Request<T>) -> Result<Admitted, Fault> {
        let certificate = request.extensions().get::<PeerCertificate>().copied();
        let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim());
        self.open(certificate, token).await
    }

    /// Runs `work` unless the credential ends before.
    pub(super) async fn while_open<T, R>(
        &self,
        request: &Request<T>,
        work: impl Future<Output = Result<R, Fault>>,
    ) -> Result<R, Fault> {
        let admitted = self.credential_of(request).await?;
        tokio::select! {
            biased;
            () = admitted.ended.cancelled() => Err(self.why_ended(request).await),
            done = work => done,
        }
    }

    async fn why_ended<T>(&self, request: &Request<T>) -> Fault {
        match self.credential_of(request).await {
            Err(fault) => fault,
            Ok(_) => Fault::new(&reasons::CREDENTIAL_REVOKED),
        }
    }

    async fn open(
        &self,
        certificate: Option<PeerCertificate>,
        token: Option<&str>,
    ) -> Result<Admitted, Fault> {
        let unknown = || Fault::new(&rpc::reasons::UNAUTHENTICATED);
        let certificate = Fingerprint(certificate.ok_or_else(unknown)?.0);
        let token = token.and_then(token::hash_of).ok_or_else(unknown)?;
        self.cache.admit(&token, &certificate).await
    }
}

#[tonic::async_trait]
impl Authenticator for Door {
    async fn authenticate(&self, head: &RequestHead<'_>) -> Result<Caller, Fault> {
        let admitted = self.open(head.certificate, head.bearer()).await?;
        match policy::scope(head.method) {
            Some(scope) if admitted.credential.scopes.contains(scope) => Ok(caller(&admitted.credential)),
            Some(_) | None => Err(Fault::new(&reasons::SCOPE_MISSING)),
        }
    }
}

fn caller(credential: &Credential) -> Caller {
    let actor = Actor::Institution { id: credential.institution_id, role: credential.role, person: None };
    Caller { issuer: crate::ROLE.name.to_owned(), actor }
}
