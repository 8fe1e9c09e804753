//! Between protobuf and the domain: what others send us is checked here, what we send is built here.

pub(crate) mod facts;
pub(crate) mod incoming;
pub(crate) mod terms;
pub(crate) mod views;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Sub-second nanoseconds are always below 2^31.
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

pub(crate) fn instant(at: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}
