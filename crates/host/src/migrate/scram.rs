//! A SCRAM-SHA-256 verifier (RFC 5802, as PostgreSQL stores it): the password itself never goes to the server,
//! where a statement log could keep it.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use crate::error::HostError;

/// PostgreSQL's own default. Our passwords are random and long, so more rounds would only slow connecting down.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

/// `SCRAM-SHA-256$rounds:salt$stored:server` for printable ASCII, for which SASLprep changes nothing.
pub(super) fn verifier(password: &str) -> Result<String, HostError> {
    if password.is_empty() || !password.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(HostError::Password);
    }
    let mut salt = [0_u8; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| HostError::Password)?;
    Ok(with_salt(password, &salt))
}

fn with_salt(password: &str, salt: &[u8]) -> String {
    let mut salted = [0_u8; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client = hmac::sign(&key, b"Client Key");
    let stored = digest::digest(&digest::SHA256, client.as_ref());
    let server = hmac::sign(&key, b"Server Key");
    format!(
        "SCRAM-SHA-256${ROUNDS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

#[cfg(test)]
mod tests {
    use super::{verifier, with_salt};

    /// The keys behind RFC 7677 §3's example exchange: user "user", password "pencil".
    #[test]
    fn the_verifier_agrees_with_the_example_of_rfc_7677() {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        use ring::{digest, hmac};

        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let text = with_salt("pencil", &salt);
        let keys = text.rsplit('$').next().unwrap();
        let (stored, server) = keys.split_once(':').unwrap();
        let exchange = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let sign = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), exchange.as_bytes());

        let signature = sign(&STANDARD.decode(server).unwrap());
        assert_eq!(STANDARD.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");

        let stored = STANDARD.decode(stored).unwrap();
        let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client: Vec<u8> = sign(&stored).as_ref().iter().zip(&proof).map(|(a, b)| a ^ b).collect();
        assert_eq!(digest::digest(&digest::SHA256, &client).as_ref(), stored);
    }

    #[test]
    fn a_password_that_is_not_printable_ascii_is_refused() {
        assert!(verifier("good-1").is_ok());
        for bad in ["", "with blank", "密码"] {
            assert!(verifier(bad).is_err(), "{bad:?}");
        }
    }
}
