//! RecordLpr, ConfirmLpr, ListLpr, QuoteRepayment, CompareCost, PledgeLimit: the figures of domain.md §4.2 and §4.6.

use proto::catalog::v1::{self as wire, fee_item::Price, rate::Rate};
use rpc::Duty;
use tonic::Code;
use uuid::Uuid;

use crate::support::{Stand, assert_refused, need, new_id, terms};

fn fixed(bp: i32) -> Option<wire::Rate> {
    Some(wire::Rate { rate: Some(Rate::FixedBp(bp)) })
}

fn on_lpr(day: &str, spread_bp: i32) -> Option<wire::Rate> {
    let rate = wire::LprRate { pricing_date: day.to_owned(), spread_bp, tenor: 0 };
    Some(wire::Rate { rate: Some(Rate::Lpr(rate)) })
}

/// 3,000,000.00 @ 4.35 %, 12 months from 2022-09-15.
fn quote(method: i32) -> wire::QuoteRepaymentRequest {
    wire::QuoteRepaymentRequest {
        amount_fen: 300_000_000,
        term_months: 12,
        rate: fixed(435),
        method,
        start_date: "2022-09-15".to_owned(),
        ..wire::QuoteRepaymentRequest::default()
    }
}

async fn quoted(stand: &Stand, request: wire::QuoteRepaymentRequest) -> wire::QuoteRepaymentResponse {
    stand.pricing().quote_repayment(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_lpr_is_data_that_is_added_to_and_never_changed() {
    let stand = Stand::new().await;
    let mut pricing = stand.pricing();
    let list = async || stand.pricing().list_lpr(wire::ListLprRequest {}).await.unwrap().into_inner().lpr;
    let known = list().await;
    let figures: Vec<_> =
        known.iter().map(|one| (one.published_on.as_str(), one.one_year_bp, one.five_years_bp)).collect();
    assert_eq!(
        figures,
        [
            ("2021-12-20", 380, 465),
            ("2022-01-20", 370, 460),
            ("2022-05-20", 370, 445),
            ("2022-08-22", 365, 430),
            ("2023-06-20", 355, 420),
            ("2023-08-21", 345, 420),
            ("2024-02-20", 345, 395),
            ("2024-07-22", 335, 385),
            ("2024-10-21", 310, 360),
            ("2025-05-20", 300, 350),
        ]
    );
    let record = |on: &str, one_year_bp| wire::RecordLprRequest {
        request_id: new_id(),
        published_on: on.to_owned(),
        one_year_bp,
        five_years_bp: 345,
        supersedes: 0,
    };
    let before =
        quoted(&stand, wire::QuoteRepaymentRequest { rate: on_lpr("2025-06-20", 50), ..quote(1) }).await;
    assert_eq!(before.rate_bp, 350);
    // What is recorded prices the next question, here and in matching.
    let request = record("2025-06-20", 295);
    let first = pricing.record_lpr(request.clone()).await.unwrap().into_inner();
    assert_eq!(pricing.record_lpr(request).await.unwrap().into_inner(), first);
    let waiting =
        quoted(&stand, wire::QuoteRepaymentRequest { rate: on_lpr("2025-06-20", 50), ..quote(1) }).await;
    assert_eq!(waiting.rate_bp, 350, "nobody has confirmed it");
    stand.pricing_of(Duty::Supervisor).confirm_lpr(confirmation("2025-06-20", 1)).await.unwrap();
    let after =
        quoted(&stand, wire::QuoteRepaymentRequest { rate: on_lpr("2025-06-20", 50), ..quote(1) }).await;
    assert_eq!(after.rate_bp, 345);
    let earlier =
        quoted(&stand, wire::QuoteRepaymentRequest { rate: on_lpr("2025-06-19", 50), ..quote(1) }).await;
    assert_eq!(earlier.rate_bp, 350);
    assert_eq!(list().await.len(), 11);

    for (request, code, reason, field) in [
        (record("2025-06-20", 290), Code::FailedPrecondition, "LPR_ON_RECORD", "published_on"),
        (record("9999-01-20", 290), Code::InvalidArgument, "LPR_NOT_PUBLISHED", "published_on"),
        (record("2025-07-20", 0), Code::InvalidArgument, "NUMBER_OUT_OF_RANGE", "one_year_bp"),
        (record("20250720", 290), Code::InvalidArgument, "DATE_INVALID", "published_on"),
    ] {
        assert_refused(pricing.record_lpr(request).await, code, reason, Some(field));
    }
    assert_eq!(list().await.len(), 11);
}

fn confirmation(on: &str, revision: i32) -> wire::ConfirmLprRequest {
    wire::ConfirmLprRequest { request_id: new_id(), published_on: on.to_owned(), revision }
}

#[tokio::test]
async fn a_mistyped_lpr_is_corrected_by_a_second_person_and_a_month_that_was_left_out_is_filled_in() {
    let stand = Stand::new().await;
    let (mut clerk, mut second) = (stand.pricing(), stand.pricing_of(Duty::Supervisor));
    let record = |on: &str, one_year_bp, supersedes| wire::RecordLprRequest {
        request_id: new_id(),
        published_on: on.to_owned(),
        one_year_bp,
        five_years_bp: 400,
        supersedes,
    };
    let rate = async |day: &str| {
        quoted(&stand, wire::QuoteRepaymentRequest { rate: on_lpr(day, 50), ..quote(1) }).await.rate_bp
    };
    clerk.record_lpr(record("2025-06-20", 35, 0)).await.unwrap();
    let answer = clerk.confirm_lpr(confirmation("2025-06-20", 1)).await;
    assert_refused(answer, Code::FailedPrecondition, "LPR_SECOND_PERSON", Some("revision"));
    second.confirm_lpr(confirmation("2025-06-20", 1)).await.unwrap();
    assert_eq!(rate("2025-06-20").await, 85, "both have overlooked it");

    let answer = second.record_lpr(record("2025-06-20", 350, 2)).await;
    assert_refused(answer, Code::Aborted, "VERSION_CONFLICT", Some("supersedes"));
    let corrected = second.record_lpr(record("2025-06-20", 350, 1)).await.unwrap().into_inner().lpr.unwrap();
    assert_eq!((corrected.revision, corrected.confirmed_at), (2, None));
    assert_eq!(rate("2025-06-20").await, 85);
    let request = confirmation("2025-06-20", 2);
    let confirmed = clerk.confirm_lpr(request.clone()).await.unwrap().into_inner();
    assert!(confirmed.lpr.as_ref().unwrap().confirmed_at.is_some());
    assert_eq!(clerk.confirm_lpr(request).await.unwrap().into_inner(), confirmed);
    clerk.confirm_lpr(confirmation("2025-06-20", 2)).await.unwrap();
    assert_eq!(rate("2025-06-20").await, 400);

    clerk.record_lpr(record("2024-12-20", 305, 0)).await.unwrap();
    let listed = clerk.list_lpr(wire::ListLprRequest {}).await.unwrap().into_inner();
    let told = |list: &[wire::Lpr]| {
        list.iter().map(|one| (one.published_on.clone(), one.one_year_bp, one.revision)).collect::<Vec<_>>()
    };
    assert_eq!(told(&listed.waiting), [("2024-12-20".to_owned(), 305, 1)]);
    assert_eq!(told(&listed.superseded), [("2025-06-20".to_owned(), 35, 1)]);
    assert_eq!(told(&listed.lpr).last().unwrap(), &("2025-06-20".to_owned(), 350, 2));
    second.confirm_lpr(confirmation("2024-12-20", 1)).await.unwrap();
    assert_eq!(
        (rate("2024-12-19").await, rate("2024-12-20").await, rate("2025-05-20").await),
        (360, 355, 350)
    );
    let answer = second.confirm_lpr(confirmation("2024-12-21", 1)).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("revision"));
}

#[tokio::test]
async fn every_method_is_quoted_to_the_fen() {
    let stand = Stand::new().await;
    let annuity = quoted(&stand, quote(1)).await;
    assert_eq!((annuity.total_interest_fen, annuity.total_principal_fen), (7_115_640, 300_000_000));
    assert_eq!(
        (annuity.installments[0].total_fen, annuity.installments[0].interest_fen),
        (25_592_970, 1_087_500)
    );
    assert_eq!(
        (annuity.installments[0].due.as_str(), annuity.installments[11].balance_fen),
        ("2022-10-15", 0)
    );
    let even = quoted(&stand, quote(2)).await;
    assert_eq!((even.total_interest_fen, even.installments[0].total_fen), (7_068_750, 26_087_500));
    assert_eq!(even.installments[11].total_fen, 25_090_625);
    let first = quoted(&stand, quote(3)).await;
    assert_eq!(first.total_interest_fen, 13_231_250);
    let told: Vec<_> = first.installments.iter().map(|one| (one.days, one.interest_fen)).collect();
    assert_eq!(told, [(6, 217_500), (91, 3_298_750), (90, 3_262_500), (92, 3_335_000), (86, 3_117_500)]);
    let of_365 = wire::QuoteRepaymentRequest { interest_basis: 365, ..quote(4) };
    assert_eq!(quoted(&stand, of_365).await.total_interest_fen, 13_050_000);
    assert_eq!(quoted(&stand, quote(4)).await.total_interest_fen, 13_231_250);
    let moved = |on: &str, amount_fen| wire::Movement { on: on.to_owned(), amount_fen };
    let revolving = wire::QuoteRepaymentRequest {
        movements: vec![moved("2022-10-01", 100_000_000), moved("2022-10-11", -40_000_000)],
        ..quote(5)
    };
    let revolving = quoted(&stand, revolving).await;
    assert_eq!(revolving.installments[1].interest_fen, 635_583);
    assert_eq!(revolving.total_principal_fen, 100_000_000);
    let monthly = wire::QuoteRepaymentRequest { settle_cycle: 1, ..quote(3) };
    assert_eq!(quoted(&stand, monthly).await.installments.len(), 13);
}

#[tokio::test]
async fn early_repayment_is_quoted_with_its_penalty_and_what_it_saves() {
    let stand = Stand::new().await;
    let prepayment = Some(wire::Prepayment { on: "2022-12-31".to_owned(), penalty_bp: 100 });
    let early = quoted(&stand, wire::QuoteRepaymentRequest { prepayment, ..quote(3) }).await.early.unwrap();
    assert_eq!(
        (early.principal_fen, early.interest_fen, early.penalty_fen),
        (300_000_000, 362_500, 3_000_000)
    );
    assert_eq!(early.total_fen, 303_362_500);
    // Of the last three periods: 32,625.00 + 33,350.00 + 31,175.00, less the ten days.
    assert_eq!(early.interest_saved_fen, 9_715_000 - 362_500);
}

#[tokio::test]
async fn a_quote_that_cannot_be_is_refused_by_its_field() {
    type Spoil = fn(&mut wire::QuoteRepaymentRequest);
    let stand = Stand::new().await;
    let moved = wire::Movement { on: "2022-10-01".to_owned(), amount_fen: 1 };
    let wrong: [(Spoil, &str, &str); 12] = [
        (|q| q.amount_fen = 0, "AMOUNT_OUT_OF_RANGE", "amount_fen"),
        (|q| q.term_months = 121, "TERM_OUT_OF_RANGE", "term_months"),
        (|q| q.rate = None, "FIELD_REQUIRED", "rate"),
        (|q| q.rate = fixed(10_001), "NUMBER_OUT_OF_RANGE", "rate.fixed_bp"),
        (|q| q.rate = on_lpr("2021-12-19", 0), "LPR_UNKNOWN", "rate.lpr.pricing_date"),
        (|q| q.method = 6, "ENUM_UNKNOWN", "method"),
        (|q| q.start_date = String::new(), "FIELD_REQUIRED", "start_date"),
        (|q| q.interest_basis = 364, "INTEREST_BASIS_UNKNOWN", "interest_basis"),
        (|q| q.settle_day = 29, "NUMBER_OUT_OF_RANGE", "settle_day"),
        (|q| q.settle_cycle = 3, "ENUM_UNKNOWN", "settle_cycle"),
        (
            |q| q.prepayment = Some(wire::Prepayment { on: "2023-09-15".to_owned(), penalty_bp: 0 }),
            "PREPAYMENT_NOT_POSSIBLE",
            "prepayment.on",
        ),
        (
            |q| q.movements = vec![wire::Movement { on: "2022-10-01".to_owned(), amount_fen: 1 }],
            "MOVEMENTS_NOT_REVOLVING",
            "movements",
        ),
    ];
    let mut pricing = stand.pricing();
    for (spoil, reason, field) in wrong {
        let mut spoiled = quote(3);
        spoil(&mut spoiled);
        let answer = pricing.quote_repayment(spoiled).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
    let beyond = wire::Movement { amount_fen: 300_000_001, ..moved.clone() };
    let answer =
        pricing.quote_repayment(wire::QuoteRepaymentRequest { movements: vec![beyond], ..quote(5) }).await;
    assert_refused(answer, Code::InvalidArgument, "MOVEMENT_BEYOND_LIMIT", Some("movements[0].amount_fen"));
    let late = wire::Movement { on: "2023-09-15".to_owned(), ..moved };
    let answer =
        pricing.quote_repayment(wire::QuoteRepaymentRequest { movements: vec![late], ..quote(5) }).await;
    assert_refused(answer, Code::InvalidArgument, "MOVEMENT_OUT_OF_ORDER", Some("movements[0].on"));
}

fn line(reference: &str, method: i32) -> wire::CostLine {
    wire::CostLine {
        reference: reference.to_owned(),
        amount_fen: 300_000_000,
        term_months: 12,
        rate: fixed(435),
        method,
        interest_basis: 365,
        fees: vec![],
        subsidies: vec![],
        start_date: String::new(),
        settle_day: 0,
        settle_cycle: 0,
    }
}

#[tokio::test]
async fn a_comparison_says_the_same_interest_as_the_schedule_to_the_fen() {
    let stand = Stand::new().await;
    let costs = async |lines| {
        let request = wire::CompareCostRequest { lines };
        stand.pricing().compare_cost(request).await.unwrap().into_inner().costs
    };
    // The fixture of domain.md §4.2: 132,312.50 of interest, with its days or without. The rate of 360 days a year is
    // not rounded on the way: the loan at 4.41 % of 365 days is cheaper by 12.50, and comes first.
    let of_360 = wire::CostLine { interest_basis: 0, ..line("of 360", 3) };
    let dated = wire::CostLine { start_date: "2022-09-15".to_owned(), ..of_360.clone() };
    let near = wire::CostLine { rate: fixed(441), ..line("of 365", 3) };
    let told = costs(vec![of_360, dated, near]).await;
    assert_eq!(
        told.iter().map(|cost| cost.interest_fen).collect::<Vec<_>>(),
        [13_231_250, 13_231_250, 13_230_000]
    );
    assert_eq!((told[0].yearly_bp, told[2].yearly_bp), (Some(441), Some(441)));
    assert_eq!((told[0].rank, told[2].rank), (3, 2));
    assert_eq!(
        told[1].yearly_bp,
        Some(439),
        "interest paid by the quarter costs a little less than by the month"
    );

    for method in 1..=5 {
        for (start, months, basis, day, cycle) in [
            ("2022-09-15", 12, 360, 0, 0),
            ("2022-09-15", 12, 365, 0, 1),
            ("2024-01-31", 6, 360, 20, 2),
            ("2023-03-01", 36, 365, 28, 1),
        ] {
            let asked = wire::QuoteRepaymentRequest {
                amount_fen: 123_456_789,
                term_months: months,
                rate: fixed(397),
                start_date: start.to_owned(),
                interest_basis: basis,
                settle_day: day,
                settle_cycle: cycle,
                ..quote(method)
            };
            let quoted = quoted(&stand, asked.clone()).await;
            let compared = wire::CostLine {
                amount_fen: asked.amount_fen,
                term_months: months,
                rate: fixed(397),
                interest_basis: basis,
                start_date: start.to_owned(),
                settle_day: day,
                settle_cycle: cycle,
                ..line("x", method)
            };
            let cost = &costs(vec![compared]).await[0];
            assert_eq!(cost.interest_fen, quoted.total_interest_fen, "{method} {start} {months} {basis}");
            assert!(cost.yearly_bp.is_some());
        }
    }
    for (bad, field, reason) in [
        (wire::CostLine { start_date: "x".to_owned(), ..line("x", 3) }, "start_date", "DATE_INVALID"),
        (wire::CostLine { settle_day: 29, ..line("x", 3) }, "settle_day", "NUMBER_OUT_OF_RANGE"),
        (wire::CostLine { settle_cycle: 3, ..line("x", 3) }, "settle_cycle", "ENUM_UNKNOWN"),
    ] {
        let answer = stand.pricing().compare_cost(wire::CompareCostRequest { lines: vec![bad] }).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(&format!("lines[0].{field}")));
    }
}

#[tokio::test]
async fn offers_are_compared_with_their_fees_and_net_of_what_is_expected_back() {
    let stand = Stand::new().await;
    let fee = |code: &str, kind, price| wire::FeeItem { code: code.to_owned(), kind, price: Some(price) };
    // Premium 3 m × 80 % × 1.8 % = 43,200; valuation 20,000; half of the premium comes back, capped at 20,000 (P5).
    let insured = wire::CostLine {
        fees: vec![fee("BF", 2, Price::AmountFen(4_320_000)), fee("PGF", 1, Price::AmountFen(2_000_000))],
        subsidies: vec![wire::Subsidy { code: "P5".to_owned(), amount_fen: 2_000_000, month: 0 }],
        ..line("insured", 3)
    };
    let of_360 = wire::CostLine { interest_basis: 360, ..line("of 360", 3) };
    let guaranteed =
        wire::CostLine { fees: vec![fee("DBF", 3, Price::RateBp(100))], ..line("guaranteed", 3) };
    let lines = vec![insured, line("plain", 3), of_360, guaranteed, line("the same", 3)];
    let request = wire::CompareCostRequest { lines };
    let costs = stand.pricing().compare_cost(request).await.unwrap().into_inner().costs;
    let told: Vec<_> = costs
        .iter()
        .map(|one| (one.reference.as_str(), one.yearly_bp.unwrap(), one.net_yearly_bp.unwrap(), one.rank))
        .collect();
    assert_eq!(
        told,
        [
            ("insured", 653, 584, 5),
            ("plain", 435, 435, 1),
            ("of 360", 441, 441, 3),
            ("guaranteed", 538, 538, 4),
            ("the same", 435, 435, 1),
        ]
    );
    let insured = &costs[0];
    assert_eq!(
        (insured.interest_fen, insured.fees_fen, insured.subsidies_fen),
        (13_050_000, 6_320_000, 2_000_000)
    );
    assert_eq!(insured.net_cost_fen, 17_370_000);

    let mut pricing = stand.pricing();
    let refused = async |line: wire::CostLine, reason: &str, field: &str| {
        let answer = stand.pricing().compare_cost(wire::CompareCostRequest { lines: vec![line] }).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    };
    let subsidy = |month| vec![wire::Subsidy { code: "P1".to_owned(), amount_fen: 1, month }];
    refused(
        wire::CostLine { subsidies: subsidy(13), ..line("x", 3) },
        "NUMBER_OUT_OF_RANGE",
        "lines[0].subsidies[0].month",
    )
    .await;
    refused(wire::CostLine { amount_fen: 0, ..line("x", 3) }, "AMOUNT_OUT_OF_RANGE", "lines[0].amount_fen")
        .await;
    let answer = pricing.compare_cost(wire::CompareCostRequest { lines: vec![] }).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("lines"));
    // Fees beyond the loan have no rate, and are told all the same.
    let dear = wire::CostLine { fees: vec![fee("X", 5, Price::AmountFen(300_000_000))], ..line("dear", 3) };
    let request = wire::CompareCostRequest { lines: vec![dear] };
    let cost = &pricing.compare_cost(request).await.unwrap().into_inner().costs[0];
    assert_eq!((cost.yearly_bp, cost.net_yearly_bp, cost.rank), (None, None, 1));
}

