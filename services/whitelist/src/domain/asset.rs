//! The IP asset (知识产权) of an enterprise.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AssetId, BasisPoints, Checked, EnterpriseId, IpNumber, IpType, trademark::NiceClass, typed::normalise,
};

use super::{
    legal::{self, Intent, LegalEvent, LegalState, Usable},
    ownership::Owners,
    profile::Personal,
    term::{self, Annuity},
};

/// Longest title in characters.
pub const TITLE_MAX: usize = 200;
/// Longest name of a product, and of an IPC class, in characters.
pub const PRODUCT_MAX: usize = 200;
pub const IPC_MAX: usize = 20;
/// Most inventors, citations and members of a family.
pub const COUNT_MAX: i32 = 100_000;

/// A registered IP asset, domain.md §4.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpAsset {
    pub id: AssetId,
    pub enterprise_id: EnterpriseId,
    pub kind: IpType,
    /// Normalised by its kind, domain.md §2.2 to §2.5, with what is odd about it but no reason to refuse it.
    pub number: Checked<IpNumber>,
    pub title: String,
    pub dates: AssetDates,
    pub owners: Owners,
    pub detail: Detail,
    /// In the order in which they happened.
    pub events: Vec<LegalEvent>,
    /// Counts the amendments from 1; each version stays readable for ever. Events do not count.
    pub version: i32,
    /// `None`: as it was registered.
    pub amended_at: Option<DateTime<Utc>>,
}

impl IpAsset {
    /// The first day on which the right no longer holds by its term.
    pub fn term_ends(&self) -> Option<NaiveDate> {
        term::ends(self.kind, &self.dates, &self.detail)
    }

    pub fn annuity(&self, today: NaiveDate) -> Annuity {
        term::annuity(self.kind, &self.dates, &self.detail, today)
    }

    /// What the events until `today` (Asia/Shanghai) add up to, for the owners on record.
    pub fn legal_state(&self, today: NaiveDate) -> LegalState {
        legal::fold(&self.events, today).of_owners_since(self.detail.acquired_on)
    }

    /// Whether `other` is the invention that the same applicant filed for on the same day for the same thing (同日申请): the
    /// register knows it by owner, day and title.
    pub fn has_invention_in(&self, other: &Self) -> bool {
        self.kind == IpType::Utility
            && other.kind == IpType::Invention
            && self.enterprise_id == other.enterprise_id
            && self.dates.filed().is_some()
            && self.dates.filed() == other.dates.filed()
            && normalise(&self.title) == normalise(&other.title)
    }

    /// Whether it is granted, neither ended, expired nor lapsed, and not passed on to others: what a score may count.
    pub fn is_in_force(&self, today: NaiveDate) -> bool {
        self.dates.granted().is_some()
            && self.term_ends().is_none_or(|end| today < end)
            && self.annuity(today).status != term::AnnuityStatus::Lapsed
            && self.legal_state(today).usable_for(Intent::Count) == Usable::Free
    }

    /// The version that an amendment at `now` makes of `changed`, if that changes anything.
    pub fn amended(&self, changed: Self, now: DateTime<Utc>) -> Option<Self> {
        let same = Self { version: self.version, amended_at: self.amended_at, ..changed.clone() } == *self;
        (!same).then(|| Self { version: self.version + 1, amended_at: Some(now), ..changed })
    }
}

/// On what ground an invention is one of high value (高价值发明专利, the five categories of CNIPA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HighValue {
    /// 战略性新兴产业
    StrategicIndustry,
    /// 有海外同族
    OverseasFamily,
    /// 维持年限超过10年
    LongMaintained,
    /// 较高质押融资金额
    PledgedHigh,
    /// 国家科学技术奖或中国专利奖
    Awarded,
}

impl HighValue {
    /// In the order of the numbers of `zhirong.whitelist.v1.HighValueGround`, from 1.
    pub const ALL: [Self; 5] = [
        Self::StrategicIndustry,
        Self::OverseasFamily,
        Self::LongMaintained,
        Self::PledgedHigh,
        Self::Awarded,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::StrategicIndustry => "STRATEGIC_INDUSTRY",
            Self::OverseasFamily => "OVERSEAS_FAMILY",
            Self::LongMaintained => "LONG_MAINTAINED",
            Self::PledgedHigh => "PLEDGED_HIGH",
            Self::Awarded => "AWARDED",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.code() == code)
    }

    pub fn number(self) -> i32 {
        match self {
            Self::StrategicIndustry => 1,
            Self::OverseasFamily => 2,
            Self::LongMaintained => 3,
            Self::PledgedHigh => 4,
            Self::Awarded => 5,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.number() == number)
    }
}

