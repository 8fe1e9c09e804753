//! The rules of cover (增信): pure functions over given state and given time. No SQL, no protobuf, no clock.

pub mod appetite;
pub mod cover;
pub mod decide;
pub mod event;
pub mod payout;
pub mod policy;
pub mod reply;
pub mod terms;

#[cfg(test)]
mod cover_tests;
#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod terms_tests;

pub use appetite::{Appetite, Misfit, Need};
pub use cover::{Candidate, Cover, CoverId, EndCause, Join, Leg, Phase, Quote, ReleaseCause};
pub use decide::{Answer, CaseFact, Command, Decision, Refusal, decide};
pub use event::{Event, apply};
pub use policy::Policy;
pub use terms::Terms;
