//! The secrets of a system as files that only their owner reads: keys of the roles, certificates of the partner face,
//! passwords. Files are named after what they are for; `docker-compose.yml` mounts them by the same names.

mod deployment;
mod identity;
mod tls;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use host::{Role, Secret};
use rand::RngCore as _;

use crate::run_dir::{create_directory, write_private};

pub use deployment::Places;
pub use tls::IssuedCertificate;

/// The ring of every role's public key.
pub const VERIFY_KEYS: &str = "verify-keys.json";
/// CA, certificate and key of the face that institutions connect to, and the CA of institutions' certificates.
pub const PARTNER_TLS_CA: &str = "partner-tls-ca.pem";
pub const PARTNER_TLS_CA_KEY: &str = "partner-tls-ca-key.pem";
pub const PARTNER_TLS_CERT: &str = "partner-tls-cert.pem";
pub const PARTNER_TLS_KEY: &str = "partner-tls-key.pem";
pub const PARTNER_CLIENT_CA: &str = "partner-client-ca.pem";
pub const PARTNER_CLIENT_CA_KEY: &str = "partner-client-ca-key.pem";

/// What whitelist hashes persons with. Never replaced: consents of persons would not be found again.
pub const PERSON_KEY: &str = "whitelist-person-key";

/// File of a role's private Ed25519 key.
pub fn signing_key(role: &str) -> String {
    format!("{role}-signing-key.pem")
}

/// File of the password of a role's database user.
pub fn database_password(role: &str) -> String {
    format!("{role}-database-password")
}

/// File of the password of a role's broker user.
pub fn broker_password(role: &str) -> String {
    format!("{role}-broker-password")
}

/// File of a role's `ZHIRONG_DATABASE_URL`.
pub fn database_url(role: &str) -> String {
    format!("{role}-database-url")
}

/// File of a role's `ZHIRONG_AMQP_URL`.
pub fn amqp_url(role: &str) -> String {
    format!("{role}-amqp-url")
}

/// The files that a role's process reads.
pub fn names_of(role: &Role) -> Vec<String> {
    let mut names = vec![signing_key(role.name), VERIFY_KEYS.to_owned()];
    if role.has_store {
        names.extend([database_url(role.name), amqp_url(role.name)]);
    }
    if role.name == partner::ROLE.name {
        names.extend([PARTNER_TLS_CERT, PARTNER_TLS_KEY, PARTNER_CLIENT_CA].map(str::to_owned));
    }
    if role.name == whitelist::ROLE.name {
        names.push(PERSON_KEY.to_owned());
    }
    names
}

/// Whether what is there stays or is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// A directory of secrets.
#[derive(Clone, Debug)]
pub struct Secrets {
    directory: PathBuf,
}

impl Secrets {
    /// Nothing is read or created yet.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the file with this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The text of a file without blanks around it.
    pub fn read(&self, name: &str) -> Result<Secret> {
        let path = self.path(name);
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| {
            format!("无法读取 {0}；请先运行 zhirong secrets 或 zhirong up (cannot read {0})", path.display())
        })?;
        Ok(Secret::new(text.trim().to_owned()))
    }

    fn create_directory(&self) -> Result<()> {
        create_directory(&self.directory)
    }

    fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        write_private(&self.path(name), text)
    }

    /// Writes the files that `make` gives unless all of them are there and stay. They belong together: a certificate
    /// without its key is of no use, so one missing file makes all of them anew.
    fn ensure<const N: usize>(
        &self,
        names: [&str; N],
        existing: Existing,
        make: impl FnOnce() -> Result<[String; N]>,
    ) -> Result<Written> {
        if existing == Existing::Keep && names.iter().all(|name| self.exists(name)) {
            return Ok(Written::Nothing);
        }
        for (name, text) in names.iter().zip(make()?) {
            self.write(name, &text)?;
        }
        Ok(Written::New)
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    New,
    Nothing,
}

/// 256 bits from the machine's randomness, as letters and digits that need no quoting anywhere.
fn random_word() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
