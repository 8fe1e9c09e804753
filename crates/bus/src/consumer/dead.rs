//! The dead-letter queue of a consumer: what the broker gave up delivering waits in the table for a person.

use std::ops::ControlFlow;
use std::sync::Arc;

use lapin::message::Delivery;

use super::Parts;
use super::aside::{Aside, put_aside};
use super::reader::{Sink, supervise};
use crate::envelope::Envelope;
use crate::health::Pulse;

const REASON: &str = "delivery-limit";

struct Burial {
    parts: Parts,
    pulse: Arc<Pulse>,
}

impl Sink for Burial {
    async fn handle(&self, deliveries: Vec<Delivery>) -> ControlFlow<()> {
        let aside = |delivery: Delivery| match Envelope::read(&delivery.properties) {
            Ok(envelope) => Aside::parked(REASON, envelope, delivery.data),
            Err(unreadable) => Aside::unreadable(unreadable.reason(), &delivery),
        };
        put_aside(&self.parts, &self.pulse, deliveries.into_iter().map(aside).collect()).await
    }
}

pub(super) async fn run(parts: Parts, pulse: Arc<Pulse>) {
    let _alive = pulse.guard();
    let burial = Burial { parts, pulse };
    supervise(&burial.parts, &burial.parts.queue.dead(), &burial.pulse, &burial).await;
}
