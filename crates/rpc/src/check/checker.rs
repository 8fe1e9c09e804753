//! The collector of violations.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use kernel::{Fen, Months, RequestId};
use prost_types::Timestamp;
use serde::de::DeserializeOwned;

use super::page;
use super::whole::Whole;
use crate::Fault;
use crate::fault::MAX_VIOLATIONS;
use crate::reason::Reason;
use crate::reasons;

/// Collects what is wrong with a request. Each check returns the value, or `None` after noting a violation:
///
/// ```ignore
/// let mut check = Checker::new();
/// let request_id = check.request_id(&request.request_id);
/// let amount = check.amount("amount_fen", request.amount_fen);
/// let (request_id, amount) = check.all((request_id, amount))?;
/// ```
#[derive(Debug, Default)]
#[must_use = "violations are reported by all() or finish()"]
pub struct Checker {
    violations: Vec<(String, &'static Reason)>,
    prefix: String,
}

impl Checker {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a violation of `field`, for rules that only the service knows.
    pub fn refuse(&mut self, field: impl Display, reason: &'static Reason) {
        // What comes after the first violations is not sent anyway.
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push((format!("{}{field}", self.prefix), reason));
        }
    }

    fn none<T>(&mut self, field: impl Display, reason: &'static Reason) -> Option<T> {
        self.refuse(field, reason);
        None
    }

    /// Checks the fields of a message within the request: paths begin with `field` and a dot.
    pub fn within<T>(&mut self, field: impl Display, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.clone();
        self.prefix = format!("{outer}{field}.");
        let checked = check(self);
        self.prefix = outer;
        checked
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// Everything that is wrong, under the reason of the first.
    pub fn finish(self) -> Result<(), Fault> {
        let mut violations = self.violations.into_iter();
        let Some((path, reason)) = violations.next() else {
            return Ok(());
        };
        let first = Fault::new(reason).violation(&path, reason);
        Err(violations.fold(first, |fault, (path, reason)| fault.violation(&path, reason)))
    }

    /// The values of checked fields, or everything that is wrong.
    pub fn all<W: Whole>(self, fields: W) -> Result<W::Values, Fault> {
        self.finish()?;
        // A field without a value and without a violation is a mistake of the handler.
        fields.values().ok_or_else(|| Fault::new(&reasons::INTERNAL).source("a checked field has no value"))
    }

    /// A message field that must be there.
    pub fn present<T>(&mut self, field: impl Display, value: Option<T>) -> Option<T> {
        match value {
            Some(value) => Some(value),
            None => self.none(field, &reasons::FIELD_REQUIRED),
        }
    }

    /// A text that must be there: 1 to `max` characters after trimming, no control characters.
    pub fn text(&mut self, field: impl Display, value: &str, max: usize) -> Option<String> {
        if value.trim().is_empty() {
            return self.none(field, &reasons::FIELD_REQUIRED);
        }
        self.optional_text(field, value, max)
    }

    /// A text of up to `max` characters after trimming, no control characters except line breaks; may be empty.
    pub fn optional_text(&mut self, field: impl Display, value: &str, max: usize) -> Option<String> {
        let value = value.trim();
        if value.chars().count() > max {
            return self.none(field, &reasons::FIELD_TOO_LONG);
        }
        if value.chars().any(|c| c.is_control() && c != '\n') {
            return self.none(field, &reasons::FIELD_INVALID);
        }
        Some(value.to_owned())
    }

    /// As [`Checker::optional_text`], for notes that other parties read: no identifiers of persons or firms.
    pub fn note(&mut self, field: impl Display, value: &str, max: usize) -> Option<String> {
        if kernel::privacy::find_identifier(value).is_some() {
            return self.none(field, &reasons::TEXT_HAS_IDENTIFIER);
        }
        self.optional_text(field, value, max)
    }

    /// A code that must be chosen: `find` is the kernel's `from_number`.
    pub fn code<T>(
        &mut self,
        field: impl Display,
        number: i32,
        find: impl FnOnce(i32) -> Option<T>,
    ) -> Option<T> {
        if number == 0 {
            return self.none(field, &reasons::ENUM_UNSPECIFIED);
        }
        match find(number) {
            Some(code) => Some(code),
            None => self.none(field, &reasons::ENUM_UNKNOWN),
        }
    }

    /// A list of codes, each once; may be empty.
    pub fn codes<T: Eq + Hash + Clone>(
        &mut self,
        field: impl Display,
        numbers: &[i32],
        max: usize,
        find: impl Fn(i32) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.list(&field, numbers, 0..=max, |check, path, number| check.code(path, *number, &find))
    }

    /// An id, as the kernel's id types read it.
    pub fn id<T: FromStr>(&mut self, field: impl Display, value: &str) -> Option<T> {
        if value.is_empty() {
            return self.none(field, &reasons::FIELD_REQUIRED);
        }
        match value.parse() {
            Ok(id) => Some(id),
            Err(_) => self.none(field, &reasons::UUID_INVALID),
        }
    }

    /// A list of ids, each once.
    pub fn ids<T: FromStr + Eq + Hash + Clone>(
        &mut self,
        field: impl Display,
        values: &[String],
        count: RangeInclusive<usize>,
    ) -> Option<Vec<T>> {
        self.list(&field, values, count, |check, path, value| check.id(path, value))
    }

    /// The field `request_id`, which every change has.
    pub fn request_id(&mut self, value: &str) -> Option<RequestId> {
        match value.parse() {
            Ok(id) => Some(id),
            Err(_) => self.none("request_id", &reasons::REQUEST_ID_INVALID),
        }
    }

    /// An amount in fen: 1 to 30,000,000,000.
    pub fn amount(&mut self, field: impl Display, fen: i64) -> Option<Fen> {
        match Fen::amount(fen) {
            Ok(amount) => Some(amount),
            Err(_) => self.none(field, &reasons::AMOUNT_OUT_OF_RANGE),
        }
    }

    /// A term: 1 to 120 months.
    pub fn term(&mut self, field: impl Display, months: i32) -> Option<Months> {
        match Months::term(months) {
            Ok(term) => Some(term),
            Err(_) => self.none(field, &reasons::TERM_OUT_OF_RANGE),
        }
    }

    /// Any other number, ends included.
    pub fn number<T: PartialOrd + Copy>(
        &mut self,
        field: impl Display,
        value: T,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        if range.contains(&value) { Some(value) } else { self.none(field, &reasons::NUMBER_OUT_OF_RANGE) }
    }

    /// The length of a list. Check it first: the elements of a list that is too long are not looked at.
    pub fn count(&mut self, field: impl Display, len: usize, range: RangeInclusive<usize>) -> Option<usize> {
        if len > *range.end() {
            self.none(field, &reasons::TOO_MANY)
        } else if len < *range.start() {
            self.none(field, &reasons::FIELD_REQUIRED)
        } else {
            Some(len)
        }
    }

    /// A list of distinct values, each checked under its own path: `asset_ids[3]`.
    pub fn list<S, T: Eq + Hash + Clone>(
        &mut self,
        field: &impl Display,
        values: &[S],
        count: RangeInclusive<usize>,
        mut each: impl FnMut(&mut Self, String, &S) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.count(field, values.len(), count)?;
        let mut checked = Vec::with_capacity(values.len());
        let mut seen = HashSet::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let path = format!("{field}[{index}]");
            if let Some(value) = each(self, path.clone(), value) {
                if seen.insert(value.clone()) {
                    checked.push(value);
                } else {
                    self.refuse(path, &reasons::FIELD_REPEATED);
                }
            }
        }
        (checked.len() == values.len()).then_some(checked)
    }

