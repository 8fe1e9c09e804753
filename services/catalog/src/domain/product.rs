//! The life of a loan product (信贷产品): versions of terms, one of them in force at most, retired for good.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, ProductId};

/// Number of a version of a product's terms, from 1; signed, as PostgreSQL and protobuf keep it.
pub type Version = i32;

/// Where a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Draft,
    Published {
        version: Version,
        at: DateTime<Utc>,
    },
    /// `last`: what was in force until then.
    Retired {
        last: Option<(Version, DateTime<Utc>)>,
        at: DateTime<Utc>,
    },
}

/// A product without its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub institution_id: InstitutionId,
    pub state: State,
    pub newest: Version,
    /// Counts every change; the version of the aggregate in its messages.
    pub revision: i64,
}

impl Product {
    /// A new product in draft with version 1 of its terms.
    pub fn create(id: ProductId, institution_id: InstitutionId) -> Self {
        Self { id, institution_id, state: State::Draft, newest: 1, revision: 1 }
    }

    /// The version to show: the one in force (or last in force), else the newest.
    pub fn shown(&self) -> Version {
        self.published().map_or(self.newest, |(version, _)| version)
    }

    /// The version in force, or last in force, and since when.
    pub fn published(&self) -> Option<(Version, DateTime<Utc>)> {
        match self.state {
            State::Draft => None,
            State::Published { version, at } => Some((version, at)),
            State::Retired { last, .. } => last,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// New terms, by someone who has seen `newest` as the newest version.
    Revise {
        newest: Version,
    },
    Publish {
        version: Version,
    },
    Retire,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Revised { version: Version },
    Published { version: Version, at: DateTime<Utc> },
    Retired { at: DateTime<Utc> },
}

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Executed(Event),
    AlreadyApplied,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a retired product takes no {0:?}")]
    Retired(Command),
    #[error("the newest version is {newest}, not {seen}")]
    MovedOn { newest: Version, seen: Version },
    #[error("there is no version {0}")]
    NoSuchVersion(Version),
}

/// Publishing what is in force and retiring what is retired change nothing. An older version may come into force again.
pub fn decide(product: &Product, command: Command, now: DateTime<Utc>) -> Result<Step, Refusal> {
    match (product.state, command) {
        (State::Retired { .. }, Command::Retire) => Ok(Step::AlreadyApplied),
        (State::Retired { .. }, Command::Revise { .. } | Command::Publish { .. }) => {
            Err(Refusal::Retired(command))
        }
        (State::Draft | State::Published { .. }, Command::Retire) => {
            Ok(Step::Executed(Event::Retired { at: now }))
        }
        (State::Draft | State::Published { .. }, Command::Revise { newest: seen }) => {
            let newest = product.newest;
            if seen == newest {
                Ok(Step::Executed(Event::Revised { version: newest + 1 }))
            } else {
                Err(Refusal::MovedOn { newest, seen })
            }
        }
        (State::Draft | State::Published { .. }, Command::Publish { version })
            if !(1..=product.newest).contains(&version) =>
        {
            Err(Refusal::NoSuchVersion(version))
        }
        (State::Published { version: current, .. }, Command::Publish { version }) if version == current => {
            Ok(Step::AlreadyApplied)
        }
        (State::Draft | State::Published { .. }, Command::Publish { version }) => {
            Ok(Step::Executed(Event::Published { version, at: now }))
        }
    }
}

pub fn apply(product: Product, event: Event) -> Product {
    let last = product.published();
    let next = Product { revision: product.revision + 1, ..product };
    match event {
        Event::Revised { version } => Product { newest: version, ..next },
        Event::Published { version, at } => Product { state: State::Published { version, at }, ..next },
        Event::Retired { at } => Product { state: State::Retired { last, at }, ..next },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_663_200_000 + seconds, 0).unwrap()
    }

    fn product(state: State, newest: Version) -> Product {
        let id = Uuid::from_u128(1);
        let draft = Product::create(ProductId::from_uuid(id), InstitutionId::from_uuid(id));
        Product { state, newest, ..draft }
    }

    #[test]
    fn each_command_in_each_state() {
        let published = State::Published { version: 1, at: at(0) };
        let retired = State::Retired { last: Some((1, at(0))), at: at(1) };
        let (revise, publish) = (|newest| Command::Revise { newest }, |version| Command::Publish { version });
        let done = |event| Ok(Step::Executed(event));
        for (state, command, wanted) in [
            (State::Draft, revise(2), done(Event::Revised { version: 3 })),
            (State::Draft, revise(1), Err(Refusal::MovedOn { newest: 2, seen: 1 })),
            (State::Draft, publish(2), done(Event::Published { version: 2, at: at(9) })),
            (State::Draft, publish(3), Err(Refusal::NoSuchVersion(3))),
            (State::Draft, publish(0), Err(Refusal::NoSuchVersion(0))),
            (State::Draft, Command::Retire, done(Event::Retired { at: at(9) })),
            (published, revise(2), done(Event::Revised { version: 3 })),
            (published, revise(3), Err(Refusal::MovedOn { newest: 2, seen: 3 })),
            (published, publish(1), Ok(Step::AlreadyApplied)),
            (published, publish(2), done(Event::Published { version: 2, at: at(9) })),
            (published, publish(3), Err(Refusal::NoSuchVersion(3))),
            (published, Command::Retire, done(Event::Retired { at: at(9) })),
            (retired, revise(2), Err(Refusal::Retired(revise(2)))),
            (retired, publish(1), Err(Refusal::Retired(publish(1)))),
            (retired, Command::Retire, Ok(Step::AlreadyApplied)),
        ] {
            assert_eq!(decide(&product(state, 2), command, at(9)), wanted, "{state:?} {command:?}");
        }
    }

    #[test]
    fn the_version_in_force_is_shown_and_stays_shown_after_retirement() {
        let draft = product(State::Draft, 1);
        assert_eq!((draft.shown(), draft.published()), (1, None));
        let revised = apply(draft, Event::Revised { version: 2 });
        assert_eq!((revised.shown(), revised.revision), (2, 2));
        let published = apply(revised, Event::Published { version: 1, at: at(1) });
        assert_eq!(published.shown(), 1);
        let retired = apply(published, Event::Retired { at: at(2) });
        assert_eq!((retired.shown(), retired.revision), (1, 4));
        assert_eq!(retired.state, State::Retired { last: Some((1, at(1))), at: at(2) });
    }

    proptest! {
        #[test]
        fn whatever_is_done_the_version_in_force_exists_and_the_revision_counts_the_changes(
            commands in proptest::collection::vec((0..3_u8, 0..6_i32), 0..40)
        ) {
            let mut state = product(State::Draft, 1);
            let mut changes = 0;
            for (kind, number) in commands {
                let command = match kind {
                    0 => Command::Revise { newest: number },
                    1 => Command::Publish { version: number },
                    _ => Command::Retire,
                };
                let before = state;
                if let Ok(Step::Executed(event)) = decide(&state, command, at(0)) {
                    state = apply(state, event);
                    changes += 1;
                    // Doing it again right away changes nothing or is refused.
                    let again = decide(&state, command, at(1));
                    prop_assert!(!matches!(again, Ok(Step::Executed(_))), "{command:?} twice: {again:?}");
                } else {
                    prop_assert_eq!(state, before);
                }
                prop_assert!((1..=state.newest).contains(&state.shown()));
                prop_assert_eq!(state.revision, 1 + changes);
            }
        }
    }
}
