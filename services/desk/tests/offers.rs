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
async fn both_figures_of_an_offer_are_shown_and_what_they_stand_on() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let offers = format!("/cases/{}/offers", world::CASE);
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        world.offers = Some(world::offers());
    }
    let page = browser.get(&offers).await;
    // The first figure ranks; the second is 1.04 % lower, after 30,937.50 yuan.
    for text in
        ["5.12%", "4.08%", "补贴后年化成本", "30,937.50", "48,937.50", "按 2026-03-02 放款测算", "不影响排序"]
    {
        assert!(page.has(text), "{text}");
    }
    for offer in &mut stand.world.lock().offers.as_mut().unwrap().offers {
        for cost in offer.cost.iter_mut().chain(offer.ways.iter_mut().filter_map(|way| way.cost.as_mut())) {
            (cost.subsidies_fen, cost.net_apr_bp) = (0, cost.apr_bp);
        }
    }
    assert!(browser.get(&offers).await.has("系统未登记适用的补贴政策"));
}

#[tokio::test]
async fn a_late_quote_is_kept_for_reading_and_an_engaged_evaluator_shows_when_its_report_is_due() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let offers = format!("/cases/{}/offers", world::CASE);
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        let mut answer = world::offers();
        let late = answer.valuations[0].clone();
        answer.late_valuations = vec![proto::intake::v1::ValuationView { leg_id: world::leg_id(13), ..late }];
        answer.valuations[0].state = proto::common::v1::LegState::Confirmed.into();
        answer.valuations[0].report_by = world::at(7_200);
        world.offers = Some(answer);
    }
    let page = browser.get(&offers).await;
    assert!(page.has("报告应于 2026-03-07 12:30:00 前交付"), "{}", page.text);
    let (_, late) = page.text.split_once("逾期评估报价").unwrap();
    assert!(late.contains("中原知信评估") && !late.contains("type=\"radio\""), "{late}");
}

#[tokio::test]
async fn an_offer_that_is_eaten_by_its_fees_has_no_yearly_cost_and_is_not_the_cheapest() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        let mut answer = world::offers();
        answer.offers.truncate(1);
        let cost = answer.offers[0].cost.as_mut().unwrap();
        (cost.apr_bp, cost.net_apr_bp) = (i32::MAX, i32::MAX);
        answer.offers[0].ways[0].cost = answer.offers[0].cost;
        world.offers = Some(answer);
    }
    let page = stand.clerk().await.get(&format!("/cases/{}/offers", world::CASE)).await;
    assert!(!page.has("21474836") && !page.has("综合成本最低"), "{}", page.text);
    assert!(page.has("<b>—</b>") && page.has("不需增信<br>— · 79,875.00 元"), "{}", page.text);
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
    assert!(
        confirm.has("选择确认")
            && confirm.has("沁源商业银行济源分行")
            && confirm.has("5.75%")
            && confirm.has("年化 4.71%")
    );
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
