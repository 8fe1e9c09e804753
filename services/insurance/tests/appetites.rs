//! What institutions are ready to cover, as the desk keeps it, and whom a need would be sent to.

use insurance::ROLE;
use proto::insurance::v1::{self as wire, insurance_service_client::InsuranceServiceClient};
use rpc::{Actor, Duty};

use crate::support::{GUARANTEE, SURETY, appetite, empty_town, id, institution, reason, town};

fn set(appetite: wire::Appetite) -> wire::SetAppetiteRequest {
    wire::SetAppetiteRequest { request_id: id(), appetite: Some(appetite) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_declaration_stands_and_a_repeat_is_given_its_first_answer() {
    let mut town = empty_town().await;
    let first = set(appetite(1));
    let answer = town.client.set_appetite(first.clone()).await.unwrap().into_inner();
    let newer = wire::Appetite { suspended: true, sizes: vec![3, 4], ..appetite(1) };
    town.client.set_appetite(set(newer.clone())).await.unwrap();
    assert_eq!(town.client.set_appetite(first.clone()).await.unwrap().into_inner(), answer);
    let all = town.client.list_appetites(wire::ListAppetitesRequest {}).await.unwrap().into_inner();
    assert_eq!(all.appetites, std::slice::from_ref(&newer));
    let reused = wire::SetAppetiteRequest { request_id: first.request_id, appetite: Some(newer) };
    let refused = town.client.set_appetite(reused).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let audited: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entry WHERE action = 'SET_APPETITE' AND object_id = $1",
    )
    .bind(institution(1).uuid())
    .fetch_one(&town.ground.pool(&ROLE))
    .await
    .unwrap();
    assert_eq!(audited, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_is_refused_with_every_field_that_is_wrong() {
    let mut town = empty_town().await;
    let bank = wire::Appetite { role: 1, ..appetite(1) };
    let refused = town.client.set_appetite(set(bank)).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_A_COVERER");
    let wrong_kind = wire::Appetite { kinds: vec![GUARANTEE], ..appetite(1) };
    let refused = town.client.set_appetite(set(wrong_kind)).await.unwrap_err();
    assert_eq!(reason(&refused), "KIND_NOT_OFFERABLE");
    let reversed = wire::Appetite { amount_max_fen: 1, ..appetite(1) };
    let refused = town.client.set_appetite(set(reversed)).await.unwrap_err();
    assert_eq!(reason(&refused), "RANGE_REVERSED");
    let park = wire::Appetite { parks: vec!["高新区".to_owned()], ..appetite(1) };
    let refused = town.client.set_appetite(set(park)).await.unwrap_err();
    assert_eq!(reason(&refused), "PARK_INVALID");
    assert_eq!(town.count("appetite").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_names_every_institution_with_its_reasons_and_stores_nothing() {
    let mut town = town().await;
    let need = wire::CoverNeed {
        kinds: vec![SURETY],
        amount_fen: 1_000_000_001,
        term_months: 12,
        ..wire::CoverNeed::default()
    };
    let preview = |need: &wire::CoverNeed| wire::PreviewCoverRequest { need: Some(need.clone()) };
    let found = town.client.preview_cover(preview(&need)).await.unwrap().into_inner().candidates;
    let misfits: Vec<Vec<&str>> =
        found.iter().map(|candidate| candidate.misfits.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        misfits,
        [
            vec!["AMOUNT_ABOVE_MAX"],
            vec!["AMOUNT_ABOVE_MAX"],
            vec!["KIND_NOT_OFFERED", "AMOUNT_ABOVE_MAX"],
            vec!["AMOUNT_ABOVE_MAX", "SOLVENCY_TOO_LOW"],
        ]
    );
    let fitting = wire::CoverNeed { amount_fen: 300_000_000, ..need };
    let found = town.client.preview_cover(preview(&fitting)).await.unwrap().into_inner().candidates;
    assert!(found[0].misfits.is_empty());
    assert_eq!(town.count("cover_request").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_declarations_and_no_quotes() {
    let town = town().await;
    let operator = Actor::Staff { id: "U2".to_owned(), duties: vec![Duty::Operator] };
    let mut client = InsuranceServiceClient::new(town.ground.channel(&ROLE, operator));
    assert_eq!(
        client.list_appetites(wire::ListAppetitesRequest {}).await.unwrap().into_inner().appetites.len(),
        4
    );
    let refused = client.list_cover(wire::ListCoverRequest { case_id: id() }).await.unwrap_err();
    assert_eq!(reason(&refused), "PERMISSION_DENIED");
    let refused = client.set_appetite(set(appetite(1))).await.unwrap_err();
    assert_eq!(reason(&refused), "PERMISSION_DENIED");
}