#[tokio::test]
async fn matching_and_comparing_come_to_the_same_cost() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let fee = wire::FeeItem { code: "PGF".to_owned(), kind: 1, price: Some(Price::AmountFen(2_000_000)) };
    let fixed_terms = wire::ProductTerms {
        rate_kind: 2,
        rate_min_bp: 435,
        rate_max_bp: 500,
        fee_items: vec![fee.clone()],
        ..terms()
    };
    stand.published(&bank, fixed_terms).await;
    let request = wire::MatchProductsRequest { needs: vec![need()], explain: false };
    let matched = stand.role("intake").match_products(request).await.unwrap().into_inner().matches;
    let compared = wire::CostLine { interest_basis: 360, fees: vec![fee], ..line("x", 3) };
    let request = wire::CompareCostRequest { lines: vec![compared] };
    let cost = stand.pricing().compare_cost(request).await.unwrap().into_inner().costs[0].yearly_bp;
    assert!(cost.is_some_and(|cost| cost > 441));
    assert_eq!(matched[0].fits[0].yearly_cost_bp, cost);
}

fn bundle() -> wire::PledgeLimitRequest {
    let asset = |number, kind, wan: i64| wire::PledgedAsset {
        asset_id: Uuid::from_u128(number).to_string(),
        r#type: kind,
        value_fen: wan * 1_000_000,
    };
    wire::PledgeLimitRequest {
        assets: vec![asset(1, 1, 180), asset(2, 1, 90), asset(3, 2, 40), asset(4, 4, 120)],
        loan_fen: 180_000_000,
        ..wire::PledgeLimitRequest::default()
    }
}

