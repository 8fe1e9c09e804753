//! Numbers as people type them, brought to the one way in which they are written.

/// Brings a typed number to its plain form: full-width characters to half width, Chinese full stop and middle dot to
/// `.`, every dash to `-`, letters to upper case, blanks and invisible characters removed. Doing it again changes
/// nothing. Whether the result is a number at all is the reader's question.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.chars()
        .map(half_width)
        .filter(|sign| !is_blank(*sign))
        .map(|sign| sign.to_ascii_uppercase())
        .collect()
}

/// The half-width twin of a full-width character, or the character itself.
pub(crate) fn half_width(sign: char) -> char {
    match sign {
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(sign).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(sign)
        }
        '\u{3000}' => ' ',
        '\u{3002}' | '\u{FF61}' | '\u{00B7}' | '\u{30FB}' | '\u{FF65}' => '.',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        _ => sign,
    }
}

/// Blanks, and what is pasted along without being seen: zero-width characters, byte order mark, soft hyphen.
fn is_blank(sign: char) -> bool {
    sign.is_whitespace() || is_invisible(sign)
}

pub(crate) const fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same number as somebody might type it: full width here and there, lower case, blanks, invisible marks.
    pub(crate) fn as_typed(plain: &str) -> impl Strategy<Value = String> + use<> {
        let signs: Vec<char> = plain.chars().collect();
        prop::collection::vec(
            (0..4_u8, prop::sample::select(vec!["", "", "", " ", "\u{3000}", "\t", "\u{200B}"])),
            signs.len(),
        )
        .prop_map(move |ways| {
            signs
                .iter()
                .zip(ways)
                .map(|(sign, (way, gap))| {
                    let sign = match way {
                        0 => sign.to_ascii_lowercase(),
                        1 if sign.is_ascii_graphic() => char::from_u32(u32::from(*sign) + 0xFEE0).unwrap(),
                        _ => *sign,
                    };
                    format!("{sign}{gap}")
                })
                .collect()
        })
    }

    #[test]
    fn what_people_type_becomes_plain() {
        for (typed, plain) in [
            (" zl 2022 1 0123456 。 1 ", "ZL202210123456.1"),
            ("ＺＬ２０２２１０１２３４５６．１", "ZL202210123456.1"),
            ("国作登字－2021—F—00012345", "国作登字-2021-F-00012345"),
            ("\u{FEFF}rz\u{3000}4190012022091500073\n", "RZ4190012022091500073"),
            ("bs·08500145．7", "BS.08500145.7"),
            ("", ""),
        ] {
            assert_eq!(normalise(typed), plain);
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in any::<String>()) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn every_way_of_typing_gives_the_same(typed in as_typed("ZL202210123456.1")) {
            prop_assert_eq!(normalise(&typed), "ZL202210123456.1");
        }
    }
}
