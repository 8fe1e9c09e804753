//! How long a right lasts and when its annuity is due (domain.md §2.2 to §2.4). Dates that end something are the first
//! day on which it no longer holds.

use chrono::{Months, NaiveDate};
use kernel::{BasisPoints, IpType, layout, patent};

use super::asset::{AssetDates, Detail};

/// Months after a due date within which an annuity can still be paid, with a surcharge.
const GRACE_MONTHS: u32 = 6;
/// Surcharge for each whole month of delay, and at most.
const SURCHARGE: i32 = 500;
/// Years of a trademark's registration and of each renewal.
const TRADEMARK_YEARS: u32 = 10;

/// The first day on which the right no longer holds. `None`: the kind has no term here, or a date is missing.
pub fn ends(kind: IpType, dates: &AssetDates, detail: &Detail) -> Option<NaiveDate> {
    match kind {
        IpType::Invention | IpType::Utility | IpType::Design => patent::term_ends(kind, dates.filed()?),
        IpType::Trademark | IpType::GiMark => {
            let first = dates.granted().and_then(|day| day.checked_add_months(years(TRADEMARK_YEARS)));
            detail.renewed_to.max(first)
        }
        IpType::IcLayout => layout::term_ends(dates.filed()?, detail.first_use, detail.created_on),
        IpType::GiProductSign
        | IpType::Software
        | IpType::Work
        | IpType::LicenseRevenue
        | IpType::PlantVariety
        | IpType::DataIp => None,
    }
}

/// Where a patent's annuity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnuityStatus {
    /// The right has no annuity, is not granted yet, or is over.
    None,
    /// Until when it is paid is not on record.
    Unknown,
    /// Paid until the due date, which has not passed.
    Paid,
    /// Not paid when due; still curable.
    Grace,
    /// Not paid within the time of grace: the right has ended.
    Lapsed,
}

impl AnnuityStatus {
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Unknown => "UNKNOWN",
            Self::Paid => "PAID",
            Self::Grace => "GRACE",
            Self::Lapsed => "LAPSED",
        }
    }

    /// The number in `zhirong.whitelist.v1.AnnuityStatus`.
    pub fn number(self) -> i32 {
        match self {
            Self::None => 1,
            Self::Unknown => 2,
            Self::Paid => 3,
            Self::Grace => 4,
            Self::Lapsed => 5,
        }
    }
}

/// A patent's next annuity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Annuity {
    pub status: AnnuityStatus,
    /// The filing anniversary by which the next one has to be paid; the day itself is in time.
    pub due: Option<NaiveDate>,
    /// The last day on which it can be paid with the surcharge.
    pub grace_ends: Option<NaiveDate>,
    /// On top of the annuity if paid today.
    pub surcharge: BasisPoints,
}

impl Annuity {
    const NONE: Self =
        Self { status: AnnuityStatus::None, due: None, grace_ends: None, surcharge: BasisPoints::new(0) };
}

/// Where the annuity stands on `today` (Asia/Shanghai).
pub fn annuity(kind: IpType, dates: &AssetDates, detail: &Detail, today: NaiveDate) -> Annuity {
    if !kind.is_patent() || dates.granted().is_none() {
        return Annuity::NONE;
    }
    let (Some(filed), Some(end)) = (dates.filed(), ends(kind, dates, detail)) else {
        return Annuity { status: AnnuityStatus::Unknown, ..Annuity::NONE };
    };
    if today >= end {
        return Annuity::NONE;
    }
    let known = detail.annuity_paid_to;
    // Nothing is due at the end of the term: there is no further year to pay for.
    let due = anniversary_from(filed, known.unwrap_or(today)).filter(|due| *due < end);
    let grace_ends = due.and_then(|due| due.checked_add_months(Months::new(GRACE_MONTHS)));
    let status = match (known, due, grace_ends) {
        (None, _, _) => AnnuityStatus::Unknown,
        (Some(_), None, _) => AnnuityStatus::Paid,
        (Some(_), Some(due), _) if today <= due => AnnuityStatus::Paid,
        (Some(_), Some(_), Some(last)) if today <= last => AnnuityStatus::Grace,
        (Some(_), Some(_), _) => AnnuityStatus::Lapsed,
    };
    let surcharge = match (status, due) {
        (AnnuityStatus::Grace, Some(due)) => surcharge(due, today),
        _ => BasisPoints::new(0),
    };
    Annuity { status, due, grace_ends, surcharge }
}

fn surcharge(due: NaiveDate, today: NaiveDate) -> BasisPoints {
    let whole = (1..=GRACE_MONTHS)
        .take_while(|months| due.checked_add_months(Months::new(*months)).is_some_and(|day| day < today))
        .count();
    BasisPoints::new(i32::try_from(whole).unwrap_or_default() * SURCHARGE)
}

