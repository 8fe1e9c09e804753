//! A setting's declaration: name, type, default, and what a person is told to write there.

use std::marker::PhantomData;

use super::secret::Secret;
use super::value::FromSetting;

/// Whether a key must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No default; the role does not start without it.
    Required,
    /// May be absent; read with [`super::Settings::find`].
    Optional,
    /// Embedded default, in the form in which a person would write it.
    Default(&'static str),
}

/// A typed setting. Declare as a `const`, list it in `Role::keys`, read it with [`super::Settings::get`].
pub struct Key<T> {
    name: &'static str,
    need: Need,
    expected: &'static str,
    secret: bool,
    marker: PhantomData<fn() -> T>,
}

impl<T: FromSetting> Key<T> {
    /// A key that must be given. `name` is the environment's; `expected` completes "expected: …".
    pub const fn required(name: &'static str, expected: &'static str) -> Self {
        Self { name, need: Need::Required, expected, secret: false, marker: PhantomData }
    }

    /// A key that may be absent.
    pub const fn optional(name: &'static str, expected: &'static str) -> Self {
        Self { name, need: Need::Optional, expected, secret: false, marker: PhantomData }
    }

    /// A key with an embedded default, written as a person would write it.
    pub const fn with_default(name: &'static str, default: &'static str, expected: &'static str) -> Self {
        Self { name, need: Need::Default(default), expected, secret: false, marker: PhantomData }
    }
}

impl Key<Secret> {
    /// A secret that must be given, as itself or as a file named by `<name>_FILE`.
    pub const fn secret(name: &'static str, expected: &'static str) -> Self {
        Self { name, need: Need::Required, expected, secret: true, marker: PhantomData }
    }

    /// A secret that may be absent.
    pub const fn optional_secret(name: &'static str, expected: &'static str) -> Self {
        Self { name, need: Need::Optional, expected, secret: true, marker: PhantomData }
    }
}

/// A key without its type, for lists.
pub trait AnyKey: Sync {
    /// Name in the environment.
    fn name(&self) -> &'static str;
    fn need(&self) -> Need;
    /// What to write there.
    fn expected(&self) -> &'static str;
    /// Whether `<name>_FILE` is read too and the value must not be shown.
    fn is_secret(&self) -> bool;
    /// Whether `text` can be read as the key's type; the trouble otherwise, without the value.
    fn check(&self, text: &str) -> Result<(), String>;
}

impl<T: FromSetting> AnyKey for Key<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        self.need
    }

    fn expected(&self) -> &'static str {
        self.expected
    }

    fn is_secret(&self) -> bool {
        self.secret
    }

    fn check(&self, text: &str) -> Result<(), String> {
        T::from_setting(text).map(drop)
    }
}
