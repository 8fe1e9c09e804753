//! CSV of any bytes: rows within the limits, or a fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheets::Format;

mod limits;

fuzz_target!(|bytes: &[u8]| limits::hold(bytes, Format::Csv));
