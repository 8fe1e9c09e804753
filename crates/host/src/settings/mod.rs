//! Typed settings: embedded defaults, below a TOML file, below the environment; every fault is listed at once.

mod fault;
pub mod host_keys;
mod key;
mod load;
mod secret;
mod value;

pub use fault::{Fault, Faults};
pub use key::{AnyKey, Key, Need};
pub use load::Settings;
pub use secret::Secret;
pub use value::{FromSetting, Origin};
