//! Unified social credit codes (统一社会信用代码, GB 32100-2015).

use std::fmt;

use crate::check_digits;
use crate::checked::{Checked, Warning};
use crate::typed::normalise;

/// The 31 characters: no I, O, S, V, Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;
/// `3^(i-1) mod 31` for the 17 characters before the check character.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A valid unified social credit code, in capitals.
///
/// It says who somebody is, so it does not print itself: `Debug` masks, and the full text is asked for by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(String);

/// Why a text is no USCC. Says where, never what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccError {
    /// Not 18 characters.
    #[error("a unified social credit code has 18 characters, not {found}")]
    Length {
        /// Number of characters, blanks not counted.
        found: usize,
    },
    /// A character that the code does not use, such as I, O, S, V or Z.
    #[error("character {position} cannot occur in a unified social credit code")]
    Character {
        /// From 1.
        position: usize,
    },
    /// Characters 3 to 8 are an administrative division: digits.
    #[error("character {position} has to be a digit: 3 to 8 are the administrative division")]
    Region {
        /// From 1.
        position: usize,
    },
    /// The last character does not come out.
    #[error("the check character of the unified social credit code does not come out")]
    Check,
}

impl UsccError {
    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Length { .. } => "统一社会信用代码应为18位，请对照营业执照重新填写",
            Self::Character { .. } => {
                "统一社会信用代码含有不使用的字符（不含I、O、S、V、Z），请对照营业执照重新填写"
            }
            Self::Region { .. } => "统一社会信用代码第3至8位应为数字，请对照营业执照重新填写",
            Self::Check => "统一社会信用代码校验不通过，请对照营业执照核对每一位",
        }
    }
}

impl Uscc {
    /// Reads a code as people type it. A failing organisation code within it (GB 11714) is a warning.
    ///
    /// # Errors
    /// [`UsccError`] when it is not one.
    pub fn parse(text: &str) -> Result<Checked<Self>, UsccError> {
        let code = normalise(text);
        let found = code.chars().count();
        if found != LENGTH {
            return Err(UsccError::Length { found });
        }
        if let Some(place) = code.chars().position(|sign| value(sign).is_none()) {
            return Err(UsccError::Character { position: place + 1 });
        }
        // ASCII from here on: every character is of the alphabet.
        if let Some(place) = code[2..8].chars().position(|sign| !sign.is_ascii_digit()) {
            return Err(UsccError::Region { position: place + 3 });
        }
        if code.chars().last() != check(&code[..17]) {
            return Err(UsccError::Check);
        }
        let organisation = check_digits::organisation(&code[8..16]) == code[16..17].chars().next();
        let doubt = (!organisation).then_some(Warning::OrganisationCodeCheck);
        Ok(Checked::doubted(Self(code), doubt))
    }

    /// Completes a code whose 8 leading characters and 8 characters of the organisation code are given: both check
    /// characters are computed. For data that is made up.
    ///
    /// # Errors
    /// [`UsccError`] when no code begins so.
    pub fn complete(department_and_region: &str, organisation: &str) -> Result<Self, UsccError> {
        let body = normalise(&format!("{department_and_region}{organisation}"));
        let organisation_check = body.get(8..16).and_then(check_digits::organisation);
        let body: String = body.chars().chain(organisation_check).collect();
        let last = check(&body);
        let code: String = body.chars().chain(last).collect();
        Self::parse(&code).map(|checked| checked.value)
    }

    /// The full code. Not for logs, traces or message headers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The administrative division where it was registered: characters 3 to 8.
    #[must_use]
    pub fn region(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }

    /// Whether it belongs to a sole trader (个体工商户) and so is personal information (domain.md §2.6).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.0.starts_with("92")
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Uscc(******************)")
    }
}

/// The code's own text, for storing.
impl From<Uscc> for String {
    fn from(code: Uscc) -> Self {
        code.0
    }
}

fn value(sign: char) -> Option<usize> {
    ALPHABET.find(sign)
}

