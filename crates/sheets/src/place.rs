//! Names of columns and cells: `A`, `AB`, `C7`.

/// Columns that a sheet can have: up to `XFD`.
pub(crate) const SHEET_COLUMNS: usize = 16_384;
/// Rows that a sheet can have.
pub(crate) const SHEET_ROWS: u32 = 1_048_576;

/// The letters of a column, counted from 0.
pub fn column(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A cell's name; the column is counted from 0, the row from 1.
pub fn cell(index: usize, row: u32) -> String {
    format!("{}{row}", column(index))
}

/// Column (from 0) and row (from 1) of `B7`; `None` if it is no place in a sheet.
pub(crate) fn parse(name: &str) -> Option<(usize, u32)> {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    if letters == 0 || letters > 3 {
        return None;
    }
    let (letters, digits) = name.split_at(letters);
    let column = letters.bytes().fold(0, |sum, letter| sum * 26 + usize::from(letter - b'A') + 1);
    if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let row: u32 = digits.parse().ok()?;
    ((1..=SHEET_ROWS).contains(&row) && column <= SHEET_COLUMNS).then_some((column - 1, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_a_sheet_and_read_back() {
        for (index, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column(index), name);
            assert_eq!(parse(&cell(index, 9)), Some((index, 9)));
        }
        for bad in ["", "7", "A", "A0", "XFE1", "A1048577", "a1", "A1B", "AAAA1", "A-1", "A99999999"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
