//! Dates as people write them and as sheets count them.

use chrono::{Datelike as _, Days, NaiveDate};

/// A date of the years 1900 to 9999: `2022-09-15`, `2022/9/15`, `2022.9.15`, `20220915`, `2022年9月15日`, each with or
/// without a time of day behind it, in full-width characters too.
pub fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    // A date and a time of day have no more; what is longer is not looked at.
    if text.chars().count() > 40 {
        return None;
    }
    let text: String = text.chars().map(half_width).collect();
    let text = without_time(&text);
    let numbers = if let Some(rest) = text.strip_suffix('日') {
        let (year, rest) = rest.split_once('年')?;
        let (month, day) = rest.split_once('月')?;
        [year, month, day]
    } else if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        [&text[..4], &text[4..6], &text[6..]]
    } else {
        let separator = ['-', '/', '.'].into_iter().find(|separator| text.contains(*separator))?;
        let mut parts = text.split(separator);
        let numbers = [parts.next()?, parts.next()?, parts.next()?];
        if parts.next().is_some() {
            return None;
        }
        numbers
    };
    let [year, month, day] = numbers.map(str::trim);
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let found = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    (found.year() >= 1900).then_some(found)
}

/// Drops ` 12:34`, ` 12:34:56`, `T12:34:56` and the like; a text with anything else behind the date stays as it is.
fn without_time(text: &str) -> &str {
    let Some(at) = text.find([' ', 'T']) else { return text };
    let (day, time) = text.split_at(at);
    let time = time[1..].trim();
    let good = time.contains(':')
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+'))
        && day.chars().count() >= 8;
    if good { day } else { text }
}

pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// The day of a sheet's serial number. In the 1900 system day 60 is 1900-02-29, which never was.
pub fn of_serial(serial: f64, since_1904: bool) -> Option<NaiveDate> {
    if !serial.is_finite() || !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the range checked above"
    )]
    let days = serial.floor() as u64;
    let (base, days) = match (since_1904, days) {
        (true, _) => (NaiveDate::from_ymd_opt(1904, 1, 1)?, days),
        (false, 0 | 60) => return None,
        (false, 1..=59) => (NaiveDate::from_ymd_opt(1899, 12, 31)?, days),
        (false, _) => (NaiveDate::from_ymd_opt(1899, 12, 30)?, days),
    };
    base.checked_add_days(Days::new(days)).filter(|day| day.year() <= 9999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(y, m, d)
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in [
            "2022-09-15",
            "2022/9/15",
            "2022.9.15",
            "20220915",
            "2022年9月15日",
            "2022年09月15日",
            " ２０２２－０９－１５ ",
            "2022-09-15 00:00:00",
            "2022-09-15T08:30:00Z",
            "2022 年 9 月 15 日",
        ] {
            assert_eq!(date(text), day(2022, 9, 15), "{text}");
        }
        for text in [
            "",
            "2022",
            "2022-9",
            "22-9-15",
            "2022-13-01",
            "2022-02-30",
            "2022-9-15-1",
            "15/9/2022",
            "1899-12-31",
            "2022-09-15 abc",
            "二〇二二年九月",
            "2022--15",
            "2022-+9-15",
            "2022年9月15",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn serial_numbers_are_days_of_either_system() {
        for (serial, since_1904, wanted) in [
            (1.0, false, day(1900, 1, 1)),
            (59.0, false, day(1900, 2, 28)),
            (60.0, false, None),
            (61.0, false, day(1900, 3, 1)),
            (44_819.0, false, day(2022, 9, 15)),
            (44_819.75, false, day(2022, 9, 15)),
            (43_357.0, true, day(2022, 9, 15)),
            (0.0, true, day(1904, 1, 1)),
            (0.0, false, None),
            (-1.0, false, None),
            (f64::NAN, false, None),
            (1e300, true, None),
        ] {
            assert_eq!(of_serial(serial, since_1904), wanted, "{serial} {since_1904}");
        }
    }
}
