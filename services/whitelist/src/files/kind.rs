//! What a table is about, and its columns.

use sheets::Column;

use super::{asset, enterprise, event, listing, qualification};

/// A kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Enterprises,
    Assets,
    Qualifications,
    ProvinceList,
    LegalEvents,
}

/// A column with what a person must know of it.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    pub column: Column,
    pub note: &'static str,
    /// Computed or masked: exports carry it, and reading passes over it.
    pub shown_only: bool,
}

impl Spec {
    pub(super) const fn required(key: &'static str, chinese: &'static str, note: &'static str) -> Self {
        Self { column: Column { key, chinese, also: &[], required: true }, note, shown_only: false }
    }

    pub(super) const fn optional(key: &'static str, chinese: &'static str, note: &'static str) -> Self {
        Self { column: Column { key, chinese, also: &[], required: false }, note, shown_only: false }
    }

    pub(super) const fn shown(key: &'static str, chinese: &'static str) -> Self {
        let note = "系统导出时给出，导入时不读取";
        Self { column: Column { key, chinese, also: &[], required: false }, note, shown_only: true }
    }

    pub(super) const fn known_as(self, also: &'static [&'static str]) -> Self {
        Self { column: Column { also, ..self.column }, ..self }
    }
}

impl FileKind {
    /// In the order of the numbers of `zhirong.whitelist.v1.FileKind`, from 1.
    pub const ALL: [Self; 5] =
        [Self::Enterprises, Self::Assets, Self::Qualifications, Self::ProvinceList, Self::LegalEvents];

    pub fn code(self) -> &'static str {
        match self {
            Self::Enterprises => "ENTERPRISES",
            Self::Assets => "ASSETS",
            Self::Qualifications => "QUALIFICATIONS",
            Self::ProvinceList => "PROVINCE_LIST",
            Self::LegalEvents => "LEGAL_EVENTS",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn number(self) -> i32 {
        match self {
            Self::Enterprises => 1,
            Self::Assets => 2,
            Self::Qualifications => 3,
            Self::ProvinceList => 4,
            Self::LegalEvents => 5,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// What people call such a table; the name of its sheet and of its files.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Enterprises => "企业",
            Self::Assets => "知识产权",
            Self::Qualifications => "资质",
            Self::ProvinceList => "上级名单",
            Self::LegalEvents => "法律状态事件",
        }
    }

    /// Its columns, in the order of templates and exports.
    pub fn specs(self) -> &'static [Spec] {
        match self {
            Self::Enterprises => enterprise::SPECS,
            Self::Assets => asset::SPECS,
            Self::Qualifications => qualification::SPECS,
            Self::ProvinceList => listing::SPECS,
            Self::LegalEvents => event::SPECS,
        }
    }

    /// Whether its rows are about enterprises that must be registered.
    pub fn needs_enterprise(self) -> bool {
        matches!(self, Self::Assets | Self::Qualifications | Self::LegalEvents)
    }
}
