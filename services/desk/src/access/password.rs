//! argon2id, away from the threads that serve, a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::{Rng as _, RngCore as _};
use tokio::sync::Semaphore;

/// Memory for one hash in KiB, passes over it, lanes: above the minimum that OWASP recommends (19 MiB, 2, 1).
const MEMORY_KIB: u32 = 32 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: each takes its memory and a core.
const AT_ONCE: usize = 2;
/// Who waits beyond this is sent away: a flood of log-ins must not fill the memory.
const WAITING: usize = 64;

/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const INITIAL_LENGTH: usize = 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HasherError {
    #[error("too many log-ins at once")]
    Busy,
    #[error("a stored password hash cannot be used")]
    Unusable,
    #[error("hashing ended early")]
    Ended(#[from] tokio::task::JoinError),
}

/// Makes and checks password hashes.
#[derive(Clone)]
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// A hash of nothing that anybody knows, for names that do not exist: they take as long as others.
    decoy: Arc<str>,
}

impl Hasher {
    pub(crate) fn new() -> Result<Self, HasherError> {
        let decoy = hash(&initial())?.into();
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), decoy })
    }

    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, HasherError> {
        self.run(move || hash(&password)).await
    }

    /// Whether `password` is the one that `stored` was made of. `None` takes as long and is always false.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HasherError> {
        let exists = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| Arc::clone(&self.decoy), Into::into);
        let same = self.run(move || verify(&password, &stored)).await?;
        Ok(same && exists)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let waiting = Waiting::enter(&self.waiting).ok_or(HasherError::Busy)?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| HasherError::Busy)?;
        tokio::task::spawn_blocking(move || {
            let _held = (place, waiting);
            work()
        })
        .await?
    }
}

struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let entered = Self(Arc::clone(count));
        (before < WAITING).then_some(entered)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Result<Argon2<'static>, HasherError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| HasherError::Unusable)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, HasherError> {
    let mut salt = [0_u8; 16];
    rand::rng().fill_bytes(&mut salt);
    let salt = SaltString::encode_b64(&salt).map_err(|_| HasherError::Unusable)?;
    let hash = argon2()?.hash_password(password.as_bytes(), &salt).map_err(|_| HasherError::Unusable)?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, HasherError> {
    let stored = PasswordHash::new(stored).map_err(|_| HasherError::Unusable)?;
    // The parameters are the stored ones: older hashes stay good when ours change.
    Ok(argon2()?.verify_password(password.as_bytes(), &stored).is_ok())
}

/// A password that is told once: twenty letters and digits in groups.
pub(crate) fn initial() -> String {
    let mut random = rand::rng();
    let mut text = String::with_capacity(INITIAL_LENGTH + INITIAL_LENGTH / 5);
    for place in 0..INITIAL_LENGTH {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        let letter = ALPHABET.get(random.random_range(0..ALPHABET.len())).copied().unwrap_or(b'a');
        text.push(char::from(letter));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash("correct horse".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=32768,t=2,p=1$"), "{stored}");
        assert!(hasher.verify("correct horse".to_owned(), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("wrong horse".to_owned(), Some(stored)).await.unwrap());
        assert!(!hasher.verify("anything".to_owned(), None).await.unwrap());
    }

    #[test]
    fn initial_passwords_differ_and_are_in_groups() {
        let [one, other] = [initial(), initial()];
        assert_ne!(one, other);
        assert_eq!(one.len(), 23);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5]);
    }
}
