//! Every number of domain.md §2, its forms as people type them, and what each tells.

use proptest::prelude::*;

use super::*;

fn parks() -> Parks {
    Parks::parse(Parks::DEFAULT).unwrap()
}

fn good(kind: IdentifierKind, text: &str) -> Found {
    check(kind, text, &parks()).unwrap_or_else(|fault| panic!("{kind:?} {text}: {}", fault.code))
}

fn wrong(kind: IdentifierKind, text: &str) -> &'static str {
    check(kind, text, &parks()).expect_err(text).code
}

/// domain.md §2.1.
#[test]
fn the_credit_codes_of_the_specification() {
    for code in [
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
    ] {
        let found = good(IdentifierKind::Uscc, code);
        assert_eq!((found.written.as_str(), found.warnings.as_slice()), (code, [].as_slice()));
        assert_eq!(found.region.as_deref(), Some(&code[2..8]));
        assert!(!found.personal);
        assert_eq!((found.registrar, found.subject_kind), (Some("市场监督管理"), Some("企业")));
    }
    assert_eq!(good(IdentifierKind::Uscc, " ９１４１９００１ma9abc128h").written, "91419001MA9ABC128H");
    assert_eq!(wrong(IdentifierKind::Uscc, "91350100M000100Y4Z"), "USCC_CHARACTER");
    assert_eq!(wrong(IdentifierKind::Uscc, "91350100M000100Y4"), "USCC_LENGTH");
    assert_eq!(wrong(IdentifierKind::Uscc, "91350100M000100Y44"), "USCC_CHECK");
    for letter in ["I", "O", "S", "V", "Z"] {
        let text = format!("91350100M000100{letter}43");
        assert_eq!(wrong(IdentifierKind::Uscc, &text), "USCC_CHARACTER");
    }
}

/// domain.md §2.1: department and kind.
#[test]
fn a_credit_code_tells_who_registered_what() {
    for (department, registrar, kind) in [
        ("92", "市场监督管理", Some("个体工商户")),
        ("93", "市场监督管理", Some("农民专业合作社")),
        ("12", "机构编制", None),
        ("52", "民政", None),
        ("Y1", "其他", None),
    ] {
        let code = kernel::Uscc::complete(&format!("{department}419001"), "MA9ABC12").unwrap();
        let found = good(IdentifierKind::Uscc, code.as_str());
        assert_eq!((found.registrar, found.subject_kind), (Some(registrar), kind), "{department}");
        assert_eq!(found.personal, department == "92");
    }
}

/// domain.md §2.2: types 8 and 9.
#[test]
fn a_patent_number_tells_that_it_came_by_an_international_application() {
    let checked = |digits: &str| {
        let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
        let sum: u32 =
            digits.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
        format!("{digits}.{}", if sum % 11 == 10 { "X".to_owned() } else { (sum % 11).to_string() })
    };
    for (digits, kind, international) in [
        ("202280012345", IpType::Invention, true),
        ("202290012345", IpType::Utility, true),
        ("202210123456", IpType::Invention, false),
    ] {
        let found = good(IdentifierKind::Patent, &checked(digits));
        assert_eq!((found.ip_type, found.international), (Some(kind), international), "{digits}");
    }
}

/// domain.md §2.2.
#[test]
fn the_patent_numbers_of_the_specification_tell_kind_and_year() {
    for (number, kind, year) in [
        ("99117225.6", IpType::Invention, 1999),
        ("200410053749.9", IpType::Invention, 2004),
        ("201430009113.9", IpType::Design, 2014),
        ("97248479.5", IpType::Utility, 1997),
        ("02139508.X", IpType::Invention, 2002),
        ("201010137731.2", IpType::Invention, 2010),
        ("201110269715.3", IpType::Invention, 2011),
        ("200510105502.1", IpType::Invention, 2005),
        ("95119389.9", IpType::Invention, 1995),
        ("97101765.4", IpType::Invention, 1997),
        ("95115608.X", IpType::Invention, 1995),
        ("201710601862.3", IpType::Invention, 2017),
        ("200730008065.1", IpType::Design, 2007),
        ("202210123456.1", IpType::Invention, 2022),
        ("202221234567.1", IpType::Utility, 2022),
        ("202230345678.9", IpType::Design, 2022),
    ] {
        let found = good(IdentifierKind::Patent, &format!("zl {}", number.replace('.', "")));
        assert_eq!((found.written.as_str(), found.ip_type, found.year), (number, Some(kind), Some(year)));
    }
    assert_eq!(wrong(IdentifierKind::Patent, "201710601862.4"), "PATENT_CHECK");
    for kind in ["0", "4", "5", "6", "7"] {
        assert_eq!(wrong(IdentifierKind::Patent, &format!("2017{kind}0601862.3")), "PATENT_FORM");
    }
}

