//! Each path of a cover request, one by one.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CaseId, DeclineReason, Fen, InstitutionId, InstitutionRole, LegId, ReplyId, leg::LegState};
use uuid::Uuid;

use super::{
    Command, Cover, CoverId, Decision, EndCause, Event, Phase, Quote, ReleaseCause, Terms, apply,
    cover::Candidate,
    decide,
    decide::{CaseFact, Request, request},
    reply::{Fate, Reply, judge},
    terms::Insurance,
    terms_tests::{guarantee, insurance, need},
};

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_663_200_000, 0).unwrap()
}

pub(super) fn leg_id(number: u128) -> LegId {
    LegId::from_uuid(Uuid::from_u128(number))
}

/// Legs 1 and 2 to insurers, 3 to a guarantor.
pub(super) fn collecting() -> Cover {
    let candidate = |number: u128| Candidate {
        leg: leg_id(number),
        institution: InstitutionId::from_uuid(Uuid::from_u128(100 + number)),
        role: if number == 3 { InstitutionRole::Guarantor } else { InstitutionRole::Insurer },
        government_backed: false,
    };
    let asked = Request {
        id: CoverId::from_uuid(Uuid::from_u128(7)),
        case: CaseId::from_uuid(Uuid::from_u128(8)),
        round: 1,
        case_version: 4,
        need: need(),
        closes_at: Some(now() + TimeDelta::hours(1)),
    };
    let (cover, events) = request(asked, &[candidate(1), candidate(2), candidate(3)], now());
    events.iter().fold(cover, apply)
}

pub(super) fn quote(leg: u128, seq: u32) -> Reply {
    let terms = if leg == 3 {
        Terms::Guarantee(guarantee())
    } else {
        // Another minimum for each number: the same terms under another number are another quote.
        Terms::Insurance(Insurance { min_premium: Fen::new(i64::from(seq)), ..insurance() })
    };
    let reply = ReplyId::from_uuid(Uuid::from_u128(leg * 1_000 + u128::from(seq)));
    Reply::Quote(Box::new(Quote { reply, seq, terms, submitted_at: now() }))
}

fn id() -> ReplyId {
    ReplyId::from_uuid(Uuid::from_u128(9_999))
}

pub(super) fn run(cover: &mut Cover, command: Command) -> Vec<Event> {
    match decide(cover, command, now()).unwrap() {
        Decision::Executed(events) => {
            for event in &events {
                *cover = apply(cover.clone(), event);
            }
            events
        }
        Decision::AlreadyApplied => Vec::new(),
    }
}

/// What the institution is told.
pub(super) fn say(cover: &mut Cover, leg: u128, reply: &Reply, at: DateTime<Utc>) -> Option<Fate> {
    let verdict = judge(cover, cover.leg(leg_id(leg)).unwrap(), reply, at);
    if let Some(command) = verdict.command {
        run(cover, command);
    }
    verdict.fate
}

pub(super) fn fact(cover: &mut Cover, fact: CaseFact, version: i64) -> Vec<Event> {
    run(cover, Command::TakeFact { fact, version })
}

pub(super) fn selected(leg: Option<u128>) -> CaseFact {
    CaseFact::Selected { leg: leg.map(leg_id), due_at: None, at: now() }
}

pub(super) fn approved(leg: Option<u128>) -> CaseFact {
    CaseFact::Approved { leg: leg.map(leg_id), at: now() }
}

fn quoted() -> Cover {
    let mut cover = collecting();
    for leg in 1..=3 {
        assert_eq!(say(&mut cover, leg, &quote(leg, 1), now()), Some(Fate::Accepted));
    }
    assert_eq!(cover.phase, Phase::Quoted);
    cover
}

fn held() -> Cover {
    let mut cover = quoted();
    fact(&mut cover, selected(Some(1)), 5);
    assert_eq!(cover.phase, Phase::Held { leg: leg_id(1), due_at: None });
    cover
}

fn confirmed() -> Reply {
    Reply::Confirmed { reply: id(), document_no: "BX-1".to_owned() }
}

fn state(cover: &Cover, leg: u128) -> LegState {
    cover.leg(leg_id(leg)).unwrap().state
}

