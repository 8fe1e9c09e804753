//! A connection to the broker that is always made anew, never recovered: one for publishing, one for consuming, because
//! the broker blocks the whole connection of a publisher, acks included. Nothing of an old connection is used on a new one.

use std::sync::Arc;
use std::time::Duration;

use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::Mutex;

/// What a broker that is there answers at once.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The largest frame, in bytes: larger messages are sent in several. The client keeps room for 32 frames each way, all of it
/// resident: 8 MiB for a connection with the broker's own 128 KiB.
const FRAME: u32 = 32 * 1024;

/// Why the broker cannot be used at this moment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the broker's address cannot be read")]
    Address,
    #[error("the broker gave no answer in time")]
    Silent,
    #[error("the consumer was cancelled by the broker")]
    Cancelled,
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
}

impl LinkError {
    /// A code for log lines: the text of a protocol error may name what a person typed.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Address => "address".to_owned(),
            Self::Silent => "silent".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::Amqp(error) => match error.kind() {
                lapin::ErrorKind::ProtocolError(refusal) => format!("amqp-{}", refusal.get_id()),
                lapin::ErrorKind::IOError(io) => format!("io-{:?}", io.kind()),
                lapin::ErrorKind::MissingHeartbeatError => "heartbeat".to_owned(),
                _ => "connection".to_owned(),
            },
        }
    }

    /// What an operator can do about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self.refusal() {
            Some(404) => "not declared on the broker: run zhirong migrate",
            Some(403) => "not permitted to this role: run zhirong migrate",
            Some(_) | None => "tried again for ever",
        }
    }

    /// The reply code of a channel that the broker closed, such as 404.
    pub(crate) fn refusal(&self) -> Option<u16> {
        match self {
            Self::Amqp(error) if error.is_amqp_soft_error() => match error.kind() {
                lapin::ErrorKind::ProtocolError(refusal) => Some(refusal.get_id()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Waits for a broker that may have stopped answering.
pub(crate) async fn answered<T>(work: impl Future<Output = Result<T, lapin::Error>>) -> Result<T, LinkError> {
    match tokio::time::timeout(ANSWER_LIMIT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(LinkError::Silent),
    }
}

/// One purpose's connection, shared by the channels of its tasks.
pub(crate) struct Link {
    uri: Option<AMQPUri>,
    name: String,
    current: Mutex<Option<Arc<Connection>>>,
}

impl Link {
    pub(crate) fn new(amqp_url: &str, heartbeat: Duration, name: String) -> Arc<Self> {
        let uri = amqp_url.parse::<AMQPUri>().ok().map(|mut uri| {
            uri.query.heartbeat = Some(u16::try_from(heartbeat.as_secs()).unwrap_or(u16::MAX).max(1));
            uri.query.frame_max = uri.query.frame_max.or(Some(FRAME));
            uri
        });
        Arc::new(Self { uri, name, current: Mutex::new(None) })
    }

    /// A new channel, on the standing connection or on a new one. One attempt; the caller paces the next.
    pub(crate) async fn channel(&self) -> Result<(Arc<Connection>, Channel), LinkError> {
        let connection = self.connection().await?;
        match answered(connection.create_channel()).await {
            Ok(channel) => Ok((connection, channel)),
            Err(error) => {
                self.discard(&connection).await;
                Err(error)
            }
        }
    }

    async fn connection(&self) -> Result<Arc<Connection>, LinkError> {
        let mut current = self.current.lock().await;
        if let Some(connection) = current.as_ref().filter(|c| c.status().connected()) {
            return Ok(Arc::clone(connection));
        }
        *current = None;
        let uri = self.uri.clone().ok_or(LinkError::Address)?;
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let connection = Arc::new(answered(Connection::connect_uri(uri, properties)).await?);
        *current = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// Gives up a connection that misbehaves, for everyone who shares it.
    pub(crate) async fn discard(&self, connection: &Arc<Connection>) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|c| Arc::ptr_eq(c, connection)) {
            *current = None;
        }
        drop(current);
        close(connection).await;
    }

    /// Ends the standing connection, for good.
    pub(crate) async fn close(&self) {
        if let Some(connection) = self.current.lock().await.take() {
            close(&connection).await;
        }
    }
}

/// Says good-bye where someone still listens; a broker that does not is left to its heartbeat.
async fn close(connection: &Connection) {
    if connection.status().connected() {
        let _ = tokio::time::timeout(Duration::from_secs(2), connection.close(200, "OK".into())).await;
    }
}
