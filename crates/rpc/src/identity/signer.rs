//! Makes tokens with one role's private key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use kernel::Clock;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::claims::{self, ActorClaim, Claims};
use super::{KeyError, LIFETIME_SECONDS, keys};
use crate::caller::{Actor, Caller};

/// Signs for one role.
pub struct Signer {
    role: String,
    pair: Ed25519KeyPair,
    clock: Arc<dyn Clock>,
}

impl Signer {
    /// From a private key as text: PKCS#8 as PEM or base64.
    pub fn from_text(role: &str, private_key: &str, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        Ok(Self { role: role.to_owned(), pair: keys::private_key(private_key)?, clock })
    }

    /// From a file of that form.
    pub fn read(role: &str, path: &Path, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        Self::from_text(role, &keys::read(path)?, clock)
    }

    /// The role that signs.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The role itself as actor.
    pub fn own_actor(&self) -> Actor {
        Actor::Role(self.role.clone())
    }

    /// Base64 of the public key, for the ring.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.pair.public_key().as_ref())
    }

    /// A token for `audience` (a role) that names `actor`, good for 60 s from now.
    pub fn mint(&self, audience: &str, actor: &Actor) -> String {
        self.mint_at(audience, actor, self.now())
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// As [`Signer::mint`], issued at `now`. Whether this role may name the actor is judged by the verifier alone.
    pub fn mint_at(&self, audience: &str, actor: &Actor, now: DateTime<Utc>) -> String {
        let iat = now.timestamp();
        let claims = Claims {
            iss: self.role.clone(),
            aud: audience.to_owned(),
            sub: Caller { issuer: self.role.clone(), actor: actor.clone() }.audit_name(),
            iat,
            exp: iat + LIFETIME_SECONDS,
            actor: ActorClaim::from(actor),
        };
        // Strings and numbers always serialise; an empty input would only make a token that nobody accepts.
        let input = claims::signing_input(&claims).unwrap_or_default();
        let signature = self.pair.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("role", &self.role).finish_non_exhaustive()
    }
}
