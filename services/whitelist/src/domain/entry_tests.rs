//! The machine of entries, by table and by property.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{EnterpriseId, Grade};
use proptest::prelude::*;
use uuid::Uuid;

use super::entry::*;
use super::entry_decide::{decide as decide_by, *};
use super::hearing::{Heard, Hearing};
use super::ids::{EntryId, RunId};
use super::screening::{Exclusions, Points};
use super::source::SourceCode;
use super::standing::Exclusion;

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn hits(codes: &[&str]) -> Exclusions {
    codes.iter().filter_map(|code| Exclusion::parse(code)).collect()
}

pub(super) fn judgement(passes: bool, codes: &[&str], pending: &[&str]) -> Judgement {
    Judgement {
        run: RunId::from_uuid(Uuid::from_u128(9)),
        total: Points(if passes { 7_230 } else { 5_999 }),
        grade: if passes { Grade::B } else { Grade::C },
        passes,
        hits: hits(codes),
        rejects: codes.iter().any(|code| *code != "HX03"),
        pending: hits(pending),
        hearing: Hearing::default(),
        barred: Exclusions::NONE,
        consented: true,
    }
}

pub(super) fn decide(entry: &Entry, command: Command, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    decide_by(entry, command, now, &Terms::DEFAULT)
}

/// With what became of asking 信用济源; 信用中国 was asked and told nothing, nobody else is connected.
pub(super) fn hearing(judgement: Judgement, jiyuan: Heard) -> Judgement {
    let hearing = Hearing::by(|source| match source {
        SourceCode::CreditChina => Heard::Told(Exclusions::NONE),
        SourceCode::CreditJiyuan => jiyuan,
        SourceCode::CreditHenan | SourceCode::PledgePlatform => Heard::Silent,
    });
    Judgement { hearing, ..judgement }
}

pub(super) fn good() -> Judgement {
    judgement(true, &[], &[])
}

pub(super) fn entry(now: DateTime<Utc>) -> Entry {
    let enterprise = EnterpriseId::from_uuid(Uuid::from_u128(1));
    Entry::nominated(EntryId::from_uuid(Uuid::from_u128(2)), enterprise, None, now)
}

pub(super) fn after(entry: Entry, command: Command, now: DateTime<Utc>) -> Entry {
    let events = decide(&entry, command, now).unwrap();
    events.iter().fold(entry, |entry, event| apply(entry, event, now))
}

/// Listed on 2022-10-12, after publicity from 2022-09-29 to 2022-10-11.
pub(super) fn listed() -> Entry {
    let start = at("2022-09-29T02:00:00Z");
    let mut one = entry(start);
    for command in [Command::SeekConsent, Command::NoteConsent, Command::Judge(good())] {
        one = after(one, command, start);
    }
    assert_eq!(one.state, State::Scored);
    let ends_at = Some(at("2022-10-11T15:59:59Z"));
    one = after(one, Command::OpenPublicity { ends_at }, start);
    after(one, Command::ClosePublicity(good()), at("2022-10-11T16:00:00Z"))
}

#[test]
fn the_straight_way_ends_listed_for_twelve_months() {
    let one = listed();
    let State::Listed(term) = one.state else { panic!("{:?}", one.state) };
    assert_eq!(
        (term.from.to_string(), term.to.to_string()),
        ("2022-10-12".to_owned(), "2023-10-11".to_owned())
    );
    assert_eq!(one.judged.unwrap().grade, Grade::B);
    let tasks = one.tasks(at("2022-10-11T16:00:00Z"), TimeDelta::hours(1), &Terms::DEFAULT);
    assert_eq!(
        tasks,
        [
            (Task::Watch, Some(at("2022-10-11T17:00:00Z"))),
            (Task::Warn, Some(at("2023-09-10T16:00:00Z"))),
            (Task::Expire, Some(at("2023-10-11T16:00:00Z"))),
        ]
    );
}

#[test]
fn publicity_does_not_end_a_second_early_nor_without_a_calendar() {
    let start = at("2022-09-29T02:00:00Z");
    let mut one = entry(start);
    for command in [Command::SeekConsent, Command::NoteConsent, Command::Judge(good())] {
        one = after(one, command, start);
    }
    let unknown = after(one.clone(), Command::OpenPublicity { ends_at: None }, start);
    assert_eq!(
        decide(&unknown, Command::ClosePublicity(good()), at("2029-01-01T00:00:00Z")),
        Err(Refusal::TooEarly)
    );
    assert_eq!(unknown.tasks(start, TimeDelta::hours(1), &Terms::DEFAULT)[0], (Task::Publicity, None));
    let ends_at = at("2022-10-11T15:59:59Z");
    let open = after(one, Command::OpenPublicity { ends_at: Some(ends_at) }, start);
    assert_eq!(decide(&open, Command::ClosePublicity(good()), ends_at), Err(Refusal::TooEarly));
    assert!(
        after(open.clone(), Command::ClosePublicity(good()), ends_at + TimeDelta::seconds(1)).is_listed()
    );
    assert_eq!(after(open.clone(), Command::Object, start).state.code(), "SCREENING");
    // A fresh look on the last day decides, not the old one.
    for (now_says, state) in [
        (judgement(true, &["HX01"], &[]), "REJECTED"),
        (judgement(true, &["HX03"], &[]), "SUSPENDED"),
        (judgement(false, &[], &[]), "REJECTED"),
        (judgement(true, &[], &["HX01"]), "PUBLICITY"),
    ] {
        let closed = after(open.clone(), Command::ClosePublicity(now_says), ends_at + TimeDelta::seconds(1));
        assert_eq!(closed.state.code(), state, "{now_says:?}");
    }
    let fixed = after(unknown, Command::FixPublicity { ends_at }, start);
    assert!(after(fixed, Command::ClosePublicity(good()), ends_at + TimeDelta::seconds(1)).is_listed());
}

