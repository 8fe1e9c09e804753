//! Several writes of one transaction as one statement: each becomes a part of one `WITH`, so that a transaction which
//! writes ten tables makes one round trip and is planned and started once. The parts stay statements of their own, which
//! a test can prepare one by one.

mod text;

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, PgConnection, Postgres, Type};

/// Writes that are gathered and then made together.
///
/// All of them see the rows as they were before: none sees what another writes, and no row may be written by two of them.
/// Constraints hold as ever. Two that would have to see each other are executed one after the other.
#[derive(Debug, Default)]
pub struct Writes {
    parts: Vec<Part>,
    arguments: PgArguments,
    /// Rows of those that have to write exactly so many, in their order.
    expected: Vec<i64>,
    /// The first value that could not be encoded.
    failed: Option<BoxDynError>,
}

/// One statement among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Part {
    /// By which later ones find its rows.
    name: Option<&'static str>,
    statement: &'static str,
    rows: Rows,
}

/// What is done with the number of rows that a statement writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rows {
    Any,
    /// All is undone where it is another number; it comes behind the statement's own parameters.
    Exactly,
}

/// Takes the values of one statement, in the order of its parameters.
#[derive(Debug)]
pub struct Binding<'w>(&'w mut Writes);

impl Writes {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds an `INSERT`, `UPDATE` or `DELETE`; all of its parameters are to be bound before the next one is added.
    pub fn add(&mut self, statement: &'static str) -> Binding<'_> {
        self.parts.push(Part { name: None, statement, rows: Rows::Any });
        Binding(self)
    }

    /// As [`Self::add`], for one whose `RETURNING` others that are added later read under this name. No two may have the same.
    pub fn add_named(&mut self, name: &'static str, statement: &'static str) -> Binding<'_> {
        self.parts.push(Part { name: Some(name), statement, rows: Rows::Any });
        Binding(self)
    }

    /// As [`Self::add`], for one without `RETURNING` that has to write exactly so many rows. Where it writes another
    /// number, all of them are undone, which [`is_other_number`] tells from other errors: so a single statement without a
    /// transaction around it can depend on what was read before.
    pub fn add_exactly(&mut self, rows: usize, statement: &'static str) -> Binding<'_> {
        self.parts.push(Part { name: None, statement, rows: Rows::Exactly });
        self.expected.push(i64::try_from(rows).unwrap_or(i64::MAX));
        Binding(self)
    }

    /// Makes all of them. Nothing is done where nothing was added.
    ///
    /// # Errors
    /// The database's, for any of them; none has been made then. [`sqlx::Error::Encode`] for a value that cannot be sent.
    pub async fn execute(mut self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        for rows in &self.expected {
            if let Err(error) = self.arguments.add(*rows) {
                self.failed.get_or_insert(error);
            }
        }
        if let Some(failed) = self.failed {
            return Err(sqlx::Error::Encode(failed));
        }
        match self.parts.as_slice() {
            [] => Ok(()),
            [Part { statement, rows: Rows::Any, .. }] => {
                sqlx::query_with(*statement, self.arguments).execute(conn).await.map(drop)
            }
            parts => {
                let text = AssertSqlSafe(text::together(parts));
                sqlx::query_with(text, self.arguments).execute(conn).await.map(drop)
            }
        }
    }
}

/// Whether a write that had to write exactly so many rows wrote another number.
#[must_use]
pub fn is_other_number(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|refusal| refusal.code()).as_deref() == Some(text::OTHER_NUMBER)
}

impl Binding<'_> {
    /// Binds the next value.
    // The caller may stop here: the values are kept where the statement is.
    #[expect(clippy::return_self_not_must_use, reason = "the last binding of a statement is dropped")]
    pub fn bind<'q, T>(self, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.0.arguments.add(value) {
            self.0.failed.get_or_insert(error);
        }
        self
    }
}
