//! Finds identifiers of persons and firms in free text, so that it can be refused before it is stored or passed on.
//! It looks for what has the form and the check digits of an identifier; names cannot be found this way.

use crate::check_digits;
use crate::resident_id;
use crate::typed::{half_width, is_invisible};
use crate::uscc::Uscc;

/// What kind of identifier a text carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    /// A unified social credit code (统一社会信用代码).
    Uscc,
    /// A resident identity number (身份证号).
    ResidentId,
    /// A mobile or landline number (电话).
    Phone,
    /// A bank account or card (银行账号).
    BankAccount,
}

impl IdentifierKind {
    /// The kind's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Uscc => "USCC",
            Self::ResidentId => "RESIDENT_ID",
            Self::Phone => "PHONE",
            Self::BankAccount => "BANK_ACCOUNT",
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Uscc => "统一社会信用代码",
            Self::ResidentId => "身份证号",
            Self::Phone => "电话号码",
            Self::BankAccount => "银行账号",
        }
    }
}

/// The longest identifier with its prefix: beyond it nothing is joined.
const LONGEST: usize = 24;
/// How many characters before a number are looked through for a word that makes it an account.
const CONTEXT: usize = 8;
const ACCOUNT_WORDS: [&str; 5] = ["账号", "帐号", "卡号", "账户", "帐户"];

/// The first identifier in the text, also when it is typed in full width, in lower case, in groups or with a prefix.
#[must_use]
pub fn find_identifier(text: &str) -> Option<IdentifierKind> {
    let signs: Vec<char> = text
        .chars()
        .filter(|sign| !is_invisible(*sign))
        .map(|sign| half_width(sign).to_ascii_uppercase())
        .collect();
    let groups = groups(&signs);
    (0..groups.len()).find_map(|first| starting_at(&signs, &groups, first))
}

/// A run of letters and digits within the text: where it begins, and its characters.
struct Group {
    start: usize,
    text: String,
}

impl Group {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

fn groups(signs: &[char]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, sign) in signs.iter().copied().enumerate() {
        if !sign.is_ascii_alphanumeric() {
            continue;
        }
        match groups.last_mut() {
            Some(group) if group.end() == place => group.text.push(sign),
            Some(_) | None => groups.push(Group { start: place, text: sign.to_string() }),
        }
    }
    groups
}

/// Tries the group as it stands, then without the letters before its digits (`TEL138…`).
fn starting_at(signs: &[char], groups: &[Group], first: usize) -> Option<IdentifierKind> {
    let following = groups.get(first..)?;
    let (group, rest) = following.split_first()?;
    let bare = group.text.trim_start_matches(|sign: char| sign.is_ascii_uppercase());
    in_one_or_in_parts(signs, group, &group.text, rest)
        .or_else(|| in_one_or_in_parts(signs, group, bare, rest))
}

/// Tries `text` of the group alone, then joined with the groups that follow it as one number typed in parts.
fn in_one_or_in_parts(signs: &[char], group: &Group, text: &str, rest: &[Group]) -> Option<IdentifierKind> {
    if text.is_empty() {
        return None;
    }
    // Numbers of ours and of registers have letters before as many digits as an account has.
    let account = if text.len() < group.text.len() {
        Account::Never
    } else if follows_account_word(signs, group.start) {
        Account::Named
    } else {
        Account::Card
    };
    let mut joined = text.to_owned();
    let mut sizes = vec![text.len()];
    let mut end = group.end();
    let mut found = alone(text).or_else(|| in_parts(&joined, &sizes, account));
    for next in rest {
        let gap = signs.get(end..next.start)?;
        let joinable =
            gap.len() <= 2 && gap.iter().all(|sign| sign.is_whitespace() || matches!(sign, '-' | '.'));
        if found.is_some() || !joinable || joined.len() + next.text.len() > LONGEST {
            break;
        }
        joined.push_str(&next.text);
        sizes.push(next.text.len());
        end = next.end();
        found = in_parts(&joined, &sizes, account);
    }
    found
}

/// What may count as a bank account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    /// Nothing.
    Never,
    /// What has the form and the check digit of a card.
    Card,
    /// Any long number, since the words before it say that it is one.
    Named,
}

fn alone(text: &str) -> Option<IdentifierKind> {
    checked(text).or_else(|| (is_mobile(text) || is_landline(text)).then_some(IdentifierKind::Phone))
}

/// The two identifiers whose check characters make them certain however they are parted.
fn checked(text: &str) -> Option<IdentifierKind> {
    if resident_id::is_plain(text) {
        Some(IdentifierKind::ResidentId)
    } else if Uscc::parse(text).is_ok() {
        Some(IdentifierKind::Uscc)
    } else {
        None
    }
}

fn in_parts(joined: &str, sizes: &[usize], account: Account) -> Option<IdentifierKind> {
    if let Some(kind) = checked(joined) {
        return Some(kind);
    }
    let single = sizes.iter().all(|size| *size == 1);
    let phone_parts =
        matches!(sizes, [3, 4, 4] | [3, 8] | [7, 4] | [2, 3, 4, 4] | [2, 3, 8] | [4, 3, 4, 4]) || single;
    let landline_parts = matches!(sizes, [3 | 4, 7 | 8] | [3 | 4, 3 | 4, 4]);
    if (phone_parts && is_mobile(joined)) || (landline_parts && is_landline(joined)) {
        return Some(IdentifierKind::Phone);
    }
    let digits = joined.bytes().all(|byte| byte.is_ascii_digit());
    let card_parts = match sizes.split_last() {
        Some((_, before)) => before.iter().all(|size| *size == 4) || single,
        None => false,
    };
    let card = account != Account::Never && card_parts && is_card(joined);
    let named = account == Account::Named && matches!(joined.len(), 12..=21);
    (digits && (card || named)).then_some(IdentifierKind::BankAccount)
}

