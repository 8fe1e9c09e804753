//! What sources tell, what they do not, and a consent that ends, on the way of an entry.

use chrono::TimeDelta;

use super::entry::*;
use super::entry_decide::{Command, Refusal};
use super::entry_tests::{after, at, decide, entry, good, hearing, hits, judgement, listed};
use super::hearing::{Heard, Told};
use super::screening::Exclusions;

/// Listed, and then hit by what 信用济源 told on 2023-01-10.
fn suspended() -> Entry {
    let told = hearing(judgement(true, &["HX03"], &[]), Heard::Told(hits(&["HX03"])));
    let one = after(listed(), Command::Watch(told), at("2023-01-10T03:00:00Z"));
    assert_eq!(one.state.code(), "SUSPENDED");
    one
}

#[test]
fn what_a_source_told_stands_until_the_same_source_clears_it() {
    let (one, now) = (suspended(), at("2023-01-12T00:00:00Z"));
    // The consent to ask it is gone, or it is away: nobody says that the exclusion is.
    for silent in [hearing(good(), Heard::Silent), hearing(judgement(true, &[], &["HX03"]), Heard::Missing)] {
        assert_eq!(decide(&one, Command::Watch(silent), now), Ok(vec![]), "{silent:?}");
        let repaired = after(one.clone(), Command::Repair, now);
        let waits = after(repaired, Command::Judge(silent), now);
        assert_eq!((waits.state.code(), waits.waiting, waits.hits), ("SCREENING", true, hits(&["HX03"])));
    }
    // Another exclusion comes and goes; the one that nobody can confirm stays.
    let more = after(one, Command::Watch(hearing(judgement(true, &["HX01"], &[]), Heard::Silent)), now);
    assert_eq!(more.hits, hits(&["HX01", "HX03"]));
    let less = after(more, Command::Watch(hearing(good(), Heard::Silent)), now);
    assert_eq!((less.state.code(), less.hits), ("SUSPENDED", hits(&["HX03"])));
    let cleared = after(less, Command::Watch(hearing(good(), Heard::Told(Exclusions::NONE))), now);
    assert!(cleared.is_listed() && cleared.hits.is_empty() && cleared.told == Told::default());
}

#[test]
fn what_a_person_put_on_record_and_no_consent_lets_anybody_ask_stands_too() {
    let now = at("2023-01-12T00:00:00Z");
    let one = after(listed(), Command::Watch(judgement(true, &["HX10"], &[])), now);
    let barred = Judgement { barred: hits(&["HX10"]), ..good() };
    assert_eq!(decide(&one, Command::Watch(barred), now), Ok(vec![]));
    // Cured by who recorded it: nothing is known any more.
    assert!(after(one, Command::Watch(good()), now).is_listed());
}

#[test]
fn an_earlier_entrys_exclusion_is_not_forgotten_by_a_new_nomination() {
    let now = at("2023-03-01T00:00:00Z");
    let barred = hearing(good(), Heard::Silent);
    let removed = after(suspended(), Command::GiveUp(barred), now);
    assert_eq!(removed.state, State::Removed(Why::NotCured), "who bars the asking has not cured it");
    let mut one = entry(now).after_an_earlier(&removed);
    for command in [Command::SeekConsent, Command::NoteConsent, Command::Judge(barred)] {
        one = after(one, command, now);
    }
    assert_eq!((one.state.code(), one.waiting), ("SCREENING", true));
    let heard = after(one, Command::Judge(hearing(good(), Heard::Told(Exclusions::NONE))), now);
    assert_eq!((heard.state, heard.hits), (State::Scored, Exclusions::NONE));
}

