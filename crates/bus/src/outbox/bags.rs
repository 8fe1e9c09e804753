//! Which rows leave as one broker message. Only rows of unhurried types do: everybody who takes them stands any order, so
//! a row may leave in the bag of a later one, or before a row of another type that is older. All others leave one by one
//! and in the order of their insertion, as if there were no bags.

use super::store::Row;

/// Letters beyond this number begin another bag: what a consumer takes in one batch.
const MOST_LETTERS: usize = 256;
/// Bodies beyond this length begin another bag. A consumer has as many bags in memory as it may prefetch, when so
/// many wait for it.
const MOST_BYTES: usize = 64 * 1_024;

/// Rows of one type that go as one broker message. One alone goes as it is.
#[derive(Debug)]
pub(super) struct Bag {
    first: Row,
    more: Vec<Row>,
    letters: usize,
    bytes: usize,
}

impl Bag {
    fn of(row: Row) -> Self {
        Self { letters: row.count(), bytes: row.body.len(), first: row, more: Vec::new() }
    }

    /// The broker knows all of them by its id.
    pub(super) fn first(&self) -> &Row {
        &self.first
    }

    pub(super) fn is_single(&self) -> bool {
        self.more.is_empty()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        std::iter::once(&self.first).chain(&self.more)
    }

    pub(super) fn letters(&self) -> i32 {
        i32::try_from(self.letters).unwrap_or(i32::MAX)
    }

    fn takes(&self, row: &Row) -> bool {
        self.letters + row.count() <= MOST_LETTERS && self.bytes + row.body.len() <= MOST_BYTES
    }

    fn put(&mut self, row: Row) {
        self.letters += row.count();
        self.bytes += row.body.len();
        self.more.push(row);
    }
}

/// Packs what is ready, given in the order of insertion. What is hurried comes first.
pub(super) fn pack(rows: Vec<Row>, unhurried: &[&str]) -> Vec<Bag> {
    let mut bags = Vec::with_capacity(rows.len());
    let mut later: Vec<Bag> = Vec::new();
    for row in rows {
        let kind = row.envelope.kind.as_str();
        if !unhurried.contains(&kind) {
            bags.push(Bag::of(row));
            continue;
        }
        // Only the newest of its type is open: within a type the order stays.
        match later.iter_mut().rev().find(|bag| bag.first.envelope.kind == kind) {
            Some(bag) if bag.takes(&row) => bag.put(row),
            Some(_) | None => later.push(Bag::of(row)),
        }
    }
    bags.append(&mut later);
    bags
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use uuid::Uuid;

    use super::*;
    use crate::envelope::Envelope;

    fn row(kind: &str, number: u128, letters: i32, bytes: usize) -> Row {
        let envelope = Envelope {
            id: Uuid::from_u128(number),
            kind: kind.to_owned(),
            aggregate_id: Uuid::nil(),
            aggregate_version: 1,
            occurred_at: Utc::now(),
            traceparent: None,
        };
        Row { envelope, body: vec![0; bytes], letters }
    }

    fn packed(rows: Vec<Row>) -> Vec<Vec<u128>> {
        let ids = |bag: &Bag| bag.rows().map(|row| row.envelope.id.as_u128()).collect();
        pack(rows, &["a", "b"]).iter().map(ids).collect()
    }

    fn rows(kinds: &str) -> Vec<Row> {
        kinds.chars().zip(1..).map(|(kind, number)| row(&kind.to_string(), number, 1, 10)).collect()
    }

    #[test]
    fn unhurried_rows_of_one_type_share_a_bag_whatever_lies_between_them() {
        assert_eq!(packed(rows("abxaba")), [vec![3], vec![1, 4, 6], vec![2, 5]]);
    }

    #[test]
    fn hurried_rows_leave_alone_in_the_order_of_their_insertion_and_first() {
        assert_eq!(packed(rows("xaxyzx")), [vec![1], vec![3], vec![4], vec![5], vec![6], vec![2]]);
        assert_eq!(packed(Vec::new()), Vec::<Vec<u128>>::new());
    }

    #[test]
    fn a_bag_is_bounded_in_letters_and_bytes_and_keeps_the_order_within_its_type() {
        let half = i32::try_from(MOST_LETTERS / 2).unwrap();
        let letters = [half, half, half + 1, half, 1];
        let rows = letters.into_iter().zip(1..).map(|(letters, number)| row("a", number, letters, 1));
        assert_eq!(packed(rows.collect()), [vec![1, 2], vec![3], vec![4, 5]]);
        let bytes =
            vec![row("a", 1, 1, MOST_BYTES - 1), row("a", 2, 1, 1), row("a", 3, 1, 1), row("a", 4, 1, 9)];
        assert_eq!(packed(bytes), [vec![1, 2], vec![3, 4]]);
        let many = (0..520).map(|number| row("a", number, 1, 1)).collect();
        assert_eq!(packed(many).iter().map(Vec::len).collect::<Vec<_>>(), [256, 256, 8]);
        let large = vec![row("a", 1, 1, 2 * MOST_BYTES), row("a", 2, 1, 1)];
        assert_eq!(packed(large), [[1], [2]], "what is larger than a bag goes alone");
    }
}
