//! Replies of the platforms that are asked: findings about the firm that was asked for, or a fault.
#![no_main]

use chrono::NaiveDate;
use kernel::Uscc;
use libfuzzer_sys::fuzz_target;
use whitelist::domain::{source::SourceCode, source_reply};

fuzz_target!(|bytes: &[u8]| {
    let today = NaiveDate::from_ymd_opt(2023, 6, 1);
    let (Some((first, rest)), Some(today)) = (bytes.split_first(), today) else { return };
    let Ok(subject) = Uscc::parse("91419001MA9ABC128H") else { return };
    let source = SourceCode::ALL[usize::from(*first) % SourceCode::ALL.len()];
    if let Ok(findings) = source_reply::read(source, &subject.value, rest, today) {
        assert!(findings.as_of <= today, "a finding of tomorrow");
    }
});
