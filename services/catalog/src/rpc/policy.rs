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
    use prost::Message as _;

    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
        let package = "zhirong.catalog.v1";
        let services =
            files.file.iter().filter(|file| file.package() == package).flat_map(|file| &file.service);
        let mut wanted: Vec<String> = services
            .flat_map(|service| {
                service
                    .method
                    .iter()
                    .map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        let mut listed: Vec<String> = POLICY.iter().map(|entry| entry.method.to_owned()).collect();
        wanted.sort();
        listed.sort();
        assert_eq!(listed, wanted);
        assert!(POLICY.iter().all(|entry| !entry.allow.is_empty()));
    }
}
