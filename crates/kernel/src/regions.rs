//! Administrative divisions of the zone (行政区划, GB/T 2260) and its parks.

/// Jiyuan's code since 1997-12.
pub const JIYUAN: &str = "419001";

/// Jiyuan's earlier codes, as old registrations and statistics carry them.
pub const JIYUAN_FORMER: [&str; 4] = ["412223", "410827", "419003", "410881"];

/// Park codes and names that a new installation begins with; an installation has its own by configuration.
pub const DEFAULT_PARKS: [(&str, &str); 6] = [
    ("JY-GX", "高新区"),
    ("JY-HL", "虎岭"),
    ("JY-YC", "玉川"),
    ("JY-SL", "思礼"),
    ("JY-WLK", "五龙口"),
    ("JY-OTH", "其他"),
];

/// The present code of a division: earlier codes of Jiyuan give the present one, every other code itself.
#[must_use]
pub fn present(code: &str) -> &str {
    if JIYUAN_FORMER.contains(&code) { JIYUAN } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_codes_are_the_present_one() {
        for code in ["412223", "410827", "419003", "410881", "419001"] {
            assert_eq!(present(code), "419001");
        }
        assert_eq!(present("410000"), "410000", "firms registered at the province keep its code");
    }
}
