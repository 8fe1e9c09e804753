//! What is wrong with the settings, told all at once.

use std::fmt;

/// One thing that is wrong: the key, what is expected there, what is wrong. Never the value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub key: String,
    pub expected: String,
    pub trouble: String,
}

/// Everything that is wrong, in the order of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// `Ok` when nothing is wrong.
    pub(super) fn into_result(mut faults: Vec<Fault>) -> Result<(), Self> {
        faults.sort_by(|a, b| a.key.cmp(&b.key));
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "配置有 {} 处错误，请改正后重新启动 (settings to correct):", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {}: {}; expected: {}", fault.key, fault.trouble, fault.expected)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
