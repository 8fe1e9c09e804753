//! A reveal (明文查看): somebody saw what every other answer masks, and said why.

use chrono::{DateTime, Utc};
use kernel::{EnterpriseId, RevealId};

/// Shortest and longest reason in characters.
pub const REASON_MIN: usize = 4;
pub const REASON_MAX: usize = 200;

/// What can be revealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevealField {
    /// 法定代表人
    LegalRep = 1,
    /// 联系人
    Contacts = 2,
    /// 财务
    Financials = 3,
    /// 个体工商户的统一社会信用代码
    Uscc = 4,
    /// 各项知识产权的权利人与受让来源
    AssetParties = 5,
}

impl RevealField {
    pub const ALL: [Self; 5] =
        [Self::LegalRep, Self::Contacts, Self::Financials, Self::Uscc, Self::AssetParties];

    pub fn code(self) -> &'static str {
        match self {
            Self::LegalRep => "LEGAL_REP",
            Self::Contacts => "CONTACTS",
            Self::Financials => "FINANCIALS",
            Self::Uscc => "USCC",
            Self::AssetParties => "ASSET_PARTIES",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }

    /// The number in `zhirong.whitelist.v1.RevealField`.
    pub fn number(self) -> i32 {
        self as i32
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.number() == number)
    }
}

/// One reveal on record; what was shown is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reveal {
    pub id: RevealId,
    pub enterprise_id: EnterpriseId,
    pub fields: Vec<RevealField>,
    pub reason: String,
    /// As audit rows name it.
    pub actor: String,
    pub at: DateTime<Utc>,
}
