//! RegisterAsset, ListAssets.

use chrono::TimeDelta;
use kernel::calendar::date_of;
use proto::whitelist::v1 as wire;
use tonic::Code;

use crate::support::{OTHER_USCC, Stand, USCC, assert_refused, asset, new_id};

#[tokio::test]
async fn an_asset_is_registered_with_its_number_in_its_one_written_form() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    for (kind, typed, written, warnings) in [
        (1, "zl 2022 1012 3456.1", "202210123456.1", &[][..]),
        (2, "202221234567.1", "202221234567.1", &[]),
        (4, "7199523", "7199523", &[]),
        (7, "BS.08500145.7", "BS.08500145.7", &[]),
        (7, "BS.08500145.6", "BS.08500145.6", &["LAYOUT_CHECK_DIGIT"]),
        (8, "2020SR0109251", "2020SR0109251", &[]),
    ] {
        let request = wire::RegisterAssetRequest {
            r#type: kind,
            number: typed.to_owned(),
            filing_date: String::new(),
            grant_date: String::new(),
            ..asset(&id)
        };
        let registered = stand.clerk().register_asset(request).await.unwrap().into_inner().asset.unwrap();
        assert!(registered.number.ends_with(written), "{} for {typed}", registered.number);
        assert_eq!(registered.warnings, warnings, "{typed}");
    }
}

#[tokio::test]
async fn an_asset_with_a_wrong_field_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::RegisterAssetRequest);
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let before = stand.rows().await;
    let wrong: [(Spoil, Code, &str, &str); 15] = [
        (|r| r.request_id = "x".to_owned(), Code::InvalidArgument, "REQUEST_ID_INVALID", "request_id"),
        (|r| r.enterprise_id = String::new(), Code::InvalidArgument, "FIELD_REQUIRED", "enterprise_id"),
        (|r| r.enterprise_id = "x".to_owned(), Code::InvalidArgument, "UUID_INVALID", "enterprise_id"),
        (|r| r.enterprise_id = new_id(), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (|r| r.r#type = 0, Code::InvalidArgument, "ENUM_UNSPECIFIED", "type"),
        (|r| r.r#type = 13, Code::InvalidArgument, "ENUM_UNKNOWN", "type"),
        (|r| r.r#type = 2, Code::InvalidArgument, "IP_NUMBER_INVALID", "number"),
        (|r| r.number = "202210123456.2".to_owned(), Code::InvalidArgument, "IP_NUMBER_INVALID", "number"),
        (|r| r.number = String::new(), Code::InvalidArgument, "IP_NUMBER_INVALID", "number"),
        (|r| r.title = String::new(), Code::InvalidArgument, "FIELD_REQUIRED", "title"),
        (|r| r.title = "题".repeat(201), Code::InvalidArgument, "FIELD_TOO_LONG", "title"),
        (|r| r.filing_date = "2022-02-30".to_owned(), Code::InvalidArgument, "DATE_INVALID", "filing_date"),
        (|r| r.filing_date = "9999-01-01".to_owned(), Code::InvalidArgument, "DATE_IN_FUTURE", "filing_date"),
        (|r| r.grant_date = "9999-01-01".to_owned(), Code::InvalidArgument, "DATE_IN_FUTURE", "grant_date"),
        (
            |r| r.grant_date = "2022-02-09".to_owned(),
            Code::InvalidArgument,
            "GRANTED_BEFORE_FILED",
            "grant_date",
        ),
    ];
    for (spoil, code, reason, field) in wrong {
        let mut request = asset(&id);
        spoil(&mut request);
        assert_refused(stand.clerk().register_asset(request).await, code, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn today_is_the_day_in_the_zone() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    // 00:30 of the 2nd in the zone is still the 1st in UTC.
    stand.ground.clock().set("2026-03-01T16:30:00Z".parse().unwrap());
    let today = date_of(stand.now());
    assert_eq!(today.to_string(), "2026-03-02");
    let filed = |day: chrono::NaiveDate| wire::RegisterAssetRequest {
        filing_date: day.to_string(),
        grant_date: String::new(),
        ..asset(&id)
    };
    let tomorrow = stand.clerk().register_asset(filed(today + TimeDelta::days(1))).await;
    assert_refused(tomorrow, Code::InvalidArgument, "DATE_IN_FUTURE", Some("filing_date"));
    stand.clerk().register_asset(filed(today)).await.unwrap();
}

#[tokio::test]
async fn an_enterprise_registers_a_right_once_and_its_co_owner_may_too() {
    let stand = Stand::new().await;
    let (one, other) = (stand.enterprise(USCC).await, stand.enterprise(OTHER_USCC).await);
    stand.clerk().register_asset(asset(&one)).await.unwrap();
    let before = stand.rows().await;
    let typed_otherwise = wire::RegisterAssetRequest { number: "2022101234561".to_owned(), ..asset(&one) };
    let answer = stand.clerk().register_asset(typed_otherwise).await;
    assert_refused(answer, Code::AlreadyExists, "ASSET_EXISTS", Some("number"));
    assert_eq!(stand.rows().await, before);
    stand.clerk().register_asset(asset(&other)).await.unwrap();
}

#[tokio::test]
async fn assets_are_listed_page_by_page_without_gap_or_repetition() {
    let stand = Stand::new().await;
    let (one, other) = (stand.enterprise(USCC).await, stand.enterprise(OTHER_USCC).await);
    stand.clerk().register_asset(asset(&other)).await.unwrap();
    let mut registered = Vec::new();
    for number in 7_199_520..7_199_525 {
        let request = wire::RegisterAssetRequest { r#type: 4, number: number.to_string(), ..asset(&one) };
        registered.push(stand.clerk().register_asset(request).await.unwrap().into_inner().asset.unwrap());
    }
    let mut listed = Vec::new();
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListAssetsRequest { enterprise_id: one.clone(), page_size: 2, page_token };
        let page = stand.role("intake").list_assets(request).await.unwrap().into_inner();
        pages.push(page.assets.len());
        listed.extend(page.assets);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    registered.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    assert_eq!(listed, registered);
}

#[tokio::test]
async fn a_list_that_cannot_be_given_is_refused() {
    type Spoil = fn(&mut wire::ListAssetsRequest);
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let wrong: [(Spoil, Code, &str, &str); 5] = [
        (|r| r.enterprise_id = "x".to_owned(), Code::InvalidArgument, "UUID_INVALID", "enterprise_id"),
        (|r| r.enterprise_id = new_id(), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (|r| r.page_size = -1, Code::InvalidArgument, "PAGE_SIZE_INVALID", "page_size"),
        (|r| r.page_size = 1001, Code::InvalidArgument, "PAGE_SIZE_INVALID", "page_size"),
        (|r| r.page_token = "x".to_owned(), Code::InvalidArgument, "PAGE_TOKEN_INVALID", "page_token"),
    ];
    for (spoil, code, reason, field) in wrong {
        let mut request = wire::ListAssetsRequest { enterprise_id: id.clone(), ..Default::default() };
        spoil(&mut request);
        assert_refused(stand.clerk().list_assets(request).await, code, reason, Some(field));
    }
    let empty = wire::ListAssetsRequest { enterprise_id: id, ..Default::default() };
    assert_eq!(
        stand.clerk().list_assets(empty).await.unwrap().into_inner(),
        wire::ListAssetsResponse::default()
    );
}
