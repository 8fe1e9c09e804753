//! Between protobuf and the domain: what others send us is checked here, what we send is built here.

pub(crate) mod application;
pub(crate) mod incoming;
pub(crate) mod planning;
pub(crate) mod views;

use chrono::{DateTime, Utc};
use kernel::leg::LegState;
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

/// The number in `zhirong.intake.v1.LegState`; states of later steps have none yet and show as the offer they rest on.
pub(crate) fn leg_state_number(state: LegState) -> i32 {
    use proto::intake::v1::LegState as Wire;
    let wire = match state {
        LegState::Created => Wire::Created,
        LegState::Received => Wire::Received,
        LegState::Reviewing => Wire::Reviewing,
        LegState::InfoRequested => Wire::InfoRequested,
        LegState::Offered { .. }
        | LegState::Selected { .. }
        | LegState::Confirmed { .. }
        | LegState::Fulfilled { .. }
        | LegState::Breached { .. } => Wire::Offered,
        LegState::Declined { .. } => Wire::Declined,
        LegState::TimedOut => Wire::TimedOut,
        LegState::Expired { .. } | LegState::WithdrawnByInstitution { .. } | LegState::Released => {
            Wire::Released
        }
    };
    i32::from(wire)
}
