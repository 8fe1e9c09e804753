//! What a role may find out by itself: that its queues are there.

use lapin::Channel;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;

use super::Queue;
use crate::link::{LinkError, answered};

/// What is missing on the broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    #[error("queue {queue} is not on the broker: run zhirong migrate")]
    QueueMissing { queue: String },
    #[error("the broker could not be asked ({code})")]
    Broker { code: String },
}

/// Looks, without changing anything, whether each queue and its dead-letter queue exist. The broker closes the channel
/// at the first that does not.
pub async fn check(channel: &Channel, queues: &[Queue]) -> Result<(), TopologyError> {
    for queue in queues {
        for name in [queue.name.to_owned(), queue.dead()] {
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            match answered(channel.queue_declare(name.as_str().into(), passive, FieldTable::default())).await
            {
                Ok(_) => {}
                Err(error) if error.refusal() == Some(404) => {
                    return Err(TopologyError::QueueMissing { queue: name });
                }
                Err(
                    error @ (LinkError::Address
                    | LinkError::Silent
                    | LinkError::Cancelled
                    | LinkError::Amqp(_)),
                ) => {
                    return Err(TopologyError::Broker { code: error.code() });
                }
            }
        }
    }
    Ok(())
}
