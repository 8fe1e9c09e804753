//! Tables of made-up enterprises and assets, the same for the same seed.

use std::{
    fmt::Write as _,
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::Result;
use kernel::Uscc;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

const ENTERPRISES: &str = "统一社会信用代码,企业名称,企业规模,行业代码,园区,行政区划,成立日期,注册资本（元）,法定代表人,从业人员数,研发人员数,财务年度,营业收入（元）,上年营业收入（元）,前年营业收入（元）,研发投入（元）,净利润（元）,资产总额（元）,负债总额（元）,纳税信用等级,创新平台或产学研";
const ASSETS: &str = "统一社会信用代码,类型,编号,名称,商标类别,申请日,授权日,发明人数,年费已缴至,主分类号,对应产品,产品收入占比（%）,同族数,被引次数";
const PARKS: [&str; 6] = ["JY-GX", "JY-HL", "JY-YC", "JY-SL", "JY-WLK", "JY-OTH"];
const SIZES: [&str; 4] = ["大型", "中型", "小型", "微型"];
const GRADES: [&str; 5] = ["A", "B", "M", "C", "D"];
const PRODUCTS: [&str; 5] = ["再生铅", "电池隔板", "矿山装备", "特种钢", "冬凌草制品"];

pub(super) struct Made {
    pub(super) enterprises: usize,
    pub(super) assets: usize,
}

/// Writes every tenth enterprise as a list of the province's.
pub(super) fn write_list(list: &Path, made: &Made) -> Result<usize> {
    let mut out = BufWriter::new(std::fs::File::create(list)?);
    writeln!(out, "\u{feff}统一社会信用代码,企业名称,名单名称,级别,编号,生效日期,失效日期")?;
    let listed = (0..made.enterprises).step_by(10);
    let count = listed.len();
    for number in listed {
        let uscc = Uscc::complete("91419001", &format!("MA{number:06}"))?;
        writeln!(
            out,
            "{},济源市第{number}材料有限公司,省级白名单,省级,{number},2022-01-01,2099-12-31",
            uscc.as_str()
        )?;
    }
    out.flush()?;
    Ok(count)
}

/// Writes both tables as CSV.
pub(super) fn write(enterprises: &Path, assets: &Path, made: &Made, seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut firms = BufWriter::new(std::fs::File::create(enterprises)?);
    let mut rights = BufWriter::new(std::fs::File::create(assets)?);
    writeln!(firms, "\u{feff}{ENTERPRISES}")?;
    writeln!(rights, "\u{feff}{ASSETS}")?;
    let mut line = String::new();
    let mut serial = 0;
    for number in 0..made.enterprises {
        let uscc = Uscc::complete("91419001", &format!("MA{number:06}"))?;
        line.clear();
        enterprise(&mut line, uscc.as_str(), number, &mut random)?;
        writeln!(firms, "{line}")?;
        // Evenly, and exactly as many as were asked for.
        let until = (number + 1) * made.assets / made.enterprises;
        while serial < until {
            line.clear();
            asset(&mut line, uscc.as_str(), serial, &mut random)?;
            writeln!(rights, "{line}")?;
            serial += 1;
        }
    }
    firms.flush()?;
    rights.flush()?;
    Ok(())
}

fn enterprise(line: &mut String, uscc: &str, number: usize, random: &mut StdRng) -> Result<()> {
    let staff = random.random_range(5..2_000);
    let revenue: i64 = random.random_range(100_000..500_000_000);
    write!(
        line,
        "{uscc},济源市第{number}材料有限公司,{},C{},{},419001,{}-{:02}-{:02},{}.00,张小{},{staff},{},2022,{revenue}.{:02},{}.00,{}.50,{}.25,{}.75,{}.00,{}.00,{},{}",
        SIZES[random.random_range(0..4)],
        random.random_range(3_100..3_999),
        PARKS[random.random_range(0..6)],
        random.random_range(1_995..2_021),
        random.random_range(1..13),
        random.random_range(1..29),
        random.random_range(100_000..200_000_000),
        number % 10,
        random.random_range(0..staff),
        random.random_range(0..100),
        revenue * 9 / 10,
        revenue * 8 / 10,
        revenue / random.random_range(10..100),
        revenue / 20 - random.random_range(0..20_000),
        revenue * 2,
        revenue * random.random_range(1..20) / 10,
        GRADES[random.random_range(0..5)],
        if random.random_bool(0.2) { "是" } else { "否" },
    )?;
    Ok(())
}

fn asset(line: &mut String, uscc: &str, serial: usize, random: &mut StdRng) -> Result<()> {
    let year = random.random_range(2_010..2_022);
    let (month, day) = (random.random_range(1..13), random.random_range(1..29));
    let product = PRODUCTS[random.random_range(0..5)];
    match random.random_range(0..100) {
        0..85 => {
            let (kind, digit, class) = match random.random_range(0..100) {
                0..35 => ("发明专利", 1, "C22B13/00"),
                35..92 => ("实用新型", 2, "H01M10/54"),
                _ => ("外观设计", 3, ""),
            };
            // Few annuities are late: such a right has to be looked at by itself.
            let paid_to = if random.random_bool(0.02) { 2_024 } else { random.random_range(2_028..2_031) };
            write!(
                line,
                "{uscc},{kind},{},一种{product}的第{serial}号改进方法,,{year}-{month:02}-{day:02},{}-{month:02}-{day:02},{},{}-{month:02}-{day:02},{class},{product},{}.5,{},{}",
                patent(year, digit, serial),
                year + 2,
                random.random_range(1..9),
                paid_to,
                random.random_range(0..100),
                random.random_range(1..9),
                random.random_range(0..40),
            )?;
        }
        85..93 => write!(
            line,
            "{uscc},注册商标,{},{product}{serial},{},,{year}-{month:02}-{day:02},,,,,,,",
            10_000_000 + serial,
            random.random_range(1..46),
        )?,
        _ => write!(
            line,
            "{uscc},软件著作权,{year}SR{:07},{product}管理软件{serial},,,{year}-{month:02}-{day:02},,,,,,,",
            serial,
        )?,
    }
    Ok(())
}

/// A patent number with a true check digit (domain.md §2.2).
fn patent(year: i32, kind: i32, serial: usize) -> String {
    let digits = format!("{year}{kind}{serial:07}");
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 =
        digits.chars().zip(weights).filter_map(|(digit, weight)| Some(digit.to_digit(10)? * weight)).sum();
    let check = match sum % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    };
    format!("{digits}.{check}")
}
