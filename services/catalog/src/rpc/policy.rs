//! Who may call which method (domain.md §7). The test below holds this table to the contract.

use rpc::{
    Duty,
    policy::{Allow, MethodPolicy},
};

/// Who keeps the catalog.
const DESK: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor, Duty::Administrator]);
/// Institutions and products are no secret among staff.
const STAFF: Allow = Allow::Staff(&Duty::ALL);
const INTAKE: Allow = Allow::Role("intake");

macro_rules! method {
    ($name:literal, $($allow:expr),+) => {
        MethodPolicy {
            method: concat!("/zhirong.catalog.v1.CatalogService/", $name),
            allow: &[$($allow),+],
        }
    };
}

pub static POLICY: &[MethodPolicy] = &[
    method!("RegisterInstitution", DESK),
    method!("GetInstitution", STAFF, Allow::AnyRole),
    method!("ListInstitutions", STAFF, Allow::AnyRole),
    method!("CreateProduct", DESK),
    method!("ReviseProduct", DESK),
    method!("PublishProduct", DESK),
    method!("RetireProduct", DESK),
    method!("GetProduct", STAFF, Allow::AnyRole),
    method!("ListProducts", STAFF, Allow::AnyRole),
    method!("MatchProducts", STAFF, INTAKE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        testkit::every_method_has_one_policy("zhirong.catalog.v1", POLICY);
    }
}
