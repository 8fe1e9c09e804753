//! Tests of the comparison: each field counts, in both directions.

use kernel::{DeclineReason, InstitutionId};
use prost_types::Timestamp;
use uuid::Uuid;

use super::*;

fn offer(seq: i32) -> Offer {
    Offer {
        offer_seq: seq,
        amount_fen: 500_000_000,
        term_months: 12,
        annual_rate_bp: 385,
        repayment: 3,
        enhancement: 1,
        fees_fen: 0,
        valid_until: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
    }
}

fn record(leg: &str, seq: i32, fate: Option<Fate>) -> Record {
    Record {
        institution: InstitutionId::from_uuid(Uuid::nil()),
        assignment: format!("assignments/{leg}"),
        reply_id: format!("{leg}{seq}"),
        content: Content::Offer { offer: offer(seq), product_id: "p".into(), product_version: 1 },
        fate,
    }
}

fn view(leg: &str, seq: i32) -> OfferView {
    OfferView {
        leg_id: leg.into(),
        institution_id: Uuid::nil().to_string(),
        product_id: "p".into(),
        product_version: 1,
        offer: Some(offer(seq)),
        submitted_at: None,
        ..OfferView::default()
    }
}

#[test]
fn the_highest_accepted_offer_stands_and_late_ones_are_apart() {
    let records = [
        record("a", 1, Some(Fate::Superseded)),
        record("a", 2, Some(Fate::Accepted)),
        record("b", 1, Some(Fate::Late)),
        Record { content: Content::Question, fate: None, ..record("a", 0, None) },
    ];
    let (books, problems) = read(&records);
    assert_eq!(problems, [] as [String; 0]);
    assert!(is_settled(&records));
    let names = |list: &[Stated]| {
        list.iter().map(|one| (one.leg_id.clone(), one.offer.offer_seq)).collect::<Vec<_>>()
    };
    assert_eq!(names(&books.standing), [("a".to_owned(), 2)]);
    assert_eq!(names(&books.late), [("b".to_owned(), 1)]);
    assert_eq!((books.superseded, books.replies["a"]), (1, 3));
    assert_eq!(differences("报价", &books.standing, &[view("a", 2)]), [] as [String; 0]);
}

#[test]
fn an_answer_without_a_good_fate_is_a_problem() {
    for (fate, settled) in [(None, false), (Some(Fate::Refused), true)] {
        let records = [record("a", 1, fate)];
        assert_eq!(is_settled(&records), settled);
        let (books, problems) = read(&records);
        assert_eq!((problems.len(), books.standing.len()), (1, 0), "{fate:?}");
    }
}

#[test]
fn each_field_that_differs_is_named() {
    let (books, _) = read(&[record("a", 1, Some(Fate::Accepted))]);
    let changed = |change: fn(&mut OfferView, &mut Offer)| {
        let (mut listed, mut offer) = (view("a", 1), offer(1));
        change(&mut listed, &mut offer);
        OfferView { offer: Some(offer), ..listed }
    };
    let table = [
        ("机构", changed(|view, _| view.institution_id = "x".into())),
        ("产品", changed(|view, _| view.product_id = "x".into())),
        ("产品版本", changed(|view, _| view.product_version = 2)),
        ("金额(分)", changed(|_, offer| offer.amount_fen -= 1)),
        ("期限(月)", changed(|_, offer| offer.term_months = 13)),
        ("年利率(基点)", changed(|_, offer| offer.annual_rate_bp += 1)),
        ("还款方式", changed(|_, offer| offer.repayment = 1)),
        ("增信方式", changed(|_, offer| offer.enhancement = 2)),
        ("费用(分)", changed(|_, offer| offer.fees_fen = 1)),
        ("有效期", changed(|_, offer| offer.valid_until = None)),
    ];
    for (field, listed) in table {
        let found = differences("报价", &books.standing, &[listed]);
        assert_eq!(found.len(), 1, "{field}: {found:?}");
        assert!(found[0].contains(&format!("，{field}：")), "{found:?}");
    }
}

#[test]
fn missing_surplus_and_repeated_offers_are_found() {
    let (books, _) = read(&[record("a", 1, Some(Fate::Accepted))]);
    assert!(differences("报价", &books.standing, &[])[0].contains("缺少"));
    assert!(differences("报价", &[], &[view("a", 1)])[0].contains("多出"));
    assert!(differences("报价", &books.standing, &[view("a", 1), view("a", 1)])[0].contains("重复"));
    assert_eq!(differences("报价", &books.standing, &[view("a", 2)]).len(), 2);
}

#[test]
fn the_end_of_each_leg_is_what_its_bank_did() {
    let decline = Record {
        content: Content::Decline(DeclineReason::R08),
        fate: Some(Fate::Accepted),
        ..record("b", 1, None)
    };
    let (books, _) = read(&[record("a", 1, Some(Fate::Accepted)), decline]);
    let leg = |id: &str, state: LegState, reason: i32| LegView {
        leg_id: id.into(),
        state: state.into(),
        decline_reason: reason,
        ..LegView::default()
    };
    let good =
        [leg("a", LegState::Offered, 0), leg("b", LegState::Declined, 8), leg("c", LegState::TimedOut, 0)];
    assert_eq!(ends(&books, &good), [] as [String; 0]);
    for bad in [
        leg("a", LegState::TimedOut, 0),
        leg("b", LegState::Declined, 1),
        leg("b", LegState::TimedOut, 0),
        leg("c", LegState::Offered, 0),
        leg("c", LegState::Reviewing, 0),
    ] {
        assert_eq!(ends(&books, std::slice::from_ref(&bad)).len(), 1, "{bad:?}");
    }
}
