//! The header row: which column of the file is which, in whatever order and language they come.

use super::{date::half_width, place, row::Row};

/// A column that a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The English name, and the one for programs.
    pub key: &'static str,
    /// The Chinese name, which templates and exports carry.
    pub chinese: &'static str,
    /// Other headings under which it is known.
    pub also: &'static [&'static str],
    /// Whether a file without it is of no use.
    pub required: bool,
}

/// Where the columns of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    places: Vec<Option<usize>>,
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderFault {
    /// No column of this table; the cell's name.
    Unknown { place: String },
    /// The second column of this name; the cell's name.
    Repeated { place: String, column: &'static str },
    /// A required column is not there.
    Missing { column: &'static str },
    /// A filled column without a heading cannot be told from here; a heading that is no text can.
    NoText { place: String },
}

impl HeaderFault {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "COLUMN_UNKNOWN",
            Self::Repeated { .. } => "COLUMN_REPEATED",
            Self::Missing { .. } => "COLUMN_MISSING",
            Self::NoText { .. } => "COLUMN_NOT_TEXT",
        }
    }

    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "表头不是本类表格的列名，请对照模板更正或删除该列。",
            Self::Repeated { .. } => "列名重复，请只保留一列。",
            Self::Missing { .. } => "缺少必填列，请对照模板补充。",
            Self::NoText { .. } => "表头须为文字，请对照模板更正。",
        }
    }
}

impl Header {
    /// Finds `columns` in the first row of a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn find(columns: &[Column], row: &Row) -> Result<Self, Vec<HeaderFault>> {
        let mut places = vec![None; columns.len()];
        let mut faults = Vec::new();
        for (at, cell) in row.cells().iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let place = place::cell(at, row.number);
            if cell.kind != super::Kind::Text {
                faults.push(HeaderFault::NoText { place });
                continue;
            }
            let name = normal(&cell.text);
            let found = columns.iter().position(|column| {
                [column.key, column.chinese].iter().chain(column.also).any(|known| normal(known) == name)
            });
            match found {
                None => faults.push(HeaderFault::Unknown { place }),
                Some(found) => match places[found] {
                    Some(_) => faults.push(HeaderFault::Repeated { place, column: columns[found].chinese }),
                    None => places[found] = Some(at),
                },
            }
        }
        for (column, place) in columns.iter().zip(&places) {
            if column.required && place.is_none() {
                faults.push(HeaderFault::Missing { column: column.chinese });
            }
        }
        if faults.is_empty() { Ok(Self { places }) } else { Err(faults) }
    }

    /// The place of the column that stands at `index` in the table's own order; `None` if the file has none.
    pub fn place(&self, index: usize) -> Option<usize> {
        self.places.get(index).copied().flatten()
    }
}

/// Width, case, blanks and the asterisk of required columns make no difference.
fn normal(name: &str) -> String {
    name.chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && *c != '*' && *c != '\u{feff}')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Kind;

    const COLUMNS: [Column; 3] = [
        Column { key: "uscc", chinese: "统一社会信用代码", also: &["信用代码"], required: true },
        Column { key: "name", chinese: "企业名称", also: &[], required: true },
        Column { key: "capital", chinese: "注册资本（元）", also: &[], required: false },
    ];

    fn row(names: &[&str]) -> Row {
        let mut row = Row { number: 1, ..Row::default() };
        for (at, name) in names.iter().enumerate() {
            let cell = row.slot(at);
            cell.kind = if name.is_empty() { Kind::Empty } else { Kind::Text };
            (*name).clone_into(&mut cell.text);
        }
        row
    }

    #[test]
    fn columns_are_found_in_any_order_and_language() {
        let header = Header::find(&COLUMNS, &row(&["注册资本(元)", "", " Name ", "信用代码*"])).unwrap();
        assert_eq!([header.place(0), header.place(1), header.place(2)], [Some(3), Some(2), Some(0)]);
    }

    #[test]
    fn unknown_repeated_and_missing_columns_are_all_told() {
        let faults = Header::find(&COLUMNS, &row(&["name", "企业名称", "备注"])).unwrap_err();
        let wanted = [
            HeaderFault::Repeated { place: "B1".to_owned(), column: "企业名称" },
            HeaderFault::Unknown { place: "C1".to_owned() },
            HeaderFault::Missing { column: "统一社会信用代码" },
        ];
        assert_eq!(faults, wanted);
    }
}
