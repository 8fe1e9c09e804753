//! The queue's side of a consumer: one channel, a prefetch, batches, one ack for all of a batch. On any error, and when
//! the broker ends the subscription, everything is made anew.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};

use super::aside::put_aside;
use super::intake::{Rules, Sorted, sort};
use super::worker::{Origin, Worker};
use super::{Handler, Parts};
use crate::Pace;
use crate::backoff::Backoff;
use crate::clockwork::pause;
use crate::health::Pulse;
use crate::link::{LinkError, answered};
use crate::parcel;

/// How often a reader of an empty queue shows that it is alive.
const IDLE: Duration = Duration::from_secs(15);

/// What is done with the batches of a queue.
pub(super) trait Sink: Send + Sync {
    /// See [`Handler::PATIENCE`].
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// `Break`: shutdown came before the batch was done with; it must not be acknowledged.
    fn handle(&self, deliveries: Vec<Delivery>) -> impl Future<Output = ControlFlow<()>> + Send;
}

impl<H: Handler> Sink for Worker<H> {
    fn patience(&self) -> Duration {
        H::PATIENCE
    }

    async fn handle(&self, deliveries: Vec<Delivery>) -> ControlFlow<()> {
        let rules = Rules {
            now: self.parts.clock.now(),
            redeliveries: self.parts.config.redeliveries,
            keep_days: self.parts.config.inbox_keep_days,
        };
        let Sorted { messages, aside } = sort(deliveries, rules);
        if !aside.is_empty() {
            put_aside(&self.parts, &self.pulse, aside).await?;
            self.due.notify_one();
        }
        self.settle(&Origin::Queue, messages).await
    }
}

pub(super) async fn run<H: Handler>(worker: Worker<H>) {
    let _alive = worker.pulse.guard();
    supervise(&worker.parts, worker.parts.queue.name, &worker.pulse, &worker).await;
}

/// Consumes `queue` until shutdown, without limit and with jitter between attempts.
pub(super) async fn supervise(parts: &Parts, queue: &str, pulse: &Pulse, sink: &impl Sink) {
    let mut backoff = Backoff::new(Duration::from_millis(100), parts.config.reconnect_max);
    while !parts.shutdown.is_cancelled() {
        let error = match Subscription::open(parts, queue).await {
            Ok(subscription) => {
                pulse.consuming(true);
                backoff.reset();
                let ended = subscription.read(parts, pulse, sink).await;
                pulse.consuming(false);
                match ended {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        tracing::warn!(queue, code = error.code(), advice = error.advice(), "consumer has no queue");
        pulse.beat();
        if pause(backoff.next(), &parts.shutdown).await.is_break() {
            return;
        }
    }
}

struct Subscription {
    channel: Channel,
    consumer: Consumer,
    batch: usize,
}

impl Subscription {
    async fn open(parts: &Parts, queue: &str) -> Result<Self, LinkError> {
        let (connection, channel) = parts.link.channel().await?;
        let opened = async {
            answered(channel.basic_qos(parts.config.prefetch, BasicQosOptions::default())).await?;
            let options = BasicConsumeOptions::default();
            answered(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default())).await
        }
        .await;
        match opened {
            Ok(consumer) => Ok(Self { channel, consumer, batch: parts.config.batch }),
            Err(error) => {
                // A refusal is about this channel alone; silence is about the connection.
                if error.refusal().is_none() {
                    parts.link.discard(&connection).await;
                }
                Err(error)
            }
        }
    }

    /// Reads until shutdown (`Ok`) or until the subscription is of no more use.
    async fn read(mut self, parts: &Parts, pulse: &Pulse, sink: &impl Sink) -> Result<(), LinkError> {
        let pace = Pace::new(parts.config.worth);
        loop {
            let first = tokio::select! {
                biased;
                () = parts.shutdown.cancelled() => break,
                next = self.consumer.next() => next,
                () = tokio::time::sleep(IDLE) => {
                    pulse.beat();
                    continue;
                }
            };
            let first = first.ok_or(LinkError::Cancelled)??;
            match sink.patience() {
                Duration::ZERO => pace.turn().await,
                patience => tokio::time::sleep(patience).await,
            }
            let deliveries = self.gather(first);
            pace.took(deliveries.iter().map(|delivery| parcel::letters(&delivery.properties)).sum());
            let last = deliveries.last().map(|delivery| delivery.acker.clone());
            if sink.handle(deliveries).await.is_break() {
                break;
            }
            if let Some(last) = last {
                // A channel that has been closed takes no more acks: its messages come again, and are known.
                let acked = answered(last.ack(BasicAckOptions { multiple: true })).await?;
                if !acked {
                    return Err(LinkError::Cancelled);
                }
            }
        }
        // What was fetched and not handled goes back to the queue.
        let _ = answered(self.channel.close(200, "OK".into())).await;
        Ok(())
    }

    /// What is there already, without waiting for more. An end or an error shows itself at the next read.
    fn gather(&mut self, first: Delivery) -> Vec<Delivery> {
        let mut letters = parcel::letters(&first.properties);
        let mut deliveries = vec![first];
        while letters < self.batch {
            match self.consumer.next().now_or_never() {
                Some(Some(Ok(delivery))) => {
                    letters += parcel::letters(&delivery.properties);
                    deliveries.push(delivery);
                }
                Some(Some(Err(_)) | None) | None => break,
            }
        }
        deliveries
    }
}