/// 16 to 19 digits that pass Luhn's test. Numbers that begin with a year of ours or with 0 belong to no card, yet
/// one in ten of them would pass.
fn is_card(digits: &str) -> bool {
    let other = ["0", "19", "20"].iter().any(|start| digits.starts_with(start));
    !other && matches!(digits.len(), 16..=19) && check_digits::luhn(digits)
}

/// 11 digits from 13 to 19, with or without the country's code.
fn is_mobile(text: &str) -> bool {
    let national =
        ["0086", "86"].iter().find_map(|code| text.strip_prefix(code).filter(|rest| rest.len() == 11));
    let digits = national.unwrap_or(text).as_bytes();
    matches!(digits, [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit))
}

/// An area code of 3 (01x, 02x) or 4 digits, and 7 or 8 digits that begin with 2 to 9.
fn is_landline(text: &str) -> bool {
    let bytes = text.as_bytes();
    let local = match bytes {
        [b'0', b'1' | b'2', _, local @ ..] | [b'0', b'3'..=b'9', _, _, local @ ..] => local,
        _ => return false,
    };
    bytes.iter().all(u8::is_ascii_digit) && matches!(local, [b'2'..=b'9', ..] if matches!(local.len(), 7 | 8))
}

fn follows_account_word(signs: &[char], start: usize) -> bool {
    let before: String = signs.get(start.saturating_sub(CONTEXT)..start).unwrap_or_default().iter().collect();
    ACCOUNT_WORDS.iter().any(|word| before.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identifiers_are_found_as_people_type_them() {
        use IdentifierKind::{BankAccount, Phone, ResidentId, Uscc};
        for (text, kind) in [
            ("91350100M000100Y43", Uscc),
            ("代码91350100m000100y43，请查", Uscc),
            ("USCC91350100M000100Y43", Uscc),
            ("９１３５０１００Ｍ０００１００Ｙ４３", Uscc),
            ("91350100 M000100Y 43", Uscc),
            ("9 1 3 5 0 1 0 0 M 0 0 0 1 0 0 Y 4 3", Uscc),
            ("9135\u{200B}0100M000100Y43", Uscc),
            ("身份证11010519491231002x", ResidentId),
            ("110105-19491231-002X", ResidentId),
            ("ID110105 1949 1231 002X", ResidentId),
            ("电话13800001234", Phone),
            ("tel:138-0000-1234", Phone),
            ("TEL13800001234", Phone),
            ("138 0000 1234", Phone),
            ("1 3 8 0 0 0 0 1 2 3 4", Phone),
            ("+86 138 0000 1234", Phone),
            ("8613800001234", Phone),
            ("办公电话：0391-6600000", Phone),
            ("03916600000", Phone),
            ("010-66000000", Phone),
            ("卡4111 1111 1111 1111", BankAccount),
            ("4111111111111111", BankAccount),
            ("账号：123456789012", BankAccount),
            ("开户帐号 1001 2345 6789 01", BankAccount),
        ] {
            assert_eq!(find_identifier(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn what_an_application_says_is_not_an_identifier() {
        for text in [
            "",
            "用于购买铅锌冶炼设备，金额3000000元，期限12个月。",
            "质押专利ZL202210123456.1、201710601862.3、ZL 2017 1 0601862.3",
            "公开号CN114500000A，软著2021SR1055071，商标7199523",
            "业务编号RZ4190012022091500073、RZ4190012023122901133",
            "质押登记号2015990000410或Y2021990000410",
            "2022-09-15至2023-09-15，利率4.35%，300.00万元",
            "集成电路BS.08500145.7",
            "91350100M000100Y44",
            "订单号 20220915000123456",
            "100000000000000000",
            "合同20220915-0001-23456",
            "0000 0000 0000 0000",
        ] {
            assert_eq!(find_identifier(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_identifier_is_found_wherever_it_stands(
            before in "[\u{4E00}-\u{9FA5}，。：]{0,20}",
            (text, kind) in prop_oneof![
                ("91[0-9]{6}", "[0-9A-HJ-NPQRTUWXY]{8}").prop_map(|(front, organisation)| (
                    Uscc::complete(&front, &organisation).unwrap().as_str().to_owned(),
                    IdentifierKind::Uscc,
                )),
                "[1-6][0-9]{5}19[5-9][0-9]0[1-9]1[0-9][0-9]{3}".prop_map(|digits| (
                    format!("{digits}{}", check_digits::resident(&digits).unwrap()),
                    IdentifierKind::ResidentId,
                )),
                "1[3-9][0-9]{9}".prop_map(|digits| (digits, IdentifierKind::Phone)),
            ],
            after in "[\u{4E00}-\u{9FA5}，。：]{0,20}",
        ) {
            prop_assert_eq!(find_identifier(&format!("{before}{text}{after}")), Some(kind));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = find_identifier(&text);
        }
    }
}
