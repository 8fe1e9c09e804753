//! Short-lived signed tokens: compact JWS with Ed25519 (RFC 7515, RFC 8037). `desk` may name staff, `partner`
//! institutions, any other role only itself.

mod claims;
mod keys;
mod signer;
mod verifier;

pub use keys::{GeneratedKey, KeyError, KeyRing, generate};
pub use signer::Signer;
pub use verifier::Verifier;

/// How long a token holds, in seconds; no verifier accepts more.
pub const LIFETIME_SECONDS: i64 = 60;

/// The role whose tokens may name staff.
pub const STAFF_ISSUER: &str = "desk";

/// The role whose tokens may name institutions.
pub const INSTITUTION_ISSUER: &str = "partner";
