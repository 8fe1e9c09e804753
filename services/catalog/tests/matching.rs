//! MatchProducts.

use std::time::{Duration, Instant};

use proto::catalog::v1 as wire;
use tonic::Code;

use crate::support::{Stand, assert_refused, institution, need, retirement, revision, terms};

async fn ask(stand: &Stand, needs: Vec<wire::Need>, explain: bool) -> Vec<wire::Match> {
    let request = wire::MatchProductsRequest { needs, explain };
    stand.role("intake").match_products(request).await.unwrap().into_inner().matches
}

fn fitting(found: &wire::Match) -> Vec<&str> {
    found.fits.iter().map(|fit| fit.product_id.as_str()).collect()
}

#[tokio::test]
async fn needs_are_answered_in_the_order_asked_best_product_first_with_reasons_both_ways() {
    let stand = Stand::new().await;
    let (dear, cheap) = (stand.bank("玉川产业银行").await, stand.bank("天坛信用联社").await);
    let without = wire::RegisterInstitutionRequest {
        name: "北海普惠银行".to_owned(),
        responsible_department: String::new(),
        ..institution()
    };
    let without =
        stand.clerk().register_institution(without).await.unwrap().into_inner().institution.unwrap();
    let dear = stand.published(&dear, wire::ProductTerms { rate_min_bp: 100, ..terms() }).await;
    let cheap =
        stand.published(&cheap, wire::ProductTerms { parks: vec!["JY-GX".to_owned()], ..terms() }).await;
    let never = stand.published(&without.institution_id, terms()).await;

    let small = wire::Need { amount_fen: 1, park: String::new(), ..need() };
    let answers = ask(&stand, vec![small, need()], true).await;
    let [nothing, found] = &answers[..] else { panic!("{answers:?}") };

    assert_eq!(fitting(found), [cheap.as_str(), dear.as_str()]);
    assert_eq!(found.fits[0].version, 1);
    let reasons = [
        "AMOUNT_IN_RANGE",
        "TERM_IN_RANGE",
        "REGION_SERVED",
        "PARK_SERVED",
        "IP_ACCEPTED",
        "ENHANCEMENT_OFFERED",
        "REPAYMENT_OFFERED",
    ];
    assert_eq!(found.fits[0].reasons, reasons);
    let [misfit] = &found.misfits[..] else { panic!("{:?}", found.misfits) };
    assert_eq!((&misfit.product_id, &misfit.institution_id), (&never, &without.institution_id));
    assert_eq!(misfit.reasons, ["NO_RESPONSIBLE_DEPARTMENT"]);

    assert_eq!(nothing.fits, []);
    let reasons = |id: &str| &nothing.misfits.iter().find(|misfit| misfit.product_id == id).unwrap().reasons;
    assert_eq!(reasons(&dear)[..], ["AMOUNT_BELOW_MIN"]);
    assert_eq!(reasons(&cheap)[..], ["AMOUNT_BELOW_MIN", "PARK_NOT_SERVED"]);
    assert_eq!(reasons(&never)[..], ["NO_RESPONSIBLE_DEPARTMENT", "AMOUNT_BELOW_MIN"]);
    assert!(ask(&stand, vec![need()], false).await[0].misfits.is_empty());
}

#[tokio::test]
async fn what_is_published_revised_or_retired_counts_from_the_next_question_in_every_process() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let matched = async || {
        let found = ask(&stand, vec![need()], false).await.remove(0);
        found.fits.iter().map(|fit| fit.version).collect::<Vec<_>>()
    };
    let draft = stand.draft(&bank, terms()).await;
    assert_eq!(matched().await, [0; 0], "a draft is on no shelf");
    let published = stand.publish(&draft.product_id, 1).await;
    assert_eq!(matched().await, [1]);
    stand.clerk().revise_product(revision(&published)).await.unwrap();
    assert_eq!(matched().await, [1], "new terms are not in force");
    stand.publish(&draft.product_id, 2).await;
    assert_eq!(matched().await, [2]);
    // As another process of the role would do it: nothing tells this one.
    let elsewhere = [
        "UPDATE product SET state = 'RETIRED', retired_at = now()",
        "UPDATE shelf SET revision = revision + 1",
    ];
    for change in elsewhere {
        sqlx::query(change).execute(&stand.pool).await.unwrap();
    }
    assert_eq!(matched().await, [0; 0]);
    let second = stand.published(&bank, terms()).await;
    assert_eq!(matched().await, [1]);
    stand.clerk().retire_product(retirement(&second)).await.unwrap();
    assert_eq!(matched().await, [0; 0]);
}

#[tokio::test]
async fn the_rate_of_the_day_decides_between_fixed_and_floating() {
    let stand = Stand::new().await;
    let (fixed, floating) = (stand.bank("轵城惠民银行").await, stand.bank("太行实业银行").await);
    let fixed_terms = wire::ProductTerms { rate_kind: 2, rate_min_bp: 385, rate_max_bp: 385, ..terms() };
    let fixed = stand.published(&fixed, fixed_terms).await;
    let floating = stand.published(&floating, wire::ProductTerms { rate_max_bp: 30, ..terms() }).await;
    let clock = stand.ground.clock();
    // LPR 3.65 % makes 3.95 %; from 2023-06-20 on 3.55 % makes 3.85 %, and from 2023-08-21 on it is cheaper.
    for (day, wanted) in [
        ("2023-06-19T04:00:00Z", [&fixed, &floating]),
        ("2023-08-20T16:00:00Z", [&floating, &fixed]),
        ("2023-08-20T15:59:59Z", [&fixed, &floating]),
    ] {
        clock.set(day.parse().unwrap());
        assert_eq!(fitting(&ask(&stand, vec![need()], false).await[0]), wanted.map(String::as_str), "{day}");
    }
}

