//! The `authorization` header of a channel.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use http::header::InvalidHeaderValue;

use crate::caller::Actor;
use crate::identity::Signer;

/// A token is used for half of its life, so that what leaves here is good for 30 s on the way.
const REUSED: TimeDelta = TimeDelta::seconds(30);
/// Actors whose tokens are kept.
const KEPT: usize = 1024;

pub(super) enum Credential {
    Minted {
        audience: &'static str,
        signer: Arc<Signer>,
        own: Actor,
        tokens: Mutex<HashMap<Actor, Token>>,
    },
    Bearer(HeaderValue),
    /// Of a channel that leads nowhere.
    Nothing,
}

pub(super) struct Token {
    header: HeaderValue,
    minted: DateTime<Utc>,
}

impl Credential {
    pub(super) fn minted(audience: &'static str, signer: Arc<Signer>) -> Self {
        let own = signer.own_actor();
        Self::Minted { audience, signer, own, tokens: Mutex::default() }
    }

    pub(super) fn bearer(token: &str) -> Result<Self, InvalidHeaderValue> {
        sensitive(token).map(Self::Bearer)
    }

    pub(super) fn none() -> Self {
        Self::Nothing
    }

    /// The header for a call on behalf of `actor`, or of the role itself.
    pub(super) fn header(&self, actor: Option<&Actor>) -> Option<HeaderValue> {
        match self {
            Self::Bearer(header) => Some(header.clone()),
            Self::Nothing => None,
            Self::Minted { audience, signer, own, tokens } => {
                let actor = actor.unwrap_or(own);
                let now = signer.now();
                let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(token) = tokens.get(actor).filter(|token| token.is_fresh(now)) {
                    return Some(token.header.clone());
                }
                if tokens.len() >= KEPT {
                    tokens.retain(|_, token| token.is_fresh(now));
                }
                let header = sensitive(&signer.mint_at(audience, actor, now)).ok()?;
                if tokens.len() < KEPT || tokens.contains_key(actor) {
                    tokens.insert(actor.clone(), Token { header: header.clone(), minted: now });
                }
                Some(header)
            }
        }
    }
}

impl Token {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        // A clock that went back makes a token of the future: mint anew.
        (TimeDelta::zero()..REUSED).contains(&(now - self.minted))
    }
}

fn sensitive(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))?;
    header.set_sensitive(true);
    Ok(header)
}
