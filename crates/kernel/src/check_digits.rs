//! The check-digit rules that several numbers share. Each takes plain digits or letters, nothing typed.

/// ISO 7064 MOD 11,10 check digit over decimal digits (CNAPS numbers, our own numbers). `None` for anything else.
#[must_use]
pub fn mod_11_10(digits: &str) -> Option<char> {
    let mut product = 10_u32;
    for sign in digits.chars() {
        let sum = (sign.to_digit(10)? + product) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    char::from_digit((11 - product) % 10, 10)
}

/// Check character of patent application numbers (ZC 0006): weights 2 to 9 and again from 2, mod 11, 10 is `X`.
#[must_use]
pub fn patent(digits: &str) -> Option<char> {
    let weights = (2..=9).cycle();
    eleven(weighted(digits, weights)? % 11)
}

/// Check character of resident identity numbers (GB 11643, ISO 7064 MOD 11-2) over their 17 digits.
#[must_use]
pub fn resident(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() != WEIGHTS.len() {
        return None;
    }
    eleven((12 - weighted(digits, WEIGHTS.into_iter())? % 11) % 11)
}

/// Check character of the old organisation code (GB 11714) over its 8 characters; letters count from A = 10.
#[must_use]
pub fn organisation(code: &str) -> Option<char> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    if code.chars().count() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (sign, weight) in code.chars().zip(WEIGHTS) {
        let value = if sign.is_ascii_lowercase() { None } else { sign.to_digit(36) };
        sum += value? * weight;
    }
    eleven((11 - sum % 11) % 11)
}

/// Whether decimal digits pass Luhn's test (bank cards).
#[must_use]
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, sign) in digits.chars().rev().enumerate() {
        let Some(digit) = sign.to_digit(10) else { return false };
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum % 10 == 0 && !digits.is_empty()
}

fn weighted(digits: &str, weights: impl Iterator<Item = u32>) -> Option<u32> {
    digits.chars().zip(weights).try_fold(0, |sum, (sign, weight)| Some(sum + sign.to_digit(10)? * weight))
}

/// A remainder of eleven as one character.
fn eleven(value: u32) -> Option<char> {
    if value == 10 { Some('X') } else { char::from_digit(value, 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard's own examples and numbers of head offices (domain.md §2.5, §2.7).
    #[test]
    fn published_examples_come_out() {
        assert_eq!(mod_11_10("419001202209150007"), Some('3'));
        assert_eq!(mod_11_10("419001202312290113"), Some('3'));
        assert_eq!(mod_11_10("10210009999"), Some('6'));
        assert_eq!(resident("11010519491231002"), Some('X'));
        assert_eq!(resident("44052418800101001"), Some('4'));
        assert_eq!(patent("99117225"), Some('6'));
        assert_eq!(patent("201010137731"), Some('2'));
    }

    #[test]
    fn anything_but_plain_digits_has_no_check() {
        for text in ["12a", "１２３", " 1"] {
            assert_eq!(mod_11_10(text), None);
            assert_eq!(patent(text), None);
            assert!(!luhn(text));
        }
        assert_eq!(resident("1234567890123456"), None);
        assert_eq!(organisation("1234567"), None);
        assert_eq!(organisation("1234567a"), None);
        assert!(!luhn(""));
    }
}