#[test]
fn the_last_answer_ends_the_round_and_nobody_to_ask_ends_it_at_once() {
    let mut cover = collecting();
    say(&mut cover, 1, &quote(1, 1), now());
    say(&mut cover, 2, &Reply::Decline { reply: id(), reason: DeclineReason::R01 }, now());
    assert_eq!(cover.phase, Phase::Collecting);
    assert!(cover.is_sealed());
    say(&mut cover, 3, &Reply::Decline { reply: id(), reason: DeclineReason::R02 }, now());
    assert_eq!(cover.phase, Phase::Quoted);
    assert!(!cover.is_sealed());

    let asked = Request { closes_at: None, ..request_of(&cover) };
    let (nobody, events) = request(asked, &[], now());
    let nobody = events.iter().fold(nobody, apply);
    assert_eq!(nobody.phase, Phase::NoQuote);
    assert!(events.contains(&Event::Quoted), "the answer is told: there is none");
}

fn request_of(cover: &Cover) -> Request {
    Request {
        id: cover.id,
        case: cover.case,
        round: cover.round,
        case_version: cover.case_version,
        need: cover.need.clone(),
        closes_at: cover.join.closes_at,
    }
}

#[test]
fn the_end_of_the_window_times_the_silent_out_and_answers_after_it_are_late() {
    let mut cover = collecting();
    say(&mut cover, 1, &quote(1, 1), now());
    run(&mut cover, Command::CloseWindow);
    assert_eq!((cover.phase, state(&cover, 2)), (Phase::Quoted, LegState::TimedOut));
    let after = now() + TimeDelta::hours(2);
    assert_eq!(say(&mut cover, 2, &quote(2, 1), after), Some(Fate::Late));
    assert_eq!(say(&mut cover, 1, &quote(1, 2), after), Some(Fate::Late), "a better quote too");
    assert_eq!(cover.leg(leg_id(1)).unwrap().quote.as_ref().unwrap().seq, 1);
    assert!(run(&mut cover, Command::CloseWindow).is_empty(), "a late firing changes nothing");
}

#[test]
fn a_better_quote_in_time_is_told_again_and_a_used_number_is_refused() {
    let mut cover = quoted();
    assert_eq!(say(&mut cover, 1, &quote(1, 3), now()), Some(Fate::Accepted));
    assert_eq!(say(&mut cover, 1, &quote(1, 2), now()), Some(Fate::Superseded));
    assert_eq!(say(&mut cover, 1, &quote(1, 3), now()), Some(Fate::Accepted), "the same again");
    let Reply::Quote(mut other) = quote(1, 4) else { unreachable!() };
    other.seq = 3;
    let used = say(&mut cover, 1, &Reply::Quote(other), now());
    assert_eq!(used, Some(Fate::Refused("OFFER_SEQ_USED")));
    let leg = cover.leg(leg_id(1)).unwrap();
    let verdict = judge(&cover, leg, &quote(1, 5), now());
    assert_eq!(verdict.displaced, Some(leg.quote.as_ref().unwrap().reply));
    let events = run(&mut cover, verdict.command.unwrap());
    assert_eq!(events.last(), Some(&Event::QuotedAgain));
}

#[test]
fn a_question_is_not_possible() {
    let mut cover = collecting();
    let question = Reply::Question { reply: id() };
    let fate = say(&mut cover, 1, &question, now());
    assert_eq!(fate, Some(Fate::Refused("QUESTION_NOT_POSSIBLE")));
    assert_eq!(state(&cover, 1), LegState::Created);
}

#[test]
fn a_chosen_quote_is_held_confirmed_and_the_others_are_held_back() {
    let mut cover = held();
    assert_eq!(state(&cover, 2), LegState::Offered { seq: 1 });
    let not_asked = say(&mut cover, 2, &confirmed(), now());
    assert_eq!(not_asked, Some(Fate::Refused("NOT_SELECTED")));
    assert_eq!(say(&mut cover, 1, &confirmed(), now() + TimeDelta::days(3)), Some(Fate::Accepted));
    assert_eq!(cover.phase, Phase::Bound { leg: leg_id(1) });
    assert_eq!(say(&mut cover, 1, &confirmed(), now()), Some(Fate::Accepted), "confirmed already");
    let refused = Reply::Refused { reply: id(), reason: DeclineReason::R08 };
    assert_eq!(say(&mut cover, 1, &refused, now()), Some(Fate::Refused("ALREADY_CONFIRMED")));
    fact(&mut cover, approved(Some(1)), 6);
    assert_eq!(cover.phase, Phase::Bound { leg: leg_id(1) });
    assert_eq!((state(&cover, 2), state(&cover, 3)), (LegState::Released, LegState::Released));
}

