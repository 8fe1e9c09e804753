//! Signing keys of every role, and the ring with all their public halves, as text and as files.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::Clock;
use rpc::identity::{GeneratedKey, KeyRing, Signer, generate};

use crate::server::unique_name;

/// Every role there is: a test of one role still calls it in the name of others.
const ROLES: [&str; 7] = ["whitelist", "catalog", "intake", "insurance", "statistics", "partner", "desk"];

/// Removed with all its files when dropped.
pub(crate) struct Keys {
    directory: PathBuf,
    keys: BTreeMap<String, GeneratedKey>,
    ring: KeyRing,
}

impl Keys {
    /// Keys for every role of the system and for `others`, which tests make up.
    pub(crate) fn generate(others: impl IntoIterator<Item = &'static str>) -> Self {
        let directory = std::env::temp_dir().join(unique_name());
        DirBuilder::new().mode(0o700).create(&directory).expect("a directory for the test's files");
        let mut made = Self { directory, keys: BTreeMap::new(), ring: KeyRing::default() };
        for role in ROLES.into_iter().chain(others) {
            if !made.keys.contains_key(role) {
                made.add(role);
            }
        }
        made.write("ring.json", &made.ring.to_json());
        made
    }

    fn add(&mut self, role: &str) {
        let key = generate().expect("a signing key");
        self.ring.insert(role, &key.public_key).expect("a public key");
        self.write(&format!("{role}.pem"), &key.private_pem);
        self.keys.insert(role.to_owned(), key);
    }

    pub(crate) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// What `role` signs its tokens with.
    pub(crate) fn signer(&self, role: &str, clock: Arc<dyn Clock>) -> Signer {
        let key = self.keys.get(role).unwrap_or_else(|| panic!("no keys were made for role {role}"));
        Signer::from_text(role, &key.private_pem, clock).expect("a generated key")
    }

    pub(crate) fn signing_key_file(&self, role: &str) -> PathBuf {
        self.directory.join(format!("{role}.pem"))
    }

    pub(crate) fn ring_file(&self) -> PathBuf {
        self.directory.join("ring.json")
    }

    /// Puts a file beside the keys.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, text).expect("a file of the test");
        path
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let directory: &Path = &self.directory;
        let _gone = std::fs::remove_dir_all(directory);
    }
}