/// What else is known of an asset. Whatever is missing is `None`, which is never the same as zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// 发明人数
    pub inventors: Option<i32>,
    /// 首次商业利用日, of an IC layout.
    pub first_use: Option<NaiveDate>,
    /// 创作完成日, of an IC layout.
    pub created_on: Option<NaiveDate>,
    /// 续展至, of a trademark: the first day on which the renewed registration no longer holds.
    pub renewed_to: Option<NaiveDate>,
    /// 年费已缴至: the filing anniversary until which the annuities are paid.
    pub annuity_paid_to: Option<NaiveDate>,
    /// 主分类号, of a patent.
    pub ipc_main: Option<String>,
    /// 商标类别
    pub nice_class: Option<NiceClass>,
    /// 对应产品
    pub product_link: Option<String>,
    /// 产品收入占比
    pub revenue_share: Option<BasisPoints>,
    /// 同族数
    pub family_size: Option<i32>,
    /// 被引次数
    pub citations: Option<i32>,
    /// Held in an infringement suit or against an invalidation (经诉讼或无效程序维持).
    pub litigation_proven: Option<bool>,
    pub high_value: BTreeSet<HighValue>,
    /// 受让自; perhaps a person.
    pub acquired_from: Option<Personal>,
    /// 受让日
    pub acquired_on: Option<NaiveDate>,
}

impl Detail {
    /// The first field that a right of `kind` does not have, by its name in the contract.
    pub fn misplaced(&self, kind: IpType) -> Option<&'static str> {
        let mark = matches!(kind, IpType::Trademark | IpType::GiMark);
        let layout = kind == IpType::IcLayout;
        [
            (self.nice_class.is_some() && !mark, "nice_class"),
            (self.renewed_to.is_some() && !mark, "renewed_to"),
            (self.first_use.is_some() && !layout, "first_use_date"),
            (self.created_on.is_some() && !layout, "creation_date"),
            (self.annuity_paid_to.is_some() && !kind.is_patent(), "annuity_paid_to"),
            (self.ipc_main.is_some() && !kind.is_patent(), "ipc_main"),
            (!self.high_value.is_empty() && kind != IpType::Invention, "high_value"),
        ]
        .into_iter()
        .find_map(|(wrong, field)| wrong.then_some(field))
    }

    /// The first date that lies after `today` and must not, by its name in the contract.
    pub fn in_future(&self, today: NaiveDate) -> Option<&'static str> {
        [
            (self.first_use, "first_use_date"),
            (self.created_on, "creation_date"),
            (self.acquired_on, "acquired_on"),
        ]
        .into_iter()
        .find_map(|(day, field)| day.filter(|day| *day > today).map(|_| field))
    }
}

/// When the right was filed for and granted; either may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssetDates {
    filed: Option<NaiveDate>,
    granted: Option<NaiveDate>,
}

/// Which date cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssetDatesError {
    #[error("filed in the future")]
    FiledInFuture,
    #[error("granted in the future")]
    GrantedInFuture,
    #[error("granted before it was filed")]
    GrantedBeforeFiled,
}

impl AssetDates {
    /// Checks both against `today` (Asia/Shanghai) and against each other.
    pub fn new(
        filed: Option<NaiveDate>,
        granted: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<Self, AssetDatesError> {
        if filed.is_some_and(|date| date > today) {
            return Err(AssetDatesError::FiledInFuture);
        }
        if granted.is_some_and(|date| date > today) {
            return Err(AssetDatesError::GrantedInFuture);
        }
        Self::stored(filed, granted).ok_or(AssetDatesError::GrantedBeforeFiled)
    }

    /// Dates that were once accepted: `None` only if granted before filed.
    pub fn stored(filed: Option<NaiveDate>, granted: Option<NaiveDate>) -> Option<Self> {
        let ordered = filed.zip(granted).is_none_or(|(filed, granted)| filed <= granted);
        ordered.then_some(Self { filed, granted })
    }

    pub fn filed(&self) -> Option<NaiveDate> {
        self.filed
    }

    pub fn granted(&self) -> Option<NaiveDate> {
        self.granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_lie_in_the_past_and_in_order() {
        let day = |d| NaiveDate::from_ymd_opt(2022, 9, d).unwrap();
        let (none, early, late, tomorrow) = (None, Some(day(1)), Some(day(10)), Some(day(16)));
        let today = day(15);
        for (filed, granted, wanted) in [
            (none, none, None),
            (early, late, None),
            (early, early, None),
            (none, late, None),
            (late, early, Some(AssetDatesError::GrantedBeforeFiled)),
            (tomorrow, none, Some(AssetDatesError::FiledInFuture)),
            (early, tomorrow, Some(AssetDatesError::GrantedInFuture)),
        ] {
            assert_eq!(AssetDates::new(filed, granted, today).err(), wanted, "{filed:?} {granted:?}");
        }
    }
}
