//! Held messages whose time has come. Rows are claimed with a lease, handled like a batch from the queue, and removed in
//! the transaction of their effect. Rows whose last worker died are taken alone, so that one cannot drag others along.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use uuid::Uuid;

use super::Handler;
use super::store::{self, Claimed};
use super::worker::{Origin, Worker};
use crate::Message;
use crate::backoff::Backoff;
use crate::clockwork::{fault_code, pause};

pub(super) async fn run<H: Handler>(worker: Worker<H>) {
    let _alive = worker.pulse.guard();
    let (config, shutdown) = (&worker.parts.config, &worker.parts.shutdown);
    let mut backoff = Backoff::new(Duration::from_millis(200), config.hold_max);
    while !shutdown.is_cancelled() {
        worker.pulse.beat();
        let wait = match worker.round().await {
            Ok(ControlFlow::Break(())) => return,
            Ok(ControlFlow::Continue(wait)) => {
                backoff.reset();
                wait
            }
            Err(error) => {
                tracing::warn!(
                    queue = worker.parts.queue.name,
                    code = fault_code(&error),
                    "retries cannot be read"
                );
                if pause(backoff.next(), shutdown).await.is_break() {
                    return;
                }
                Duration::ZERO
            }
        };
        if wait.is_zero() {
            continue;
        }
        tokio::select! {
            () = worker.due.notified() => {}
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

impl<H: Handler> Worker<H> {
    /// Handles what is due. Returns how long there will be nothing to do, `Break` on shutdown.
    async fn round(&self) -> Result<ControlFlow<(), Duration>, sqlx::Error> {
        let (queue, config) = (self.parts.queue.name, &self.parts.config);
        let mut worked = false;
        for (suspect, limit) in [(false, config.batch), (true, 1)] {
            let claim = Uuid::new_v4();
            let mut conn = self.parts.pool.acquire().await?;
            let rows = store::claim(&mut conn, queue, suspect, limit, (claim, config.lease)).await?;
            drop(conn);
            worked |= !rows.is_empty();
            if self.take_up(claim, rows).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if worked {
            return Ok(ControlFlow::Continue(Duration::ZERO));
        }
        let mut conn = self.parts.pool.acquire().await?;
        let next = store::next_due(&mut conn, queue).await?;
        Ok(ControlFlow::Continue(
            next.unwrap_or(config.retry_poll).clamp(Duration::from_millis(1), config.retry_poll),
        ))
    }

    async fn take_up(&self, claim: Uuid, rows: Vec<Claimed>) -> ControlFlow<()> {
        let mut messages: Vec<Message> = Vec::with_capacity(rows.len());
        let mut by_message = HashMap::with_capacity(rows.len());
        for row in rows {
            if row.failures > self.parts.config.max_attempts {
                // Nobody came back from it often enough to say why.
                self.postpone_failed(claim, row.held_id, row.failures, "handler-died").await?;
                continue;
            }
            by_message.insert(row.message.id.uuid(), (row.held_id, row.failures));
            messages.push(row.message);
        }
        messages.sort_by_key(|m| (m.aggregate_id, m.aggregate_version, m.id));
        self.settle(&Origin::Held { claim, rows: by_message }, messages).await
    }
}
