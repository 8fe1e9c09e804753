//! Key material: the private key of one role, the ring of all public keys, and making new ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;

/// Why keys cannot be used. Never holds key material.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error("cannot read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("not an Ed25519 private key (PKCS#8, PEM or base64)")]
    NotAPrivateKey,
    #[error("the key ring is not a JSON object of role to base64 public key")]
    NotAKeyRing(#[source] serde_json::Error),
    #[error("the public key of role {role} is not 32 bytes of base64")]
    NotAPublicKey { role: String },
    #[error("the machine gave no randomness")]
    NoRandomness,
}

/// Public keys by role. The file is a JSON object: role to base64 of 32 bytes, or to a list of them while a key is
/// being replaced: `{"intake": "…", "desk": ["…", "…"]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    keys: BTreeMap<String, Vec<[u8; 32]>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl KeyRing {
    /// Reads the file format.
    pub fn from_json(text: &str) -> Result<Self, KeyError> {
        let entries: BTreeMap<String, OneOrMany> =
            serde_json::from_str(text).map_err(KeyError::NotAKeyRing)?;
        let mut ring = Self::default();
        for (role, keys) in entries {
            let keys = match keys {
                OneOrMany::One(key) => vec![key],
                OneOrMany::Many(keys) => keys,
            };
            for key in keys {
                ring.insert(&role, &key)?;
            }
        }
        Ok(ring)
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_json(&read(path)?)
    }

    /// Adds a public key (base64 of 32 bytes) for `role`.
    pub fn insert(&mut self, role: &str, public_key: &str) -> Result<(), KeyError> {
        let bytes =
            STANDARD.decode(public_key.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| KeyError::NotAPublicKey { role: role.to_owned() })?;
        self.keys.entry(role.to_owned()).or_default().push(bytes);
        Ok(())
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let entries = self.keys.iter().map(|(role, keys)| {
            let mut keys: Vec<serde_json::Value> =
                keys.iter().map(|key| STANDARD.encode(key).into()).collect();
            let value = if keys.len() == 1 { keys.swap_remove(0) } else { keys.into() };
            (role.clone(), value)
        });
        serde_json::Value::Object(entries.collect()).to_string()
    }

    pub(super) fn of(&self, role: &str) -> &[[u8; 32]] {
        self.keys.get(role).map_or(&[], Vec::as_slice)
    }
}

/// A new pair: `private_pem` for the role's own file, `public_key` (base64) for everyone's ring.
#[derive(Clone)]
pub struct GeneratedKey {
    pub private_pem: String,
    pub public_key: String,
}

impl std::fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeneratedKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// Makes a new pair from the machine's own randomness.
pub fn generate() -> Result<GeneratedKey, KeyError> {
    let document =
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
    let pair = parse(document.as_ref())?;
    let body = STANDARD.encode(document.as_ref());
    let mut private_pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in body.as_bytes().chunks(64) {
        private_pem.extend(line.iter().map(|byte| char::from(*byte)));
        private_pem.push('\n');
    }
    private_pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(GeneratedKey { private_pem, public_key: STANDARD.encode(pair.public_key().as_ref()) })
}

/// PKCS#8 as PEM, or as base64 of its DER form; with the public key in it or without (as OpenSSL writes it).
pub(super) fn private_key(text: &str) -> Result<Ed25519KeyPair, KeyError> {
    if text.contains("-----BEGIN") {
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotAPrivateKey)?;
        return parse(der.secret_pkcs8_der());
    }
    let compact: String = text.split_whitespace().collect();
    parse(&STANDARD.decode(compact).map_err(|_| KeyError::NotAPrivateKey)?)
}

fn parse(der: &[u8]) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyError::NotAPrivateKey)
}

pub(super) fn read(path: &Path) -> Result<String, KeyError> {
    std::fs::read_to_string(path).map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })
}
