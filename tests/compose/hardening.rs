//! What a container may do, and what it mounts.

use std::collections::BTreeSet;

use crate::compose::{Compose, IMAGE, root};

#[test]
fn no_container_gains_privileges() {
    for (name, service) in &Compose::read().services {
        assert!(service.security_opt.iter().any(|option| option == "no-new-privileges:true"), "{name}");
    }
}

#[test]
fn containers_of_our_image_write_nothing_may_nothing_and_are_not_root() {
    for (name, service) in Compose::read().services.iter().filter(|(_, service)| service.image == IMAGE) {
        assert!(service.read_only, "{name}");
        assert_eq!(service.cap_drop, ["ALL"], "{name}");
        assert_eq!(service.user, "${ZHIRONG_UID:-10001}:${ZHIRONG_GID:-10001}", "{name}");
        assert!(service.volumes.is_empty(), "{name}");
    }
}

#[test]
fn every_mounted_file_is_there_and_read_only_and_every_volume_is_declared() {
    let compose = Compose::read();
    let mut used = BTreeSet::new();
    for (name, service) in &compose.services {
        for volume in &service.volumes {
            let (source, rest) = volume.split_once(':').unwrap();
            if let Some(path) = source.strip_prefix("./") {
                assert!(root().join(path).exists(), "{name} mounts {path}, which does not exist");
                assert!(rest.ends_with(":ro"), "{name} may write {path}");
            } else {
                used.insert(source.to_owned());
            }
        }
    }
    assert_eq!(used, compose.volumes.keys().cloned().collect());
}

#[test]
fn images_of_others_are_named_with_a_version() {
    for (name, service) in Compose::read().services.iter().filter(|(_, service)| service.image != IMAGE) {
        let (_, tag) = service.image.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {}", service.image));
        assert!(tag.contains(|c: char| c.is_ascii_digit()), "{name}: {}", service.image);
    }
}
