//! Who publishes for a role: the holder of an advisory lock, on a connection of its own over which all of the relay's
//! reading and deleting goes. When that connection dies, lock and work end together.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, PgPool};

/// No statement of the relay takes this long on a healthy database.
const STATEMENT_LIMIT: Duration = Duration::from_secs(30);

/// The right to publish, and the connection that carries it.
pub(super) struct Leader {
    conn: PgConnection,
}

impl Leader {
    /// One try. `None`: another process leads.
    pub(super) async fn elect(pool: &PgPool) -> Result<Option<Self>, sqlx::Error> {
        // A host that vanishes without a word must not keep the lock for hours; plans must not depend on statistics. What
        // the relay writes need not outlive a crash of the database: a row that comes back is sent again, and known.
        let options = pool.connect_options().as_ref().clone().application_name("zhirong-relay").options([
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("enable_seqscan", "off"),
            ("synchronous_commit", "off"),
        ]);
        let mut conn = limited(options.connect()).await?;
        let elected: bool = limited(
            sqlx::query_scalar(
                "SELECT pg_try_advisory_lock(hashtextextended('zhirong.relay.' || current_schema(), 0))",
            )
            .fetch_one(&mut conn),
        )
        .await?;
        if elected {
            return Ok(Some(Self { conn }));
        }
        limited(conn.close()).await?;
        Ok(None)
    }

    /// The connection that the lock lives on. Statements on it go through [`limited`]; after an error the leader must be
    /// dropped.
    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Gives the lock up at once instead of when the server notices.
    pub(super) async fn resign(self) {
        // A connection that cannot be closed is dropped: the server ends it, and the lock with it.
        let _ = limited(self.conn.close()).await;
    }
}

/// One statement within the time limit.
pub(super) async fn limited<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(STATEMENT_LIMIT, work).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}
