//! What a process has written or seen lately, so that it need not be read again at once. Whoever uses what is kept here must
//! be told by the database if it is not so any more: versions are compared, or it can never change.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded memory. When the young half is full the old one is forgotten, whole.
#[derive(Debug)]
pub struct Recent<K, V> {
    half: usize,
    kept: Mutex<Halves<K, V>>,
}

#[derive(Debug)]
struct Halves<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Remembers between half of `most` and `most`.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let kept = Mutex::new(Halves { young: HashMap::new(), old: HashMap::new() });
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

    /// One for each key, in order.
    pub fn get_all<Q>(&self, keys: &[Q]) -> Vec<Option<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash,
        V: Clone,
    {
        let kept = self.lock();
        keys.iter().map(|key| kept.young.get(key).or_else(|| kept.old.get(key)).cloned()).collect()
    }

    /// Forgets, and tells what was known; one for each key, in order.
    pub fn take_all<Q>(&self, keys: &[Q]) -> Vec<Option<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash,
    {
        let mut kept = self.lock();
        let Halves { young, old } = &mut *kept;
        keys.iter()
            .map(|key| {
                let older = old.remove(key);
                young.remove(key).or(older)
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Halves<K, V>> {
        // Nothing here can panic half-way: what is kept is whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn what_is_put_again_is_replaced_and_what_is_taken_is_gone() {
        let recent = Recent::new(2);
        recent.put([("a", 1)]);
        recent.put([("b", 2)]);
        recent.put([("a", 3)]);
        assert_eq!(recent.take_all(&["a", "c"]), [Some(3), None]);
        assert_eq!(recent.get_all(&["a"]), [None], "not even what it was before");
    }
}