/// The first filing anniversary on or after `day`.
fn anniversary_from(filed: NaiveDate, day: NaiveDate) -> Option<NaiveDate> {
    // No right lasts longer than 20 years; a date beyond that is nobody's anniversary.
    (1..=30).filter_map(|n| filed.checked_add_months(years(n))).find(|anniversary| *anniversary >= day)
}

const fn years(count: u32) -> Months {
    Months::new(count * 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dates(filed: &str, granted: &str) -> AssetDates {
        let date = |text: &str| (!text.is_empty()).then(|| day(text));
        AssetDates::stored(date(filed), date(granted)).unwrap()
    }

    #[test]
    fn each_kind_ends_by_its_own_rule() {
        let plain = Detail::default();
        let renewed = Detail { renewed_to: Some(day("2033-05-14")), ..Detail::default() };
        let early = Detail {
            first_use: Some(day("2009-01-15")),
            created_on: Some(day("2008-01-01")),
            ..Detail::default()
        };
        let old = Detail { created_on: Some(day("2001-01-01")), ..Detail::default() };
        for (kind, dates, detail, wanted) in [
            (IpType::Invention, dates("2010-03-31", ""), &plain, Some("2030-03-31")),
            (IpType::Utility, dates("2016-02-29", ""), &plain, Some("2026-02-28")),
            (IpType::Design, dates("2021-05-31", ""), &plain, Some("2031-05-31")),
            (IpType::Design, dates("2021-06-01", ""), &plain, Some("2036-06-01")),
            (IpType::Invention, dates("", "2012-01-01"), &plain, None),
            (IpType::Trademark, dates("2012-01-01", "2013-05-14"), &plain, Some("2023-05-14")),
            (IpType::Trademark, dates("2012-01-01", "2013-05-14"), &renewed, Some("2033-05-14")),
            (IpType::GiMark, dates("", "2013-05-14"), &plain, Some("2023-05-14")),
            (IpType::Trademark, dates("2012-01-01", ""), &plain, None),
            (IpType::IcLayout, dates("2010-05-01", ""), &plain, Some("2020-05-01")),
            (IpType::IcLayout, dates("2010-05-01", ""), &early, Some("2019-01-15")),
            (IpType::IcLayout, dates("2010-05-01", ""), &old, Some("2016-01-01")),
            (IpType::Software, dates("2010-05-01", "2010-06-01"), &plain, None),
        ] {
            assert_eq!(ends(kind, &dates, detail), wanted.map(day), "{kind} {dates:?}");
        }
    }

    #[test]
    fn an_annuity_is_due_on_each_filing_anniversary_with_six_months_of_grace() {
        use AnnuityStatus::{Grace, Lapsed, None, Paid, Unknown};
        let filed = dates("2020-03-31", "2021-06-01");
        for (paid_to, today, status, due, surcharge) in [
            ("2024-03-31", "2024-01-01", Paid, "2024-03-31", 0),
            ("2024-03-31", "2024-03-31", Paid, "2024-03-31", 0),
            ("2024-03-31", "2024-04-01", Grace, "2024-03-31", 0),
            ("2024-03-31", "2024-04-30", Grace, "2024-03-31", 0),
            ("2024-03-31", "2024-05-01", Grace, "2024-03-31", 500),
            ("2024-03-31", "2024-09-30", Grace, "2024-03-31", 2500),
            ("2024-03-31", "2024-10-01", Lapsed, "2024-03-31", 0),
            ("2024-03-30", "2024-03-31", Paid, "2024-03-31", 0),
            ("", "2024-03-31", Unknown, "2024-03-31", 0),
            ("", "2024-04-01", Unknown, "2025-03-31", 0),
            ("2040-03-31", "2039-12-31", Paid, "", 0),
            ("2024-03-31", "2040-03-31", None, "", 0),
        ] {
            let paid = (!paid_to.is_empty()).then(|| day(paid_to));
            let detail = Detail { annuity_paid_to: paid, ..Detail::default() };
            let found = annuity(IpType::Invention, &filed, &detail, day(today));
            let wanted = (status, (!due.is_empty()).then(|| day(due)), surcharge);
            assert_eq!((found.status, found.due, found.surcharge.get()), wanted, "{paid_to} {today}");
        }
    }

    #[test]
    fn what_is_no_granted_patent_has_no_annuity_and_a_lost_date_makes_it_unknown() {
        let today = day("2024-01-01");
        let detail = Detail::default();
        for (kind, dates, status) in [
            (IpType::Trademark, dates("2012-01-01", "2013-01-01"), AnnuityStatus::None),
            (IpType::Invention, dates("2020-01-01", ""), AnnuityStatus::None),
            (IpType::Utility, dates("", "2020-01-01"), AnnuityStatus::Unknown),
        ] {
            assert_eq!(annuity(kind, &dates, &detail, today).status, status, "{kind}");
        }
    }
}
