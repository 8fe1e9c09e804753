//! A product on the 信易贷 platform (domain.md §3.2 d, `XydPublication`): what is wanted there, what is there, and what
//! comes of each attempt.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::ProductId;

use super::product::Version;

/// The first wait after a failure; it doubles up to the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(2);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be published, never tried.
    Pending,
    /// There, as wanted.
    Synced,
    /// To be published; the last attempt failed.
    Failed,
    /// To be withdrawn.
    WithdrawPending,
    Withdrawn,
}

impl State {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Synced, Self::Failed, Self::WithdrawPending, Self::Withdrawn];

    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Synced => "SYNCED",
            Self::Failed => "FAILED",
            Self::WithdrawPending => "WITHDRAW_PENDING",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether an attempt is owed.
    pub fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Failed | Self::WithdrawPending => true,
            Self::Synced | Self::Withdrawn => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub product_id: ProductId,
    pub state: State,
    /// Of the product, as it is to be seen there.
    pub version: Version,
    /// Counts what is wanted: each wish has its own number, which the platform is shown. An attempt carries the number
    /// that it began with, so that one that comes late changes nothing.
    pub sequence: i64,
    pub external_id: Option<String>,
    /// That failed since the last success or wish.
    pub attempts: i32,
    pub last_failure: Option<String>,
    /// `None`: nothing to do.
    pub due_at: Option<DateTime<Utc>>,
    pub changed_at: DateTime<Utc>,
}

/// What the product's own life wants of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Shown(Version),
    Absent,
}

/// What becomes of a publication (`None`: there is none) when the product changes. `None`: nothing changes.
pub fn wish(
    held: Option<&Publication>,
    product_id: ProductId,
    wish: Wish,
    now: DateTime<Utc>,
) -> Option<Publication> {
    match (held, wish) {
        (None, Wish::Absent) => None,
        (None, Wish::Shown(version)) => Some(Publication {
            product_id,
            state: State::Pending,
            version,
            sequence: 1,
            external_id: None,
            attempts: 0,
            last_failure: None,
            due_at: Some(now),
            changed_at: now,
        }),
        (Some(held), Wish::Shown(version)) => {
            let wanted = matches!(held.state, State::Pending | State::Synced | State::Failed);
            (!wanted || held.version != version).then(|| next(held, State::Pending, version, Some(now), now))
        }
        (Some(held), Wish::Absent) => match held.state {
            State::WithdrawPending | State::Withdrawn => None,
            // An attempt may be under way whose answer is not known: only what was never tried is known not to be there.
            State::Pending
                if held.sequence == 1
                    && held.attempts == 0
                    && held.due_at.is_some_and(|due| due <= held.changed_at) =>
            {
                Some(next(held, State::Withdrawn, held.version, None, now))
            }
            State::Pending | State::Synced | State::Failed => {
                Some(next(held, State::WithdrawPending, held.version, Some(now), now))
            }
        },
    }
}

/// What becomes of a publication when what the platform shows beside the terms has changed, such as the bank's name: what
/// is wanted there is put there again. `None`: nothing is wanted there.
pub fn renew(held: &Publication, now: DateTime<Utc>) -> Option<Publication> {
    match held.state {
        // Also while an attempt is under way: it may have read the old name, and carries the old number.
        State::Pending | State::Synced | State::Failed => {
            Some(next(held, State::Pending, held.version, Some(now), now))
        }
        State::WithdrawPending | State::Withdrawn => None,
    }
}

