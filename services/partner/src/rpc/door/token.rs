//! Tokens: 256 random bits as text. Only the hash of these bits is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use ring::digest::{SHA256, digest};

use crate::domain::{Fingerprint, TokenHash};

/// A new token and its hash. The text goes to the institution once.
pub(in crate::rpc) fn new_token(random: &mut impl RngCore) -> (String, TokenHash) {
    let mut secret = [0; 32];
    random.fill_bytes(&mut secret);
    (URL_SAFE_NO_PAD.encode(secret), TokenHash(sha256(&secret)))
}

/// The hash of a token as it was presented; `None` if it cannot be one of ours.
pub(in crate::rpc) fn hash_of(text: &str) -> Option<TokenHash> {
    // 43 characters hold 32 bytes: nothing longer is decoded.
    let secret = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
    Some(TokenHash(sha256(&secret)))
}

/// Fingerprint of a certificate in DER form.
pub(in crate::rpc) fn fingerprint(der: &[u8]) -> Fingerprint {
    Fingerprint(sha256(der))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_nothing_else_is_a_token() {
        let (token, hash) = new_token(&mut rand::rng());
        assert_eq!(hash_of(&token), Some(hash));
        assert_ne!(new_token(&mut rand::rng()).0, token);
        let long = "A".repeat(44);
        let padded = format!("{}=", &token[..42]);
        for text in ["", "x", &token[1..], &long, &padded, &"*".repeat(43)] {
            assert_eq!(hash_of(text), None, "{text}");
        }
    }
}
