//! Settings of intake: policy that the zone decides, not rules.

use host::settings::{AnyKey, FromSetting, Key, Settings};
use kernel::calendar::Span;

use crate::domain::{Channel, Subsidies, plan::Policy};

const AUTO_ACCEPT: Key<Channels> = Key::with_default(
    "ZHIRONG_INTAKE_AUTO_ACCEPT",
    "XYD,API",
    "channels (DESK, XYD, API) whose applications are accepted without a clerk, comma-separated, or NONE",
);
const WINDOW: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_WINDOW",
    "5wd",
    "how long institutions have to answer: 5wd (working days) or 30s",
);
const SUPPLEMENT: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_SUPPLEMENT",
    "5wd",
    "how long an enterprise has to supplement: 5wd (working days) or 30s",
);
const ASK_AGAIN: Key<u32> = Key::with_default(
    "ZHIRONG_INTAKE_ASK_AGAIN_SECONDS",
    "600",
    "seconds after which a leg without a sign of life is issued again, and a chosen one without an answer told again",
);
const WINDOW_GRACE: Key<u32> = Key::with_default(
    "ZHIRONG_INTAKE_GRACE_SECONDS",
    "60",
    "seconds after the window in which answers given before its end may still arrive",
);
const COVER: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_COVER_WAIT",
    "4wd",
    "how long insurance is waited for before offers are ready without cover: its window and a day, 4wd or 30s",
);
const SELECTION: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_SELECTION",
    "5wd",
    "how long an enterprise has to choose an offer: 5wd (working days) or 30s",
);
const APPROVAL: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_APPROVAL",
    "5wd",
    "how long a chosen bank has to approve, an evaluator to confirm: 5wd (working days) or 30s",
);
const NO_OFFER: Key<Span> = Key::with_default(
    "ZHIRONG_INTAKE_NO_OFFER",
    "10wd",
    "how long a case without an offer waits for another round before it ends: 10wd (working days) or 30s",
);
const SUBSIDIES: Key<Expected> = Key::with_default(
    "ZHIRONG_INTAKE_SUBSIDIES",
    "NONE",
    "what the zone gives back of a loan's cost, comma-separated: INTEREST, VALUATION or COVER, its share in basis points and the most in fen, such as INTEREST:5000:20000000, with :first-day:last-day behind it where it does not hold always; NONE",
);

pub(crate) const KEYS: &[&dyn AnyKey] = &[
    &AUTO_ACCEPT,
    &WINDOW,
    &SUPPLEMENT,
    &ASK_AGAIN,
    &WINDOW_GRACE,
    &COVER,
    &SELECTION,
    &APPROVAL,
    &NO_OFFER,
    &SUBSIDIES,
];

/// # Errors
/// Every setting that cannot be read, at once.
pub(crate) fn policy(settings: &Settings) -> Result<Policy, host::settings::Faults> {
    Ok(Policy {
        auto_accept: settings.get(&AUTO_ACCEPT)?.0,
        window: settings.get(&WINDOW)?,
        supplement: settings.get(&SUPPLEMENT)?,
        ask_again_seconds: settings.get(&ASK_AGAIN)?.max(1),
        grace_seconds: settings.get(&WINDOW_GRACE)?,
        cover: settings.get(&COVER)?,
        selection: settings.get(&SELECTION)?,
        approval: settings.get(&APPROVAL)?,
        no_offer: settings.get(&NO_OFFER)?,
        subsidies: settings.get(&SUBSIDIES)?.0,
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Channels(Vec<Channel>);

impl FromSetting for Channels {
    fn from_setting(text: &str) -> Result<Self, String> {
        if text == "NONE" {
            return Ok(Self(Vec::new()));
        }
        text.split(',')
            .map(|code| {
                Channel::from_code(code.trim()).ok_or_else(|| "a channel is not DESK, XYD or API".to_owned())
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Expected(Subsidies);

impl FromSetting for Expected {
    fn from_setting(text: &str) -> Result<Self, String> {
        Subsidies::parse(text).map(Self)
    }
}
