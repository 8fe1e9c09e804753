//! The workbook itself: which part is the sheet, where strings and styles are, which day is the first.

use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{Markup, Trouble, attribute},
};
use crate::fault::FileFault;

const PART: &str = "工作簿";
/// Sheets that a workbook may have; more are not looked at.
const SHEETS: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) sheet: String,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) since_1904: bool,
}

struct Sheet {
    name: String,
    relation: String,
    hidden: bool,
}

pub(super) fn read<R: Read + Seek>(
    package: &mut Package<R>,
    wanted: Option<&str>,
) -> Result<Book, FileFault> {
    let path = main_part(package)?;
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let relations = relations(package, format!("{folder}/_rels/{file}.rels").trim_start_matches('/'))?;
    if relations.iter().any(|relation| relation.external || relation.kind.ends_with("/externalLink")) {
        return Err(FileFault::ExternalLinks);
    }
    if relations.iter().any(|relation| relation.kind.ends_with("/vbaProject")) {
        return Err(FileFault::Macros);
    }
    let mut book = Book::default();
    let sheets = sheets(package, &path, &mut book)?;
    let visible = sheets.iter().filter(|sheet| !sheet.hidden);
    let sheet = match wanted {
        Some(name) => visible.into_iter().find(|sheet| sheet.name == name).ok_or(FileFault::SheetUnknown)?,
        None => visible.into_iter().next().ok_or(FileFault::NoSheet)?,
    };
    for relation in &relations {
        let target = resolve(folder, &relation.target);
        if relation.id == sheet.relation {
            // A chart or a dialogue has no cells.
            if !relation.kind.ends_with("/worksheet") {
                return Err(FileFault::NoSheet);
            }
            book.sheet = target;
        } else if relation.kind.ends_with("/sharedStrings") {
            book.strings = Some(target);
        } else if relation.kind.ends_with("/styles") {
            book.styles = Some(target);
        }
    }
    if book.sheet.is_empty() { Err(FileFault::Broken { part: PART }) } else { Ok(book) }
}

/// The path of the workbook, named by the package's own relations.
fn main_part<R: Read + Seek>(package: &mut Package<R>) -> Result<String, FileFault> {
    let relations = relations(package, "_rels/.rels")?;
    let main = relations.iter().find(|relation| relation.kind.ends_with("/officeDocument"));
    main.map(|relation| resolve("", &relation.target)).ok_or(FileFault::NotXlsx)
}

struct Relation {
    id: String,
    kind: String,
    target: String,
    external: bool,
}

fn relations<R: Read + Seek>(package: &mut Package<R>, path: &str) -> Result<Vec<Relation>, FileFault> {
    let part = package.part(path)?.ok_or(FileFault::NotXlsx)?;
    let mut markup = Markup::new(part, PART);
    let mut relations = Vec::new();
    loop {
        match markup.next().map_err(Trouble::fault)? {
            Event::Eof => return Ok(relations),
            Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                let of = |name| attribute(PART, &element, name).map(Option::unwrap_or_default);
                let (id, kind, target) = (of("Id")?, of("Type")?, of("Target")?);
                let external = of("TargetMode")?.eq_ignore_ascii_case("External");
                if relations.len() >= SHEETS * 4 {
                    return Err(FileFault::Broken { part: PART });
                }
                relations.push(Relation { id, kind, target, external });
            }
            _ => {}
        }
    }
}

fn sheets<R: Read + Seek>(
    package: &mut Package<R>,
    path: &str,
    book: &mut Book,
) -> Result<Vec<Sheet>, FileFault> {
    let part = package.part(path)?.ok_or(FileFault::NotXlsx)?;
    let mut markup = Markup::new(part, PART);
    let mut sheets = Vec::new();
    loop {
        match markup.next().map_err(Trouble::fault)? {
            Event::Eof => return Ok(sheets),
            Event::Start(element) => {
                let of = |name| attribute(PART, &element, name).map(Option::unwrap_or_default);
                match element.local_name().as_ref() {
                    "workbookPr" => book.since_1904 = matches!(of("date1904")?.as_str(), "1" | "true" | "on"),
                    "sheet" if sheets.len() < SHEETS => {
                        let state = of("state")?;
                        let hidden = state == "hidden" || state == "veryHidden";
                        sheets.push(Sheet { name: of("name")?, relation: of("id")?, hidden });
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// The part that a relation means: relative to the folder of its source, or from the root.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(rooted) = target.strip_prefix('/') {
        return rooted.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets_are_relative_to_their_source_or_rooted() {
        for (target, wanted) in [
            ("worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("/xl/styles.xml", "xl/styles.xml"),
            ("../docProps/app.xml", "docProps/app.xml"),
            ("../../../x", "x"),
        ] {
            assert_eq!(resolve("xl", target), wanted);
        }
    }
}
