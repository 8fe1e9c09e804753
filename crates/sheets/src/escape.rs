//! Text that a spreadsheet would take for a formula: written so that it does not, and read back as it was.

/// What a formula may begin with, in one program or another.
fn is_dangerous(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// Puts an apostrophe before text that could be taken for a formula, and before text that already has one there.
pub fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if is_dangerous(text) { format!("'{text}").into() } else { text.into() }
}

/// What [`escape`] was given. An apostrophe before anything else is the text's own and stays.
pub fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_dangerous(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_gets_an_apostrophe_and_loses_it_again() {
        for text in ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1", "'@"] {
            assert!(escape(text).starts_with('\''), "{text:?}");
            assert_eq!(unescape(&escape(text)), text);
        }
        for text in ["", "沁铅", "'s-Hertogenbosch", "a=b", "'", "1-2"] {
            assert_eq!(escape(text), text);
            assert_eq!(unescape(text), text);
        }
    }
}
