//! The rules of a financing case: pure functions over given state and given time. No SQL, no protobuf, no clock.

pub mod application;
pub mod case;
pub mod decide;
pub mod event;
pub mod leg;
pub mod offer;
pub mod plan;

#[cfg(test)]
mod case_tests;

pub use application::{Application, Channel, Document, Form, Missing};
pub use case::{Case, Collection, Phase, WithdrawCause};
pub use decide::{Command, Decision, Refusal, apply, decide};
pub use event::{Event, Party};
pub use leg::Leg;
pub use offer::Offer;
