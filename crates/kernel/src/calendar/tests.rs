//! The calendar against domain.md §2.9 and Appendix B.

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::with_embedded().unwrap()
}

#[test]
fn the_embedded_tables_have_the_published_numbers_of_working_days() {
    let calendar = calendar();
    let totals: Vec<_> = calendar.years.values().map(|table| (table.year(), table.working_days())).collect();
    assert_eq!(totals, [(2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)]);
    assert_eq!(calendar.years().collect::<Vec<_>>(), [2022, 2023, 2024, 2025, 2026]);
}

#[test]
fn single_days_are_as_published() {
    for (day, worked) in [
        ("2022-01-29", true),
        ("2022-01-30", true),
        ("2022-01-31", false),
        ("2022-02-04", false),
        ("2022-02-05", false),
        ("2022-02-07", true),
        ("2022-10-08", true),
        ("2022-10-09", true),
        ("2022-10-10", true),
        ("2023-06-23", false),
        ("2023-06-25", true),
        ("2024-02-09", true),
        ("2024-02-18", true),
        ("2025-10-08", false),
        ("2025-10-11", true),
        ("2026-02-23", false),
        ("2026-12-31", true),
    ] {
        assert_eq!(calendar().is_working_day(date(day)), Some(worked), "{day}");
    }
    assert_eq!(calendar().is_working_day(date("2021-12-31")), None);
    assert_eq!(calendar().is_working_day(date("2027-01-04")), None);
}

#[test]
fn adding_working_days_gives_the_recomputed_dates() {
    for (from, days, to) in [
        ("2022-09-29", 5, "2022-10-11"),
        ("2023-01-18", 5, "2023-01-30"),
        ("2022-01-28", 5, "2022-02-09"),
        ("2022-10-01", 1, "2022-10-08"),
        ("2022-10-01", 0, "2022-10-08"),
        ("2022-10-08", 0, "2022-10-08"),
        ("2022-12-30", 1, "2023-01-03"),
    ] {
        assert_eq!(calendar().add_working_days(date(from), days), Ok(date(to)), "{from} + {days}");
    }
}

#[test]
fn deadlines_of_returns_are_those_of_the_table() {
    for (quarter, nominal, next, ten) in [
        ("2022Q1", "2022-04-10", "2022-04-11", Some("2022-04-15")),
        ("2022Q2", "2022-07-10", "2022-07-11", Some("2022-07-14")),
        ("2022Q3", "2022-10-10", "2022-10-10", Some("2022-10-19")),
        ("2023Q3", "2023-10-10", "2023-10-10", Some("2023-10-18")),
        ("2025Q4", "2026-01-10", "2026-01-12", None),
    ] {
        let quarter: Quarter = quarter.parse().unwrap();
        assert_eq!(calendar().return_deadline(quarter, Roll::None), Ok(date(nominal)), "{quarter}");
        assert_eq!(calendar().return_deadline(quarter, Roll::NextWorkday), Ok(date(next)), "{quarter}");
        if let Some(ten) = ten {
            assert_eq!(calendar().return_deadline(quarter, Roll::TenWorkdays), Ok(date(ten)), "{quarter}");
        }
    }
    let beyond: Quarter = "2026Q4".parse().unwrap();
    assert_eq!(calendar().return_deadline(beyond, Roll::NextWorkday), Err(CalendarMissing { year: 2027 }));
    assert_eq!(calendar().return_deadline(beyond, Roll::None), Ok(date("2027-01-10")));
}

#[test]
fn an_unknown_year_is_pending_and_computed_once_it_is_loaded() {
    let now = instant("2026-12-30T02:00:00Z");
    let span = Span::WorkingDays(5);
    assert_eq!(calendar().deadline(now, span), Due::Pending { year: 2027 });
    assert_eq!(calendar().deadline(now, Span::WorkingDays(1)), Due::At(instant("2026-12-31T15:59:59Z")));
    let tables = DayTable::parse_all("[[year]]\nyear = 2027\noff = [\"01-01\"]\non = []\nworking_days = 260");
    let loaded = calendar().and_tables(tables.unwrap());
    assert_eq!(loaded.deadline(now, span), Due::At(instant("2027-01-07T15:59:59Z")));
    assert_eq!(Calendar::default().deadline(now, span), Due::Pending { year: 2026 });
}

#[test]
fn a_missing_year_is_known_ahead() {
    assert_eq!(calendar().missing_within(date("2026-11-01"), 60), None);
    assert_eq!(calendar().missing_within(date("2026-11-02"), 60), Some(2027));
    assert_eq!(calendar().missing_within(date("2021-12-31"), 0), Some(2021));
    assert_eq!(calendar().missing_within(NaiveDate::MAX, 60), Some(NaiveDate::MAX.year()));
}

#[test]
fn a_deadline_in_working_days_ends_with_the_last_second_in_shanghai() {
    // 2022-09-29 23:59:59 in Shanghai, and one second later, which is the 30th there.
    for (now, due) in
        [("2022-09-29T15:59:59Z", "2022-10-11T15:59:59Z"), ("2022-09-29T16:00:00Z", "2022-10-12T15:59:59Z")]
    {
        assert_eq!(calendar().deadline(instant(now), Span::WorkingDays(5)), Due::At(instant(due)), "{now}");
    }
    assert_eq!(end_of_day(date("2022-10-11")), instant("2022-10-11T15:59:59Z"));
    assert_eq!(start_of_day(date("2022-10-11")), instant("2022-10-10T16:00:00Z"));
}

