//! Checks tokens against the ring of public keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kernel::Clock;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::claims::{self, Unverified};
use super::{KeyRing, LIFETIME_SECONDS};
use crate::Fault;
use crate::caller::Caller;
use crate::reasons;

/// Clocks of our machines may differ by this many seconds.
const SKEW_SECONDS: i64 = 5;
/// Tokens kept as already verified. A client uses one for 30 s, and a signature costs more than the rest of a call.
const REMEMBERED: usize = 4096;

/// Verifies tokens for one audience.
pub struct Verifier {
    audience: String,
    ring: KeyRing,
    clock: Arc<dyn Clock>,
    verified: Mutex<HashMap<String, Verified>>,
}

#[derive(Clone)]
struct Verified {
    caller: Caller,
    issued: i64,
    expires: i64,
}

impl Verifier {
    /// For the role `audience`, with everyone's public keys.
    pub fn new(audience: &str, ring: KeyRing, clock: Arc<dyn Clock>) -> Self {
        Self { audience: audience.to_owned(), ring, clock, verified: Mutex::default() }
    }

    /// The caller that `token` names.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `TOKEN_WRONG_AUDIENCE`; `PERMISSION_DENIED` if the issuer may not name
    /// such an actor.
    pub fn verify(&self, token: &str) -> Result<Caller, Fault> {
        self.verify_at(token, self.clock.now())
    }

    /// As [`Verifier::verify`], at `now`.
    pub fn verify_at(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, Fault> {
        let now = now.timestamp();
        if let Some(known) = self.remembered(token) {
            check_time(known.issued, known.expires, now)?;
            return Ok(known.caller);
        }
        let fresh = self.check(token)?;
        check_time(fresh.issued, fresh.expires, now)?;
        let caller = fresh.caller.clone();
        self.remember(token, fresh, now);
        Ok(caller)
    }

    fn check(&self, token: &str) -> Result<Verified, Fault> {
        let unauthenticated = || Fault::new(&reasons::UNAUTHENTICATED);
        let Unverified { signed, signature, claims } =
            claims::take_apart(token).ok_or_else(unauthenticated)?;
        let genuine =
            self.ring.of(&claims.iss).iter().any(|key| {
                UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).is_ok()
            });
        if !genuine {
            return Err(unauthenticated());
        }
        if claims.aud != self.audience {
            return Err(Fault::new(&reasons::TOKEN_WRONG_AUDIENCE));
        }
        let (issued, expires) = (claims.iat, claims.exp);
        let caller = claims.caller().ok_or_else(|| Fault::new(&reasons::PERMISSION_DENIED))?;
        Ok(Verified { caller, issued, expires })
    }

    fn remembered(&self, token: &str) -> Option<Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn remember(&self, token: &str, verified: Verified, now: i64) {
        let mut known = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, verified| verified.expires > now);
        }
        if known.len() < REMEMBERED {
            known.insert(token.to_owned(), verified);
        }
    }
}

fn check_time(issued: i64, expires: i64, now: i64) -> Result<(), Fault> {
    let lifetime = expires.saturating_sub(issued);
    if !(1..=LIFETIME_SECONDS).contains(&lifetime) {
        return Err(Fault::new(&reasons::UNAUTHENTICATED));
    }
    if now >= expires || issued > now.saturating_add(SKEW_SECONDS) {
        return Err(Fault::new(&reasons::TOKEN_EXPIRED));
    }
    Ok(())
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("audience", &self.audience).finish_non_exhaustive()
    }
}
