//! Figures of a busy half year, for the page that shows them.

use proto::common::v1::LegState;
use proto::intake::v1::CaseState;
use proto::statistics::v1 as statistics;

use super::world;

/// Figures of a busy half year.
pub(crate) fn overview() -> statistics::Overview {
    let case = |state: CaseState, cases: i64| statistics::CaseCount { state: state.into(), cases };
    let leg = |role: i32, outcome: LegState, legs: i64| statistics::LegCount {
        role,
        outcome: outcome.into(),
        legs,
    };
    let time = |role: i32, count: i64, median_ms: i64, p90_ms: i64| statistics::ResponseTime {
        role,
        count,
        median_ms,
        p90_ms,
    };
    statistics::Overview {
        day: "2026-03-02".to_owned(),
        known_at: world::at(0),
        cases: vec![
            case(CaseState::Submitted, 4),
            case(CaseState::Collecting, 17),
            case(CaseState::OffersReady, 23),
            case(CaseState::Selected, 6),
            case(CaseState::Approved, 61),
            case(CaseState::NoOffer, 9),
            case(CaseState::Withdrawn, 5),
        ],
        legs: vec![
            leg(1, LegState::Offered, 412),
            leg(1, LegState::Declined, 233),
            leg(1, LegState::TimedOut, 41),
            leg(1, LegState::Confirmed, 61),
            leg(1, LegState::Unspecified, 88),
            leg(5, LegState::Offered, 120),
            leg(5, LegState::Fulfilled, 54),
            leg(2, LegState::Offered, 77),
            leg(2, LegState::Declined, 30),
        ],
        response_times: vec![
            time(1, 747, 186_000_000, 480_000_000),
            time(2, 107, 90_000_000, 170_000_000),
            time(5, 174, 60_000_000, 88_000_000),
        ],
        time_to_offers: Some(time(0, 90, 260_000_000, 460_000_000)),
        time_to_approval: Some(time(0, 61, 560_000_000, 910_000_000)),
        amount_submitted_fen: 41_230_000_000,
        amount_approved_fen: 18_600_000_000,
        facts: 8_213,
    }
}
