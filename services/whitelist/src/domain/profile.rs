//! What else is known of an enterprise (domain.md §4.3): people, staff, accounts. Whatever is missing is `None`, which is
//! never the same as zero.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use kernel::Fen;

use super::enterprise::Name;

/// Most former names, contacts and accounting years of one enterprise.
pub const FORMER_NAMES_MAX: usize = 20;
pub const CONTACTS_MAX: usize = 10;
pub const YEARS: usize = 3;
/// Longest personal datum in characters.
pub const PERSONAL_MAX: usize = 100;
/// Largest amount of an account or balance sheet, in fen: 10 万亿元, far from the end of 64 bits.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
/// Most people that an enterprise employs.
pub const STAFF_MAX: i32 = 10_000_000;

/// A datum about a person: a name, a telephone number, an address. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal(String);

impl Personal {
    /// 1 to [`PERSONAL_MAX`] characters after trimming, none of them a control character.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = (1..=PERSONAL_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        good.then(|| Self(text.to_owned()))
    }

    /// In the clear: only for the store, for masking and for an answer that is logged as a reveal.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// Whom one may call (联系人): a name, and a telephone number or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub name: Personal,
    pub phone: Option<Personal>,
    pub email: Option<Personal>,
}

/// Grade of the tax authority (纳税信用等级); M is for new firms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxGrade {
    A,
    B,
    M,
    C,
    D,
}

impl TaxGrade {
    /// In the order of the numbers of `zhirong.whitelist.v1.TaxGrade`, from 1.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::M, Self::C, Self::D];

    pub fn code(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::M => "M",
            Self::C => "C",
            Self::D => "D",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.code() == code)
    }

    pub fn number(self) -> i32 {
        match self {
            Self::A => 1,
            Self::B => 2,
            Self::M => 3,
            Self::C => 4,
            Self::D => 5,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.number() == number)
    }
}

/// The accounts of `year` and the two years before, the latest first, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounts {
    pub year: i32,
    pub revenue: [Option<Fen>; YEARS],
    pub rd_spend: [Option<Fen>; YEARS],
    /// Negative is a loss.
    pub net_profit: [Option<Fen>; YEARS],
}

impl Accounts {
    /// Nothing known of `year` or the years before.
    pub fn empty(year: i32) -> Self {
        Self { year, revenue: [None; YEARS], rd_spend: [None; YEARS], net_profit: [None; YEARS] }
    }
}

/// Everything about an enterprise beyond who it is and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// 曾用名
    pub former_names: Vec<Name>,
    /// 成立日期
    pub established_on: Option<NaiveDate>,
    /// 注册资本
    pub reg_capital: Option<Fen>,
    /// 法定代表人
    pub legal_rep: Option<Personal>,
    pub contacts: Vec<Contact>,
    /// 从业人员
    pub staff: Option<i32>,
    /// 研发人员, part of the staff.
    pub rd_staff: Option<i32>,
    pub accounts: Option<Accounts>,
    /// 资产总额
    pub total_assets: Option<Fen>,
    /// 负债总额
    pub total_liabilities: Option<Fen>,
    pub tax_grade: Option<TaxGrade>,
    /// Belongs to an innovation platform or works with a university (创新平台/产学研, indicator B3 of domain.md §4.4).
    pub platform_link: Option<bool>,
}

/// What cannot be about a profile as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("established in the future")]
    EstablishedInFuture,
    #[error("more people in research than people")]
    MoreResearchersThanStaff,
    #[error("accounts of a year that has not ended yet, or of long ago")]
    AccountsYear,
    #[error("spending or revenue below zero")]
    NegativeAccounts,
}

impl Profile {
    /// What one field cannot tell of itself; `today` in Asia/Shanghai.
    ///
    /// # Errors
    /// The first [`ProfileError`].
    pub fn check(&self, today: NaiveDate) -> Result<(), ProfileError> {
        if self.established_on.is_some_and(|day| day > today) {
            return Err(ProfileError::EstablishedInFuture);
        }
        if self.rd_staff.zip(self.staff).is_some_and(|(rd, all)| rd > all) {
            return Err(ProfileError::MoreResearchersThanStaff);
        }
        if let Some(accounts) = &self.accounts {
            if !(1949..today.year()).contains(&accounts.year) {
                return Err(ProfileError::AccountsYear);
            }
            let negative = |amount: &Option<Fen>| amount.is_some_and(|amount| amount < Fen::ZERO);
            if accounts.revenue.iter().chain(&accounts.rd_spend).any(negative) {
                return Err(ProfileError::NegativeAccounts);
            }
        }
        Ok(())
    }

    /// Revenue of the latest year (营业收入).
    pub fn latest_revenue(&self) -> Option<Fen> {
        self.accounts.as_ref().and_then(|accounts| accounts.revenue[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_personal_never_shows_in_debug() {
        let profile = Profile {
            legal_rep: Personal::parse("张小三"),
            contacts: vec![Contact {
                name: Personal::parse("李四").unwrap(),
                phone: Personal::parse("13800001234"),
                email: None,
            }],
            ..Profile::default()
        };
        let shown = format!("{profile:?}");
        assert!(!shown.contains("张") && !shown.contains("李") && !shown.contains("1380"), "{shown}");
        assert_eq!(Personal::parse(" \n"), None);
    }

    #[test]
    fn a_profile_is_consistent_in_itself() {
        let today = day("2023-06-01");
        let of_year = |year| Profile { accounts: Some(Accounts::empty(year)), ..Profile::default() };
        let staffed = |staff, rd| Profile { staff: Some(staff), rd_staff: Some(rd), ..Profile::default() };
        let loss = Accounts { net_profit: [Some(Fen::new(-1)), None, None], ..Accounts::empty(2022) };
        let below = Accounts { revenue: [None, Some(Fen::new(-1)), None], ..Accounts::empty(2022) };
        let with = |accounts| Profile { accounts: Some(accounts), ..Profile::default() };
        let founded = |on| Profile { established_on: Some(day(on)), ..Profile::default() };
        for (profile, wanted) in [
            (Profile::default(), None),
            (founded("2023-06-01"), None),
            (founded("2023-06-02"), Some(ProfileError::EstablishedInFuture)),
            (staffed(10, 10), None),
            (staffed(10, 11), Some(ProfileError::MoreResearchersThanStaff)),
            (of_year(2022), None),
            (of_year(2023), Some(ProfileError::AccountsYear)),
            (of_year(1948), Some(ProfileError::AccountsYear)),
            (with(loss), None),
            (with(below), Some(ProfileError::NegativeAccounts)),
        ] {
            assert_eq!(profile.check(today).err(), wanted, "{profile:?}");
        }
    }
}
