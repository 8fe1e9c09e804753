//! Amounts, rates, counts, spans.

/// `1,234,567.89`: yuan with the fen behind the point.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", grouped(fen / 100), fen % 100)
}

/// `300 万元`, `12.34 万元`: ten thousands of yuan; trailing zeros are not written.
pub(crate) fn wan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    let (whole, part) = (fen / 1_000_000, fen % 1_000_000);
    let part = format!("{part:06}");
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{part}", grouped(whole))
}

/// `3.85%` of 385 basis points.
pub(crate) fn rate(basis_points: i32) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let basis_points = basis_points.unsigned_abs();
    format!("{sign}{}.{:02}%", basis_points / 100, basis_points % 100)
}

/// A yearly cost as intake sends it: a dash where no rate answers, because fees eat the loan.
pub(crate) fn yearly(basis_points: i32) -> String {
    if basis_points == i32::MAX { "—".to_owned() } else { rate(basis_points) }
}

/// `12,345`
pub(crate) fn count(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in milliseconds, as roughly as people say it.
pub(crate) fn span(millis: i64) -> String {
    let seconds = millis / 1000;
    match seconds {
        ..0 => "—".to_owned(),
        0 => format!("{} 毫秒", millis.max(0)),
        1..120 => format!("{}.{} 秒", seconds, millis % 1000 / 100),
        120..7_200 => format!("{} 分钟", seconds / 60),
        7_200..172_800 => format!("{}.{} 小时", seconds / 3_600, seconds % 3_600 / 360),
        _ => format!("{}.{} 天", seconds / 86_400, seconds % 86_400 / 8_640),
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of hexadecimal text.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_rates_are_exact() {
        for (fen, text) in [(0, "0.00"), (7, "0.07"), (123_456_789, "1,234,567.89"), (-5, "-0.05")] {
            assert_eq!(yuan(fen), text);
        }
        for (fen, text) in
            [(300_000_000, "300"), (1, "0.000001"), (12_340_000, "12.34"), (3_000_000_000_000, "3,000,000")]
        {
            assert_eq!(wan(fen), text);
        }
        assert_eq!(rate(385), "3.85%");
        assert_eq!(rate(-5), "-0.05%");
        assert_eq!((yearly(512), yearly(i32::MAX)), ("5.12%".to_owned(), "—".to_owned()));
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn spans_are_told_in_the_unit_that_people_use() {
        for (millis, text) in [
            (850, "850 毫秒"),
            (1_500, "1.5 秒"),
            (600_000, "10 分钟"),
            (9_000_000, "2.5 小时"),
            (216_000_000, "2.5 天"),
            (-1_000, "—"),
        ] {
            assert_eq!(span(millis), text);
        }
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
        assert_eq!(unhex("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(unhex("0f0"), None);
        assert_eq!(unhex("zz"), None);
    }
}
