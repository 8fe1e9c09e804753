//! Settings of insurance: policy that the zone decides, not rules.

use host::settings::{AnyKey, Key, Settings};
use kernel::calendar::Span;

use crate::domain::Policy;

const WINDOW: Key<Span> = Key::with_default(
    "ZHIRONG_INSURANCE_WINDOW",
    "3wd",
    "how long insurers and guarantors have to answer: 3wd (working days) or 30s",
);
const ASK_AGAIN: Key<u32> = Key::with_default(
    "ZHIRONG_INSURANCE_ASK_AGAIN_SECONDS",
    "600",
    "seconds after which a leg without a sign of life is issued again, and a chosen one without an answer told again",
);
const WINDOW_GRACE: Key<u32> = Key::with_default(
    "ZHIRONG_INSURANCE_GRACE_SECONDS",
    "60",
    "seconds after the window, or the end of a quote, in which what was said before it may still arrive",
);

pub(crate) const KEYS: &[&dyn AnyKey] = &[&WINDOW, &ASK_AGAIN, &WINDOW_GRACE];

/// # Errors
/// Every setting that cannot be read, at once.
pub(crate) fn policy(settings: &Settings) -> Result<Policy, host::settings::Faults> {
    Ok(Policy {
        window: settings.get(&WINDOW)?,
        ask_again_seconds: settings.get(&ASK_AGAIN)?.max(1),
        grace_seconds: settings.get(&WINDOW_GRACE)?,
    })
}
