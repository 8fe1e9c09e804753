//! Masked forms (domain.md §2.6). Text that has not the form of its kind shows nothing at all.

use crate::typed::normalise;
use crate::uscc::Uscc;

/// What is shown of a text that has not the form of its kind; its length says nothing either.
const HIDDEN: &str = "****";

/// A resident identity number: the first 6 and the last 4 characters.
#[must_use]
pub fn resident_id(number: &str) -> String {
    let plain = normalise(number);
    let formed = plain.len() == 18 && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X');
    if formed { format!("{}********{}", &plain[..6], &plain[14..]) } else { HIDDEN.to_owned() }
}

/// A mobile number: the first 3 and the last 4 digits, without `+86`.
#[must_use]
pub fn phone(number: &str) -> String {
    let plain: String = normalise(number).chars().filter(|sign| *sign != '-').collect();
    let national = ["+86", "0086", "86"]
        .iter()
        .find_map(|code| plain.strip_prefix(code).filter(|rest| rest.len() == 11));
    let digits = national.unwrap_or(&plain);
    let formed = digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if formed { format!("{}****{}", &digits[..3], &digits[7..]) } else { HIDDEN.to_owned() }
}

/// A person's name: of two characters the first, of more the first and the last.
#[must_use]
pub fn name(name: &str) -> String {
    let signs: Vec<char> = name.trim().chars().collect();
    match signs.as_slice() {
        [] | [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, between @ .., last] => format!("{first}{}{last}", "*".repeat(between.len())),
    }
}

/// A bank account: the last 4 digits.
#[must_use]
pub fn bank_account(number: &str) -> String {
    let plain: String = normalise(number).chars().filter(|sign| *sign != '-').collect();
    // Of a short number the last four would be too much of it.
    let formed = plain.len() >= 8 && plain.bytes().all(|byte| byte.is_ascii_digit());
    if formed { format!("{HIDDEN}{}", &plain[plain.len() - 4..]) } else { HIDDEN.to_owned() }
}

/// An e-mail address: the first character and the domain.
#[must_use]
pub fn email(address: &str) -> String {
    let parts = address.trim().rsplit_once('@').filter(|(_, domain)| !domain.is_empty());
    match parts.and_then(|(user, domain)| Some((user.chars().next()?, domain))) {
        Some((first, domain)) => format!("{first}***@{domain}"),
        None => HIDDEN.to_owned(),
    }
}

/// A unified social credit code: a sole trader's is personal information and shows the first 8 and last 2 characters,
/// any other is shown whole.
#[must_use]
pub fn uscc(code: &Uscc) -> String {
    let text = code.as_str();
    match (code.is_personal(), text.get(..8), text.get(16..)) {
        (true, Some(front), Some(end)) => format!("{front}****{end}"),
        (true, _, _) => HIDDEN.to_owned(),
        (false, _, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masked_forms_are_those_of_the_table() {
        assert_eq!(resident_id("11010519491231002x"), "110105********002X");
        assert_eq!(phone("13800001234"), "138****1234");
        assert_eq!(phone("+86 138-0000-1234"), "138****1234");
        assert_eq!(name("张三"), "张*");
        assert_eq!(name("张小三"), "张*三");
        assert_eq!(name("欧阳小三"), "欧**三");
        assert_eq!(bank_account("6222 0212 3456 7890 128"), "****0128");
        assert_eq!(email("someone@example.com"), "s***@example.com");
    }

    #[test]
    fn a_sole_trader_is_masked_and_a_firm_is_not() {
        let trader = Uscc::complete("92419001", "MA9TRADE").unwrap();
        let masked = uscc(&trader);
        assert_eq!(masked, format!("92419001****{}", &trader.as_str()[16..]));
        let firm = Uscc::parse("91419001MA9ABC128H").unwrap().value;
        assert_eq!(uscc(&firm), "91419001MA9ABC128H");
    }

    #[test]
    fn text_of_another_form_shows_nothing() {
        for text in ["", "1", "张三", "1380000123", "110105194912310", "é@", "@example.com"] {
            assert_eq!(resident_id(text), HIDDEN, "{text}");
            assert_eq!(phone(text), HIDDEN, "{text}");
            assert_eq!(email(text), HIDDEN, "{text}");
        }
        for text in ["", "1234567", "账号12345678"] {
            assert_eq!(bank_account(text), HIDDEN, "{text}");
        }
        assert_eq!(name(""), "*");
        assert_eq!(name("张"), "*");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_middle_is_shown(text in any::<String>()) {
            let _ = (resident_id(&text), phone(&text), name(&text), bank_account(&text), email(&text));
        }

        #[test]
        fn the_masked_digits_are_gone(number in "1[3-9][0-9]{9}") {
            prop_assert!(!phone(&number).contains(&number[3..7]) || number[..3].contains(&number[3..7]) || number[7..].contains(&number[3..7]));
        }
    }
}
