//! When log-ins are locked after failures: with a delay that grows, by login name and by address.

use chrono::TimeDelta;

/// A count starts anew after so long without a failure.
pub const QUIET: TimeDelta = TimeDelta::hours(2);
/// The longest a log-in is locked at once.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// What failures are counted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The login name that was tried, whether it exists or not.
    Login(String),
    /// The address that it was tried from. Many people may sit behind one.
    Address(String),
}

impl Subject {
    /// Its key in the store.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Login(login) => format!("login:{login}"),
            Self::Address(address) => format!("address:{address}"),
        }
    }

    /// Failures that cost nothing yet.
    const fn free(&self) -> i32 {
        match self {
            Self::Login(_) => 4,
            Self::Address(_) => 19,
        }
    }
}

/// For how long the subject is locked after so many failures in succession: a minute, then twice as long each time.
#[must_use]
pub fn locked_for(subject: &Subject, failures: i32) -> Option<TimeDelta> {
    let beyond = failures - subject.free();
    let doublings = u32::try_from(beyond - 1).ok()?;
    let minutes = 1_i64.checked_shl(doublings.min(16)).unwrap_or(i64::MAX);
    Some(TimeDelta::minutes(minutes).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_begins_with_the_fifth_failure_of_a_name_and_grows_to_an_hour() {
        let name = Subject::Login("clerk1".to_owned());
        let minutes = |failures| locked_for(&name, failures).map(|delta| delta.num_minutes());
        let table =
            [(0, None), (4, None), (5, Some(1)), (6, Some(2)), (7, Some(4)), (10, Some(32)), (11, Some(60))];
        for (failures, locked) in table {
            assert_eq!(minutes(failures), locked, "{failures}");
        }
        assert_eq!(minutes(i32::MAX), Some(60));
    }

    #[test]
    fn an_address_is_locked_later_than_a_name() {
        let address = Subject::Address("127.0.0.1".to_owned());
        assert_eq!(locked_for(&address, 19), None);
        assert_eq!(locked_for(&address, 20), Some(TimeDelta::minutes(1)));
    }
}
