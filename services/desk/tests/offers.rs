//! Offers side by side, and the choice.

use proto::intake::v1::CaseState;

use crate::support::{Stand, world};

#[tokio::test]
async fn offers_stand_side_by_side_with_what_they_cost_all_in() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        world.offers = Some(world::offers());
    }
    let page = stand.clerk().await.get(&format!("/cases/{}/offers", world::CASE)).await;
    assert_eq!(page.status, 200);
    for text in [
        "愚公农村商业银行",
        "5.12%",
        "综合成本最低",
        "安济财险",
        "中原知信评估",
        "15,000.00",
        "无合适增信，不可选",
    ] {
        assert!(page.has(text), "{text}");
    }
}

#[tokio::test]
async fn a_choice_is_shown_once_more_and_only_then_written_down() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        world.offers = Some(world::offers());
    }
    let mut browser = stand.clerk().await;
    let select = format!("/cases/{}/select", world::CASE);
    let csrf = browser.get("/password").await.field("csrf");
    let nothing = browser.post(&select, &[("csrf", &csrf)]).await;
    assert!(nothing.has("请先选定一家银行的报价"));

    let (bank, cover, evaluator) = (world::leg_id(0), world::leg_id(21), world::leg_id(12));
    let way = format!("cover.{bank}");
    let fields = [("csrf", csrf.as_str()), ("bank", &bank), (&way, &cover), ("evaluator", &evaluator)];
    let confirm = browser.post(&select, &fields).await;
    assert!(confirm.has("选择确认") && confirm.has("沁源商业银行济源分行") && confirm.has("5.75%"));
    assert!(stand.world.lock().selected.is_empty());

    let request_id = confirm.field("request_id");
    let fields = [
        ("csrf", csrf.as_str()),
        ("step", "confirm"),
        ("request_id", &request_id),
        ("bank", &bank),
        ("cover", &cover),
        ("evaluator", &evaluator),
    ];
    assert_eq!(browser.post(&select, &fields).await.location(), format!("/cases/{}", world::CASE));
    let selected = stand.world.lock().selected.clone();
    assert_eq!(selected.len(), 1);
    assert_eq!(
        (&selected[0].bank_leg_id, &selected[0].cover_leg_id, &selected[0].evaluator_leg_id),
        (&bank, &cover, &evaluator)
    );
}
