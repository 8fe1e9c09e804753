//! The dead-letter queue of a consumer: what the broker gave up delivering waits in the table for a person.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use lapin::message::Delivery;

use super::Parts;
use super::aside::{Aside, Wait, put_aside};
use super::reader::{Sink, supervise};
use crate::health::Pulse;
use crate::parcel;

const REASON: &str = "delivery-limit";

struct Burial {
    parts: Parts,
    pulse: Arc<Pulse>,
}

impl Sink for Burial {
    async fn handle(&self, deliveries: Vec<Delivery>) -> ControlFlow<()> {
        let mut rows = Vec::with_capacity(deliveries.len());
        // A row may have come in several bags; it is one message all the same.
        let mut seen = HashSet::new();
        for Delivery { properties, data, .. } in deliveries {
            match parcel::open(&properties, data) {
                Ok(units) => {
                    let new = units.into_iter().filter(|unit| seen.insert(unit.id));
                    rows.extend(new.flat_map(|unit| Aside::all_of(unit, Wait::Parked, REASON)));
                }
                Err((unreadable, body)) => {
                    rows.push(Aside::unreadable(unreadable.reason(), &properties, body));
                }
            }
        }
        put_aside(&self.parts, &self.pulse, rows).await
    }
}

pub(super) async fn run(parts: Parts, pulse: Arc<Pulse>) {
    let _alive = pulse.guard();
    let burial = Burial { parts, pulse };
    supervise(&burial.parts, &burial.parts.queue.dead(), &burial.pulse, &burial).await;
}
