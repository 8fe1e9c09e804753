//! The rules of quotes and commitments, and each path of a cover request, one by one.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    BasisPoints, CaseId, DeclineReason, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId,
    InstitutionRole, LegId, Months, ReplyId, leg::LegState,
};
use uuid::Uuid;

use super::{
    Command, Cover, CoverId, Decision, EndCause, Event, Need, Phase, Quote, ReleaseCause, Terms, apply,
    cover::Candidate,
    decide,
    decide::{CaseFact, Request, request},
    reply::{Fate, Reply, judge},
    terms::{CounterGuarantee, Guarantee, Insurance, InsuranceKind, RiskShare, SumInsuredBasis, TermsFault},
};

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_663_200_000, 0).unwrap()
}

pub(super) fn leg_id(number: u128) -> LegId {
    LegId::from_uuid(Uuid::from_u128(number))
}

fn need() -> Need {
    Need {
        kinds: vec![EnhancementMode::IpSuretyIns, EnhancementMode::IpGuarantee],
        amount: Fen::new(300_000_000),
        term: Months::new(12),
        park: "JY-GX".to_owned(),
        size: Some(EnterpriseSize::Small),
        grade: Some(Grade::B),
    }
}

/// domain.md §6, P5: 3 m × 80 % × 1.8 % = 43,200.00.
fn insurance() -> Insurance {
    Insurance {
        kind: InsuranceKind::Surety,
        basis: SumInsuredBasis::Principal,
        amount: Fen::new(300_000_000),
        coverage: BasisPoints::new(8_000),
        premium_rate: BasisPoints::new(180),
        min_premium: Fen::new(100_000),
        premium: Fen::new(4_320_000),
        waiting_days: 60,
        deductible: BasisPoints::new(1_000),
        deductible_abs: Fen::ZERO,
        max_term: Months::new(24),
        conditions: Vec::new(),
        valid_until: now() + TimeDelta::days(30),
        core_solvency: BasisPoints::new(20_000),
        comprehensive_solvency: BasisPoints::new(25_000),
    }
}

/// 3 m × 80 % × 1 % = 24,000.00.
fn guarantee() -> Guarantee {
    Guarantee {
        amount: Fen::new(300_000_000),
        cover: BasisPoints::new(8_000),
        fee_rate: BasisPoints::new(100),
        fee: Fen::new(2_400_000),
        max_term: Months::new(12),
        counter: vec![CounterGuarantee::Ip],
        deposit: BasisPoints::new(0),
        payout_days: 60,
        risk_share: RiskShare {
            guarantor: BasisPoints::new(4_000),
            re_guarantor: BasisPoints::new(2_000),
            fund: BasisPoints::new(2_000),
            bank: BasisPoints::new(2_000),
        },
        valid_until: now() + TimeDelta::days(30),
    }
}

fn insured(change: impl FnOnce(&mut Insurance)) -> Result<(), TermsFault> {
    let mut quote = insurance();
    change(&mut quote);
    Terms::Insurance(quote).check(&need(), (InstitutionRole::Insurer, false), now())
}

fn guaranteed(backed: bool, change: impl FnOnce(&mut Guarantee, &mut Need)) -> Result<(), TermsFault> {
    let (mut commitment, mut need) = (guarantee(), need());
    change(&mut commitment, &mut need);
    Terms::Guarantee(commitment).check(&need, (InstitutionRole::Guarantor, backed), now())
}

#[test]
fn a_premium_is_checked_to_the_fen_for_the_amount_and_term_asked() {
    assert_eq!(insured(|_| {}), Ok(()));
    assert_eq!(insured(|q| q.premium = Fen::new(4_320_001)), Err(TermsFault::PremiumWrong));
    assert_eq!(insured(|q| q.min_premium = Fen::new(5_000_000)), Err(TermsFault::PremiumWrong));
    let least = |q: &mut Insurance| {
        (q.min_premium, q.premium) = (Fen::new(5_000_000), Fen::new(5_000_000));
    };
    assert_eq!(insured(least), Ok(()));
    // A larger limit is no larger premium, a smaller one is the premium of the part.
    assert_eq!(insured(|q| q.amount = Fen::new(900_000_000)), Ok(()));
    assert_eq!(insured(|q| q.amount = Fen::new(150_000_000)), Err(TermsFault::PremiumWrong));
    let half = |q: &mut Insurance| (q.amount, q.premium) = (Fen::new(150_000_000), Fen::new(2_160_000));
    assert_eq!(insured(half), Ok(()));
}

#[test]
fn a_quote_is_held_to_kind_solvency_term_and_validity() {
    assert_eq!(insured(|q| q.kind = InsuranceKind::Credit), Err(TermsFault::KindNotAsked));
    assert_eq!(insured(|q| q.core_solvency = BasisPoints::new(7_499)), Err(TermsFault::SolvencyTooLow));
    let low = |q: &mut Insurance| q.comprehensive_solvency = BasisPoints::new(14_999);
    assert_eq!(insured(low), Err(TermsFault::SolvencyTooLow));
    assert_eq!(insured(|q| q.max_term = Months::new(11)), Err(TermsFault::TermTooShort));
    assert_eq!(insured(|q| q.valid_until = now()), Err(TermsFault::ValidUntilPassed));
    let by_guarantor =
        Terms::Insurance(insurance()).check(&need(), (InstitutionRole::Guarantor, false), now());
    assert_eq!(by_guarantor, Err(TermsFault::KindNotAsked));
}

#[test]
fn a_government_backed_guarantor_keeps_to_its_cap() {
    assert_eq!(guaranteed(true, |_, _| {}), Ok(()));
    let dear = |fee, rate| {
        move |g: &mut Guarantee, _: &mut Need| {
            (g.fee_rate, g.fee) = (BasisPoints::new(rate), Fen::new(fee));
        }
    };
    assert_eq!(guaranteed(true, dear(2_424_000, 101)), Err(TermsFault::FeeAboveCap));
    assert_eq!(guaranteed(false, dear(2_424_000, 101)), Ok(()));
    let large = |fee, rate| {
        move |g: &mut Guarantee, n: &mut Need| {
            (n.amount, g.amount) = (Fen::new(500_000_100), Fen::new(600_000_000));
            (g.fee_rate, g.fee) = (BasisPoints::new(rate), Fen::new(fee));
        }
    };
    // 5,000,001 yuan × 80 % × 1.5 %.
    assert_eq!(guaranteed(true, large(6_000_001, 150)), Ok(()));
    assert_eq!(guaranteed(true, large(6_040_001, 151)), Err(TermsFault::FeeAboveCap));
}

#[test]
fn a_commitment_is_held_to_fee_and_risk_shares() {
    assert_eq!(guaranteed(false, |g, _| g.fee = Fen::new(2_400_001)), Err(TermsFault::FeeWrong));
    let short = |g: &mut Guarantee, _: &mut Need| g.risk_share.bank = BasisPoints::new(1_999);
    assert_eq!(guaranteed(false, short), Err(TermsFault::RiskShareWrong));
    let debt = |g: &mut Guarantee, _: &mut Need| {
        (g.risk_share.bank, g.risk_share.fund) = (BasisPoints::new(-1_000), BasisPoints::new(5_000));
    };
    assert_eq!(guaranteed(false, debt), Err(TermsFault::RiskShareWrong));
    let not_asked = guaranteed(false, |_, n| n.kinds = vec![EnhancementMode::IpSuretyIns]);
    assert_eq!(not_asked, Err(TermsFault::KindNotAsked));
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
