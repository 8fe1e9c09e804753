//! Published lists of the whitelist (白名单) as institutions meet them: which, which version, and who sees how much.

use kernel::InstitutionRole;

/// Which list (proto `WhitelistKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    Zone,
    Province,
    Union,
    Intersection,
}

impl List {
    pub const ALL: [Self; 4] = [Self::Zone, Self::Province, Self::Union, Self::Intersection];

    pub const fn number(self) -> i32 {
        match self {
            Self::Zone => 1,
            Self::Province => 2,
            Self::Union => 3,
            Self::Intersection => 4,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.number() == number)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Zone => "ZONE",
            Self::Province => "PROVINCE",
            Self::Union => "UNION",
            Self::Intersection => "INTERSECTION",
        }
    }
}

/// A version of a list; in the feed written `ZONE/12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListVersion {
    pub list: List,
    pub version: i64,
}

impl ListVersion {
    pub fn parse(text: &str) -> Option<Self> {
        let (code, version) = text.split_once('/')?;
        let list = List::ALL.into_iter().find(|list| list.code() == code)?;
        Some(Self { list, version: version.parse().ok()? })
    }

    /// Whether an institution of this role may read lists at all (domain.md §7). How much of them it sees is cut by who
    /// keeps them.
    pub const fn is_for(role: InstitutionRole) -> bool {
        match role {
            InstitutionRole::Bank
            | InstitutionRole::Insurer
            | InstitutionRole::Guarantor
            | InstitutionRole::ReGuarantor => true,
            InstitutionRole::Evaluator
            | InstitutionRole::IpFund
            | InstitutionRole::Investor
            | InstitutionRole::Exchange
            | InstitutionRole::IpAgency => false,
        }
    }
}

impl std::fmt::Display for ListVersion {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.list.code(), self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_as_written_and_nothing_else_is_one() {
        for list in List::ALL {
            let version = ListVersion { list, version: 12 };
            assert_eq!(ListVersion::parse(&version.to_string()), Some(version));
            assert_eq!(List::from_number(list.number()), Some(list));
        }
        for text in ["", "ZONE", "ZONE/", "OTHER/1", "ZONE/x"] {
            assert_eq!(ListVersion::parse(text), None, "{text}");
        }
    }
}
