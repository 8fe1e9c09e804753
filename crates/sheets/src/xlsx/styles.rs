//! Which cell formats show a number as a date or a percentage.

use std::{
    collections::HashMap,
    io::{Read, Seek},
};

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{Markup, Trouble, attribute},
};
use crate::fault::FileFault;

const PART: &str = "样式";
/// Formats that a workbook may have; a sheet program allows 65,490.
const FORMATS: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Styles(Vec<Shown>);

/// How a cell format shows a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shown {
    #[default]
    Number,
    Date,
    /// A hundred times as large.
    Percent,
}

impl Styles {
    pub(super) fn shown(&self, style: usize) -> Shown {
        self.0.get(style).copied().unwrap_or_default()
    }
}

pub(super) fn read<R: Read + Seek>(package: &mut Package<R>, path: &str) -> Result<Styles, FileFault> {
    let Some(part) = package.part(path)? else { return Ok(Styles::default()) };
    let mut markup = Markup::new(part, PART);
    let mut own = HashMap::new();
    let mut formats = Vec::new();
    let mut in_cell_formats = false;
    loop {
        match markup.next().map_err(Trouble::fault)? {
            Event::Eof => return Ok(Styles(formats)),
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cell_formats = false,
            Event::Start(element) => {
                let of = |name| attribute(PART, &element, name).map(Option::unwrap_or_default);
                match element.local_name().as_ref() {
                    "cellXfs" => in_cell_formats = true,
                    "numFmt" if own.len() < FORMATS => {
                        own.insert(of("numFmtId")?, shown_by(&of("formatCode")?));
                    }
                    "xf" if in_cell_formats => {
                        if formats.len() >= FORMATS {
                            return Err(FileFault::Broken { part: PART });
                        }
                        let format = of("numFmtId")?;
                        formats.push(own.get(&format).copied().unwrap_or_else(|| built_in(&format)));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// ECMA-376 part 1, 18.8.30, with those of East Asian editions.
fn built_in(format: &str) -> Shown {
    match format.parse::<u32>() {
        Ok(9 | 10) => Shown::Percent,
        Ok(14..=17 | 22 | 27..=31 | 34..=36 | 50..=54 | 57 | 58) => Shown::Date,
        Ok(_) | Err(_) => Shown::Number,
    }
}

/// What a format code has outside of quoted text, brackets and escapes: a year or a day, or a percent sign.
fn shown_by(code: &str) -> Shown {
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            '[' => while chars.next().is_some_and(|c| c != ']') {},
            '\\' | '_' | '*' => {
                chars.next();
            }
            // The part for negative numbers says nothing more.
            ';' => break,
            'y' | 'Y' | 'd' | 'D' => return Shown::Date,
            '%' => return Shown::Percent,
            _ => {}
        }
    }
    Shown::Number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_with_year_or_day_is_a_date_and_one_with_a_percent_sign_a_percentage() {
        for code in ["0%", "0.00%", "[Red]0.0%;-0.0%"] {
            assert_eq!(shown_by(code), Shown::Percent, "{code}");
        }
        for code in ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\"", "[$-804]d/m/yy", "dd", "[Red]yyyy"] {
            assert_eq!(shown_by(code), Shown::Date, "{code}");
        }
        for code in ["0.00", "General", "\"day\"0", "[Red]0", "h:mm:ss", "0\\d", "#,##0;d", "@"] {
            assert_eq!(shown_by(code), Shown::Number, "{code}");
        }
    }
}
