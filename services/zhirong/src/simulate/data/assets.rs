//! The rights of the demo enterprises (domain.md §9): 518 of them and two certification marks of an association, in the
//! shares of the zone, with numbers that pass their checks. None is anybody's.

use kernel::{IpNumber, PatentNumber};
use proto::common::v1::IpType;

use super::enterprises::Asset;

/// How many each of the 60 holds: the quantiles of a log-normal distribution with mean 8.6, mixed.
const COUNTS: [usize; 60] = [
    5, 11, 3, 7, 17, 5, 9, 2, 6, 13, 4, 8, 27, 5, 11, 3, 7, 16, 4, 9, 2, 6, 13, 4, 8, 23, 5, 10, 3, 7, 15, 4,
    9, 2, 6, 12, 3, 7, 21, 5, 10, 3, 6, 15, 4, 8, 1, 6, 12, 3, 7, 19, 5, 10, 2, 6, 14, 4, 8, 38,
];
const TOTAL: usize = 518;
/// Without a factor in common with `TOTAL`, so that every kind is spread over all firms.
const STEP: usize = 121;
/// Kinds in their shares of 520; what is left over are utility models, most common everywhere.
const SHARES: [(IpType, usize); 5] = [
    (IpType::Invention, 109),
    (IpType::Design, 36),
    (IpType::Trademark, 62),
    (IpType::Software, 31),
    (IpType::Utility, 280),
];
/// GB/T 4754 of those who make chips and of those who write software: the layout designs are theirs.
const ELECTRONICS: &str = "C39";
/// A layout design is the second right of its firm, so that nobody has nothing else.
const LAYOUT_AT: usize = 1;

/// The rights of the firm with this index; what its patents are about names them.
pub(super) fn assets(index: usize, industry: &str, about: &str) -> Option<Vec<Asset>> {
    let before: usize = COUNTS.iter().take(index).sum();
    (0..COUNTS.get(index).copied()?).map(|at| asset(index, at, before + at, industry, about)).collect()
}

fn asset(index: usize, at: usize, slot: usize, industry: &str, about: &str) -> Option<Asset> {
    let drawn = kind_of(slot);
    let kind = match drawn {
        _ if industry == ELECTRONICS && at == LAYOUT_AT => IpType::IcLayout,
        // The first firm is the demo's applicant, who pledges patents alone.
        IpType::Trademark | IpType::Software if index == 0 => IpType::Utility,
        other => other,
    };
    let month = 1 + slot % 12;
    let (year, after) = match kind {
        IpType::Invention => (2014 + slot % 7, 2),
        IpType::Utility | IpType::Design => (2018 + slot % 5, 1),
        _ => (2017 + slot % 5, 1),
    };
    Some(Asset {
        kind,
        number: number(kind, year, slot)?,
        title: title(kind, about, at),
        filed: format!("{year}-{month:02}-15"),
        granted: format!("{}-{month:02}-20", year + after),
    })
}

fn kind_of(slot: usize) -> IpType {
    let mut place = slot * STEP % TOTAL;
    for (kind, count) in SHARES {
        if place < count {
            return kind;
        }
        place -= count;
    }
    IpType::Utility
}

fn title(kind: IpType, about: &str, at: usize) -> String {
    let number = at + 1;
    match kind {
        IpType::Invention => format!("一种{about}（{number}）"),
        IpType::Design => format!("{about}外观（{number}）"),
        IpType::Trademark => format!("{about}商标（{number}）"),
        IpType::Software => format!("{about}控制软件V{number}.0"),
        IpType::IcLayout => format!("{about}布图设计（{number}）"),
        _ => format!("一种新型{about}（{number}）"),
    }
}

/// A number that is valid for its kind; `None` never happens: the tests make all.
fn number(kind: IpType, year: usize, slot: usize) -> Option<String> {
    match kind {
        IpType::Invention => patent(&format!("{year}1{:07}", 410_000 + slot)),
        IpType::Utility => patent(&format!("{year}2{:07}", 420_000 + slot)),
        IpType::Design => patent(&format!("{year}3{:07}", 430_000 + slot)),
        IpType::Trademark | IpType::GiMark => Some(format!("{}", 96_000_000 + slot * 137)),
        IpType::Software => Some(format!("{year}SR{:07}", 910_000 + slot)),
        IpType::IcLayout => layout(year, slot),
        _ => None,
    }
}

/// The number with the check character that makes it valid.
fn patent(serial: &str) -> Option<String> {
    let valid =
        "0123456789X".chars().find_map(|check| PatentNumber::parse(&format!("{serial}.{check}")).ok());
    valid.map(|number| number.granted())
}

fn layout(year: usize, slot: usize) -> Option<String> {
    let serial = format!("BS.{:02}5{:05}", year % 100, 10_000 + slot);
    "0123456789X".chars().map(|check| format!("{serial}.{check}")).find(|text| {
        IpNumber::parse(kernel::IpType::IcLayout, text).is_ok_and(|number| number.warnings.is_empty())
    })
}

/// The two certification marks of the association, whose members may use them (domain.md §0, 5).
pub(super) fn certification_marks() -> Option<Vec<Asset>> {
    let mark = |at: usize| {
        Some(Asset {
            kind: IpType::GiMark,
            number: number(IpType::GiMark, 2016, TOTAL + at)?,
            title: format!("怀岭冬凌草证明商标（{}）", at + 1),
            filed: "2016-03-15".to_owned(),
            granted: "2017-03-20".to_owned(),
        })
    };
    (0..2).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::enterprises::{association, enterprises};
    use super::*;

    #[test]
    fn five_hundred_and_twenty_rights_are_of_every_kind_in_its_share_and_all_numbers_hold() {
        let mut all: Vec<Asset> = enterprises(60).into_iter().flat_map(|firm| firm.assets).collect();
        all.extend(association().unwrap().assets);
        assert_eq!(all.len(), 520);
        let numbers: BTreeSet<&str> = all.iter().map(|asset| asset.number.as_str()).collect();
        assert_eq!(numbers.len(), all.len());
        let mut kinds: BTreeMap<IpType, i32> = BTreeMap::new();
        for asset in &all {
            *kinds.entry(asset.kind).or_default() += 1;
            let kind = kernel::IpType::from_number(asset.kind.into()).unwrap();
            let number = IpNumber::parse(kind, &asset.number).unwrap();
            assert_eq!(number.warnings, [], "{}", asset.number);
            assert!(asset.filed < asset.granted);
        }
        // Per cent of 520, give or take what electronics firms and the first applicant hold instead.
        for (kind, share) in [
            (IpType::Invention, 21),
            (IpType::Utility, 52),
            (IpType::Design, 7),
            (IpType::Trademark, 12),
            (IpType::Software, 6),
            (IpType::IcLayout, 1),
        ] {
            let found = kinds[&kind] * 100;
            assert!((found - share * 520).abs() <= 2 * 520, "{kind:?}: {found}");
        }
        assert_eq!(kinds[&IpType::GiMark], 2);
    }

    #[test]
    fn the_first_applicant_pledges_patents_alone() {
        let first = &enterprises(1)[0];
        assert!(
            first
                .assets
                .iter()
                .all(|asset| { matches!(asset.kind, IpType::Invention | IpType::Utility | IpType::Design) })
        );
    }
}
