//! What something is known by, in sixteen bytes: a register of a million would otherwise be held as text.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hash},
};

/// Two hashes: that two of a million fall together does not happen.
pub(super) type Key = (u64, u64);

/// Makes keys, which are those of one maker only.
#[derive(Debug, Default)]
pub(super) struct Keys(RandomState, RandomState);

impl Keys {
    pub(super) fn of(&self, known_by: &impl Hash) -> Key {
        (self.0.hash_one(known_by), self.1.hash_one(known_by))
    }
}
