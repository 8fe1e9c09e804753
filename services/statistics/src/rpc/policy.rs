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
    use prost::Message as _;

    use super::*;

    #[test]
    fn every_method_of_the_contract_has_one_entry_and_nothing_else_has() {
        let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
        let package = "zhirong.statistics.v1";
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
