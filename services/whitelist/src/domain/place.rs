//! Where an enterprise sits and what it does: park, administrative region, industry (domain.md §2.5).

use std::{collections::BTreeSet, fmt};

use kernel::regions;

/// Administrative region (行政区划): six digits, always the current code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// Six digits, not beginning with 0; a former code of the zone becomes today's.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        digits.then(|| Self(regions::present(text).to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Industry by GB/T 4754: a letter from A to T and up to four digits, such as `C3240`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Industry(String);

impl Industry {
    /// Lower case is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let digits = text.strip_prefix(|first: char| first.is_ascii_uppercase() && first <= 'T')?;
        let good = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
        good.then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Park code such as `JY-GX` (高新区).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Park(String);

impl Park {
    /// The form only: a stored park stays readable after it has left the configuration.
    pub fn parse(text: &str) -> Option<Self> {
        let (zone, park) = text.split_once('-')?;
        let good = zone.len() == 2
            && (2..=6).contains(&park.len())
            && zone.bytes().chain(park.bytes()).all(|b| b.is_ascii_uppercase());
        good.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Park {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parks that take part in the programme; which they are is configuration.
#[derive(Debug, Clone)]
pub struct Parks(BTreeSet<Park>);

impl Parks {
    /// The six codes of domain.md §2.5.
    pub const DEFAULT: &'static str = "JY-GX,JY-HL,JY-YC,JY-SL,JY-WLK,JY-OTH";

    /// A comma-separated list; `Err` holds the first entry that is no park code, or an empty text for an empty list.
    pub fn parse(list: &str) -> Result<Self, String> {
        let parks = list
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| Park::parse(entry).ok_or_else(|| entry.to_owned()))
            .collect::<Result<BTreeSet<_>, _>>()?;
        if parks.is_empty() { Err(String::new()) } else { Ok(Self(parks)) }
    }

    /// What a list of codes has that these have not, and the other way round, in words for operators; `None`: they are the same.
    pub fn differs_from(&self, codes: &[String]) -> Option<String> {
        let listed = |code: &&Park| codes.iter().any(|other| other == code.as_str());
        let less = self.0.iter().filter(|park| !listed(park)).map(|park| format!("-{park}"));
        let more = codes.iter().filter(|code| self.find(code).is_none()).map(|code| format!("+{code}"));
        let all: Vec<String> = more.chain(less).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// The park with this code, if it takes part.
    pub fn find(&self, code: &str) -> Option<Park> {
        Park::parse(code.trim()).filter(|park| self.0.contains(park))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_six_digits_and_former_codes_of_the_zone_become_419001() {
        for (given, wanted) in [
            ("419001", Some("419001")),
            (" 410000 ", Some("410000")),
            ("410881", Some("419001")),
            ("412223", Some("419001")),
            ("410827", Some("419001")),
            ("419003", Some("419001")),
            ("41900", None),
            ("4190011", None),
            ("019001", None),
            ("41900A", None),
            ("", None),
        ] {
            assert_eq!(Region::parse(given).as_ref().map(Region::as_str), wanted, "{given:?}");
        }
    }

    #[test]
    fn an_industry_is_a_letter_and_up_to_four_digits() {
        for (given, wanted) in [
            ("C3240", Some("C3240")),
            ("c32", Some("C32")),
            ("T", Some("T")),
            ("U12", None),
            ("C32401", None),
            ("3240", None),
            ("C3A", None),
            ("", None),
        ] {
            assert_eq!(Industry::parse(given).as_ref().map(Industry::as_str), wanted, "{given:?}");
        }
    }

    #[test]
    fn only_configured_parks_are_found_and_a_bad_list_names_its_entry() {
        let parks = Parks::parse(Parks::DEFAULT).unwrap();
        for (code, name) in regions::DEFAULT_PARKS {
            assert!(parks.find(code).is_some(), "{code} {name}");
        }
        assert_eq!(parks.find("JY-WLK").map(|park| park.to_string()), Some("JY-WLK".to_owned()));
        assert_eq!(parks.find("JY-XX"), None);
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let two = Parks::parse("JY-GX,JY-HL").unwrap();
        assert_eq!(two.differs_from(&codes(&["JY-HL", "JY-GX"])), None);
        assert_eq!(two.differs_from(&codes(&["JY-HL", "JY-XX"])).as_deref(), Some("+JY-XX -JY-GX"));
        assert_eq!(Parks::parse("JY-GX,gx").unwrap_err(), "gx");
        assert_eq!(Parks::parse(" , ").unwrap_err(), "");
    }
}
