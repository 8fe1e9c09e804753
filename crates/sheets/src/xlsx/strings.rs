//! The table of shared strings: all text in one buffer, a place for each.

use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{Markup, Trouble, resolve},
};
use crate::fault::FileFault;

const PART: &str = "共享字符串";

#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    /// Where each string ends.
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = usize::try_from(*self.ends.get(index)?).ok()?;
        let start = match index.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        self.text.get(start..end)
    }
}

pub(super) fn read<R: Read + Seek>(package: &mut Package<R>, path: &str) -> Result<Strings, FileFault> {
    let limits = package.limits;
    let Some(part) = package.part(path)? else { return Ok(Strings::default()) };
    let mut markup = Markup::new(part, PART);
    let mut strings = Strings::default();
    let mut one = String::new();
    // Text counts inside `t`, which is no phonetic hint.
    let (mut in_text, mut in_hint) = (false, false);
    loop {
        match markup.next().map_err(Trouble::fault)? {
            Event::Eof => return Ok(strings),
            Event::Start(element) => match element.local_name().as_ref() {
                "si" => one.clear(),
                "rPh" => in_hint = true,
                "t" => in_text = !in_hint,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => in_text = false,
                "rPh" => in_hint = false,
                "si" => {
                    plain(&mut one);
                    strings.text.push_str(&one);
                    let end = u32::try_from(strings.text.len()).map_err(|_| FileFault::Bomb)?;
                    strings.ends.push(end);
                    // A string of no characters takes room too.
                    if strings.text.len() + strings.ends.len() * 4 > limits.strings_bytes {
                        return Err(FileFault::Bomb);
                    }
                }
                _ => {}
            },
            Event::Text(text) if in_text => one.push_str(&text.xml10_content()),
            Event::CData(text) if in_text => one.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                // Also where it is of no use: an entity is not passed over.
                let before = one.len();
                resolve(PART, &reference, &mut one)?;
                if !in_text {
                    one.truncate(before);
                }
            }
            _ => {}
        }
        // Rich text comes in runs, each within the limit of a piece.
        if one.len() > limits.cell_chars.saturating_mul(4) {
            let place = format!("{PART}{}", strings.ends.len() + 1);
            return Err(FileFault::CellTooLong { place, max: limits.cell_chars });
        }
    }
}

/// Undoes `_xHHHH_` (ECMA-376 part 1, 22.9.2.19), by which characters are written that XML cannot hold.
pub(super) fn plain(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut rest = text.as_str();
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let closed = rest.as_bytes().get(at + 6) == Some(&b'_');
        match code
            .filter(|_| closed)
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
        {
            Some(c) => {
                out.push_str(&rest[..at]);
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    *text = out;
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn characters_that_xml_cannot_hold_are_read_back() {
        for (text, wanted) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00_", "_x00_"),
            ("_xD800_", "_xD800_"),
            ("_x", "_x"),
            ("企_x4F01_", "企企"),
            ("_x000企_", "_x000企_"),
        ] {
            let mut text = text.to_owned();
            plain(&mut text);
            assert_eq!(text, wanted);
        }
    }
}
