//! Identity and policy in front of every method.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, header};

use super::PeerCertificate;
use crate::Fault;
use crate::caller::Caller;
use crate::identity::Verifier;
use crate::policy::{Allow, MethodPolicy};
use crate::reasons;

/// What is known of a call before its body is read.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// `/zhirong.partner.v1.EventService/PullEvents`
    pub method: &'a str,
    pub headers: &'a HeaderMap,
    /// The peer's certificate, on TLS connections that showed one.
    pub certificate: Option<PeerCertificate>,
}

impl<'a> RequestHead<'a> {
    /// The token of `authorization: Bearer …`.
    pub fn bearer(&self) -> Option<&'a str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

/// Finds out who calls. Inside the system a [`Verifier`]; at the partner edge the institutions' credentials.
#[tonic::async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The caller, or why there is none.
    async fn authenticate(&self, head: &RequestHead<'_>) -> Result<Caller, Fault>;
}

#[tonic::async_trait]
impl Authenticator for Verifier {
    async fn authenticate(&self, head: &RequestHead<'_>) -> Result<Caller, Fault> {
        let token = head.bearer().ok_or_else(|| Fault::new(&reasons::UNAUTHENTICATED))?;
        self.verify(token)
    }
}

/// Who may call what on one server. Health and, where enabled, reflection are open; any other method that is not
/// listed is not served.
#[derive(Clone)]
pub struct Guard {
    authenticator: Arc<dyn Authenticator>,
    policies: HashMap<&'static str, &'static [Allow]>,
}

impl Guard {
    /// Lets in whom `authenticator` knows and `policies` admit.
    pub fn new(authenticator: Arc<dyn Authenticator>, policies: &[MethodPolicy]) -> Self {
        Self {
            authenticator,
            policies: policies.iter().map(|policy| (policy.method, policy.allow)).collect(),
        }
    }

    /// The listed method of this path with those whom it admits.
    pub(super) fn find(&self, path: &str) -> Option<(&'static str, &'static [Allow])> {
        self.policies.get_key_value(path).map(|(method, allow)| (*method, *allow))
    }

    pub(super) async fn admit(&self, head: &RequestHead<'_>, allow: &[Allow]) -> Result<Caller, Fault> {
        let caller = self.authenticator.authenticate(head).await?;
        if allow.iter().any(|allow| allow.admits(&caller)) {
            Ok(caller)
        } else {
            Err(Fault::new(&reasons::PERMISSION_DENIED))
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("methods", &self.policies.len()).finish_non_exhaustive()
    }
}
