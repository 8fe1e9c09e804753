//! All figures computed anew from the first fact on, in a second book, while facts are taken and answers given from the
//! first.

use sqlx::{PgConnection, PgPool};

use super::fold::turn;
use crate::store::{self, StoreError, books, shadow};

/// A second book, and the right to write it.
pub(crate) struct Shadow {
    pool: PgPool,
    book: i32,
    _turn: shadow::Turn,
}

/// How the two books compared when both held the same facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) facts: i64,
    pub(crate) equal: bool,
}

impl Shadow {
    /// An empty book. `None` while another is being written. What an interrupted attempt left behind is removed.
    pub(crate) async fn begin(pool: &PgPool) -> Result<Option<Self>, StoreError> {
        let Some(turn) = shadow::try_turn(pool).await? else { return Ok(None) };
        clear_abandoned(pool).await?;
        let mut conn = pool.acquire().await?;
        let book = shadow::create(&mut conn).await?;
        Ok(Some(Self { pool: pool.clone(), book, _turn: turn }))
    }

    /// Folds, page by page, everything that had been recorded when the last page was begun.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn fill(&self) -> Result<(), StoreError> {
        loop {
            let mut transaction = store::begin(&self.pool).await?;
            let mut book = books::lock(&mut transaction, self.book).await?;
            let to = book.last_fact_at;
            let more = turn(&mut transaction, &mut book, to).await?;
            transaction.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Brings both books to the same fact, compares all sums, and puts the new book in use. Facts are taken meanwhile;
    /// only folding waits, for the time of the caller's transaction.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn change_over(&self, conn: &mut PgConnection) -> Result<Compared, StoreError> {
        store::keep_to_indexes(conn).await?;
        let mut used = loop {
            if let Some(book) = books::lock_in_use(conn).await? {
                break book;
            }
        };
        let to = used.last_fact_at.max(used.folded_to);
        while turn(conn, &mut used, to).await? {}
        let mut new = books::lock(conn, self.book).await?;
        while turn(conn, &mut new, to).await? {}
        let equal = shadow::same(conn, used.book, new.book).await?;
        let facts = shadow::facts(conn, new.book).await?;
        shadow::change_over(conn, used.book, new.book).await?;
        Ok(Compared { facts, equal })
    }

    /// Removes the book that is not in use any more.
    pub(crate) async fn clear(self) -> Result<(), StoreError> {
        clear_abandoned(&self.pool).await
    }
}

async fn clear_abandoned(pool: &PgPool) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?;
    for book in shadow::abandoned(&mut conn).await? {
        shadow::clear(&mut conn, book).await?;
    }
    Ok(())
}