#[test]
fn a_source_that_is_silent_delays_the_removal_and_what_it_tells_decides_it() {
    let (one, late) = (suspended(), at("2023-02-09T16:00:00Z"));
    let away = hearing(judgement(true, &[], &["HX03"]), Heard::Missing);
    assert_eq!(decide(&one, Command::GiveUp(away), late), Ok(vec![]));
    let cleared = hearing(good(), Heard::Told(Exclusions::NONE));
    assert!(
        after(one.clone(), Command::GiveUp(cleared), late).is_listed(),
        "cured while nobody could hear it"
    );
    let told = hearing(judgement(true, &["HX03"], &["HX01"]), Heard::Told(hits(&["HX03"])));
    assert_eq!(after(one.clone(), Command::GiveUp(told), late).state, State::Removed(Why::NotCured));
    // Only what was told on the last day or later says that it is not cured.
    assert_eq!(one.fresh_from(Task::Cure, &Terms::DEFAULT), Some(at("2023-02-08T15:59:59Z")));
}

#[test]
fn a_repair_asks_anew_and_neither_the_time_to_cure_nor_the_term_stops_meanwhile() {
    let asked = at("2023-01-20T00:00:00Z");
    let one = after(suspended(), Command::Repair, asked);
    assert_eq!(one.fresh_from(Task::Screen, &Terms::DEFAULT), Some(asked));
    assert_eq!(
        one.tasks(asked, TimeDelta::hours(1), &Terms::DEFAULT),
        [
            (Task::Screen, Some(asked)),
            (Task::Cure, Some(at("2023-02-09T16:00:00Z"))),
            (Task::Expire, Some(at("2023-10-11T16:00:00Z"))),
        ]
    );
    let away = hearing(judgement(true, &[], &["HX03"]), Heard::Missing);
    let waiting = after(one, Command::Judge(away), asked);
    assert_eq!(decide(&waiting, Command::GiveUp(away), at("2023-02-09T15:59:59Z")), Err(Refusal::TooEarly));
    let late = at("2023-02-09T16:00:00Z");
    assert_eq!(decide(&waiting, Command::GiveUp(away), late), Ok(vec![]));
    let told = hearing(judgement(true, &["HX03"], &[]), Heard::Told(hits(&["HX03"])));
    assert_eq!(after(waiting.clone(), Command::GiveUp(told), late).state, State::Removed(Why::NotCured));
    assert_eq!(after(waiting, Command::Expire, at("2023-10-11T16:00:00Z")).state, State::Expired);
}

#[test]
fn without_a_consent_that_holds_nobody_comes_further() {
    let start = at("2022-09-29T02:00:00Z");
    let without = Judgement { consented: false, ..good() };
    let mut one = entry(start);
    for command in [Command::SeekConsent, Command::NoteConsent] {
        one = after(one, command, start);
    }
    assert_eq!(after(one.clone(), Command::Judge(without), start).state, State::ConsentPending);
    let scored = after(one, Command::Judge(good()), start);
    assert_eq!(after(scored.clone(), Command::Watch(without), start).state, State::ConsentPending);
    let open = after(scored, Command::OpenPublicity { ends_at: Some(start) }, start);
    let end = start + TimeDelta::seconds(1);
    assert_eq!(after(open.clone(), Command::ClosePublicity(without), end).state, State::ConsentPending);
    assert_eq!(after(open, Command::Watch(without), start).state, State::ConsentPending);

    let late = at("2023-10-01T00:00:00Z");
    assert_eq!(decide(&listed(), Command::Renew(without), late), Err(Refusal::NoConsent));
    assert_eq!(decide(&listed(), Command::Watch(without), late), Ok(vec![]), "its term runs on");
    // An exclusion that is open to everybody wins without one too; nobody comes back without one.
    let hit = Judgement { consented: false, ..judgement(true, &["HX01"], &[]) };
    let off = after(listed(), Command::Watch(hit), at("2023-01-10T03:00:00Z"));
    assert_eq!(off.state.code(), "SUSPENDED");
    let back = after(off, Command::Watch(without), at("2023-01-11T03:00:00Z"));
    assert_eq!(back.state.code(), "SCREENING");
    assert_eq!(decide(&back, Command::Judge(without), at("2023-01-11T03:00:00Z")), Ok(vec![]));
}
