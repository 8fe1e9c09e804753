//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Counts of messages name nobody: all staff may see them.
const STAFF: Allow = Allow::Staff(&Duty::ALL);
/// Who may see figures of cases: those who see the cases, and the regulator, who sees sums. Operation sees ids only.
const READERS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Regulator]);
/// Who keeps the system. The answer to a rebuild holds no figure of a case.
const KEEPERS: Allow = Allow::Staff(&[Duty::Supervisor, Duty::Operator, Duty::Administrator]);

macro_rules! method {
    ($name:literal, $($allow:expr),+) => {
        MethodPolicy {
            method: concat!("/zhirong.statistics.v1.StatisticsService/", $name),
            allow: &[$($allow),+],
        }
    };
}

pub static POLICY: &[MethodPolicy] = &[
    method!("CountFacts", STAFF, Allow::AnyRole),
    method!("GetOverview", READERS),
    method!("ListDays", READERS),
    method!("Rebuild", KEEPERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.statistics.v1", POLICY);
    }
}