/// The 18th character over the 17 before it.
fn check(body: &str) -> Option<char> {
    if body.chars().count() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (sign, weight) in body.chars().zip(WEIGHTS) {
        sum += value(sign)? * weight;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typed::tests::as_typed;

    /// domain.md §2.1. The checks are asserted, never the owners.
    const VALID: [&str; 14] = [
        "91350100M000100Y43",
        "91330100799655058B",
        "9144030071526726XG",
        "914403001922038216",
        "91110108551385082Q",
        "91110000802100433B",
        "91440300192317458F",
        "91100000100003962T",
        "911000001000013428",
        "9131000010000595XD",
        "9144030010001686XA",
        "9152000071430580XT",
        "91419001MA9ABC128H",
        "91419001MA9K7Q3R0T",
    ];

    #[test]
    fn verified_codes_pass_both_checks() {
        for code in VALID {
            let checked = Uscc::parse(code).unwrap();
            assert_eq!(checked.value.as_str(), code);
            assert_eq!(checked.warnings, [], "{code}");
        }
    }

    #[test]
    fn what_must_fail_fails() {
        let table = [
            ("91350100M000100Y4Z", UsccError::Character { position: 18 }),
            ("91350100M000100Y4", UsccError::Length { found: 17 }),
            ("91350100M000100Y433", UsccError::Length { found: 19 }),
            ("", UsccError::Length { found: 0 }),
            ("91350100M000100Y44", UsccError::Check),
            ("91350100M000l00Y43", UsccError::Check),
            ("9135O100M000100Y43", UsccError::Character { position: 5 }),
            ("9135A100M000100Y43", UsccError::Region { position: 5 }),
            ("91350100M000100Y4é", UsccError::Character { position: 18 }),
            ("统一社会信用代码九一三五零一零零零零", UsccError::Character { position: 1 }),
            ("91350100-M000100Y4", UsccError::Character { position: 9 }),
        ];
        for (code, error) in table {
            assert_eq!(Uscc::parse(code), Err(error), "{code}");
        }
        for letter in ["I", "O", "S", "V", "Z", "i", "o", "s", "v", "z"] {
            for place in 0..18 {
                let mut code = "91350100M000100Y43".to_owned();
                code.replace_range(place..=place, letter);
                assert_eq!(Uscc::parse(&code), Err(UsccError::Character { position: place + 1 }), "{code}");
            }
        }
    }

    #[test]
    fn a_failing_organisation_code_is_a_warning() {
        // The valid body with another character 17, and the check character that goes with it.
        let body = "91350100M000100Y5";
        let code = format!("{body}{}", check(body).unwrap());
        assert_eq!(Uscc::parse(&code).unwrap().warnings, [Warning::OrganisationCodeCheck]);
    }

    #[test]
    fn region_and_sole_traders_are_known() {
        let firm = Uscc::parse("91419001MA9ABC128H").unwrap().value;
        assert_eq!((firm.region(), firm.is_personal()), ("419001", false));
        let trader = Uscc::complete("92419001", "MA9TRADE").unwrap();
        assert!(trader.is_personal());
    }

    #[test]
    fn made_up_codes_are_complete_or_refused() {
        assert_eq!(Uscc::complete("91419001", "MA9ABC12").unwrap().as_str(), "91419001MA9ABC128H");
        assert_eq!(Uscc::complete("91419001", "MA9K7Q3R").unwrap().as_str(), "91419001MA9K7Q3R0T");
        for (front, organisation) in
            [("", ""), ("91419001", "MA9ABC1"), ("9141900I", "MA9ABC12"), ("企业", "主体标识")]
        {
            assert!(Uscc::complete(front, organisation).is_err(), "{front} {organisation}");
        }
    }

    #[test]
    fn debugging_does_not_tell_the_code() {
        let text = format!("{:?}", Uscc::parse("91350100M000100Y43").unwrap());
        assert!(!text.contains("9135") && !text.contains("Y43"), "{text}");
    }

    fn code() -> impl Strategy<Value = String> {
        ("9[1-3][0-9]{6}", "[0-9A-HJ-NPQRTUWXY]{8}")
            .prop_map(|(front, organisation)| Uscc::complete(&front, &organisation).unwrap().0)
    }

    proptest! {
        #[test]
        fn a_changed_character_is_found(code in code(), place in 0..18_usize, other in "[0-9A-HJ-NPQRTUWXY]") {
            prop_assume!(code[place..=place] != other);
            let mut changed = code;
            changed.replace_range(place..=place, &other);
            prop_assert!(Uscc::parse(&changed).is_err());
        }

        #[test]
        fn two_neighbours_exchanged_are_found(code in code(), place in 0..17_usize) {
            let mut signs: Vec<char> = code.chars().collect();
            prop_assume!(signs[place] != signs[place + 1]);
            signs.swap(place, place + 1);
            prop_assert!(Uscc::parse(&signs.into_iter().collect::<String>()).is_err());
        }

        #[test]
        fn every_way_of_typing_gives_the_same_code((code, typed) in code().prop_flat_map(|code| (Just(code.clone()), as_typed(&code)))) {
            let checked = Uscc::parse(&typed).unwrap();
            prop_assert_eq!(checked.value.as_str(), code.as_str());
            prop_assert_eq!(Uscc::parse(checked.value.as_str()).unwrap(), checked);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Uscc::parse(&text);
            let _ = Uscc::complete(&text, &text);
        }
    }
}
