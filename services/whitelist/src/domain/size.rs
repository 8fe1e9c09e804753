//! The size of an enterprise (企业划型) by the table of 工信部联企业〔2011〕300号, which is data beside this file.

use std::sync::LazyLock;

use kernel::{EnterpriseSize, Fen};

use super::place::Industry;

/// 1 万元 in fen.
const WAN: i64 = 1_000_000;

/// Least values of one measure for large, medium and small.
type Floors = [i64; 3];

/// One line of the table: an industry and the measures by which it is told. A measure that is not used is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    code: &'static str,
    staff: Option<Floors>,
    /// 万元
    revenue: Option<Floors>,
    /// 万元
    assets: Option<Floors>,
}

static TABLE: LazyLock<Vec<Line>> =
    LazyLock::new(|| include_str!("size_thresholds.tsv").lines().filter_map(line).collect());

/// `None` for a comment; the test below holds that no other line is passed over.
fn line(text: &'static str) -> Option<Line> {
    if text.starts_with('#') {
        return None;
    }
    let cells: Vec<&'static str> = text.split('\t').collect();
    let floors = |from: usize| {
        let three = cells.get(from..from + 3)?;
        let [large, medium, small] = three else { return None };
        Some([large.parse().ok()?, medium.parse().ok()?, small.parse().ok()?])
    };
    let code = cells.first().copied().filter(|_| cells.len() == 11)?;
    Some(Line { code, staff: floors(2), revenue: floors(5), assets: floors(8) })
}

/// What an enterprise is measured by; `None` is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures {
    pub staff: Option<i32>,
    /// Of the latest year.
    pub revenue: Option<Fen>,
    pub total_assets: Option<Fen>,
}

/// The size that the table gives, or `None` where a measure that it asks for is missing or the industry is not in it.
/// Large, medium and small need every measure at its floor; whoever misses one is a class lower.
pub fn size_of(industry: &Industry, measures: Measures) -> Option<EnterpriseSize> {
    let code = industry.as_str();
    let line = TABLE.iter().filter(|line| code.starts_with(line.code)).max_by_key(|line| line.code.len())?;
    let reached = [
        (line.staff, measures.staff.map(i64::from)),
        (line.revenue.map(in_fen), measures.revenue.map(Fen::get)),
        (line.assets.map(in_fen), measures.total_assets.map(Fen::get)),
    ]
    .into_iter()
    .filter_map(|(floors, measure)| floors.map(|floors| measure.map(|measure| class(floors, measure))))
    // One class for each measure that counts; a missing one leaves the whole unknown.
    .collect::<Option<Vec<usize>>>()?;
    reached.into_iter().max().and_then(|class| EnterpriseSize::ALL.get(class)).copied()
}

/// Tells a stated size that the table does not give.
pub fn differs(stated: EnterpriseSize, industry: &Industry, measures: Measures) -> Option<EnterpriseSize> {
    size_of(industry, measures).filter(|computed| *computed != stated)
}

fn in_fen(floors: Floors) -> Floors {
    floors.map(|wan| wan * WAN)
}

/// 0 large … 3 micro.
fn class(floors: Floors, measure: i64) -> usize {
    floors.iter().position(|floor| measure >= *floor).unwrap_or(floors.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn industry(code: &str) -> Industry {
        Industry::parse(code).unwrap()
    }

    fn measures(staff: i32, revenue: i64, assets: i64) -> Measures {
        Measures {
            staff: Some(staff),
            revenue: Some(Fen::new(revenue * WAN)),
            total_assets: Some(Fen::new(assets * WAN)),
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("size_thresholds.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(TABLE.len(), lines);
        for line in TABLE.iter() {
            assert!(Industry::parse(line.code).is_some(), "{line:?}");
            let used = [line.staff, line.revenue, line.assets];
            assert!(used.iter().flatten().count() > 0, "{line:?}");
            assert!(used.iter().flatten().all(|floors| floors.is_sorted_by(|a, b| a > b)), "{line:?}");
        }
    }

    /// domain.md §2.8, both sides of each border.
    #[test]
    fn industrial_enterprises_need_people_and_revenue() {
        use EnterpriseSize::{Large, Medium, Micro, Small};
        for (staff, revenue, size) in [
            (1000, 40_000, Large),
            (999, 40_000, Medium),
            (1000, 39_999, Medium),
            (300, 2_000, Medium),
            (299, 2_000, Small),
            (300, 1_999, Small),
            (20, 300, Small),
            (19, 300, Micro),
            (20, 299, Micro),
            (5_000, 0, Micro),
        ] {
            assert_eq!(
                size_of(&industry("C3240"), measures(staff, revenue, 0)),
                Some(size),
                "{staff} {revenue}"
            );
        }
    }

    #[test]
    fn each_industry_has_its_own_measures_and_the_longest_code_counts() {
        use EnterpriseSize::{Large, Medium, Micro, Small};
        for (code, measures, size) in [
            ("A0111", Measures { revenue: Some(Fen::new(500 * WAN)), ..Measures::default() }, Some(Medium)),
            ("E47", measures(0, 6_000, 4_999), Some(Small)),
            ("E47", measures(0, 6_000, 5_000), Some(Medium)),
            ("F5191", measures(200, 40_000, 0), Some(Large)),
            ("F52", measures(9, 100, 0), Some(Micro)),
            ("G54", measures(300, 3_000, 0), Some(Medium)),
            ("G5990", measures(100, 1_000, 0), Some(Medium)),
            ("I6510", measures(100, 1_000, 0), Some(Medium)),
            ("K7010", measures(0, 1_000, 2_000), Some(Small)),
            ("L72", measures(100, 0, 8_000), Some(Medium)),
            ("M73", Measures { staff: Some(10), ..Measures::default() }, Some(Small)),
            ("J66", measures(100, 1_000, 0), None),
            ("C32", Measures { staff: Some(10), ..Measures::default() }, None),
        ] {
            assert_eq!(size_of(&industry(code), measures), size, "{code} {measures:?}");
        }
        let stated = differs(Small, &industry("C32"), measures(1000, 40_000, 0));
        assert_eq!(stated, Some(Large));
        assert_eq!(differs(Large, &industry("C32"), measures(1000, 40_000, 0)), None);
        assert_eq!(differs(Large, &industry("C32"), Measures::default()), None);
    }
}
