//! The cells of one row as values; whatever is wrong is noted with its place.

use std::collections::HashMap;

use chrono::NaiveDate;
use kernel::{Fen, Uscc};
use sheets::{AmountError, Header, Kind, Row};
use uuid::Uuid;

use super::{
    fault::{Found, RowReason},
    kind::Spec,
    rights::Rights,
};
use crate::domain::{place::Parks, profile::AMOUNT_MAX};

/// What rows are checked against besides themselves.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// In Asia/Shanghai.
    pub(super) today: NaiveDate,
    pub(super) parks: Parks,
    /// Enterprises that are registered, by USCC.
    pub(super) registered: HashMap<[u8; 18], Uuid>,
    /// Rights that are registered, where rows are about them.
    pub(super) rights: Rights,
}

impl Surroundings {
    pub(super) fn enterprise(&self, uscc: &str) -> Option<Uuid> {
        let key: [u8; 18] = uscc.as_bytes().try_into().ok()?;
        self.registered.get(&key).copied()
    }
}

/// One row under examination. A value that is missing or wrong is `None`; what is wrong has been noted.
pub(super) struct Fields<'a> {
    pub(super) row: &'a Row,
    pub(super) header: &'a Header,
    pub(super) specs: &'static [Spec],
    pub(super) faults: &'a mut Vec<Found>,
}

impl<'a> Fields<'a> {
    pub(super) fn refuse(&mut self, column: usize, reason: RowReason) {
        self.refuse_with(column, reason, String::new());
    }

    pub(super) fn refuse_with(&mut self, column: usize, reason: RowReason, detail: String) {
        let field = self.specs.get(column).map_or("", |spec| spec.column.key);
        let place = self.header.place(column).map_or_else(String::new, |at| self.row.place(at));
        self.faults.push(Found { row: self.row.number, place, field, reason, detail });
    }

