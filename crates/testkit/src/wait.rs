//! Waiting for a condition instead of for a time.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

const POLL: Duration = Duration::from_millis(10);

/// What a look at the world says: settled, or why not yet.
pub trait Settled {
    type Value;
    /// The value that was waited for, or what there is instead of it.
    fn settled(self) -> Result<Self::Value, String>;
}

impl Settled for bool {
    type Value = ();
    fn settled(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("false".to_owned()) }
    }
}

impl<T> Settled for Option<T> {
    type Value = T;
    fn settled(self) -> Result<T, String> {
        self.ok_or_else(|| "None".to_owned())
    }
}

impl<T, E: std::fmt::Debug> Settled for Result<T, E> {
    type Value = T;
    fn settled(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Looks again and again until `look` says `true`, `Some` or `Ok`, and gives that back.
///
/// # Panics
/// After `limit`, naming the caller and what was seen last: the test has failed.
#[track_caller]
pub fn eventually<L, F>(limit: Duration, mut look: L) -> impl Future<Output = <F::Output as Settled>::Value>
where
    L: FnMut() -> F,
    F: Future<Output: Settled>,
{
    let place = std::panic::Location::caller();
    async move {
        let end = Instant::now() + limit;
        let mut last = "nothing yet".to_owned();
        loop {
            match tokio::time::timeout_at(end, look()).await {
                Ok(seen) => match seen.settled() {
                    Ok(value) => return value,
                    Err(instead) => last = instead,
                },
                Err(_) => {
                    panic!("{place}: not within {limit:?}, the last look did not end; before that: {last}")
                }
            }
            assert!(Instant::now() < end, "{place}: not within {limit:?}; last seen: {last}");
            tokio::time::sleep(POLL).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn the_value_that_came_at_last_is_given_back() {
        let looks = Cell::new(0);
        let value = eventually(Duration::from_secs(5), || {
            looks.set(looks.get() + 1);
            std::future::ready((looks.get() == 3).then_some("here"))
        });
        assert_eq!(value.await, "here");
        assert_eq!(looks.get(), 3);
    }

    #[tokio::test]
    #[should_panic(expected = "last seen: None")]
    async fn what_never_comes_fails_the_test() {
        eventually(Duration::from_millis(30), async || None::<()>).await;
    }

    #[tokio::test]
    #[should_panic(expected = "did not end")]
    async fn a_look_that_hangs_fails_the_test() {
        eventually(Duration::from_millis(30), std::future::pending::<bool>).await;
    }
}
