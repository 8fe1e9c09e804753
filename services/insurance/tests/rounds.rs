//! A round of cover: from the request of intake to what is quoted.

use chrono::TimeDelta;
use prost::Message as _;
use proto::{
    common::v1::{LegIssued, LegProgress, LegState, ReplyJudged},
    insurance::v1 as wire,
    partner::v1::{self as partner, reply_submitted::Reply},
};

use crate::support::{
    Case, LIMIT, Town, appetite, decline, guarantee, institution, insurance, outcomes, state, terms, town,
};

async fn collecting(town: &Town, case: &Case) -> Vec<wire::CoverLeg> {
    town.ask(case).await;
    town.reaches(case, wire::CoverState::Collecting).await.legs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_every_institution_that_fits_and_ends_with_what_they_quote() {
    let town = town().await;
    let case = Case::new();
    let legs = collecting(&town, &case).await;
    let asked: Vec<String> = legs.iter().map(|leg| leg.institution_id.clone()).collect();
    assert_eq!(asked, [1, 2, 3].map(|number| institution(number).to_string()), "the fourth is not solvent");
    let issued = town.is_told(&asked[0], "insurance.leg-issued.v1", 1).await;
    let issued = LegIssued::decode(issued.as_slice()).unwrap();
    assert_eq!((issued.leg_id.as_str(), issued.role), (legs[0].leg_id.as_str(), 2));
    assert!(issued.due_at.is_some() && issued.product_id.is_empty());

    let until = town.later();
    town.reply_is(&legs[0], insurance(1, 180, until), "accepted").await;
    town.reply_is(&legs[1], decline(1), "accepted").await;
    let sealed = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    for leg in &sealed[..2] {
        assert_eq!(leg.progress, i32::from(LegProgress::Replied));
        assert_eq!((leg.state, leg.decline_reason, &leg.answer), (0, 0, &None), "sealed");
    }
    assert!(town.told("insurance.cover-quoted.v1").await.is_empty());

    town.reply(&legs[2], guarantee(1, 100, town.later())).await;
    let round = town.reaches(&case, wire::CoverState::Quoted).await;
    assert_eq!(state(&round.legs[1]), LegState::Declined);
    assert_eq!(round.legs[1].decline_reason, 1);
    let Some(wire::cover_leg::Answer::Quote(quote)) = &round.legs[0].answer else {
        panic!("{:?}", round.legs[0])
    };
    assert_eq!(*quote, terms(1, 180, until));
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 1).await;
    assert_eq!(quoted.len(), 1);
    assert_eq!(quoted[0].case_id, case.id.to_string());
    assert_eq!(quoted[0].legs.len(), 3);
    let mut costs: Vec<(i32, i64)> =
        quoted[0].options.iter().map(|option| (option.kind, option.cost_fen)).collect();
    costs.sort_unstable();
    // 3 m × 80 % × 1.8 % = 43,200.00 and 3 m × 80 % × 1 % = 24,000.00.
    assert_eq!(costs, [(2, 4_320_000), (4, 2_400_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_legs_time_out_at_the_end_of_the_window_and_late_answers_are_kept_apart() {
    let town = town().await;
    let case = Case::new();
    let legs = collecting(&town, &case).await;
    town.reply_is(&legs[0], insurance(1, 180, town.later()), "accepted").await;
    town.received(&legs[2]).await;
    testkit::eventually(LIMIT, || async {
        let round = town.reaches(&case, wire::CoverState::Collecting).await;
        let progress = round.legs[2].progress;
        if progress == i32::from(LegProgress::Delivered) { Ok(()) } else { Err(progress) }
    })
    .await;
    // What shows no sign of life is issued again.
    town.ground.clock().advance(TimeDelta::seconds(700));
    town.is_told(&legs[1].institution_id, "insurance.leg-issued.v1", 2).await;
    for leg in [&legs[0], &legs[2]] {
        assert_eq!(town.told_to(&leg.institution_id, "insurance.leg-issued.v1").await.len(), 1);
    }
    town.ground.clock().advance(TimeDelta::seconds(3_000));
    let round = town.reaches(&case, wire::CoverState::Quoted).await;
    assert_eq!(state(&round.legs[1]), LegState::TimedOut);
    town.is_told(&legs[1].institution_id, "insurance.leg-closed.v1", 1).await;
    town.reply_is(&legs[1], insurance(1, 150, town.later()), "late").await;
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 1).await;
    assert_eq!((quoted.len(), quoted[0].options.len()), (1, 1));
    let round = town.round(&case).await.unwrap();
    let late: Vec<_> = round.legs.iter().filter(|leg| leg.late).collect();
    assert_eq!(late.len(), 1);
    assert!(late[0].answer.is_some() && late[0].leg_id == legs[1].leg_id);
    assert_eq!(town.count("deadline").await, 1, "the quote that stands will end");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask_is_an_answer_at_once() {
    let mut town = town().await;
    for number in 1..=3 {
        town.set(wire::Appetite { suspended: true, ..appetite(number) }).await;
    }
    let case = Case::new();
    town.ask(&case).await;
    town.reaches(&case, wire::CoverState::None).await;
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 1).await;
    assert!(quoted[0].options.is_empty() && quoted[0].legs.is_empty());
    assert_eq!(town.count("deadline").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_names_its_recipients_lets_nobody_else_be_asked() {
    let town = town().await;
    let case = Case::new();
    let mut asked = case.requested();
    asked.recipient_institution_ids = vec![institution(2).to_string()];
    town.fact(&case, "intake.cover-requested.v1", &asked).await;
    let legs = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    assert_eq!(legs.len(), 1);
    assert_eq!(legs[0].institution_id, institution(2).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_asks_nobody_twice_and_is_answered_again_once_it_has_an_answer() {
    let town = town().await;
    let case = Case::new();
    let legs = collecting(&town, &case).await;
    town.ask(&case).await;
    town.reply(&legs[0], insurance(1, 180, town.later())).await;
    town.reply(&legs[1], decline(1)).await;
    town.reply(&legs[2], decline(1)).await;
    town.reaches(&case, wire::CoverState::Quoted).await;
    town.ask(&case).await;
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 2).await;
    assert_eq!(quoted[0], quoted[1]);
    assert_eq!(town.count("cover_leg").await, 3);
    assert_eq!(town.told("insurance.leg-issued.v1").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_wrong_figure_is_refused_with_its_reason_and_may_be_mended() {
    let town = town().await;
    let case = Case::new();
    let legs = collecting(&town, &case).await;
    let wrong = |change: fn(&mut wire::InsurerQuote)| {
        let mut quote = terms(1, 180, town.later());
        change(&mut quote);
        Reply::Insurance(quote)
    };
    let cases = [
        (wrong(|quote| quote.premium_fen -= 1), "PREMIUM_WRONG"),
        (wrong(|quote| quote.kind = 2), "KIND_NOT_ASKED"),
        (wrong(|quote| quote.core_solvency_bp = 7_499), "SOLVENCY_TOO_LOW"),
        (wrong(|quote| quote.max_term_months = 6), "TERM_TOO_SHORT"),
        (wrong(|quote| quote.coverage_bp = 0), "FIELD_INVALID"),
        (guarantee(1, 100, town.later()), "KIND_NOT_ASKED"),
        (
            Reply::Supplement(partner::SupplementAsked {
                document_codes: vec!["D04".to_owned()],
                note: String::new(),
            }),
            "QUESTION_NOT_POSSIBLE",
        ),
        (confirmed_too_early(), "NOT_SELECTED"),
    ];
    for (count, (reply, why)) in cases.into_iter().enumerate() {
        town.reply_is(&legs[0], reply, "refused").await;
        let told = town.is_told(&legs[0].institution_id, "insurance.reply-refused.v1", count + 1).await;
        assert_eq!(ReplyJudged::decode(told.as_slice()).unwrap().reason, why);
    }
    // The third is government-backed: 1.01 % is above its cap for 3 m.
    town.reply_is(&legs[2], guarantee(1, 101, town.later()), "refused").await;
    let told = town.is_told(&legs[2].institution_id, "insurance.reply-refused.v1", 1).await;
    assert_eq!(ReplyJudged::decode(told.as_slice()).unwrap().reason, "FEE_ABOVE_CAP");
    town.reply_is(&legs[0], insurance(1, 180, town.later()), "accepted").await;
}

fn confirmed_too_early() -> Reply {
    crate::support::confirmed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_quote_and_one_that_is_taken_back_are_told_again_after_an_early_end() {
    let town = town().await;
    let case = Case::new();
    let legs = town.quoted(&case).await;
    town.reply_is(&legs[0], insurance(2, 160, town.later()), "accepted").await;
    town.is_told(&legs[0].institution_id, "insurance.reply-superseded.v1", 1).await;
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 2).await;
    let own = |quoted: &wire::CoverQuoted| {
        quoted.options.iter().find(|option| option.leg_id == legs[0].leg_id).map(|option| option.cost_fen)
    };
    assert_eq!(own(&quoted[1]), Some(3_840_000));
    town.reply_is(&legs[0], Reply::TakenBack(partner::OfferTakenBack {}), "accepted").await;
    let quoted: Vec<wire::CoverQuoted> = town.facts("insurance.cover-quoted.v1", 3).await;
    assert_eq!((own(&quoted[2]), quoted[2].options.len()), (None, 2));
    town.is_told(&legs[0].institution_id, "insurance.leg-closed.v1", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_that_nobody_chose_end_with_their_validity() {
    let town = town().await;
    let case = Case::new();
    let legs = collecting(&town, &case).await;
    let soon = town.now() + TimeDelta::hours(2);
    town.reply(&legs[0], insurance(1, 180, soon)).await;
    town.reply(&legs[1], decline(1)).await;
    town.reply(&legs[2], guarantee(1, 100, soon + TimeDelta::hours(1))).await;
    town.reaches(&case, wire::CoverState::Quoted).await;
    town.ground.clock().advance(TimeDelta::seconds(7_210));
    town.is_told(&legs[0].institution_id, "insurance.leg-closed.v1", 1).await;
    let round = town.reaches(&case, wire::CoverState::Quoted).await;
    assert_eq!(state(&round.legs[0]), LegState::Expired);
    town.ground.clock().advance(TimeDelta::hours(1));
    town.reaches(&case, wire::CoverState::None).await;
    assert_eq!(town.count("deadline").await, 0);
    let told: Vec<wire::CoverLegsChanged> = town.facts("insurance.cover-legs-changed.v1", 2).await;
    let (expired, declined) = (LegState::Expired, LegState::Declined);
    assert_eq!(outcomes(&legs, &told[0].legs), [expired, declined, LegState::Offered]);
    assert_eq!(outcomes(&legs, &told[1].legs), [expired, declined, expired]);
}