#[test]
fn a_chosen_institution_that_refuses_leaves_the_others_to_choose_from() {
    let mut cover = held();
    let refused = Reply::Refused { reply: id(), reason: DeclineReason::R08 };
    assert_eq!(say(&mut cover, 2, &refused, now()), Some(Fate::Refused("NOT_SELECTED")));
    assert_eq!(say(&mut cover, 1, &refused, now()), Some(Fate::Accepted));
    assert_eq!((cover.phase, state(&cover, 1)), (Phase::Quoted, LegState::Released));
    let mut last = held();
    fact(&mut last, approved(Some(1)), 6);
    say(&mut last, 1, &refused, now());
    assert_eq!(last.phase, Phase::Released { cause: ReleaseCause::CoverRefused });
}

#[test]
fn what_was_chosen_and_no_longer_stands_is_told_as_gone() {
    let mut cover = quoted();
    assert_eq!(say(&mut cover, 1, &Reply::TakenBack { reply: id() }, now()), Some(Fate::Accepted));
    let events = fact(&mut cover, selected(Some(1)), 5);
    assert_eq!(events.last(), Some(&Event::CoverGone { leg: leg_id(1) }));
    assert_eq!(cover.phase, Phase::Quoted);
    run(&mut cover, Command::ExpireQuotes { before: now() + TimeDelta::days(31) });
    assert_eq!((cover.phase, state(&cover, 2)), (Phase::NoQuote, LegState::Expired { seq: 1 }));
    let events = fact(&mut cover, selected(Some(2)), 6);
    assert_eq!(events.last(), Some(&Event::CoverGone { leg: leg_id(2) }));
}

#[test]
fn a_quote_that_was_valid_when_it_was_chosen_is_selected_however_late_we_hear_of_it() {
    let mut cover = quoted();
    let in_time = CaseFact::Selected { leg: Some(leg_id(1)), due_at: None, at: now() + TimeDelta::days(30) };
    assert!(matches!(fact(&mut cover.clone(), in_time, 5)[1], Event::LegSelected { .. }));
    let too_late = CaseFact::Selected { leg: Some(leg_id(1)), due_at: None, at: now() + TimeDelta::days(31) };
    assert!(matches!(fact(&mut cover, too_late, 5)[1], Event::CoverGone { .. }));
    let mut chosen = held();
    run(&mut chosen, Command::ExpireQuotes { before: now() + TimeDelta::days(31) });
    assert_eq!(state(&chosen, 1), LegState::Selected { seq: 1 }, "a chosen quote does not end");
    fact(&mut chosen, CaseFact::Reopened, 6);
    assert_eq!(chosen.next_expiry(), Some(now() + TimeDelta::days(30)), "it can end again");
}

/// The undo table's row "insurer confirmed, bank declines": release the hold, no premium due; once.
#[test]
fn a_bank_that_declines_undoes_a_choice_and_a_confirmation_each_once() {
    let mut cover = held();
    fact(&mut cover, CaseFact::Reopened, 6);
    assert_eq!((cover.phase, state(&cover, 1)), (Phase::Quoted, LegState::Offered { seq: 1 }));
    let mut bound = held();
    say(&mut bound, 1, &confirmed(), now());
    let events = fact(&mut bound, CaseFact::Reopened, 6);
    assert!(events.contains(&Event::BindingUndone { leg: leg_id(1) }));
    assert_eq!((bound.phase, state(&bound, 1)), (Phase::Quoted, LegState::Released));
    assert!(fact(&mut bound, CaseFact::Reopened, 6).is_empty(), "a repeat undoes nothing more");
    assert_eq!(say(&mut bound, 1, &confirmed(), now()), Some(Fate::Late));
}

