//! What a token says, and its text form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{InstitutionId, InstitutionRole};
use serde::{Deserialize, Serialize};

use super::{INSTITUTION_ISSUER, STAFF_ISSUER};
use crate::caller::{Actor, Caller, Duty};

/// The only header there is. Compared as a whole, so that no token chooses its own algorithm.
const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;
/// No token of ours is longer; a longer one is not even decoded.
const MAX_TOKEN: usize = 4096;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) actor: ActorClaim,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum ActorClaim {
    Role {
        name: String,
    },
    Staff {
        id: String,
        duties: Vec<String>,
    },
    Institution {
        id: InstitutionId,
        role: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
    },
}

impl From<&Actor> for ActorClaim {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Role(name) => Self::Role { name: name.clone() },
            Actor::Staff { id, duties } => Self::Staff {
                id: id.clone(),
                duties: duties.iter().map(|duty| duty.code().to_owned()).collect(),
            },
            Actor::Institution { id, role, person } => {
                Self::Institution { id: *id, role: role.code().to_owned(), person: person.clone() }
            }
        }
    }
}

impl Claims {
    /// The caller, if the issuer may name such an actor. Duties and roles that this build does not know count as none.
    pub(super) fn caller(self) -> Option<Caller> {
        let actor = match self.actor {
            ActorClaim::Role { name } if name == self.iss => Actor::Role(name),
            ActorClaim::Staff { id, duties } if self.iss == STAFF_ISSUER && is_id(&id) => {
                Actor::Staff { id, duties: duties.iter().filter_map(|code| Duty::from_code(code)).collect() }
            }
            ActorClaim::Institution { id, role, person } if self.iss == INSTITUTION_ISSUER => {
                Actor::Institution { id, role: InstitutionRole::from_code(&role)?, person }
            }
            ActorClaim::Role { .. } | ActorClaim::Staff { .. } | ActorClaim::Institution { .. } => {
                return None;
            }
        };
        Some(Caller { issuer: self.iss, actor })
    }
}

/// Account ids go into logs and audit rows: printable ASCII without blanks only.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `header.claims`, the part that is signed.
pub(super) fn signing_input(claims: &Claims) -> Result<String, serde_json::Error> {
    let body = serde_json::to_vec(claims)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(body)))
}

/// A token taken apart; nothing of it is trusted before the signature is checked.
pub(super) struct Unverified<'a> {
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    pub(super) claims: Claims,
}

/// `None` for anything that we would not have written.
pub(super) fn take_apart(token: &str) -> Option<Unverified<'_>> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, body) = signed.split_once('.')?;
    if URL_SAFE_NO_PAD.decode(header).ok()? != HEADER.as_bytes() {
        return None;
    }
    Some(Unverified {
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        claims: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?,
    })
}