#[test]
fn a_screening_is_decided_by_the_exclusion_first_then_the_sources_then_the_points() {
    let start = at("2022-09-29T02:00:00Z");
    let mut one = entry(start);
    for command in [Command::SeekConsent, Command::NoteConsent] {
        one = after(one, command, start);
    }
    for (given, state, waiting) in [
        (judgement(true, &["HX01"], &["HX02"]), "REJECTED", false),
        (judgement(true, &["HX03"], &[]), "SUSPENDED", false),
        (judgement(true, &[], &["HX01"]), "SCREENING", true),
        (judgement(false, &[], &["HX01"]), "SCREENING", true),
        (judgement(false, &[], &[]), "REJECTED", false),
        (good(), "SCORED", false),
    ] {
        let judged = after(one.clone(), Command::Judge(given), start);
        assert_eq!((judged.state.code(), judged.waiting), (state, waiting), "{given:?}");
    }
    let waiting = after(one, Command::Judge(judgement(true, &[], &["HX01"])), start);
    assert_eq!(decide(&waiting, Command::Judge(judgement(true, &[], &["HX01"])), start), Ok(vec![]));
    let heard = after(waiting, Command::Judge(good()), start);
    assert_eq!((heard.state, heard.waiting), (State::Scored, false));
}

#[test]
fn an_exclusion_suspends_and_thirty_days_without_a_cure_remove() {
    let hit_at = at("2023-01-10T03:00:00Z");
    let one = after(listed(), Command::Watch(judgement(true, &["HX03"], &[])), hit_at);
    assert_eq!((one.state.code(), one.hits), ("SUSPENDED", hits(&["HX03"])));
    assert_eq!(decide(&one, Command::Watch(judgement(true, &["HX03"], &[])), hit_at), Ok(vec![]));
    let last = at("2023-02-09T15:59:59Z");
    let held = judgement(true, &["HX03"], &[]);
    assert_eq!(decide(&one, Command::GiveUp(held), last), Err(Refusal::TooEarly));
    let removed = after(one.clone(), Command::GiveUp(held), last + TimeDelta::seconds(1));
    assert_eq!(removed.state, State::Removed(Why::NotCured));
    // Gone again in time: on the list as before. Unheard sources cure nothing.
    assert_eq!(decide(&one, Command::Watch(judgement(true, &[], &["HX03"])), last), Ok(vec![]));
    let back = after(one.clone(), Command::Watch(good()), last);
    assert!(back.is_listed() && back.hits.is_empty());
    // Points are not enough any more: screened, and then off.
    let weak = after(one.clone(), Command::Watch(judgement(false, &[], &[])), last);
    assert_eq!(weak.state.code(), "SCREENING");
    let weak = after(weak, Command::Judge(judgement(false, &[], &[])), last);
    assert_eq!(weak.state, State::Removed(Why::ScoreTooLow));
    // A repair that turns out to be none leaves the time that was left.
    let repaired = after(one, Command::Repair, last);
    let again = after(repaired, Command::Judge(judgement(true, &["HX01"], &[])), last);
    assert!(matches!(again.state, State::Suspended { since, term: Some(_) } if since == hit_at));
}

#[test]
fn how_long_things_last_is_configuration() {
    let terms = Terms { cure_days: 10, term_months: 6, warning_days: 7, renewal_days: 20 };
    let listed_at = at("2022-10-11T16:00:00Z");
    let term = Term::beginning(kernel::calendar::date_of(listed_at), terms.term_months);
    assert_eq!(
        (term.to.to_string(), term.renewed(6).to.to_string()),
        ("2023-04-11".into(), "2023-10-11".into())
    );
    let one = Entry { state: State::Listed(term), ..listed() };
    let tasks = one.tasks(listed_at, TimeDelta::hours(1), &terms);
    assert_eq!(tasks[1], (Task::Warn, Some(at("2023-04-03T16:00:00Z"))));
    let renew = |now| decide_by(&one, Command::Renew(good()), at(now), &terms);
    assert_eq!(renew("2023-03-21T15:59:59Z"), Err(Refusal::TooEarly));
    assert!(renew("2023-03-21T16:00:00Z").is_ok());
    assert_eq!(terms.cure_ends(at("2023-01-10T03:00:00Z")), at("2023-01-20T15:59:59Z"));
}