#[tokio::test]
async fn a_bundle_has_its_limit_and_a_loan_is_allocated_over_it_to_the_fen() {
    let stand = Stand::new().await;
    let mut pricing = stand.pricing();
    let answer = pricing.pledge_limit(bundle()).await.unwrap().into_inner();
    assert_eq!((answer.limit_fen, answer.bound_by.as_str()), (195_000_000, "TYPE_CAPS"));
    assert_eq!((answer.portfolio_cap_fen, answer.value_fen), (215_000_000, 430_000_000));
    assert_eq!(answer.ratio_bp, Some(4_186));
    let allocated: Vec<_> = answer.shares.iter().map(|share| share.allocated_fen).collect();
    assert_eq!(allocated, [83_076_923, 41_538_462, 11_076_923, 44_307_692]);
    assert_eq!(allocated.iter().sum::<i64>(), 180_000_000);

    let capped = wire::PledgeLimitRequest { product_max_fen: 100_000_000, loan_fen: 0, ..bundle() };
    let answer = pricing.pledge_limit(capped).await.unwrap().into_inner();
    assert_eq!(
        (answer.limit_fen, answer.bound_by.as_str(), answer.ratio_bp),
        (100_000_000, "PRODUCT_MAX", None)
    );
    let above = wire::PledgeLimitRequest { loan_fen: 195_000_001, ..bundle() };
    let status = pricing.pledge_limit(above).await.unwrap_err();
    assert_eq!(rpc::status::metadata(&status, "limit_fen").as_deref(), Some("195000000"));
    assert_refused::<()>(Err(status), Code::FailedPrecondition, "LOAN_ABOVE_LIMIT", Some("loan_fen"));
    let mut twice = bundle();
    twice.assets[1].asset_id = twice.assets[0].asset_id.clone();
    let answer = pricing.pledge_limit(twice).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REPEATED", Some("assets[1].asset_id"));
    let answer = pricing.pledge_limit(wire::PledgeLimitRequest::default()).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("assets"));
}
