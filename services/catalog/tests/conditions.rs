//! The conditions of products: what is refused in them.

use proto::catalog::v1::{self as wire, fee_item::Price};
use tonic::Code;

use crate::support::{Stand, assert_refused, creation, terms};

fn fee(code: &str, price: Option<Price>) -> wire::FeeItem {
    wire::FeeItem { code: code.to_owned(), kind: 1, price }
}

fn cap(kind: i32, cap_bp: i32) -> wire::PledgeCap {
    wire::PledgeCap { r#type: kind, cap_bp }
}

#[tokio::test]
async fn a_condition_that_cannot_be_is_refused_by_its_field() {
    type Spoil = fn(&mut wire::ProductTerms);
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let before = stand.rows().await;
    let wrong: [(Spoil, &str, &str); 24] = [
        (|t| t.product_code = "知产".to_owned(), "FIELD_INVALID", "terms.product_code"),
        (|t| t.product_code = "13800000000".to_owned(), "TEXT_HAS_IDENTIFIER", "terms.product_code"),
        (|t| t.lpr_tenor = 3, "ENUM_UNKNOWN", "terms.lpr_tenor"),
        (|t| t.rate_reset = -1, "ENUM_UNKNOWN", "terms.rate_reset"),
        (|t| t.pledge_caps = vec![cap(1, 0)], "NUMBER_OUT_OF_RANGE", "terms.pledge_caps[0].cap_bp"),
        (|t| t.pledge_caps = vec![cap(1, 10_001)], "NUMBER_OUT_OF_RANGE", "terms.pledge_caps[0].cap_bp"),
        (|t| t.pledge_caps = vec![cap(99, 1)], "ENUM_UNKNOWN", "terms.pledge_caps[0].type"),
        (|t| t.pledge_caps = vec![cap(1, 1), cap(1, 2)], "FIELD_REPEATED", "terms.pledge_caps[1].type"),
        (|t| t.portfolio_cap_bp = 10_001, "NUMBER_OUT_OF_RANGE", "terms.portfolio_cap_bp"),
        (|t| t.interest_basis = 366, "INTEREST_BASIS_UNKNOWN", "terms.interest_basis"),
        (|t| t.settle_day = 29, "NUMBER_OUT_OF_RANGE", "terms.settle_day"),
        (|t| t.guarantee_required = true, "GUARANTEE_CONTRADICTED", "terms.guarantee_required"),
        (|t| t.evaluation_required = 4, "ENUM_UNKNOWN", "terms.evaluation_required"),
        (|t| t.fee_items = vec![fee("A", None)], "FIELD_REQUIRED", "terms.fee_items[0].price"),
        (
            |t| t.fee_items = vec![fee("A", Some(Price::AmountFen(0)))],
            "AMOUNT_OUT_OF_RANGE",
            "terms.fee_items[0].amount_fen",
        ),
        (
            |t| t.fee_items = vec![fee("A", Some(Price::RateBp(10_001)))],
            "NUMBER_OUT_OF_RANGE",
            "terms.fee_items[0].rate_bp",
        ),
        (
            |t| t.fee_items = vec![fee("A", Some(Price::RateBp(1))); 2],
            "FIELD_REPEATED",
            "terms.fee_items[1].code",
        ),
        (|t| t.fee_items = vec![fee("A", Some(Price::RateBp(1))); 21], "TOO_MANY", "terms.fee_items"),
        (|t| t.prepay_penalty_bp = 1_001, "NUMBER_OUT_OF_RANGE", "terms.prepay_penalty_bp"),
        (
            |t| t.sla_wd = Some(wire::SlaWorkingDays { response: 1, offer: 61, approval: 1 }),
            "NUMBER_OUT_OF_RANGE",
            "terms.sla_wd.offer",
        ),
        (|t| t.channels = vec![3], "ENUM_UNKNOWN", "terms.channels[0]"),
        (|t| t.effective_from = "2022-13-01".to_owned(), "DATE_INVALID", "terms.effective_from"),
        (
            |t| {
                t.effective_from = "2022-07-02".to_owned();
                t.effective_to = "2022-07-01".to_owned();
            },
            "RANGE_REVERSED",
            "terms.effective_to",
        ),
        (|t| t.responsible_dept = "部".repeat(101), "FIELD_TOO_LONG", "terms.responsible_dept"),
    ];
    let mut clerk = stand.clerk();
    for (spoil, reason, field) in wrong {
        let mut spoiled = terms();
        spoil(&mut spoiled);
        let create = wire::CreateProductRequest { terms: Some(spoiled), ..creation(&bank) };
        assert_refused(clerk.create_product(create).await, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn what_is_left_open_counts_as_the_general_practice_and_is_told_so() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let open = wire::ProductTerms {
        rate_reset: 0,
        portfolio_cap_bp: 0,
        interest_basis: 0,
        settle_day: 0,
        evaluation_required: 0,
        first_loan_ok: None,
        line_type: 0,
        sla_wd: None,
        channels: vec![],
        ..terms()
    };
    assert_eq!(stand.draft(&bank, open).await.terms, Some(terms()));
}
