//! Takes a batch of messages as facts.

use std::sync::Arc;
use std::time::Duration;

use bus::{Handler, HandlerError, Message, Outcome};
use kernel::Clock;
use sqlx::PgConnection;
use tokio::sync::Notify;

use super::decode::{Unusable, fact};
use crate::{
    domain::fact::Fact,
    store::{StoreError, facts},
};

/// Keeps every fact once, however often and in whatever order its message comes. Figures follow later, many facts at a
/// time: this is all that a fact costs while it is in hand.
pub struct FactHandler {
    clock: Arc<dyn Clock>,
    taken: Arc<Notify>,
}

impl FactHandler {
    /// `taken` is told of every batch that was committed.
    pub fn new(clock: Arc<dyn Clock>, taken: Arc<Notify>) -> Self {
        Self { clock, taken }
    }
}

impl Handler for FactHandler {
    type Prepared = Vec<Result<Fact, Unusable>>;

    /// Figures are folded four times a second; a batch of one fact costs as much as one of fifty.
    const PATIENCE: Duration = Duration::from_millis(50);

    async fn prepare(&self, batch: &[Message]) -> Self::Prepared {
        batch.iter().map(fact).collect()
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        _batch: &[Message],
        prepared: &mut Self::Prepared,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let outcomes = prepared.iter().map(|read| match read {
            Ok(_) => Outcome::Done,
            Err(unusable) => Outcome::Park { reason: unusable.reason() },
        });
        let outcomes = outcomes.collect();
        let facts: Vec<Fact> = prepared.drain(..).flatten().collect();
        if !facts.is_empty() {
            facts::insert_new(conn, &facts, self.clock.now()).await.map_err(handler_error)?;
        }
        Ok(outcomes)
    }

    fn committed(&self, _prepared: Self::Prepared) {
        self.taken.notify_one();
    }
}

fn handler_error(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        StoreError::Impossible { .. } => HandlerError::failed("impossible-row", error),
    }
}
