//! The twelve reasons for which a pledge is refused, and where each kind of right is pledged.

use kernel::IpType;

/// One of the twelve reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refuse {
    NotTheOwner = 1,
    Ended = 2,
    NotGranted = 3,
    AnnuityUnpaid = 4,
    Suspended = 5,
    DebtBeyondTerm = 6,
    Contract = 7,
    CoOwnerConsent = 8,
    AlreadyPledged = 9,
    SameDayPair = 10,
    InvalidationStarted = 11,
    Other = 12,
}

impl Refuse {
    pub const ALL: [Self; 12] = [
        Self::NotTheOwner,
        Self::Ended,
        Self::NotGranted,
        Self::AnnuityUnpaid,
        Self::Suspended,
        Self::DebtBeyondTerm,
        Self::Contract,
        Self::CoOwnerConsent,
        Self::AlreadyPledged,
        Self::SameDayPair,
        Self::InvalidationStarted,
        Self::Other,
    ];

    /// As domain.md writes it: `REFUSE_01`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotTheOwner => "REFUSE_01",
            Self::Ended => "REFUSE_02",
            Self::NotGranted => "REFUSE_03",
            Self::AnnuityUnpaid => "REFUSE_04",
            Self::Suspended => "REFUSE_05",
            Self::DebtBeyondTerm => "REFUSE_06",
            Self::Contract => "REFUSE_07",
            Self::CoOwnerConsent => "REFUSE_08",
            Self::AlreadyPledged => "REFUSE_09",
            Self::SameDayPair => "REFUSE_10",
            Self::InvalidationStarted => "REFUSE_11",
            Self::Other => "REFUSE_12",
        }
    }

    /// The parties may declare that they go on although they know (461号 art. 11 no. 10 and 11).
    pub fn is_overridable(self) -> bool {
        matches!(self, Self::SameDayPair | Self::InvalidationStarted)
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|refuse| *refuse as i32 == number)
    }
}

/// Where a pledge of this kind is registered (C23).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// 国家知识产权局专利权质押登记
    Patent,
    /// 国家知识产权局商标专用权质权登记
    Trademark,
    /// 国家知识产权局布图设计专有权质押登记
    Layout,
    /// 中国版权保护中心著作权质权登记
    Copyright,
    /// 动产融资统一登记公示系统
    Receivable,
    /// Cannot be pledged by itself.
    None,
}

impl Route {
    pub fn of(kind: IpType) -> Self {
        match kind {
            IpType::Invention | IpType::Utility | IpType::Design => Self::Patent,
            IpType::Trademark | IpType::GiMark => Self::Trademark,
            IpType::IcLayout => Self::Layout,
            IpType::Software | IpType::Work => Self::Copyright,
            IpType::LicenseRevenue => Self::Receivable,
            IpType::GiProductSign | IpType::PlantVariety | IpType::DataIp => Self::None,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Patent => "PATENT",
            Self::Trademark => "TRADEMARK",
            Self::Layout => "LAYOUT",
            Self::Copyright => "COPYRIGHT",
            Self::Receivable => "RECEIVABLE",
            Self::None => "NONE",
        }
    }
}
