//! Amounts in yuan (元) to the fen (分), without a detour over floating point.

use super::date::half_width;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("not a decimal number")]
    Form,
    #[error("a fraction of a fen")]
    TooFine,
    #[error("beyond what can be kept")]
    TooLarge,
}

/// Fen of a text in yuan: `1,234.5`, `￥-3.00`, `12元`. Zeros behind the second decimal are no fraction.
///
/// # Errors
/// [`AmountError`].
pub fn fen(text: &str) -> Result<i64, AmountError> {
    if text.len() > 200 {
        return Err(AmountError::Form);
    }
    let text: String = text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
    let text = text.trim_start_matches(['¥', '￥']).trim_end_matches('元');
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.trim_start_matches(['¥', '￥']);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = without_groups(whole).ok_or(AmountError::Form)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&whole) || !digits(fraction) || whole.is_empty() {
        return Err(AmountError::Form);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 2 {
        return Err(AmountError::TooFine);
    }
    let fen: i64 = format!("{whole}{fraction:0<2}").parse().map_err(|_| AmountError::TooLarge)?;
    Ok(if negative { -fen } else { fen })
}

/// Drops the commas of `1,234,567`; `None` if they do not part groups of three.
fn without_groups(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let good = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    good.then(|| whole.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_fen() {
        for (text, wanted) in [
            ("123.45", Ok(12_345)),
            ("0.1", Ok(10)),
            ("1,234,567.8", Ok(123_456_780)),
            ("-3", Ok(-300)),
            ("￥12.30元", Ok(1_230)),
            ("１２．５", Ok(1_250)),
            ("2.500", Ok(250)),
            ("92233720368547758.07", Ok(i64::MAX)),
            ("92233720368547758.08", Err(AmountError::TooLarge)),
            ("1.005", Err(AmountError::TooFine)),
            ("", Err(AmountError::Form)),
            ("-", Err(AmountError::Form)),
            (".5", Err(AmountError::Form)),
            ("1,23", Err(AmountError::Form)),
            ("12,3456", Err(AmountError::Form)),
            ("1e5", Err(AmountError::Form)),
            ("一百", Err(AmountError::Form)),
            ("1.2.3", Err(AmountError::Form)),
        ] {
            assert_eq!(fen(text), wanted, "{text}");
        }
    }
}
