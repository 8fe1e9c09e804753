//! The digest of a run: every input and every result, in the order of enterprise ids, each in one written form. It goes on
//! from where it was, so that a run may stop and continue anywhere.

use ring::digest::{Context, SHA256};

use super::evidence::{Screened, Subject};

/// SHA-256 over all rows so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of a run that has no rows yet; `header` is what holds for all of it.
    pub fn begin(header: &[u8]) -> Self {
        Self(hash(&[header]))
    }

    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Goes on over one row.
    #[must_use]
    pub fn and(&self, subject: &Subject, screened: &Screened) -> Self {
        Self(hash(&[&self.0, &written(subject, screened)]))
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// One row in bytes. Numbers are big-endian and of one length; texts and lists begin with their length.
fn written(subject: &Subject, screened: &Screened) -> Vec<u8> {
    let mut row = Vec::with_capacity(320);
    row.extend_from_slice(subject.enterprise_id.uuid().as_bytes());
    row.extend_from_slice(&subject.enterprise_version.to_be_bytes());
    for value in subject.features.values() {
        row.push(u8::from(value.is_some()));
        row.extend_from_slice(&value.unwrap_or_default().to_be_bytes());
    }
    let evidence = &subject.evidence;
    let numbers = [
        evidence.findings.bits(),
        evidence.unheard.bits(),
        evidence.unasked.bits(),
        i32::from(evidence.credit_consent),
        evidence.assets,
        evidence.usable,
    ];
    numbers.iter().for_each(|number| row.extend_from_slice(&number.to_be_bytes()));
    for text in [&evidence.industry, &evidence.region, &evidence.park] {
        row.extend_from_slice(&text.len().to_be_bytes());
        row.extend_from_slice(text.as_bytes());
    }
    row.extend_from_slice(&subject.snapshots.len().to_be_bytes());
    subject.snapshots.iter().for_each(|id| row.extend_from_slice(id.as_bytes()));
    let outcome = &screened.outcome;
    let results = [screened.total.0, outcome.hits.bits(), outcome.not_asked.bits(), outcome.pending.bits()];
    results.iter().for_each(|number| row.extend_from_slice(&number.to_be_bytes()));
    row.extend_from_slice(screened.grade.code().as_bytes());
    row.push(u8::from(screened.eligible));
    row
}
