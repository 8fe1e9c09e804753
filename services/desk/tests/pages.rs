//! What holds for every page: headers, no inline script or style, who may see it, what is not there.

use desk::domain::Duty;
use proto::intake::v1::CaseState;

use crate::support::{Page, Stand, world};

fn is_strict(path: &str, page: &Page) {
    let policy =
        page.headers.get("content-security-policy").unwrap_or_else(|| panic!("{path} has no policy"));
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
        assert_eq!(page.headers.get(name).map(String::as_str), Some(value), "{path}");
    }
    let lower = page.text.to_lowercase();
    for part in lower.split("<script").skip(1) {
        assert!(part.starts_with(" src=\"/assets/"), "{path} has an inline script");
        assert!(part.split_once('>').unwrap().1.starts_with("</script>"), "{path} has an inline script");
    }
    for wrong in
        ["<style", " style=", "javascript:", " onclick=", " onload=", " onsubmit=", "http://", "https://"]
    {
        let found = lower.replace("http://www.w3.org", "").contains(wrong);
        assert!(!found, "{path} has {wrong}");
    }
}

#[tokio::test]
async fn every_page_has_the_strict_policy_and_nothing_inline() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::OffersReady)];
        world.timeline = world::timeline();
        world.offers = Some(world::offers());
    }
    let all = [Duty::Clerk, Duty::Regulator, Duty::Operator];
    let mut browser = stand.enter("all", &all).await;
    let case = format!("/cases/{}", world::CASE);
    let offers = format!("{case}/offers");
    let open = ["/login", "/nothing/here"];
    let paths = ["/", "/cases", "/cases/new", "/password", "/figures", "/operations", &case, &offers];
    for path in paths.into_iter().chain(open) {
        let page = browser.get(path).await;
        is_strict(path, &page);
        assert!(page.text.contains("<html lang=\"zh-CN\">"), "{path}");
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
    }
    assert_eq!(browser.get("/nothing/here").await.status, 404);
    assert_eq!(browser.get("/cases/not-an-id").await.status, 404);
    let unknown = browser.get(&format!("/cases/{}", uuid::Uuid::new_v4())).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.has("没有这个页面"));
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_a_name_that_changes_with_them() {
    let stand = Stand::new().await;
    let mut browser = stand.browser();
    let door = browser.get("/login").await;
    let style = door.text.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = browser.get(&format!("/assets/{style}")).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["cache-control"].contains("immutable"));
    assert_eq!(browser.get("/assets/desk.000000000000.css").await.status, 404);
}