    /// A date that must be there: `YYYY-MM-DD`, 1900 to 9999.
    pub fn date(&mut self, field: impl Display, value: &str) -> Option<NaiveDate> {
        if value.is_empty() {
            return self.none(field, &reasons::FIELD_REQUIRED);
        }
        match parse_date(value) {
            Some(date) => Some(date),
            None => self.none(field, &reasons::DATE_INVALID),
        }
    }

    /// A date, or an empty text for none.
    pub fn optional_date(&mut self, field: impl Display, value: &str) -> Option<Option<NaiveDate>> {
        if value.is_empty() { Some(None) } else { self.date(field, value).map(Some) }
    }

    /// An instant that must be there, 1900 to 9999, to the microsecond (what the database keeps).
    pub fn time(&mut self, field: impl Display, value: Option<&Timestamp>) -> Option<DateTime<Utc>> {
        let Some(value) = value else {
            return self.none(field, &reasons::FIELD_REQUIRED);
        };
        match parse_time(value) {
            Some(instant) => Some(instant),
            None => self.none(field, &reasons::TIME_INVALID),
        }
    }

    /// A SHA-256: 32 bytes.
    pub fn sha256(&mut self, field: impl Display, value: &[u8]) -> Option<[u8; 32]> {
        match <[u8; 32]>::try_from(value) {
            Ok(digest) => Some(digest),
            Err(_) if value.is_empty() => self.none(field, &reasons::FIELD_REQUIRED),
            Err(_) => self.none(field, &reasons::DIGEST_INVALID),
        }
    }

    /// The field `page_size`: 0 means `default`.
    pub fn page_size(&mut self, value: i32, default: i32, max: i32) -> Option<i32> {
        match value {
            0 => Some(default),
            size if (1..=max).contains(&size) => Some(size),
            _ => self.none("page_size", &reasons::PAGE_SIZE_INVALID),
        }
    }

    /// The field `page_token`: the cursor that [`super::page_token`] was given, or none for the first page.
    pub fn page_token<T: DeserializeOwned>(&mut self, value: &str) -> Option<Option<T>> {
        if value.is_empty() {
            return Some(None);
        }
        match page::cursor(value) {
            Some(cursor) => Some(Some(cursor)),
            None => self.none("page_token", &reasons::PAGE_TOKEN_INVALID),
        }
    }
}

/// Exactly ten characters: chrono would take `2024-1-5` and years of five digits too.
fn parse_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1900..=9999).contains(&date.year()).then_some(date)
}

fn parse_time(value: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(value.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let instant = DateTime::from_timestamp(value.seconds, nanos / 1_000 * 1_000)?;
    (1900..=9999).contains(&instant.year()).then_some(instant)
}
