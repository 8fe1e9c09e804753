//! Holds a service's policy to its contract.

use prost::Message as _;
use rpc::policy::MethodPolicy;

/// Checks that every method of `package` has one entry in `policy`, that nothing else has, and that each admits someone.
///
/// # Panics
/// If not: the test has failed.
pub fn every_method_has_one_policy(package: &str, policy: &[MethodPolicy]) {
    let files =
        prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).expect("the descriptors that proto holds");
    let services = files.file.iter().filter(|file| file.package() == package).flat_map(|file| &file.service);
    let mut wanted: Vec<String> = services
        .flat_map(|service| {
            service
                .method
                .iter()
                .map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
        })
        .collect();
    let mut listed: Vec<String> = policy.iter().map(|entry| entry.method.to_owned()).collect();
    wanted.sort();
    listed.sort();
    assert!(!wanted.is_empty(), "no methods in {package}");
    assert_eq!(listed, wanted);
    assert!(policy.iter().all(|entry| !entry.allow.is_empty()));
}
