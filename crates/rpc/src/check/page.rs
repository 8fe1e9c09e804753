//! Page tokens: where the next page begins, opaque to the caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// No cursor of ours is longer.
const MAX_TOKEN: usize = 512;

/// The token for a page that begins after `cursor`. It is not secret and not signed: what it names is checked again.
pub fn token(cursor: &impl Serialize) -> String {
    // Cursors are tuples of numbers, ids and instants, which always serialise; an empty token means the first page.
    serde_json::to_vec(cursor).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
}

pub(super) fn cursor<T: DeserializeOwned>(token: &str) -> Option<T> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}
