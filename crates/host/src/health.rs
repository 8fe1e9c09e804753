//! What `/readyz` reports beyond the database and the bus: flags that a role raises and lowers itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A shared board of named conditions; the role is ready only when every one of them is up.
#[derive(Clone, Debug, Default)]
pub struct HealthBoard {
    flags: Arc<Mutex<BTreeMap<&'static str, Result<(), String>>>>,
}

impl HealthBoard {
    /// A condition that is down until `up` is called, for example a second listening face.
    pub fn flag(&self, name: &'static str) -> Flag {
        let flag = Flag { board: self.clone(), name };
        flag.down("starting");
        flag
    }

    /// Every condition with its reason when it is down, in the order of names.
    pub fn conditions(&self) -> Vec<(&'static str, Result<(), String>)> {
        let flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        flags.iter().map(|(name, state)| (*name, state.clone())).collect()
    }

    fn set(&self, name: &'static str, state: Result<(), String>) {
        self.flags.lock().unwrap_or_else(PoisonError::into_inner).insert(name, state);
    }
}

/// One condition on the board.
#[derive(Clone, Debug)]
pub struct Flag {
    board: HealthBoard,
    name: &'static str,
}

impl Flag {
    /// The condition holds.
    pub fn up(&self) {
        self.board.set(self.name, Ok(()));
    }

    /// The condition does not hold; `reason` is shown on `/readyz`, so it carries codes only.
    pub fn down(&self, reason: impl Into<String>) {
        self.board.set(self.name, Err(reason.into()));
    }
}
