//! The rules of a financing case: pure functions over given state and given time. No SQL, no protobuf, no clock.

pub mod application;
pub mod apply;
pub mod case;
pub mod command;
pub mod compare;
pub mod cover;
pub mod decide;
pub mod event;
pub mod leg;
pub mod offer;
pub mod plan;
pub mod selection;
pub mod subsidy;
pub mod valuation;

#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod selection_tests;

pub use application::{Application, Channel, Document, Form, Missing};
pub use apply::apply;
pub use case::{Case, Collection, Cover, ExpiryCause, Phase, ReopenCause, WithdrawCause};
pub use command::Command;
pub use cover::CoverOption;
pub use decide::{Decision, Refusal, decide};
pub use event::{Event, Party};
pub use leg::{Leg, Loan, ProductVersion, Standing};
pub use offer::Offer;
pub use selection::{Approval, Choice, CoverNeed};
pub use subsidy::Subsidies;
pub use valuation::{Engagement, Report, Valuation};
