//! Screening (筛查): scorecard and hard exclusions of domain.md §4.4 as data, and the pure engine that goes by them. The
//! same inputs and the same versions give the same result, to the byte.

mod card_text;
mod digest;
mod evidence;
mod exclusions;
mod feature;
mod profile;
mod rules;
mod rules_text;
mod run;
mod score;
mod scorecard;
#[cfg(test)]
mod scorecard_tests;

pub use digest::Digest;
pub use evidence::{Evidence, Outcome, Screened, Subject, screen};
pub use exclusions::Exclusions;
pub use feature::{Feature, Features};
pub use profile::{Holding, Profile, Rights};
pub use rules::{Basis, Effect, Rule, Rulebook, Status};
pub use run::{RUN_SCOPE_MAX, Run, RunState};
pub use score::{Line, Reason, Score, Verdict};
pub use scorecard::{Band, CardError, Dimension, Indicator, Points, Scorecard};