#[test]
fn seconds_need_no_table() {
    let now = instant("2031-05-01T00:00:00Z");
    assert_eq!(calendar().deadline(now, Span::Seconds(30)), Due::At(instant("2031-05-01T00:00:30Z")));
    let end = DateTime::<Utc>::MAX_UTC;
    assert_eq!(calendar().deadline(end, Span::Seconds(1)), Due::At(end));
    assert!(matches!(calendar().deadline(end, Span::WorkingDays(1)), Due::Pending { .. }));
}

#[test]
fn quarters_have_their_days() {
    for (text, first, last) in [
        ("2022Q1", "2022-01-01", "2022-03-31"),
        ("2024q2", "2024-04-01", "2024-06-30"),
        (" ２０２３Ｑ３ ", "2023-07-01", "2023-09-30"),
        ("2022Q4", "2022-10-01", "2022-12-31"),
    ] {
        let quarter: Quarter = text.parse().unwrap();
        assert_eq!((quarter.first_day(), quarter.last_day()), (date(first), date(last)));
        assert_eq!(Quarter::of(date(first)), Some(quarter));
        assert_eq!(Quarter::of(date(last)), Some(quarter));
        assert_eq!(quarter.to_string().parse(), Ok(quarter));
    }
    for text in [
        "",
        "2022",
        "2022Q0",
        "2022Q5",
        "22Q1",
        "2022Q11",
        "1999Q1",
        "2200Q1",
        "+022Q1",
        "2022QQ",
        "二〇二二Q1",
    ] {
        assert!(text.parse::<Quarter>().is_err(), "{text}");
    }
    assert_eq!(Quarter::of(NaiveDate::MAX), None);
    for roll in [Roll::NextWorkday, Roll::None, Roll::TenWorkdays] {
        assert_eq!(Roll::from_code(roll.code()), Some(roll));
    }
    assert_eq!(Roll::from_code(""), None);
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let table = |off: &str, on: &str, total: u16| {
        DayTable::parse_all(&format!(
            "[[year]]\nyear = 2022\noff = [{off}]\non = [{on}]\nworking_days = {total}"
        ))
    };
    let day = |text: &str| DayTableError::Day { year: 2022, text: text.to_owned() };
    assert!(table("", "", 260).is_ok());
    assert_eq!(table("", "", 261), Err(DayTableError::Total { year: 2022, counted: 260, stated: 261 }));
    assert_eq!(
        table("\"01-01\"", "", 260),
        Err(DayTableError::WrongKind { date: date("2022-01-01"), list: "off" })
    );
    assert_eq!(
        table("", "\"01-03\"", 260),
        Err(DayTableError::WrongKind { date: date("2022-01-03"), list: "on" })
    );
    assert_eq!(
        table("\"01-03\", \"01-03..01-04\"", "", 258),
        Err(DayTableError::Twice { date: date("2022-01-03") })
    );
    for text in ["02-30", "1-3", "01-03..01-02", "2022-01-03", "01-03..", "..", "", "+1-03"] {
        assert_eq!(table(&format!("{text:?}"), "", 260), Err(day(text)), "{text}");
    }
    for text in [
        "year",
        "[[year]]\nyear = 2022",
        "[[year]]\nyear = 2022\noff = []\non = []\nworking_days = 260\nmore = 1",
    ] {
        assert!(matches!(DayTable::parse_all(text), Err(DayTableError::Unreadable { .. })), "{text}");
    }
    let twice = "[[year]]\nyear = 2022\noff = []\non = []\nworking_days = 260\n".repeat(2);
    assert_eq!(DayTable::parse_all(&twice), Err(DayTableError::YearTwice { year: 2022 }));
    let beyond = "[[year]]\nyear = 2000000000\noff = []\non = []\nworking_days = 260";
    assert!(DayTable::parse_all(beyond).is_err());
}

#[test]
fn the_later_of_two_tables_for_a_year_holds() {
    let amended =
        DayTable::parse_all("[[year]]\nyear = 2022\noff = []\non = []\nworking_days = 260").unwrap();
    let calendar = calendar().and_tables(amended);
    assert_eq!(calendar.is_working_day(date("2022-01-03")), Some(true));
}

proptest! {
    #[test]
    fn adding_counts_exactly_the_working_days_passed(from in 0..1_600_i64, days in 0..40_u16) {
        let calendar = calendar();
        let from = date("2022-01-01") + TimeDelta::days(from);
        let to = calendar.add_working_days(from, days).unwrap();
        prop_assert_eq!(calendar.is_working_day(to), Some(true));
        if days > 0 {
            let passed = from.iter_days().skip(1).take_while(|day| *day <= to);
            prop_assert_eq!(passed.filter(|day| calendar.is_working_day(*day) == Some(true)).count(), usize::from(days));
        }
    }

    #[test]
    fn a_deadline_is_never_before_its_beginning_and_later_beginnings_are_due_no_earlier(first in 0..100_000_000_i64, later in 0..10_000_000_i64, days in 0..10_u16) {
        let calendar = calendar();
        let at = |seconds: i64| Utc.timestamp_opt(1_640_995_200 + seconds, 0).single().unwrap();
        let due = |now| match calendar.deadline(now, Span::WorkingDays(days)) {
            Due::At(due) => due,
            Due::Pending { year } => panic!("{year} is loaded"),
        };
        prop_assert!(due(at(first)) >= at(first));
        prop_assert!(due(at(first)) <= due(at(first + later)));
    }

    #[test]
    fn no_date_or_file_panics(days: i32, text in any::<String>(), count: u16) {
        let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap_or(NaiveDate::MIN);
        let _ = (calendar().add_working_days(day, count), calendar().is_working_day(day), Quarter::of(day));
        let _ = (start_of_day(day), end_of_day(day), DayTable::parse_all(&text));
        prop_assert_eq!(date_of(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
    }
}