/// domain.md §2.3 to §2.5, §2.7.
#[test]
fn the_other_numbers_of_the_specification() {
    use IdentifierKind as Kind;
    for (kind, typed, written) in [
        (Kind::Trademark, "7199523", "7199523"),
        (Kind::Trademark, "g123456a", "G123456A"),
        (Kind::IcLayout, "bs 08500145.7", "BS.08500145.7"),
        (Kind::Software, "2014sr001852", "2014SR001852"),
        (Kind::Software, "2022SR0608056", "2022SR0608056"),
        (Kind::Work, "国作登字-2021-F-00012345", "国作登字-2021-F-00012345"),
        (Kind::Pledge, "2015990000410", "2015990000410"),
        (Kind::Pledge, "y2015990000410", "Y2015990000410"),
        (Kind::LegalStatus, "pe01", "PE01"),
        (Kind::Publication, "cn114500000a", "CN114500000A"),
        (Kind::Cnaps, "102100099996", "102100099996"),
        (Kind::Cnaps, "308584000013", "308584000013"),
        (Kind::FinancialInstitution, "C1010211000012", "C1010211000012"),
        (Kind::Park, "jy-gx", "JY-GX"),
        (Kind::Case, "RZ4190012022091500073", "RZ4190012022091500073"),
        (Kind::Case, "RZ4190012023122901133", "RZ4190012023122901133"),
    ] {
        assert_eq!(good(kind, typed).written, written, "{kind:?}");
    }
    assert_eq!(
        good(Kind::IcLayout, "BS.08500145.8").warnings,
        [Warning::LayoutCheckDigit],
        "a failing check digit is a warning"
    );
    assert_eq!(wrong(Kind::Cnaps, "102100099997"), "CNAPS");
    assert_eq!(wrong(Kind::Park, "JY-XX"), "PARK_UNKNOWN");
    assert_eq!(wrong(Kind::LegalStatus, "XX01"), "LEGAL_STATUS_UNKNOWN");
    assert_eq!(wrong(Kind::Software, "软著登字第1234567号"), "SOFTWARE_FORM");
    assert_eq!(wrong(Kind::Case, "RZ4190012023122901134"), "CASE_NUMBER_INVALID");
}

/// domain.md §2.5: the history of 419001.
#[test]
fn earlier_codes_of_the_zone_are_understood() {
    for former in ["412223", "410827", "419003", "410881", "419001"] {
        let found = good(IdentifierKind::Region, former);
        assert_eq!((found.written.as_str(), found.present_region()), (former, Some("419001")));
    }
    assert_eq!(wrong(IdentifierKind::Region, "41900"), "REGION_FORM");
}

/// The standard's own examples (GB 11643).
#[test]
fn a_resident_number_is_told_valid_and_shown_masked() {
    for number in ["11010519491231002X", "440524188001010014"] {
        let found = good(IdentifierKind::ResidentId, number);
        assert!(found.personal && found.written.contains("********") && found.written != number);
    }
    assert_eq!(wrong(IdentifierKind::ResidentId, "110105194912310021"), "RESIDENT_ID_INVALID");
}

