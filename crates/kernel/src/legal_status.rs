//! Codes of a patent's legal status (法律状态) that pledges are watched by (domain.md §2.5).

/// What has happened to a patent, as far as it matters to a pledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegalStatus {
    /// A pledge took effect (质押生效).
    PledgeEffective,
    /// A pledge was changed (质押变更).
    PledgeChanged,
    /// A pledge was released (质押注销).
    PledgeReleased,
    /// Preserved by a court (保全).
    Preserved,
    /// The preservation was lifted (保全解除).
    PreservationLifted,
    /// Transferred (转移).
    Transferred,
    /// A licence was recorded, changed or released (许可备案).
    Licensed,
    /// Declared invalid, wholly or in part (无效).
    Invalidated,
}

impl LegalStatus {
    /// The event that a code of the gazette stands for; `None` for those that a pledge is not watched by.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match crate::typed::normalise(code).as_str() {
            "PE01" => Some(Self::PledgeEffective),
            "PM01" => Some(Self::PledgeChanged),
            "PC01" => Some(Self::PledgeReleased),
            "PP01" => Some(Self::Preserved),
            "PD01" => Some(Self::PreservationLifted),
            "TR01" => Some(Self::Transferred),
            "EE01" | "EM01" | "EC01" => Some(Self::Licensed),
            "IP" | "IW" => Some(Self::Invalidated),
            _ => None,
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::PledgeEffective => "质押生效",
            Self::PledgeChanged => "质押变更",
            Self::PledgeReleased => "质押注销",
            Self::Preserved => "保全",
            Self::PreservationLifted => "保全解除",
            Self::Transferred => "转移",
            Self::Licensed => "许可备案",
            Self::Invalidated => "无效",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_gazette_are_known() {
        for (code, status) in [
            ("PE01", LegalStatus::PledgeEffective),
            ("PM01", LegalStatus::PledgeChanged),
            ("PC01", LegalStatus::PledgeReleased),
            ("PP01", LegalStatus::Preserved),
            ("pd01", LegalStatus::PreservationLifted),
            ("TR01", LegalStatus::Transferred),
            ("EE01", LegalStatus::Licensed),
            ("EM01", LegalStatus::Licensed),
            ("EC01", LegalStatus::Licensed),
            ("IP", LegalStatus::Invalidated),
            ("IW", LegalStatus::Invalidated),
        ] {
            assert_eq!(LegalStatus::from_code(code), Some(status), "{code}");
            assert!(!status.chinese().is_empty());
        }
        assert_eq!(LegalStatus::from_code("GR01"), None);
    }
}
