//! What a process has written or seen lately, so that it need not be read again at once. Whoever uses what is kept here must
//! be told by the database if it is not so any more: versions are compared, or it can never change.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long nothing is known after a doubt: where several processes write the same things, each knows but a part, and
/// would often decide in vain.
const REST: Duration = Duration::from_secs(5);

/// A bounded memory. When the young half is full the old one is forgotten, whole.
#[derive(Debug)]
pub struct Recent<K, V> {
    half: usize,
    kept: Mutex<Kept<K, V>>,
}

#[derive(Debug)]
struct Kept<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    doubted: Option<Instant>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Remembers between half of `most` and `most`.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let kept = Mutex::new(Kept { young: HashMap::new(), old: HashMap::new(), doubted: None });
        Self { half: (most / 2).max(1), kept }
    }

    /// Remembers; what was known under the same key is replaced.
    pub fn put(&self, news: impl IntoIterator<Item = (K, V)>) {
        let mut kept = self.lock();
        for (key, value) in news {
            if kept.young.len() >= self.half && !kept.young.contains_key(&key) {
                kept.old = std::mem::take(&mut kept.young);
            }
            kept.young.insert(key, value);
        }
    }

    /// What is known, one for each key, in order. Nothing for a while after a doubt.
    pub fn get_all(&self, keys: &[K]) -> Vec<Option<V>>
    where
        V: Clone,
    {
        let mut kept = self.lock();
        if kept.doubted.is_some_and(|at| at.elapsed() < REST) {
            // It is read instead, and may have changed by the time that it would be known again.
            keys.iter().for_each(|key| kept.remove(key));
            return keys.iter().map(|_| None).collect();
        }
        keys.iter().map(|key| kept.young.get(key).or_else(|| kept.old.get(key)).cloned()).collect()
    }

    pub fn forget(&self, keys: &[K]) {
        let mut kept = self.lock();
        keys.iter().for_each(|key| kept.remove(key));
    }

    /// Something that was known has turned out to be otherwise.
    pub fn doubt(&self) {
        self.lock().doubted = Some(Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        // Nothing here can panic half-way: what is kept is whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_first_and_the_newest_never() {
        let recent = Recent::new(4);
        for key in 0..100 {
            recent.put([(key, key * 10)]);
            assert_eq!(recent.get_all(&[key]), [Some(key * 10)]);
            let known = recent.get_all(&(0..=key).collect::<Vec<_>>());
            let known = known.iter().flatten().count();
            assert!((2.min(usize::try_from(key).unwrap() + 1)..=4).contains(&known), "{known} after {key}");
        }
        assert_eq!(recent.get_all(&[0, 99, 98]), [None, Some(990), Some(980)]);
    }

    #[test]
    fn what_is_put_again_is_replaced_and_what_is_forgotten_is_gone() {
        let recent = Recent::new(2);
        recent.put([("a", 1)]);
        recent.put([("b", 2)]);
        recent.put([("a", 3)]);
        assert_eq!(recent.get_all(&["a", "b", "c"]), [Some(3), Some(2), None]);
        recent.forget(&["a", "c"]);
        assert_eq!(recent.get_all(&["a"]), [None], "not even what it was before");
    }

    #[test]
    fn after_a_doubt_nothing_is_known_and_what_was_asked_for_is_forgotten() {
        let recent = Recent::new(8);
        recent.put([("asked", 1), ("other", 2)]);
        recent.doubt();
        recent.put([("new", 3)]);
        assert_eq!(recent.get_all(&["asked", "new"]), [None, None]);
        let rested = Instant::now().checked_sub(REST);
        recent.lock().doubted = rested;
        assert_eq!(recent.get_all(&["asked", "new", "other"]), [None, None, Some(2)]);
    }
}