#[test]
fn a_term_is_warned_of_renewed_in_its_last_sixty_days_and_ends_the_day_after() {
    let one = listed();
    for (now, wanted) in
        [("2023-08-11T15:59:59Z", Err(Refusal::TooEarly)), ("2023-08-11T16:00:00Z", Ok("2024-10-11"))]
    {
        let renewed = decide(&one, Command::Renew(good()), at(now));
        let to = renewed.map(|events| match apply(one.clone(), &events[0], at(now)).state {
            State::Listed(term) => term.to.to_string(),
            other => panic!("{other:?}"),
        });
        assert_eq!(to, wanted.map(str::to_owned), "{now}");
    }
    let late = at("2023-10-01T00:00:00Z");
    assert_eq!(
        decide(&one, Command::Renew(judgement(true, &["HX03"], &[])), late),
        Err(Refusal::NotEligible)
    );
    let warned = after(one.clone(), Command::Warn, late);
    assert!(warned.is_listed());
    assert_eq!(decide(&one, Command::Expire, at("2023-10-11T15:59:59Z")), Err(Refusal::TooEarly));
    assert_eq!(after(one, Command::Expire, at("2023-10-11T16:00:00Z")).state, State::Expired);
}

#[test]
fn what_has_ended_takes_no_command() {
    let now = at("2024-01-01T00:00:00Z");
    for state in [State::Rejected(Why::ScoreTooLow), State::Removed(Why::Withdrawn), State::Expired] {
        let ended = Entry { state, ..listed() };
        assert!(ended.tasks(now, TimeDelta::hours(1), &Terms::DEFAULT).is_empty());
        assert_eq!(decide(&ended, Command::Watch(judgement(true, &["HX01"], &[])), now), Ok(vec![]));
        for command in [
            Command::SeekConsent,
            Command::NoteConsent,
            Command::Judge(good()),
            Command::OpenPublicity { ends_at: None },
            Command::Object,
            Command::ClosePublicity(good()),
            Command::Repair,
            Command::Renew(good()),
            Command::Remove(Why::Withdrawn),
            Command::GiveUp(good()),
            Command::Warn,
            Command::Expire,
        ] {
            assert!(decide(&ended, command, now).is_err(), "{state:?} {command:?}");
        }
    }
}

fn any_judgement() -> impl Strategy<Value = Judgement> {
    let codes = || prop::sample::subsequence(vec!["HX01", "HX03", "HX11"], 0..=2);
    let heard = prop_oneof![
        Just(Heard::Told(Exclusions::NONE)),
        Just(Heard::Told(hits(&["HX03"]))),
        Just(Heard::Missing),
        Just(Heard::Silent),
    ];
    (any::<bool>(), codes(), codes(), heard, any::<bool>()).prop_map(
        |(passes, hits, pending, heard, consented)| Judgement {
            consented,
            ..hearing(judgement(passes, &hits, &pending), heard)
        },
    )
}

fn any_command() -> impl Strategy<Value = Command> {
    let soon = at("2022-10-01T00:00:00Z");
    prop_oneof![
        Just(Command::SeekConsent),
        Just(Command::NoteConsent),
        any_judgement().prop_map(Command::Judge),
        prop::option::of(Just(soon)).prop_map(|ends_at| Command::OpenPublicity { ends_at }),
        Just(Command::FixPublicity { ends_at: soon }),
        Just(Command::Object),
        any_judgement().prop_map(Command::ClosePublicity),
        any_judgement().prop_map(Command::Watch),
        Just(Command::Repair),
        any_judgement().prop_map(Command::Renew),
        prop::sample::select(Why::ALL.to_vec()).prop_map(Command::Remove),
        any_judgement().prop_map(Command::GiveUp),
        Just(Command::Warn),
        Just(Command::Expire),
    ]
}

proptest! {
    #[test]
    fn no_path_leads_to_the_list_with_an_exclusion_or_past_publicity(
        steps in prop::collection::vec((any_command(), 0..40_i64), 1..60),
    ) {
        let mut now = at("2022-09-20T02:00:00Z");
        let mut one = entry(now);
        let mut published = false;
        for (command, days) in steps {
            now += TimeDelta::days(days);
            let Ok(events) = decide(&one, command, now) else { continue };
            for event in &events {
                let before = one.clone();
                one = apply(one, event, now);
                prop_assert_eq!(one.version, before.version + 1);
                published |= matches!(event, Event::PublicityOpened { .. });
                if one.is_listed() {
                    prop_assert!(one.hits.is_empty(), "{event:?}");
                    prop_assert!(published && one.judged.is_some());
                    let judged = match command {
                        Command::ClosePublicity(j)
                        | Command::Watch(j)
                        | Command::Renew(j)
                        | Command::GiveUp(j) => Some(j),
                        _ => None,
                    };
                    // Whatever put it on the list looked at it then.
                    let moved = !before.is_listed() || matches!(event, Event::Renewed { .. });
                    prop_assert!(!moved || judged.is_some_and(|j| j.is_clean()), "{before:?} {event:?}");
                }
                prop_assert!(!before.state.has_ended(), "{before:?} {event:?}");
            }
        }
    }
}
