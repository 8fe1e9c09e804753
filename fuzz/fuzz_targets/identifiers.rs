//! Numbers as people type them: whatever is taken is taken again in its written form, and stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whitelist::domain::{
    identifier::{IdentifierKind, check},
    place::Parks,
};

fuzz_target!(|bytes: &[u8]| {
    let (Some((first, rest)), Ok(parks)) = (bytes.split_first(), Parks::parse(Parks::DEFAULT)) else { return };
    let kind = IdentifierKind::ALL[usize::from(*first) % IdentifierKind::ALL.len()];
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if let Ok(found) = check(kind, text, &parks) {
        // A resident's number is only written masked.
        if kind != IdentifierKind::ResidentId {
            let again = check(kind, &found.written, &parks);
            assert_eq!(again.map(|again| again.written), Ok(found.written));
        }
    }
    let _ = sheets::date(text);
    let _ = sheets::fen(text);
});
