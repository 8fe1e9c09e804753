//! Text in terminal columns, where a Chinese character takes two.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in exactly so many columns, filled on the right or cut.
pub fn left(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    out.push_str(&" ".repeat(columns.saturating_sub(width(&out))));
    out
}

/// The same, filled on the left.
pub fn right(text: &str, columns: usize) -> String {
    let out = cut(text, columns);
    format!("{}{out}", " ".repeat(columns.saturating_sub(width(&out))))
}

/// As much of the text as fits, `…` in the place of the rest.
fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for sign in text.chars() {
        let wide = sign.width().unwrap_or(0);
        // One column is kept for the mark.
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        out.push(sign);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_columns_and_every_cell_is_as_wide_as_asked() {
        for text in ["", "王屋银行", "ABC", "中岳科创银行济源科技支行", "a王b"] {
            for columns in 0..30 {
                assert_eq!(width(&left(text, columns)), columns, "{text} {columns}");
                assert_eq!(width(&right(text, columns)), columns, "{text} {columns}");
            }
        }
        assert_eq!(left("王屋", 6), "王屋  ");
        assert_eq!(right("王屋", 6), "  王屋");
        assert_eq!(left("王屋银行", 6), "王屋… ");
    }
}
