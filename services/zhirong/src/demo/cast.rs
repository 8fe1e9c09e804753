//! Which bank plays which part, so that everything that may happen to a leg is seen once.

use std::time::Duration;

use kernel::DeclineReason;

use crate::simulate::{Delays, Manner, Script};

/// The window of the demo, and the time after it in which answers given before its end may still arrive.
pub(super) const WINDOW: Duration = Duration::from_secs(6);
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The banks that are asked.
pub(super) const BANKS: usize = 12;

/// Parts in the order of the banks.
const PARTS: [Script; BANKS] = [
    Script::Offer,
    Script::Offer,
    Script::AskThenOffer,
    Script::OfferTwice,
    Script::Decline(DeclineReason::R08),
    Script::Offer,
    Script::Offer,
    Script::Decline(DeclineReason::R03),
    Script::Late,
    Script::Silent,
    Script::Offer,
    Script::Offer,
];

/// How the bank with this index behaves. Everyone who means to answer in time does so well within the window, also on
/// a slow machine.
pub(super) fn behaviour(index: usize) -> (Manner, Delays) {
    let script = PARTS.get(index).copied().unwrap_or(Script::Offer);
    let milliseconds = match script {
        Script::Offer | Script::Decline(_) | Script::OfferTwice => (400, 3600),
        Script::AskThenOffer => (2400, 3200),
        Script::Late => (800, 1600),
        Script::Silent => (0, 0),
    };
    let (least, most) = milliseconds;
    (
        Manner::Always(script),
        Delays { least: Duration::from_millis(least), most: Duration::from_millis(most) },
    )
}