#[tokio::test]
async fn pages_are_open_by_duty() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let case = format!("/cases/{}", world::CASE);
    let stream = format!("/stream?cases={}", world::CASE);
    let table = [
        ("clerk1", Duty::Clerk, [true, true, false]),
        ("super1", Duty::Supervisor, [true, true, false]),
        ("regul1", Duty::Regulator, [false, true, false]),
        ("opera1", Duty::Operator, [false, false, true]),
        ("admin1", Duty::Administrator, [false, true, true]),
    ];
    for (login, duty, open) in table {
        let mut browser = stand.enter(login, &[duty]).await;
        for (path, open) in
            [("/cases", open[0]), (&case, open[0]), ("/figures", open[1]), ("/operations", open[2])]
        {
            let page = browser.get(path).await;
            assert_eq!(page.status == 403, !open, "{path} for {duty:?}: {}", page.status);
        }
        if !open[0] {
            assert_eq!(browser.get(&stream).await.status, 403, "{duty:?}");
            assert_eq!(browser.get(&format!("{case}/board.json")).await.status, 403);
            assert!(["/figures", "/operations"].contains(&browser.get("/").await.location()));
        }
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_is_told_and_breaks_nothing() {
    let stand = Stand::new().await;
    let mut browser = stand.enter("admin1", &[Duty::Administrator]).await;
    let figures = browser.get("/figures").await;
    assert_eq!(figures.status, 503);
    assert!(figures.has("暂不可用"));
    let operations = browser.get("/operations").await;
    assert_eq!(operations.status, 200);
    assert!(operations.has("机构联系情况暂不可用"));
    assert!(operations.has("insurance"), "a role that does not answer has its line");
}

#[tokio::test]
async fn figures_are_drawn_without_script_and_can_be_pinned() {
    let stand = Stand::new().await;
    {
        use proto::statistics::v1 as statistics;
        let mut world = stand.world.lock();
        world.overview = Some(crate::support::overview::overview());
        world.days =
            vec![statistics::Day { day: "2026-03-01".to_owned(), submitted: 3, ..Default::default() }];
    }
    let mut browser = stand.enter("regul1", &[Duty::Regulator]).await;
    let page = browser.get("/figures?day=2026-03-02").await;
    assert_eq!(page.status, 200);
    is_strict("/figures", &page);
    assert!(page.has("<svg") && page.has("P90") && page.has("known_at=2026-"));
}

#[tokio::test]
async fn cases_are_filtered_by_state_and_found_by_number() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let mut browser = stand.clerk().await;
    assert!(browser.get("/cases?state=5").await.has(world::CASE_NO));
    let none = browser.get("/cases?state=9").await;
    assert!(!none.has(world::CASE_NO) && none.has("没有处于此状态的案件"));
    let found = browser.get(&format!("/cases?number={}", world::CASE_NO.to_lowercase())).await;
    assert_eq!(found.location(), format!("/cases/{}", world::CASE));
    let missing = browser.get("/cases?number=RZ1").await;
    assert_eq!(missing.status, 404);
    assert!(missing.has("没有这个编号的案件") && missing.has("value=\"RZ1\""));
}

/// As intake tells of an approved case whose insurer does not issue after all.
fn lost() -> proto::intake::v1::CaseView {
    let mut case = world::case(CaseState::Approved);
    case.header.as_mut().unwrap().selection = Some(proto::intake::v1::Selection {
        bank_leg_id: world::leg_id(0),
        cover_leg_id: world::leg_id(20),
        cover_lost: true,
        ..Default::default()
    });
    case
}

#[tokio::test]
async fn a_cover_that_is_lost_after_the_approval_is_a_task_on_the_case_in_the_list_and_on_the_first_page() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let case = format!("/cases/{}", world::CASE);
    let paths = ["/", "/cases", "/cases?state=12", &case];
    let mut approved = lost();
    approved.header.as_mut().unwrap().selection.as_mut().unwrap().cover_lost = false;
    stand.world.lock().cases = vec![approved];
    for path in paths {
        let page = browser.get(path).await;
        assert!(page.has(world::CASE_NO) && !page.has("须处理"), "{path}");
    }
    assert!(browser.get(&case).await.has("等待确认"));

    stand.world.lock().cases = vec![lost()];
    for path in paths {
        let page = browser.get(path).await;
        assert!(page.has("须处理") && page.has("增信未落实"), "{path}");
        is_strict(path, &page);
    }
    let page = browser.get(&case).await;
    let told = browser.get(&format!("{case}/board.json")).await;
    assert!(told.has("\"state\":\"TASK\""), "an open page loads itself anew: {}", told.text);
    assert!(page.has("通知企业和批复银行") && page.has("未落实，须处理") && !page.has("等待确认"));
}

#[tokio::test]
async fn a_case_shows_every_deadline_that_a_person_can_miss() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let case = format!("/cases/{}", world::CASE);
    let shown = [
        (CaseState::NoOffer, "NO_OFFER", "再次派发期限，逾期案件终止"),
        (CaseState::Collecting, "COVER", "保险与担保答复期限"),
        (CaseState::OffersReady, "SELECTION", "选定期限"),
    ];
    for (state, kind, name) in shown {
        let mut view = world::case(state);
        view.deadlines =
            vec![proto::intake::v1::PendingDeadline { kind: kind.to_owned(), due_at: world::at(7_200) }];
        stand.world.lock().cases = vec![view];
        let page = browser.get(&case).await;
        assert!(page.has(name) && page.has("2026-03-07 12:30:00"), "{kind}: {}", page.text);
    }
}
