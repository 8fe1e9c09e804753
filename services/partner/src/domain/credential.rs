//! Credentials (接入凭证): a secret token that works only together with one client certificate.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CredentialId, InstitutionId, InstitutionRole};

/// SHA-256 of a client certificate's DER form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// SHA-256 of a token. The token itself is shown once and kept nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Assignments,
    Events,
    /// A bank's own products.
    Products,
}

/// A set of scopes, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(i16);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub institution_id: InstitutionId,
    pub role: InstitutionRole,
    pub certificate: Fingerprint,
    pub scopes: Scopes,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Why a credential does not open the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    OtherCertificate,
    Revoked,
    Expired,
}

impl Fingerprint {
    /// Lower-case hex.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Assignments, Self::Events, Self::Products];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Assignments => "assignments",
            Self::Events => "events",
            Self::Products => "products",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }

    const fn bit(self) -> i16 {
        match self {
            Self::Assignments => 1,
            Self::Events => 2,
            Self::Products => 4,
        }
    }
}

impl Scopes {
    pub const EVERY: Self = Self(7);

    /// No scope named means every scope.
    pub fn of(scopes: &[Scope]) -> Self {
        match scopes.iter().fold(0, |bits, scope| bits | scope.bit()) {
            0 => Self::EVERY,
            bits => Self(bits),
        }
    }

    pub const fn from_bits(bits: i16) -> Option<Self> {
        if bits > 0 && bits <= Self::EVERY.0 { Some(Self(bits)) } else { None }
    }

    pub const fn bits(self) -> i16 {
        self.0
    }

    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn codes(self) -> Vec<String> {
        Scope::ALL
            .into_iter()
            .filter(|scope| self.contains(*scope))
            .map(|scope| scope.code().to_owned())
            .collect()
    }
}

impl Credential {
    /// Whether it opens the door now for who holds `presented`. The certificate comes first: who does not hold it
    /// learns nothing else about the credential.
    pub fn admit(&self, presented: &Fingerprint, now: DateTime<Utc>) -> Result<(), Rejection> {
        if self.certificate != *presented {
            return Err(Rejection::OtherCertificate);
        }
        self.standing(now)
    }

    /// Whether it is in force at all.
    pub fn standing(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        match self.revoked_at {
            Some(_) => Err(Rejection::Revoked),
            None if now >= self.expires_at => Err(Rejection::Expired),
            None => Ok(()),
        }
    }

    /// When the old one of a rotation ends: never later than it would have ended anyway.
    pub fn end_after_rotation(&self, now: DateTime<Utc>, overlap: TimeDelta) -> DateTime<Utc> {
        now.checked_add_signed(overlap).map_or(self.expires_at, |end| end.min(self.expires_at))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn credential() -> Credential {
        Credential {
            id: CredentialId::from_uuid(Uuid::from_u128(1)),
            institution_id: InstitutionId::from_uuid(Uuid::from_u128(2)),
            role: InstitutionRole::Bank,
            certificate: Fingerprint([1; 32]),
            scopes: Scopes::EVERY,
            issued_at: NOW,
            expires_at: NOW + TimeDelta::days(1),
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_credential_opens_only_with_its_certificate_until_it_ends() {
        let held = Fingerprint([1; 32]);
        let good = credential();
        assert_eq!(good.admit(&held, NOW), Ok(()));
        assert_eq!(good.admit(&Fingerprint([2; 32]), NOW), Err(Rejection::OtherCertificate));
        assert_eq!(good.admit(&held, good.expires_at - TimeDelta::microseconds(1)), Ok(()));
        assert_eq!(good.admit(&held, good.expires_at), Err(Rejection::Expired));
        let revoked = Credential { revoked_at: Some(NOW), ..credential() };
        assert_eq!(revoked.admit(&held, NOW), Err(Rejection::Revoked));
        assert_eq!(revoked.admit(&Fingerprint([2; 32]), NOW), Err(Rejection::OtherCertificate));
    }

    #[test]
    fn rotation_never_lengthens_the_old_one() {
        let old = credential();
        assert_eq!(old.end_after_rotation(NOW, TimeDelta::zero()), NOW);
        assert_eq!(old.end_after_rotation(NOW, TimeDelta::hours(1)), NOW + TimeDelta::hours(1));
        assert_eq!(old.end_after_rotation(NOW, TimeDelta::days(7)), old.expires_at);
    }

    #[test]
    fn scopes_survive_their_bits_and_no_scope_means_every() {
        assert_eq!(Scopes::of(&[]), Scopes::EVERY);
        let events = Scopes::of(&[Scope::Events, Scope::Events]);
        assert!(events.contains(Scope::Events) && !events.contains(Scope::Assignments));
        assert_eq!(Scopes::from_bits(events.bits()), Some(events));
        assert_eq!(events.codes(), ["events"]);
        for bits in [0, 8, -1] {
            assert_eq!(Scopes::from_bits(bits), None);
        }
        assert_eq!(Scope::from_code("loans"), None);
    }
}