    /// The text of a cell that has one.
    pub(super) fn given(&mut self, column: usize) -> Option<&'a str> {
        let row: &'a Row = self.row;
        let cell = row.cell(self.header.place(column)?);
        if cell.is_empty() {
            return None;
        }
        let reason = match cell.kind {
            Kind::Formula => RowReason::Formula,
            Kind::Error => RowReason::ErrorValue,
            Kind::Inexact => RowReason::PrecisionLost,
            Kind::Empty | Kind::Text | Kind::Number | Kind::Date | Kind::Bool => {
                return Some(cell.text.trim());
            }
        };
        self.refuse(column, reason);
        None
    }

    /// As [`Fields::given`]; an empty cell is a fault.
    pub(super) fn needed(&mut self, column: usize) -> Option<&'a str> {
        let before = self.faults.len();
        let given = self.given(column);
        if given.is_none() && self.faults.len() == before {
            self.refuse(column, RowReason::Required);
        }
        given
    }

    fn no_longer_than(&mut self, column: usize, text: &'a str, max: usize) -> Option<&'a str> {
        if text.len() > max && text.chars().count() > max {
            self.refuse(column, RowReason::TooLong);
            return None;
        }
        if text.chars().any(char::is_control) {
            self.refuse(column, RowReason::ControlCharacter);
            return None;
        }
        Some(text)
    }

    pub(super) fn text(&mut self, column: usize, max: usize) -> Option<&'a str> {
        self.given(column).and_then(|text| self.no_longer_than(column, text, max))
    }

    pub(super) fn needed_text(&mut self, column: usize, max: usize) -> Option<&'a str> {
        self.needed(column).and_then(|text| self.no_longer_than(column, text, max))
    }

    /// Reads a given text by `read`.
    pub(super) fn read<T>(
        &mut self,
        column: usize,
        reason: RowReason,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.given(column)?;
        let value = read(text);
        if value.is_none() {
            self.refuse(column, reason);
        }
        value
    }

    /// As [`Fields::read`]; an empty cell is a fault.
    pub(super) fn read_needed<T>(
        &mut self,
        column: usize,
        reason: RowReason,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.needed(column)?;
        let value = read(text);
        if value.is_none() {
            self.refuse(column, reason);
        }
        value
    }

    /// A USCC as people type it.
    pub(super) fn uscc(&mut self, column: usize) -> Option<Uscc> {
        let text = self.needed(column)?;
        match Uscc::parse(text) {
            Ok(checked) => Some(checked.value),
            Err(_) => {
                let masked = text.contains('*');
                self.refuse(column, if masked { RowReason::UsccMasked } else { RowReason::UsccInvalid });
                None
            }
        }
    }

    /// The registered enterprise that a USCC names.
    pub(super) fn enterprise(&mut self, column: usize, around: &Surroundings) -> Option<Uuid> {
        let text = self.needed(column)?;
        // A code that is registered as it is written needs no second look.
        if let Some(id) = around.enterprise(text) {
            return Some(id);
        }
        let uscc = self.uscc(column)?;
        let found = around.enterprise(uscc.as_str());
        if found.is_none() {
            self.refuse(column, RowReason::EnterpriseUnknown);
        }
        found
    }

    pub(super) fn date(&mut self, column: usize) -> Option<NaiveDate> {
        self.read(column, RowReason::DateInvalid, sheets::date)
    }

    pub(super) fn needed_date(&mut self, column: usize) -> Option<NaiveDate> {
        self.read_needed(column, RowReason::DateInvalid, sheets::date)
    }

    /// A whole number from 0 to `max`.
    pub(super) fn count(&mut self, column: usize, max: i32) -> Option<i32> {
        let number = self.read(column, RowReason::NumberInvalid, whole)?;
        match i32::try_from(number).ok().filter(|number| (0..=max).contains(number)) {
            Some(number) => Some(number),
            None => {
                self.refuse(column, RowReason::NumberOutOfRange);
                None
            }
        }
    }

    /// An amount in yuan; `negative`: whether it may be below zero.
    pub(super) fn amount(&mut self, column: usize, negative: bool) -> Option<Fen> {
        let text = self.given(column)?;
        let reason = match sheets::fen(text) {
            Ok(fen) if fen < 0 && !negative => RowReason::AmountNegative,
            Ok(fen) if (-AMOUNT_MAX..=AMOUNT_MAX).contains(&fen) => return Some(Fen::new(fen)),
            Ok(_) | Err(AmountError::TooLarge) => RowReason::NumberOutOfRange,
            Err(AmountError::TooFine) => RowReason::AmountTooFine,
            Err(AmountError::Form) => RowReason::AmountInvalid,
        };
        self.refuse(column, reason);
        None
    }

    /// Basis points of a percentage, `12.5` or `12.5%`, from 0 to 100 %.
    pub(super) fn percent(&mut self, column: usize) -> Option<i32> {
        let points = self.read(column, RowReason::NumberInvalid, basis_points)?;
        if points > 10_000 {
            self.refuse(column, RowReason::NumberOutOfRange);
            return None;
        }
        Some(points)
    }

    pub(super) fn yes_or_no(&mut self, column: usize) -> Option<bool> {
        self.read(column, RowReason::CodeUnknown, |text| match typed(text).as_str() {
            "是" | "有" | "TRUE" | "YES" | "Y" | "1" => Some(true),
            "否" | "无" | "FALSE" | "NO" | "N" | "0" => Some(false),
            _ => None,
        })
    }
}

/// As it is compared with codes and names: half-width, capitals, without blanks.
pub(super) fn typed(text: &str) -> String {
    kernel::typed::normalise(text)
}

fn whole(text: &str) -> Option<i64> {
    let text = typed(text).replace(',', "");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    (text.len() <= 18).then(|| text.parse().ok()).flatten()
}

/// Basis points of a percentage with at most two decimals.
pub(super) fn basis_points(text: &str) -> Option<i32> {
    let text = typed(text);
    let points = sheets::fen(text.trim_end_matches('%')).ok()?;
    i32::try_from(points).ok().filter(|points| *points >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_basis_points() {
        for (text, wanted) in [
            ("12.5%", Some(1_250)),
            ("100", Some(10_000)),
            ("0.01", Some(1)),
            ("0.001", None),
            ("-1", None),
            ("x", None),
        ] {
            assert_eq!(basis_points(text), wanted, "{text}");
        }
    }

    #[test]
    fn whole_numbers_may_have_groups() {
        for (text, wanted) in
            [("1,234", Some(1_234)), ("１２", Some(12)), ("12.0", Some(12)), ("1.5", None), ("", None)]
        {
            assert_eq!(whole(text), wanted, "{text}");
        }
    }
}