#[tokio::test]
async fn a_need_with_a_wrong_field_is_refused() {
    type Spoil = fn(&mut wire::Need);
    let stand = Stand::new().await;
    let wrong: [(Spoil, &str, &str); 17] = [
        (|n| n.amount_fen = 0, "AMOUNT_OUT_OF_RANGE", "amount_fen"),
        (|n| n.amount_fen = 30_000_000_001, "AMOUNT_OUT_OF_RANGE", "amount_fen"),
        (|n| n.term_months = 0, "TERM_OUT_OF_RANGE", "term_months"),
        (|n| n.term_months = 121, "TERM_OUT_OF_RANGE", "term_months"),
        (|n| n.region = "4190".to_owned(), "REGION_INVALID", "region"),
        (|n| n.park = "x".to_owned(), "PARK_INVALID", "park"),
        (|n| n.size = 5, "ENUM_UNKNOWN", "size"),
        (|n| n.qualifications = vec![11], "ENUM_UNKNOWN", "qualifications[0]"),
        (|n| n.qualifications = vec![1; 101], "TOO_MANY", "qualifications"),
        (|n| n.assets[0].r#type = 0, "ENUM_UNSPECIFIED", "assets[0].type"),
        (|n| n.assets[0].r#type = 13, "ENUM_UNKNOWN", "assets[0].type"),
        (|n| n.assets[0].count = -1, "NUMBER_OUT_OF_RANGE", "assets[0].count"),
        (|n| n.grade = 5, "ENUM_UNKNOWN", "grade"),
        (|n| n.enhancement = vec![8], "ENUM_UNKNOWN", "enhancement[0]"),
        (|n| n.enhancement = vec![0], "ENUM_UNSPECIFIED", "enhancement[0]"),
        (|n| n.repayment = vec![6], "ENUM_UNKNOWN", "repayment[0]"),
        (|n| n.repayment = vec![-6], "ENUM_UNKNOWN", "repayment[0]"),
    ];
    let bad = Code::InvalidArgument;
    for (spoil, reason, field) in wrong {
        let mut spoiled = need();
        spoil(&mut spoiled);
        let request = wire::MatchProductsRequest { needs: vec![need(), spoiled], explain: false };
        let answer = stand.role("intake").match_products(request).await;
        assert_refused(answer, bad, reason, Some(&format!("needs[1].{field}")));
    }
    let request = wire::MatchProductsRequest { needs: vec![need(); 201], explain: false };
    assert_refused(stand.role("intake").match_products(request).await, bad, "TOO_MANY", Some("needs"));
    assert_eq!(ask(&stand, vec![], true).await, []);
}

/// Products in force beside those of other tests' size: 300 banks, ten products each.
const SHELF: &str = "
    WITH bank AS (INSERT INTO institution SELECT gen_random_uuid(), 'bank ' || n, 'BANK', 'x', NULL, now()
            FROM generate_series(1, 300) n RETURNING institution_id),
        product AS (INSERT INTO product SELECT gen_random_uuid(), institution_id, 'PUBLISHED', 1, 1, now(), NULL, 1, now()
            FROM bank, generate_series(1, 10) RETURNING product_id),
        version AS (INSERT INTO product_version SELECT product_id, 1, 'x', '{419001}', '{}', '{}', '{}', '{INVENTION}', 1,
            1000000 * (row_number() OVER () % 500 + 1), 1000000 * (row_number() OVER () % 500 + 11), 6, 36, 'LPR_FLOAT', 30,
            150, '{INTEREST_FIRST}', '{IP_ONLY}', NULL, now() FROM product RETURNING 1)
    UPDATE shelf SET revision = revision + 1";

#[tokio::test]
async fn two_hundred_needs_over_three_thousand_products_are_matched_in_little_time() {
    let stand = Stand::new().await;
    // The foreign keys of one statement see rows of that statement only at its end, which is when they are checked.
    sqlx::query(SHELF).execute(&stand.pool).await.unwrap();
    let needs: Vec<wire::Need> =
        (1..=200).map(|n| wire::Need { amount_fen: 2_000_000 * n + 1_000_000, ..need() }).collect();
    let first = ask(&stand, needs.clone(), false).await;
    assert_eq!(first.len(), 200);
    assert!(first.iter().all(|found| (6..=60).contains(&found.fits.len())), "{first:?}");

    let began = Instant::now();
    assert_eq!(ask(&stand, needs.clone(), false).await, first);
    let took = began.elapsed();
    println!("200 needs over 3000 products: {took:?}");
    // Unoptimised code on a busy machine; asked one by one from the database it would be minutes.
    assert!(took < Duration::from_secs(5), "{took:?}");

    let request = wire::MatchProductsRequest { needs, explain: true };
    let answer = stand.role("intake").match_products(request).await;
    assert_refused(answer, Code::ResourceExhausted, "MATCH_TOO_LARGE", Some("needs"));
    let explained = ask(&stand, vec![need()], true).await;
    assert_eq!(explained[0].fits.len() + explained[0].misfits.len(), 3000);
}
