//! Generated names and passwords of private engines.

use rand::Rng;

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A random lower-case word: safe in URLs, file names, node names and configuration files without quoting.
/// 24 characters hold 124 bits.
pub(crate) fn word(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}