/// domain.md §2.3, §2.5: every further vector.
#[test]
fn the_further_vectors_of_the_specification() {
    use IdentifierKind as Kind;
    for number in ["7199523", "1328994", "1344787", "626155", "8840949", "6020569", "10325554", "1590557"] {
        assert_eq!(good(Kind::Trademark, number).ip_type, Some(IpType::Trademark));
        assert_eq!(good(Kind::GiMark, number).ip_type, Some(IpType::GiMark));
    }
    for (number, year) in [
        ("2014SR001852", 2014),
        ("2015SR229355", 2015),
        ("2016SR172900", 2016),
        ("2020SR0109251", 2020),
        ("2020SR0408026", 2020),
        ("2020SR1875227", 2020),
        ("2021SR1055071", 2021),
        ("2022SR0608056", 2022),
    ] {
        assert_eq!(good(Kind::Software, &format!(" {}", number.to_lowercase())).year, Some(year));
    }
    for wrong_number in ["2019R11L123456", "软著登字第1234567号", "2021SR12345"] {
        assert_eq!(wrong(Kind::Software, wrong_number), "SOFTWARE_FORM");
    }
    for number in [
        "102100099996",
        "103100000026",
        "104100000004",
        "105100000017",
        "301290000007",
        "302100011000",
        "303100000006",
        "304100040000",
        "305100000013",
        "306581000003",
        "307584007998",
        "308584000013",
    ] {
        assert_eq!(good(Kind::Cnaps, number).written, number);
    }
    for code in ["PE01", "PM01", "PC01", "PP01", "PD01", "TR01", "EE01", "EM01", "EC01", "IP", "IW"] {
        assert_eq!(good(Kind::LegalStatus, &code.to_lowercase()).written, code);
    }
    assert_eq!(good(Kind::IcLayout, "ｂｓ 085001457").year, Some(2008));
    assert_eq!(good(Kind::Work, "国作登字-2021-F-00012345").year, Some(2021));
    assert_eq!(good(Kind::Pledge, "Y2021990000410").year, Some(2021));
    assert_eq!(good(Kind::GiProductSign, "2022年 第1号公告").warnings, [Warning::FreeText]);
    assert_eq!(wrong(Kind::GiMark, "冬凌草"), "TRADEMARK_FORM");
    let case = good(Kind::Case, "rz4190012022091500073");
    assert_eq!((case.year, case.region.as_deref()), (Some(2022), Some("419001")));
    for (kind, prefix) in [
        (Kind::Demand, "XQ"),
        (Kind::WhitelistNumber, "BM"),
        (Kind::PolicyNumber, "BX"),
        (Kind::CircularNumber, "TB"),
    ] {
        let number = format!("{prefix}4190012022091500073");
        assert_eq!(good(kind, &number).written, number);
        assert!(check(kind, "RZ4190012022091500073", &parks()).is_err());
    }
    for (code, years) in
        [("412223", "–1985"), ("410827", "1986–1987"), ("419003", "1988–1994"), ("410881", "1995–1996")]
    {
        assert_eq!(good(Kind::Region, code).region_years(), Some(years));
    }
    assert_eq!(good(Kind::Region, "410000").region_years(), None);
}

#[test]
fn nothing_and_too_much_are_told_apart() {
    for kind in IdentifierKind::ALL {
        assert_eq!(wrong(kind, " \u{3000}"), "EMPTY");
        assert_eq!(wrong(kind, &"9".repeat(TEXT_MAX + 1)), "TOO_LONG");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_and_a_written_number_checks_as_itself(
        kind in prop::sample::select(&IdentifierKind::ALL[..]),
        text in any::<String>(),
    ) {
        if let Ok(found) = check(kind, &text, &parks()) {
            let written = found.written.clone();
            // A masked number is no number any more.
            if kind != IdentifierKind::ResidentId {
                prop_assert_eq!(check(kind, &written, &parks()), Ok(found));
                prop_assert_eq!(normalise(&written), written);
            }
        }
    }

    #[test]
    fn a_changed_digit_is_found_wherever_there_is_a_check_digit(
        (kind, number) in prop::sample::select(&[
            (IdentifierKind::Patent, "202210123456.1"),
            (IdentifierKind::Patent, "99117225.6"),
            (IdentifierKind::Cnaps, "102100099996"),
            (IdentifierKind::ResidentId, "11010519491231002X"),
            (IdentifierKind::Case, "RZ4190012022091500073"),
        ][..]),
        place in 0..21_usize,
        digit in 0..10_u8,
    ) {
        let mut bytes = number.as_bytes().to_vec();
        prop_assume!(place < bytes.len() && bytes[place].is_ascii_digit() && bytes[place] != b'0' + digit);
        bytes[place] = b'0' + digit;
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(check(kind, &text, &parks()).is_err(), "{text}");
    }

    #[test]
    fn a_changed_digit_of_a_layout_is_doubted(place in 3..11_usize, digit in 0..10_u8) {
        let mut bytes = b"BS.08500145.7".to_vec();
        prop_assume!(bytes[place] != b'0' + digit);
        bytes[place] = b'0' + digit;
        let text = String::from_utf8(bytes).unwrap();
        let doubted = check(IdentifierKind::IcLayout, &text, &parks()).map_or(true, |found| !found.warnings.is_empty());
        prop_assert!(doubted, "{}", text);
    }

    #[test]
    fn a_changed_digit_of_a_credit_code_is_found(place in 0..18_usize, digit in 0..10_u8) {
        let mut code = *b"91419001MA9ABC128H";
        let other = b'0' + digit;
        prop_assume!(code[place] != other);
        code[place] = other;
        let text = String::from_utf8(code.to_vec()).unwrap();
        prop_assert!(check(IdentifierKind::Uscc, &text, &parks()).is_err());
    }
}
