//! What a service gives: how its messages are handled, and what it says of each.

use std::error::Error;
use std::time::Duration;

use sqlx::PgConnection;
use writes::Writes;

use crate::Message;

/// Handles the messages of one queue. Messages come in any order and any number of times between roles; those that were
/// already taken do not reach `apply`. An unknown type or an undecodable body is answered with [`Outcome::Park`].
pub trait Handler: Send + Sync + 'static {
    /// What `prepare` found out.
    type Prepared: Send;

    /// May ask other services; no transaction is open. May be called again for the same messages, and for messages that
    /// turn out to be repetitions.
    fn prepare(&self, batch: &[Message]) -> impl Future<Output = Self::Prepared> + Send;

    /// How long messages may wait for company where nobody waits for their effect.
    const PATIENCE: Duration = Duration::ZERO;

    /// Whether [`Handler::gather`] is what the handler has, and not [`Handler::apply`].
    const GATHERS: bool = false;

    /// The effects, in the transaction that also remembers the messages. `batch` is the one that was prepared, sorted by
    /// aggregate and version. One outcome for each message, in the same order. An error undoes the transaction; a batch
    /// that failed is then handled message by message.
    fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        prepared: &mut Self::Prepared,
    ) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send {
        async move {
            let mut writes = Writes::new();
            let outcomes = self.gather(conn, batch, prepared, &mut writes, Way::InTransaction).await?;
            writes.execute(conn).await?;
            Ok(outcomes)
        }
    }

    /// As [`Handler::apply`] for who sets [`Handler::GATHERS`]: reads and locks by `conn`, and leaves in `writes` what is to
    /// be written, so that it is one statement with what remembers the messages. Messages may come here that were taken
    /// before: nothing of theirs is written then, and they do not come again. It is asked first to do without a transaction
    /// ([`Way::Alone`]), and refuses by [`HandlerError::NeedsTransaction`].
    fn gather(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        prepared: &mut Self::Prepared,
        writes: &mut Writes,
        way: Way,
    ) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send {
        let _ = (writes, way);
        self.apply(conn, batch, prepared)
    }

    /// After the commit: the place to wake workers of the role. The outbox is woken anyway. `prepared` is that of
    /// the attempt that was committed; any other attempt's is dropped.
    fn committed(&self, prepared: Self::Prepared) {
        drop(prepared);
    }
}

/// What is around the one statement that writes the effects of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing: `conn` must only be read by, locks would not last, and `writes` has to compare what was read.
    Alone,
    /// A transaction, with all that was done by `conn`.
    InTransaction,
}

/// What becomes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is in the transaction, or it needs none.
    Done,
    /// It is to be handled again, at the earliest after this time.
    Retry { after: Duration, reason: &'static str },
    /// A person must look. `reason` is a code.
    Park { reason: &'static str },
}

/// Why a transaction cannot be committed. What follows is decided here, not by the handler: an unreachable database is
/// waited for, anything else is tried again later a limited number of times and then parked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    #[error("the store refused")]
    Store(#[from] sqlx::Error),
    /// The batch cannot be written by one statement alone.
    #[error("a transaction is needed")]
    NeedsTransaction,
    /// `code` is logged; texts of `source` must hold ids and codes only.
    #[error("handling failed: {code}")]
    Failed {
        code: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl HandlerError {
    pub fn failed(code: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { code, source: source.into() }
    }
}
