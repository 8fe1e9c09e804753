//! The enterprises of the demonstration zone (domain.md §9): parks and trades in their shares, valid numbers, made-up
//! names.

use kernel::Uscc;
use proto::common::v1::{EnterpriseSize, Grade, IpType, Qualification};

use super::assets::{assets, certification_marks};

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
    pub screened: Screened,
}

/// What the screening of an enterprise found (白名单).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screened {
    pub listed: bool,
    pub grade: Grade,
    /// Hard exclusion that was found, domain.md §4.4.
    pub exclusion: Option<&'static str>,
    /// The exclusion was found once and has been cured since (信用修复).
    pub cured: bool,
    /// The consent names the institutions that may read, instead of all who take part.
    pub consent_names_recipients: bool,
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
/// Sizes (企业划型), as many of 60 as domain.md §9 says. Small comes first: it is the size of the demo's applicant.
const SIZES: [(EnterpriseSize, usize); 4] = [
    (EnterpriseSize::Small, 30),
    (EnterpriseSize::Micro, 18),
    (EnterpriseSize::Medium, 11),
    (EnterpriseSize::Large, 1),
];
/// Trade: product, industry code, what its patents are about; as many of 60 as domain.md §9 says.
const TRADES: [(&str, &str, &str, usize); 7] = [
    ("新材料", "C32", "再生铅合金熔炼装置", 14),
    ("精密机械", "C34", "数控轧辊磨削机构", 14),
    ("精细化工", "C26", "低温催化反应釜", 10),
    ("矿用电器", "C38", "隔爆型真空开关", 8),
    ("冬凌草生物科技", "C27", "冬凌草提取装置", 7),
    ("微电子", "C39", "功率器件封装结构", 4),
    ("软件", "I65", "工况数据采集终端", 3),
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
    Some(Enterprise {
        uscc: Uscc::complete("91419001", &format!("MA9D{:04}", 1000 + index * 37)).ok()?.as_str().to_owned(),
        name: format!("济源市{word}{quarter}{product}有限公司"),
        size: SIZES[place(index * 13 % MOST, SIZES.map(|size| size.1))].0,
        industry,
        park,
        qualifications: qualifications(index),
        assets: assets(index, industry, about)?,
        screened: screened(index),
    })
}

/// The association that holds the certification marks and borrows nothing: pledgor and borrower differ there.
pub fn association() -> Option<Enterprise> {
    Some(Enterprise {
        uscc: Uscc::complete("51419001", "MJD90001").ok()?.as_str().to_owned(),
        name: "济源市怀岭冬凌草种植协会".to_owned(),
        size: EnterpriseSize::Micro,
        industry: "A01",
        park: "JY-OTH",
        qualifications: Vec::new(),
        assets: certification_marks()?,
        screened: Screened { grade: Grade::B, ..screened(0) },
    })
}

/// Those with something against them stand behind the first forty: small loads hold only firms that banks will take.
fn screened(index: usize) -> Screened {
    let exclusion = match index {
        41 => Some("HX03"),
        44 => Some("HX01"),
        49 => Some("HX04"),
        55 => Some("HX08"),
        _ => None,
    };
    let cured = index == 41;
    let grade = match index {
        47 | 53 | 57 => Grade::D,
        _ => [Grade::B, Grade::A, Grade::B, Grade::C][index % 4],
    };
    let listed = (exclusion.is_none() || cured) && matches!(grade, Grade::A | Grade::B);
    Screened { listed, grade, exclusion, cured, consent_names_recipients: matches!(index, 43 | 58) }
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

/// In the shares of domain.md §9: 40 % HNTE, 55 % TECH_SME, 20 % SRDI, 10 % IP_ADVANTAGE, 25 % IPMS_CERT, 12 firms strong.
fn qualifications(index: usize) -> Vec<Qualification> {
    let held = [
        (index % 5 < 2, Qualification::Hnte),
        (index % 20 < 11, Qualification::TechSme),
        (index.is_multiple_of(5), Qualification::Srdi),
        (index % 10 == 5, Qualification::IpAdvantage),
        (index.is_multiple_of(4), Qualification::IpmsCert),
        (index % 5 == 1, Qualification::IpStrong),
    ];
    held.into_iter().filter_map(|(holds, code)| holds.then_some(code)).collect()
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
    fn four_firms_have_been_excluded_one_of_them_is_cured_and_the_first_forty_are_welcome() {
        let all = enterprises(MOST);
        let excluded: Vec<&Enterprise> =
            all.iter().filter(|enterprise| enterprise.screened.exclusion.is_some()).collect();
        assert_eq!(excluded.len(), 4);
        assert_eq!(excluded.iter().filter(|enterprise| enterprise.screened.cured).count(), 1);
        assert!(all[..40].iter().all(|enterprise| {
            enterprise.screened.exclusion.is_none() && enterprise.screened.grade != Grade::D
        }));
        assert!(association().unwrap().name.ends_with("协会"));
    }

    #[test]
    fn parks_trades_sizes_and_qualifications_have_their_shares() {
        let all = enterprises(MOST);
        for (park, count) in PARKS {
            assert_eq!(all.iter().filter(|enterprise| enterprise.park == park).count(), count, "{park}");
        }
        for (size, count) in SIZES {
            assert_eq!(all.iter().filter(|enterprise| enterprise.size == size).count(), count, "{size:?}");
        }
        for (code, count) in [
            (Qualification::Hnte, 24),
            (Qualification::TechSme, 33),
            (Qualification::Srdi, 12),
            (Qualification::IpAdvantage, 6),
            (Qualification::IpmsCert, 15),
            (Qualification::IpStrong, 12),
        ] {
            let holders = all.iter().filter(|enterprise| enterprise.qualifications.contains(&code));
            assert_eq!(holders.count(), count, "{code:?}");
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
