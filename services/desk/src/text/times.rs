//! Instants as people at the desk read them: in Asia/Shanghai.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use prost_types::Timestamp;

const SHANGHAI_SECONDS: i32 = 8 * 3600;

fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    let shanghai = FixedOffset::east_opt(SHANGHAI_SECONDS);
    shanghai.map_or_else(|| at.fixed_offset(), |zone| at.with_timezone(&zone))
}

/// An instant of the contracts.
pub(crate) fn instant(at: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

fn written(at: Option<&Timestamp>, form: &str) -> String {
    at.and_then(instant).map_or_else(|| "—".to_owned(), |at| local(at).format(form).to_string())
}

/// `2026-03-02 09:30:05`, a dash for none.
pub(crate) fn at(at: Option<&Timestamp>) -> String {
    written(at, "%Y-%m-%d %H:%M:%S")
}

/// `03-02 09:30`, a dash for none.
pub(crate) fn short(at: Option<&Timestamp>) -> String {
    written(at, "%m-%d %H:%M")
}

/// `2026-03-02`, a dash for none.
pub(crate) fn date(at: Option<&Timestamp>) -> String {
    written(at, "%Y-%m-%d")
}

/// `09:30` of an instant of ours.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    local(at).format("%H:%M").to_string()
}

/// The day it is in Shanghai.
pub(crate) fn today(now: DateTime<Utc>) -> NaiveDate {
    local(now).date_naive()
}

/// How long ago, roughly; a dash for never.
pub(crate) fn ago(at: Option<&Timestamp>, now: DateTime<Utc>) -> String {
    let Some(at) = at.and_then(instant) else { return "—".to_owned() };
    let passed = (now - at).max(TimeDelta::zero());
    match passed.num_seconds() {
        0..60 => format!("{} 秒前", passed.num_seconds()),
        60..3_600 => format!("{} 分钟前", passed.num_minutes()),
        3_600..172_800 => format!("{} 小时前", passed.num_hours()),
        _ => format!("{} 天前", passed.num_days()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_shanghai() {
        let noon = Timestamp { seconds: 1_772_425_805, nanos: 0 };
        assert_eq!(at(Some(&noon)), "2026-03-02 12:30:05");
        assert_eq!(short(Some(&noon)), "03-02 12:30");
        assert_eq!(date(None), "—");
        let later = DateTime::from_timestamp(1_772_425_805 + 150, 0).unwrap();
        assert_eq!(ago(Some(&noon), later), "2 分钟前");
        assert_eq!(today("2026-03-02T16:00:00Z".parse().unwrap()).to_string(), "2026-03-03");
    }
}
