//! Faces: what can be reached from where.

use std::collections::BTreeSet;

use crate::compose::{Compose, Service};

/// The container's port of `address:port:port`.
fn inner_ports(service: &Service) -> Vec<u16> {
    service.ports.iter().map(|port| port.rsplit(':').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn only_desk_and_partner_are_published_each_on_the_port_of_its_own_face() {
    let compose = Compose::read();
    for (name, service) in &compose.services {
        let expected = match name.as_str() {
            "desk" => vec![service.port("ZHIRONG_LISTEN")],
            "partner" => vec![service.port("ZHIRONG_PARTNER_LISTEN")],
            _ => Vec::new(),
        };
        assert_eq!(inner_ports(service), expected, "{name}");
    }
}

#[test]
fn the_clerks_face_is_on_loopback_until_somebody_says_otherwise() {
    let compose = Compose::read();
    assert!(compose.service("desk").ports.iter().all(|port| port.contains(":-127.0.0.1:")));
}

#[test]
fn everything_is_on_a_network_without_a_way_out_and_only_the_two_faces_are_on_another() {
    let compose = Compose::read();
    let inside: BTreeSet<&str> = compose
        .networks
        .iter()
        .filter(|(_, network)| network.internal)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(inside.len(), 1);
    for (name, service) in &compose.services {
        let outside: Vec<&String> =
            service.networks.iter().filter(|of| !inside.contains(of.as_str())).collect();
        assert!(service.networks.len() > outside.len(), "{name} is on no internal network");
        assert_eq!(
            !outside.is_empty(),
            ["desk", "partner"].contains(&name.as_str()),
            "{name} is on {outside:?}"
        );
        for network in &service.networks {
            assert!(compose.networks.contains_key(network), "{name} is on {network}");
        }
    }
}

#[test]
fn the_tools_of_operations_open_on_loopback_only_and_exist() {
    let (compose, tools) = (Compose::read(), Compose::read_file("deploy/compose/operations.yml"));
    assert!(!tools.services.is_empty());
    for (name, service) in &tools.services {
        compose.service(name);
        assert!(!compose.roles().any(|(role, _)| role == name), "{name} is a role");
        assert!(!service.ports.is_empty());
        assert!(
            service.ports.iter().all(|port| port.starts_with("127.0.0.1:")),
            "{name}: {:?}",
            service.ports
        );
        for network in &service.networks {
            assert!(
                compose.networks.contains_key(network) || tools.networks.contains_key(network),
                "{network}"
            );
        }
    }
}
