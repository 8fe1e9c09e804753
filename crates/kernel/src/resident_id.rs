//! Resident identity numbers (居民身份证号, GB 11643). Recognised, never kept: there is no type that holds one.

use chrono::NaiveDate;

use crate::check_digits;
use crate::typed::normalise;

/// Whether the text, as people type it, is a valid resident identity number: 17 digits of which 8 are a date, and the
/// check character.
#[must_use]
pub fn is_resident_id(text: &str) -> bool {
    is_plain(&normalise(text))
}

/// The same for text that is in plain form already.
pub(crate) fn is_plain(number: &str) -> bool {
    let Some((digits, check)) = number.split_at_checked(17) else { return false };
    let mut last = check.chars();
    let (Some(given), None) = (last.next(), last.next()) else { return false };
    let born = digits.get(6..14).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok());
    // A first digit of 0 names no region.
    !digits.starts_with('0') && born.is_some() && check_digits::resident(digits) == Some(given)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_standard_pass() {
        for text in [
            "11010519491231002X",
            "440524188001010014",
            "110105 19491231 002x",
            "１１０１０５１９４９１２３１００２Ｘ",
        ] {
            assert!(is_resident_id(text), "{text}");
        }
    }

    #[test]
    fn anything_else_does_not() {
        for text in [
            "",
            "110105194912310021",
            "11010519491331002X",
            "1101051949123100X",
            "A1010519491231002X",
            "11010519491231002XX",
            "身份证号码十一零一零五一九四九一二三一",
        ] {
            assert!(!is_resident_id(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_digit_is_found(place in 0..18_usize, other in "[0-9X]") {
            let mut number = "11010519491231002X".to_owned();
            prop_assume!(number[place..=place] != other);
            number.replace_range(place..=place, &other);
            prop_assert!(!is_resident_id(&number));
        }
    }
}
