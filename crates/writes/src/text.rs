//! The text of several statements as one. It is made once for each combination: a role has a few dozen.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::{Part, Rows};

/// `division_by_zero`: what a wrong number of rows is turned into. None of our statements divides.
pub(super) const OTHER_NUMBER: &str = "22012";

type Texts = HashMap<Box<[Part]>, Arc<str>>;

static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);

/// All parts in one `WITH`, their parameters numbered through, and the checks of the numbers of rows.
pub(super) fn together(parts: &[Part]) -> Arc<str> {
    if let Some(text) = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(parts) {
        return Arc::clone(text);
    }
    let text: Arc<str> = make(parts).into();
    TEXTS.write().unwrap_or_else(PoisonError::into_inner).insert(parts.into(), Arc::clone(&text));
    text
}

fn make(parts: &[Part]) -> String {
    let mut text = String::from("WITH ");
    let mut before = 0;
    for (place, part) in parts.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let returning = if part.rows == Rows::Any { "" } else { " RETURNING 1" };
        let (body, parameters) = renumbered(part.statement, before);
        let name = part.name.map_or_else(|| format!("w{place}"), str::to_owned);
        text.push_str(&format!("{comma}{name} AS ({body}{returning})"));
        before += parameters;
    }
    let mut checks = Vec::new();
    for (place, _) in parts.iter().enumerate().filter(|(_, part)| part.rows == Rows::Exactly) {
        before += 1;
        checks.push(format!("1 / ((SELECT count(*) FROM w{place}) = ${before}::bigint)::int"));
    }
    text + " SELECT " + if checks.is_empty() { "1".to_owned() } else { checks.join(", ") }.as_str()
}

/// The statement with `before` added to the number of each parameter, and how many it has.
fn renumbered(statement: &str, before: usize) -> (String, usize) {
    let mut text = String::with_capacity(statement.len() + 16);
    let mut pieces = statement.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    let mut highest = 0;
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: usize = piece[..digits].parse().unwrap_or_default();
        highest = highest.max(number);
        text.push_str(&format!("${}{}", number + before, &piece[digits..]));
    }
    (text, highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through_and_numbers_of_rows_are_checked() {
        let parts = [
            Part { name: None, statement: "DELETE FROM a WHERE x = $1 AND y = $2", rows: Rows::Any },
            Part { name: None, statement: "INSERT INTO b SELECT unnest($1::uuid[])", rows: Rows::Exactly },
            Part { name: None, statement: "UPDATE c SET z = $1", rows: Rows::Exactly },
            Part { name: Some("new"), statement: "INSERT INTO d VALUES ($1) RETURNING e", rows: Rows::Any },
        ];
        let expected = "WITH w0 AS (DELETE FROM a WHERE x = $1 AND y = $2), \
                        w1 AS (INSERT INTO b SELECT unnest($3::uuid[]) RETURNING 1), \
                        w2 AS (UPDATE c SET z = $4 RETURNING 1), \
                        new AS (INSERT INTO d VALUES ($5) RETURNING e) \
                        SELECT 1 / ((SELECT count(*) FROM w1) = $6::bigint)::int, \
                        1 / ((SELECT count(*) FROM w2) = $7::bigint)::int";
        assert_eq!(&*together(&parts), expected);
        assert_eq!(&*together(&parts), expected, "the second time from memory");
        assert_eq!(&*together(&parts[..1]), "WITH w0 AS (DELETE FROM a WHERE x = $1 AND y = $2) SELECT 1");
    }

    #[test]
    fn a_parameter_may_occur_often_and_have_two_digits() {
        assert_eq!(renumbered("a $10 b $2 c $10", 5), ("a $15 b $7 c $15".to_owned(), 10));
        assert_eq!(renumbered("nothing", 5), ("nothing".to_owned(), 0));
    }
}