fn next(
    held: &Publication,
    state: State,
    version: Version,
    due_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Publication {
    Publication {
        state,
        version,
        sequence: held.sequence + 1,
        attempts: 0,
        last_failure: None,
        due_at,
        changed_at: now,
        ..held.clone()
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has done it; it names the product so.
    Done { external_id: Option<String> },
    /// A code that people read; the attempt is repeated.
    Failed { code: String },
}

/// The publication after an attempt that began with `sequence`; `None` if something else is wanted by now.
pub fn conclude(
    held: &Publication,
    sequence: i64,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Option<Publication> {
    if held.sequence != sequence || !held.state.is_open() {
        return None;
    }
    let withdraws = held.state == State::WithdrawPending;
    Some(match outcome {
        Outcome::Done { external_id } => Publication {
            state: if withdraws { State::Withdrawn } else { State::Synced },
            external_id: external_id.or_else(|| held.external_id.clone()),
            attempts: 0,
            last_failure: None,
            due_at: None,
            changed_at: now,
            ..held.clone()
        },
        Outcome::Failed { code } => Publication {
            state: if withdraws { State::WithdrawPending } else { State::Failed },
            attempts: held.attempts.saturating_add(1),
            last_failure: Some(code),
            due_at: Some(now + wait(held.attempts)),
            changed_at: now,
            ..held.clone()
        },
    })
}

/// How long to wait after this many earlier failures.
fn wait(failures: i32) -> TimeDelta {
    let doubled = FIRST_WAIT * 2_i32.saturating_pow(u32::try_from(failures).unwrap_or(0).min(16));
    doubled.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_663_200_000 + seconds, 0).unwrap()
    }

    fn id() -> ProductId {
        ProductId::from_uuid(Uuid::from_u128(1))
    }

    fn done() -> Outcome {
        Outcome::Done { external_id: Some("X1".to_owned()) }
    }

    fn failed() -> Outcome {
        Outcome::Failed { code: "UNREACHABLE".to_owned() }
    }

    #[test]
    fn a_product_is_published_withdrawn_and_published_again_under_one_external_id() {
        let pending = wish(None, id(), Wish::Shown(1), at(0)).unwrap();
        assert_eq!((pending.state, pending.due_at), (State::Pending, Some(at(0))));
        let synced = conclude(&pending, 1, done(), at(1)).unwrap();
        assert_eq!(
            (synced.state, synced.external_id.as_deref(), synced.due_at),
            (State::Synced, Some("X1"), None)
        );
        assert_eq!(wish(Some(&synced), id(), Wish::Shown(1), at(2)), None);
        let renewed = wish(Some(&synced), id(), Wish::Shown(2), at(2)).unwrap();
        assert_eq!((renewed.state, renewed.version, renewed.sequence), (State::Pending, 2, 2));
        let gone = wish(Some(&synced), id(), Wish::Absent, at(3)).unwrap();
        assert_eq!((gone.state, gone.sequence), (State::WithdrawPending, 2));
        assert_eq!(wish(Some(&gone), id(), Wish::Absent, at(3)), None);
        let gone = conclude(&gone, 2, Outcome::Done { external_id: None }, at(4)).unwrap();
        assert_eq!((gone.state, gone.external_id.as_deref()), (State::Withdrawn, Some("X1")));
        let again = wish(Some(&gone), id(), Wish::Shown(1), at(5)).unwrap();
        assert_eq!(
            (again.state, again.sequence, again.external_id.as_deref()),
            (State::Pending, 3, Some("X1"))
        );
    }

    #[test]
    fn what_was_never_tried_needs_no_withdrawal_and_what_may_have_been_does() {
        let pending = wish(None, id(), Wish::Shown(1), at(0)).unwrap();
        assert_eq!(wish(Some(&pending), id(), Wish::Absent, at(1)).unwrap().state, State::Withdrawn);
        // Taken up: its lease moves the next turn.
        let taken = Publication { due_at: Some(at(60)), ..pending.clone() };
        assert_eq!(wish(Some(&taken), id(), Wish::Absent, at(1)).unwrap().state, State::WithdrawPending);
        let failed = conclude(&pending, 1, failed(), at(1)).unwrap();
        assert_eq!(wish(Some(&failed), id(), Wish::Absent, at(2)).unwrap().state, State::WithdrawPending);
        assert_eq!(wish(None, id(), Wish::Absent, at(0)), None);
    }

    #[test]
    fn failures_count_and_wait_twice_as_long_up_to_ten_minutes() {
        let mut held = wish(None, id(), Wish::Shown(1), at(0)).unwrap();
        let mut waits = Vec::new();
        for _ in 0..12 {
            held = conclude(&held, 1, failed(), at(0)).unwrap();
            waits.push((held.due_at.unwrap() - at(0)).num_seconds());
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]);
        assert_eq!(
            (held.state, held.attempts, held.last_failure.as_deref()),
            (State::Failed, 12, Some("UNREACHABLE"))
        );
        let withdrawing = wish(Some(&held), id(), Wish::Absent, at(1)).unwrap();
        let still = conclude(&withdrawing, 2, failed(), at(2)).unwrap();
        assert_eq!((still.state, still.attempts), (State::WithdrawPending, 1));
        let done = conclude(&still, 2, done(), at(3)).unwrap();
        assert_eq!((done.state, done.attempts, done.last_failure), (State::Withdrawn, 0, None));
    }

    #[test]
    fn what_is_wanted_there_is_put_there_again_when_its_bank_changes() {
        let pending = wish(None, id(), Wish::Shown(3), at(0)).unwrap();
        let synced = conclude(&pending, 1, done(), at(1)).unwrap();
        let renewed = renew(&synced, at(2)).unwrap();
        assert_eq!((renewed.state, renewed.version, renewed.sequence), (State::Pending, 3, 2));
        assert_eq!((renewed.due_at, renewed.external_id.as_deref()), (Some(at(2)), Some("X1")));
        // An attempt that has read the old name concludes nothing.
        let renewed = renew(&pending, at(2)).unwrap();
        assert_eq!(conclude(&renewed, 1, done(), at(3)), None);
        let gone = wish(Some(&synced), id(), Wish::Absent, at(2)).unwrap();
        assert_eq!(renew(&gone, at(3)), None);
        let gone = conclude(&gone, 2, done(), at(4)).unwrap();
        assert_eq!(renew(&gone, at(5)), None);
    }

    #[test]
    fn an_attempt_whose_wish_has_passed_changes_nothing() {
        let pending = wish(None, id(), Wish::Shown(1), at(0)).unwrap();
        let synced = conclude(&pending, 1, done(), at(1)).unwrap();
        assert_eq!(conclude(&synced, 1, failed(), at(2)), None);
        let gone = wish(Some(&synced), id(), Wish::Absent, at(2)).unwrap();
        assert_eq!(conclude(&gone, 1, done(), at(3)), None);
    }
}
