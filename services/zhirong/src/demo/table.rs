//! A table whose columns are as wide as their widest cell.

use super::text::{left, right, width};

/// Which side a column is filled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

pub(super) struct Table<const N: usize> {
    sides: [Side; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(head: [(&str, Side); N]) -> Self {
        Self { sides: head.map(|(_, side)| side), rows: vec![head.map(|(title, _)| title.to_owned())] }
    }

    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The head, a rule, and the rows.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        let line = |row: &[String; N]| {
            let cells = row.iter().zip(self.sides).zip(widths).map(|((cell, side), width)| match side {
                Side::Left => left(cell, width),
                Side::Right => right(cell, width),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        lines.insert(1, "-".repeat(widths.iter().sum::<usize>() + 2 * N.saturating_sub(1)));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_chinese_heads() {
        let mut table = Table::new([("银行", Side::Left), ("额度", Side::Right), ("年利率%", Side::Right)]);
        table.row(["王屋银行".into(), "500.00".into(), "3.85".into()]);
        table.row(["中岳科创银行".into(), "90.00".into(), "4.05".into()]);
        assert_eq!(
            table.lines(),
            [
                "银行            额度  年利率%",
                "-----------------------------",
                "王屋银行      500.00     3.85",
                "中岳科创银行   90.00     4.05",
            ]
        );
    }
}
