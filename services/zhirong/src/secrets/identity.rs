//! Keys and certificates: what roles and the partner face prove themselves with.

use anyhow::{Context as _, Result};
use rpc::identity::{KeyRing, Signer, generate};

use super::{
    Existing, PARTNER_CLIENT_CA, PARTNER_CLIENT_CA_KEY, PARTNER_TLS_CA, PARTNER_TLS_CA_KEY, PARTNER_TLS_CERT,
    PARTNER_TLS_KEY, PERSON_KEY, Secrets, VERIFY_KEYS, Written, random_word, signing_key, tls,
};
use crate::roles;

/// The partner face's CA and the CA of institutions' certificates, as they call themselves.
const FACE_CA: &str = "Zhirong partner face CA";
const CLIENT_CA: &str = "Zhirong institutions CA";

impl Secrets {
    /// Makes every key and certificate that is missing, or all of them anew. `names` are the host names and addresses
    /// by which institutions reach the partner face.
    pub fn ensure_identity(&self, existing: Existing, names: &[String]) -> Result<()> {
        self.create_directory()?;
        self.ensure_role_keys(existing)?;
        // Kept even when all is made anew: by another key no consent of a person would be found again.
        self.ensure([PERSON_KEY], Existing::Keep, || Ok([random_word()]))?;
        self.ensure_certificates(existing, names)
    }

    /// A signer for `role` by this directory's key.
    pub fn signer(&self, role: &'static str) -> Result<Signer> {
        let key = self.read(&signing_key(role))?;
        let clock = std::sync::Arc::new(kernel::SystemClock);
        Signer::from_text(role, key.expose(), clock)
            .with_context(|| format!("the key of {role} cannot be used"))
    }

    /// A certificate for an institution, signed by this directory's CA. `name` is the institution's code.
    pub fn issue_client_certificate(&self, name: &str) -> Result<tls::IssuedCertificate> {
        let key = self.read(PARTNER_CLIENT_CA_KEY)?;
        tls::Authority::from_key(CLIENT_CA, key.expose())?.issue_client(name)
    }

    fn ensure_role_keys(&self, existing: Existing) -> Result<()> {
        let mut ring = KeyRing::default();
        for role in roles::ALL {
            let name = signing_key(role.name);
            self.ensure([&name], existing, || Ok([generate()?.private_pem]))?;
            ring.insert(role.name, &self.signer(role.name)?.public_key())?;
        }
        // Public, and nothing but what the private keys say: written anew each time.
        self.write(VERIFY_KEYS, &ring.to_json())
    }

    fn ensure_certificates(&self, existing: Existing, names: &[String]) -> Result<()> {
        self.ensure([PARTNER_CLIENT_CA, PARTNER_CLIENT_CA_KEY], existing, || {
            let authority = tls::Authority::generate(CLIENT_CA)?;
            Ok([authority.certificate()?, authority.key()])
        })?;
        let face = self.ensure([PARTNER_TLS_CA, PARTNER_TLS_CA_KEY], existing, || {
            let authority = tls::Authority::generate(FACE_CA)?;
            Ok([authority.certificate()?, authority.key()])
        })?;
        // Under a new CA the old certificate is worth nothing.
        let existing = if face == Written::New { Existing::Replace } else { existing };
        self.ensure([PARTNER_TLS_CERT, PARTNER_TLS_KEY], existing, || {
            let authority = tls::Authority::from_key(FACE_CA, self.read(PARTNER_TLS_CA_KEY)?.expose())?;
            let issued = authority.issue_server(names)?;
            Ok([issued.certificate, issued.key])
        })?;
        Ok(())
    }
}
