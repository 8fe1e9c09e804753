//! How a setting's text becomes a value.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use kernel::calendar::Span;

use super::secret::Secret;

/// Where a value came from; shown in reports, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File,
    Environment,
}

/// A type that a setting can have. Services implement it for types of their own.
pub trait FromSetting: Sized {
    /// Reads the text, which is already trimmed. The error says what is wrong without repeating the value.
    fn from_setting(text: &str) -> Result<Self, String>;
}

macro_rules! by_from_str {
    ($($type:ty => $trouble:literal),+ $(,)?) => {
        $(impl FromSetting for $type {
            fn from_setting(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $trouble.to_owned())
            }
        })+
    };
}

by_from_str! {
    bool => "neither true nor false",
    u16 => "not a whole number from 0 to 65535",
    u32 => "not a whole number",
    u64 => "not a whole number",
    usize => "not a whole number",
    i32 => "not a whole number",
    i64 => "not a whole number",
    SocketAddr => "not an address with a port",
    PathBuf => "not a path",
    Span => "not a span of time",
}

impl FromSetting for f64 {
    fn from_setting(text: &str) -> Result<Self, String> {
        match text.parse::<Self>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) | Err(_) => Err("not a number".to_owned()),
        }
    }
}

impl FromSetting for String {
    fn from_setting(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl FromSetting for Secret {
    fn from_setting(text: &str) -> Result<Self, String> {
        String::from_setting(text).map(Self::new)
    }
}

/// A whole number with a unit: `250ms`, `30s`, `5m`, `2h`.
impl FromSetting for Duration {
    fn from_setting(text: &str) -> Result<Self, String> {
        let trouble = || "not a duration such as 250ms, 30s, 5m or 2h".to_owned();
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(trouble)?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| trouble())?;
        let seconds = |factor: u64| number.checked_mul(factor).map(Self::from_secs).ok_or_else(trouble);
        match unit {
            "ms" => Ok(Self::from_millis(number)),
            "s" => seconds(1),
            "m" => seconds(60),
            "h" => seconds(3600),
            _ => Err(trouble()),
        }
    }
}

/// Items separated by commas; blanks around them do not count; an empty text is an empty list.
impl FromSetting for Vec<String> {
    fn from_setting(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        let items: Self = text.split(',').map(|item| item.trim().to_owned()).collect();
        if items.iter().any(String::is_empty) {
            Err("an empty item in the list".to_owned())
        } else {
            Ok(items)
        }
    }
}
