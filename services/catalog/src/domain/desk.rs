//! Duty desks (值班联系方式, C03): posts of organisations. A person's name or mobile number has no place here.

use kernel::InstitutionId;

/// Longest post, address and hours in characters.
pub const POST_MAX: usize = 60;
pub const ADDRESS_MAX: usize = 100;
pub const HOURS_MAX: usize = 60;

/// Whose desk it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A lead unit, by its code.
    Unit(String),
    Institution(InstitutionId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    pub owner: Owner,
    pub post: String,
    /// May be empty.
    pub switchboard: String,
    pub address: String,
    pub hours: String,
}

/// A unit that leads a part of the work (牵头单位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadUnit {
    pub code: String,
    pub name: String,
}

/// Whether a text is an organisation's landline: an area code, a dash, seven or eight digits, and perhaps an extension. A
/// mobile number has eleven digits that begin with 1 and is a person's.
pub fn is_switchboard(text: &str) -> bool {
    let mut parts = text.split('-');
    let digits = |part: Option<&str>, lengths: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|part| lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let area = parts.next();
    let good =
        digits(area, 3..=4) && area.is_some_and(|area| area.starts_with('0')) && digits(parts.next(), 7..=8);
    match parts.next() {
        None => good,
        extension => good && digits(extension, 1..=6) && parts.next().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landline_of_an_organisation_is_taken_and_a_persons_number_is_not() {
        for good in ["0391-0000000", "010-00000000", "0391-0000000-8001"] {
            assert!(is_switchboard(good), "{good}");
        }
        for bad in [
            "13800000000",
            "138-0000-0000",
            "03910000000",
            "0391-000000",
            "0391-0000000-",
            "",
            "0391-00000x0",
        ] {
            assert!(!is_switchboard(bad), "{bad}");
        }
    }
}
