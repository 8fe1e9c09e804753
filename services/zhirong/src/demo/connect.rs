//! The institutions' way in: credentials, connections, and what they meet on the way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use kernel::InstitutionId;

use super::cast;
use super::screen::Screen;
use super::text::span;
use crate::simulate::data::{Loaded, LoadedHouse};
use crate::simulate::{Crowd, Deed, Link, Report, Seed, Trade};

/// How long all may take to connect.
const CONNECT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// What the demo wants to know of the institutions beside their books.
#[derive(Clone, Debug, Default)]
pub(super) struct Attendance {
    connected: Arc<AtomicUsize>,
    hitches: Arc<Mutex<Vec<String>>>,
}

impl Attendance {
    /// Calls that had to be made again and connections that were lost: no failure, but worth a line.
    pub(super) fn hitches(&self) -> Vec<String> {
        self.hitches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn report(&self, loaded: &Loaded, houses: &[LoadedHouse]) -> Report {
        let own = self.clone();
        let names: HashMap<InstitutionId, String> = loaded
            .banks
            .iter()
            .map(|bank| (bank.id, bank.name.clone()))
            .chain(houses.iter().map(|house| (house.id, house.name.clone())))
            .collect();
        Report::new(move |institution, _, deed| match deed {
            Deed::Connected => {
                own.connected.fetch_add(1, Ordering::Relaxed);
            }
            Deed::TriedAgain(_) | Deed::Lost(_) | Deed::Barred(_) => {
                let name = names.get(&institution).map_or("?", String::as_str);
                let mut hitches = own.hitches.lock().unwrap_or_else(PoisonError::into_inner);
                hitches.push(format!("{name}：{deed}"));
            }
            Deed::Received { .. }
            | Deed::Read { .. }
            | Deed::Accepted
            | Deed::Asked { .. }
            | Deed::Supplemented { .. }
            | Deed::Offered { .. }
            | Deed::Repeated { .. }
            | Deed::Declined(_)
            | Deed::StaysSilent
            | Deed::ToldTooLate
            | Deed::FiledLate { .. }
            | Deed::Heard(_)
            | Deed::Later(_)
            | Deed::Closed(_)
            | Deed::Failed(_) => {}
        })
    }
}

/// Sets everyone to work and returns when each has made its first call.
pub(super) async fn connect(
    link: &Link,
    (loaded, houses): (&Loaded, &[LoadedHouse]),
    seed: Seed,
    attendance: &Attendance,
    screen: &mut Screen,
) -> Result<Crowd> {
    let begun = Instant::now();
    let report = attendance.report(loaded, houses);
    let mut crowd = Crowd::empty();
    for (index, bank) in loaded.banks.iter().enumerate() {
        let trade = Trade::Bank(Box::new(bank.terms.clone()));
        crowd.hire(link, (bank.id, &bank.name, trade), seed, cast::bank(index), &report).await?;
    }
    for house in houses {
        let trade = Trade::House(house.terms.clone());
        let part = cast::house(house, houses);
        crowd.hire(link, (house.id, &house.name, trade), seed, part, &report).await?;
    }
    let expected = loaded.banks.len() + houses.len();
    let count = || attendance.connected.load(Ordering::Relaxed);
    let all = async {
        while count() < expected {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(CONNECT, all).await.is_err() {
        let hitches = attendance.hitches().join("；");
        bail!("{CONNECT:?} 内只有 {} 家机构接入 (not all institutions connected): {hitches}", count());
    }
    let face = link.partner_face()?;
    screen.say(&format!("   {} 家机构已双向 TLS 接入 {face}，用时 {}", count(), span(begun.elapsed())));
    Ok(crowd)
}
