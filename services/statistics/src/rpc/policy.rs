//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Counts name nobody: all staff may see them.
const STAFF: Allow = Allow::Staff(&Duty::ALL);

pub static POLICY: &[MethodPolicy] = &[MethodPolicy {
    method: "/zhirong.statistics.v1.StatisticsService/CountFacts",
    allow: &[STAFF, Allow::AnyRole],
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.statistics.v1", POLICY);
    }
}