#[test]
fn a_confirmation_after_the_release_is_late_and_its_document_is_kept() {
    let mut cover = held();
    fact(&mut cover, CaseFact::Ended(EndCause::Withdrawn), 20);
    let (phase, version) = (cover.phase, cover.version);
    assert_eq!(say(&mut cover, 1, &confirmed(), now()), Some(Fate::Late));
    let leg = cover.leg(leg_id(1)).unwrap();
    assert_eq!((leg.state, leg.document_no.as_str()), (LegState::Released, "BX-1"));
    assert_eq!((cover.phase, cover.version), (phase, version + 1), "kept, and nothing else");
    let never_chosen = say(&mut cover, 2, &Reply::Refused { reply: id(), reason: DeclineReason::R08 }, now());
    assert_eq!(never_chosen, Some(Fate::Late));
    assert_eq!(cover.version, version + 1, "a refusal leaves nothing to undo");
}

#[test]
fn an_older_fact_that_comes_late_is_dropped() {
    let mut cover = quoted();
    fact(&mut cover, CaseFact::Reopened, 6);
    assert!(fact(&mut cover, selected(Some(1)), 5).is_empty());
    assert_eq!(cover.phase, Phase::Quoted);
    // The approval came before the choice that it approves.
    fact(&mut cover, approved(Some(2)), 9);
    assert_eq!(cover.phase, Phase::Held { leg: leg_id(2), due_at: None });
    assert!(fact(&mut cover, selected(Some(2)), 8).is_empty());
    assert_eq!(state(&cover, 1), LegState::Released);
}

#[test]
fn a_choice_without_cover_holds_nothing_and_its_approval_releases_everything() {
    let mut cover = quoted();
    fact(&mut cover, selected(None), 5);
    assert_eq!(cover.phase, Phase::Quoted);
    let events = fact(&mut cover, approved(None), 6);
    assert_eq!(events.last(), Some(&Event::Released { cause: ReleaseCause::NotChosen }));
    assert!(cover.legs.iter().all(|leg| leg.state == LegState::Released));
    let mut gone = collecting();
    run(&mut gone, Command::CloseWindow);
    fact(&mut gone, approved(None), 6);
    assert_eq!(gone.phase, Phase::NoQuote);
}

#[test]
fn the_end_of_a_case_releases_whatever_stands_and_is_final() {
    let mut bound = held();
    say(&mut bound, 1, &confirmed(), now());
    for mut cover in [collecting(), quoted(), held(), bound] {
        let events = fact(&mut cover, CaseFact::Ended(EndCause::Withdrawn), 20);
        let cause = ReleaseCause::Case(EndCause::Withdrawn);
        assert_eq!(events.last(), Some(&Event::Released { cause }));
        assert!(cover.legs.iter().all(|leg| leg.state == LegState::Released));
        assert!(fact(&mut cover, CaseFact::Ended(EndCause::Expired), 21).is_empty());
        assert!(fact(&mut cover, selected(Some(2)), 22).is_empty());
        assert!(run(&mut cover, Command::AskAgain).is_empty());
        assert_eq!(say(&mut cover, 2, &quote(2, 5), now()), Some(Fate::Late));
    }
}

#[test]
fn an_answer_that_nobody_has_heard_of_is_told_again_but_not_under_the_seal() {
    assert!(run(&mut collecting(), Command::AskAgain).is_empty());
    assert_eq!(run(&mut quoted(), Command::AskAgain), [Event::QuotedAgain]);
}

#[test]
fn a_window_that_waited_for_its_calendar_is_fixed_once() {
    let mut cover = Cover { join: super::Join { closes_at: None, ..collecting().join }, ..collecting() };
    let closes_at = now() + TimeDelta::days(3);
    assert_eq!(run(&mut cover, Command::FixWindow { closes_at }), [Event::WindowFixed { closes_at }]);
    assert!(run(&mut cover, Command::FixWindow { closes_at }).is_empty());
    assert_eq!(cover.legs[0].version, 2, "a newer version tells the institution the time");
}
