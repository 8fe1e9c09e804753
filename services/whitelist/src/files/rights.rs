//! The rights that are registered, by what rows name them with.

use std::collections::HashMap;

use uuid::Uuid;

use super::keys::{Key, Keys};

/// Registered rights: some 40 bytes each, so that 860,000 take some 40 MB while a file is read.
#[derive(Debug, Default)]
pub struct Rights {
    keys: Keys,
    assets: HashMap<Key, Uuid>,
}

/// What a right is known by: the enterprise that registered it, code of its type, number, class (0: none).
pub type Named<'a> = (Uuid, &'a str, &'a str, i32);

impl Rights {
    /// What is named anew replaces what was.
    pub fn add(&mut self, named: Named<'_>, asset: Uuid) {
        self.assets.insert(self.keys.of(&named), asset);
    }

    pub(super) fn find(&self, named: Named<'_>) -> Option<Uuid> {
        self.assets.get(&self.keys.of(&named)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_found_by_all_of_its_name_only() {
        let (firm, other, asset) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let mut rights = Rights::default();
        rights.add((firm, "TRADEMARK", "7199523", 1), asset);
        assert_eq!(rights.find((firm, "TRADEMARK", "7199523", 1)), Some(asset));
        for named in [
            (other, "TRADEMARK", "7199523", 1),
            (firm, "GI_MARK", "7199523", 1),
            (firm, "TRADEMARK", "7199524", 1),
            (firm, "TRADEMARK", "7199523", 0),
        ] {
            assert_eq!(rights.find(named), None);
        }
    }
}
