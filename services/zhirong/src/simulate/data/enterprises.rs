//! The enterprises of the demonstration zone (domain.md §9): parks and trades in their shares, valid numbers, made-up
//! names.

use kernel::{PatentNumber, Uscc};
use proto::common::v1::{EnterpriseSize, IpType, Qualification};

/// An enterprise to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Enterprise {
    pub uscc: String,
    pub name: String,
    pub size: EnterpriseSize,
    /// GB/T 4754.
    pub industry: &'static str,
    pub park: &'static str,
    pub qualifications: Vec<Qualification>,
    pub assets: Vec<Asset>,
}

/// An IP right to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    pub kind: IpType,
    pub number: String,
    pub title: String,
    /// YYYY-MM-DD
    pub filed: String,
    pub granted: String,
}

/// How many of 60 enterprises sit in each park.
const PARKS: [(&str, usize); 6] =
    [("JY-GX", 20), ("JY-HL", 16), ("JY-YC", 10), ("JY-SL", 6), ("JY-WLK", 4), ("JY-OTH", 4)];
/// Trade: product, industry code, what its patents are about; as many of 60 as domain.md §9 says.
const TRADES: [(&str, &str, &str, usize); 7] = [
    ("新材料", "C32", "再生铅合金熔炼装置", 14),
    ("精密机械", "C34", "数控轧辊磨削机构", 14),
    ("精细化工", "C26", "低温催化反应釜", 10),
    ("矿用电器", "C38", "隔爆型真空开关", 8),
    ("冬凌草生物科技", "C27", "冬凌草提取物制备方法", 7),
    ("微电子", "C39", "功率器件封装结构", 4),
    ("软件", "I65", "工况数据采集方法", 3),
];
/// Made-up words; the first is the example of domain.md §9.
const WORDS: [&str; 10] = ["沁铅", "沁澜", "玉岭", "轵成", "王屋泉", "愚毅", "坛岳", "虎岩", "浪涯", "济砚"];
/// Enterprises beyond this many would get the names of others.
const MOST: usize = 60;

/// The first `count` enterprises, 60 at most.
pub fn enterprises(count: usize) -> Vec<Enterprise> {
    (0..count.min(MOST)).filter_map(enterprise).collect()
}

/// `None` never happens: the tests make all 60.
fn enterprise(index: usize) -> Option<Enterprise> {
    // Places are shuffled by steps without a common factor with 60, so that small counts are mixed too.
    let (product, industry, about, _) = TRADES[place(index * 11 % MOST, TRADES.map(|trade| trade.3))];
    let (park, _) = PARKS[place(index * 7 % MOST, PARKS.map(|park| park.1))];
    let word = WORDS[index % WORDS.len()];
    let quarter = ["", "东", "南", "西", "北", "中"][index / WORDS.len()];
    let size = match index % 10 {
        0..=2 => EnterpriseSize::Micro,
        3..=7 => EnterpriseSize::Small,
        _ => EnterpriseSize::Medium,
    };
    Some(Enterprise {
        uscc: Uscc::complete("91419001", &format!("MA9D{:04}", 1000 + index * 37)).ok()?.as_str().to_owned(),
        name: format!("济源市{word}{quarter}{product}有限公司"),
        // The first one is the demo's applicant.
        size: if index == 0 { EnterpriseSize::Small } else { size },
        industry,
        park,
        qualifications: qualifications(index),
        assets: assets(index, about)?,
    })
}

/// The class that the `at`-th of 60 falls into, by the sizes of the classes.
fn place<const N: usize>(at: usize, sizes: [usize; N]) -> usize {
    let mut end = 0;
    let ends = sizes.map(|size| {
        end += size;
        end
    });
    ends.iter().position(|end| at < *end).unwrap_or(0)
}

fn qualifications(index: usize) -> Vec<Qualification> {
    let held = [
        (index % 5 < 2, Qualification::Hnte),
        (index % 20 < 11, Qualification::TechSme),
        (index.is_multiple_of(5), Qualification::Srdi),
        (index.is_multiple_of(4), Qualification::IpmsCert),
    ];
    held.into_iter().filter_map(|(holds, code)| holds.then_some(code)).collect()
}

/// One or two inventions and some utility models.
fn assets(index: usize, about: &str) -> Option<Vec<Asset>> {
    let inventions = (0..1 + index % 2).map(|number| (IpType::Invention, 2019, 1, number));
    let utilities = (0..2 + index % 3).map(|number| (IpType::Utility, 2020, 2, number));
    let asset = |(kind, year, digit, number): (IpType, usize, usize, usize)| {
        Some(Asset {
            kind,
            number: patent(&format!("{year}{digit}{:07}", 410_000 + index * 100 + number))?,
            title: format!("一种{about}（{}）", number + 1),
            filed: format!("{year}-{:02}-15", 1 + number),
            granted: format!("{}-{:02}-20", year + 1, 6 + number),
        })
    };
    inventions.chain(utilities).map(asset).collect()
}

/// The number with the check character that makes it valid.
fn patent(serial: &str) -> Option<String> {
    let valid =
        "0123456789X".chars().find_map(|check| PatentNumber::parse(&format!("{serial}.{check}")).ok());
    valid.map(|number| number.granted())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sixty_enterprises_have_names_and_numbers_of_their_own() {
        let all = enterprises(99);
        assert_eq!(all.len(), MOST);
        let names: BTreeSet<&str> = all.iter().map(|enterprise| enterprise.name.as_str()).collect();
        let codes: BTreeSet<&str> = all.iter().map(|enterprise| enterprise.uscc.as_str()).collect();
        let assets: Vec<&Asset> = all.iter().flat_map(|enterprise| &enterprise.assets).collect();
        let numbers: BTreeSet<&str> = assets.iter().map(|asset| asset.number.as_str()).collect();
        assert_eq!((names.len(), codes.len(), numbers.len()), (MOST, MOST, assets.len()));
        assert!(codes.iter().all(|code| code.starts_with("91419001MA")));
        assert_eq!(all[0].name, "济源市沁铅新材料有限公司");
    }

    #[test]
    fn parks_and_trades_have_their_shares() {
        let all = enterprises(MOST);
        for (park, count) in PARKS {
            assert_eq!(all.iter().filter(|enterprise| enterprise.park == park).count(), count, "{park}");
        }
        for (product, industry, _, count) in TRADES {
            assert_eq!(
                all.iter().filter(|enterprise| enterprise.industry == industry).count(),
                count,
                "{product}"
            );
        }
    }
}
