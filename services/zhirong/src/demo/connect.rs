//! The banks' way in: credentials, connections, and what they meet on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::cast;
use super::screen::Screen;
use super::text::span;
use crate::simulate::data::Loaded;
use crate::simulate::{Crowd, Deed, Link, Report, Seed};

/// How long all banks may take to connect.
const CONNECT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// What the demo wants to know of the banks beside their books.
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

    fn report(&self, loaded: &Loaded) -> Report {
        let (own, banks) = (self.clone(), loaded.banks.clone());
        Report::new(move |institution, _, deed| match deed {
            Deed::Connected => {
                own.connected.fetch_add(1, Ordering::Relaxed);
            }
            Deed::TriedAgain(_) | Deed::Lost(_) | Deed::Barred(_) => {
                let bank = banks.iter().find(|bank| bank.id == institution).map_or("?", |bank| &bank.name);
                let mut hitches = own.hitches.lock().unwrap_or_else(PoisonError::into_inner);
                hitches.push(format!("{bank}：{deed}"));
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

/// Sets all banks to work and returns when each has made its first call.
pub(super) async fn connect(
    link: &Link,
    loaded: &Loaded,
    seed: Seed,
    attendance: &Attendance,
    screen: &mut Screen,
) -> Result<Crowd> {
    let begun = Instant::now();
    let report = attendance.report(loaded);
    let crowd = Crowd::start(link, &loaded.banks, seed, cast::behaviour, &report).await?;
    let count = || attendance.connected.load(Ordering::Relaxed);
    let all = async {
        while count() < loaded.banks.len() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(CONNECT, all).await.is_err() {
        let hitches = attendance.hitches().join("；");
        bail!("{CONNECT:?} 内只有 {} 家银行接入 (not all banks connected): {hitches}", count());
    }
    let face = link.partner_face()?;
    screen.say(&format!("   {} 家银行已双向 TLS 接入 {face}，用时 {}", count(), span(begun.elapsed())));
    Ok(crowd)
}
