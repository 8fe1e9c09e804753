//! Certificate authorities of a system that has no other: one for the partner face, one for institutions.

use anyhow::Result;
use chrono::{Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// A CA outlives what it signs.
const CA_DAYS: i64 = 3653;
const LEAF_DAYS: i64 = 397;

/// A certificate and its private key, as PEM.
#[derive(Clone)]
pub struct IssuedCertificate {
    pub certificate: String,
    pub key: String,
}

impl std::fmt::Debug for IssuedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedCertificate").finish_non_exhaustive()
    }
}

/// A CA: its name and key are all that signing needs.
pub(super) struct Authority {
    name: &'static str,
    key: KeyPair,
}

impl Authority {
    pub(super) fn generate(name: &'static str) -> Result<Self> {
        Ok(Self { name, key: KeyPair::generate()? })
    }

    pub(super) fn from_key(name: &'static str, key: &str) -> Result<Self> {
        Ok(Self { name, key: KeyPair::from_pem(key)? })
    }

    /// The CA's own certificate.
    pub(super) fn certificate(&self) -> Result<String> {
        Ok(self.parameters()?.self_signed(&self.key)?.pem())
    }

    pub(super) fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// For a server that is reached by these host names and addresses.
    pub(super) fn issue_server(&self, names: &[String]) -> Result<IssuedCertificate> {
        let mut parameters = CertificateParams::new(names)?;
        let common = names.first().map_or("partner", String::as_str);
        parameters.distinguished_name.push(DnType::CommonName, common);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(parameters)
    }

    /// For a client called `name`.
    pub(super) fn issue_client(&self, name: &str) -> Result<IssuedCertificate> {
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(parameters)
    }

    fn issue(&self, mut parameters: CertificateParams) -> Result<IssuedCertificate> {
        valid_for(&mut parameters, LEAF_DAYS);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let issuer = Issuer::new(self.parameters()?, &self.key);
        let certificate = parameters.signed_by(&key, &issuer)?;
        Ok(IssuedCertificate { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    fn parameters(&self) -> Result<CertificateParams> {
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        // rcgen puts a name of its own there otherwise.
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, self.name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid_for(&mut parameters, CA_DAYS);
        Ok(parameters)
    }
}

/// From yesterday, because clocks differ.
fn valid_for(parameters: &mut CertificateParams, days: i64) {
    let today = Utc::now().date_naive();
    let day = |offset: i64| {
        let date = today.checked_add_signed(TimeDelta::days(offset)).unwrap_or(today);
        // Month and day of a calendar date are within 1 to 31.
        date_time_ymd(date.year(), date.month() as u8, date.day() as u8)
    };
    parameters.not_before = day(-1);
    parameters.not_after = day(days);
}
