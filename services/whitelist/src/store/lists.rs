//! Lists within a row of a multi-row statement: arrays of arrays would have to be of one length, so a list travels as one
//! text and is taken apart by `array_replace(string_to_array(…, chr(31)), chr(30), '')`.

/// Between two elements: a control character, which no stored text has.
const SEPARATOR: char = '\u{1F}';
/// Stands for an empty element, for PostgreSQL reads the empty text as a list of none.
const EMPTY: &str = "\u{1E}";

/// `parts` as one text; the empty text is the empty list.
pub(super) fn join<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> String {
    let mut text = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            text.push(SEPARATOR);
        }
        let part = part.as_ref();
        text.push_str(if part.is_empty() { EMPTY } else { part });
    }
    text
}
