//! The live board: sealed until the window closes, pushed while it is watched, ended with the process.

use proto::intake::v1::CaseState;
use testkit::eventually;

use crate::support::{SOON, Stand, world};

/// What a seal hides. `已回复` is all that may be seen.
const ANSWERS: [&str; 6] = ["已报价", "已谢绝", "R05", "现金流", "OFFERED", "DECLINED"];

fn is_sealed(text: &str) {
    for answer in ANSWERS {
        assert!(!text.contains(answer), "{answer} under seal: {text}");
    }
    assert!(text.contains("已回复"));
}

#[tokio::test]
async fn no_byte_of_page_fragment_or_stream_tells_an_offer_from_a_refusal_before_the_window_closes() {
    let stand = Stand::new().await;
    {
        // This intake tells the states even under seal; the desk must not pass them on.
        let mut world = stand.world.lock();
        world.cases = vec![world::case(CaseState::Collecting)];
        world.timeline = world::timeline();
        let mut answered = world::entry(8, 99, "LEG_ANSWERED_LATE", "BANK", Some(1));
        answered.codes = vec!["R05".to_owned()];
        world.timeline.push(answered);
    }
    let mut browser = stand.clerk().await;
    let case = format!("/cases/{}", world::CASE);
    let page = browser.get(&case).await;
    assert_eq!(page.status, 200);
    is_sealed(&page.text);
    is_sealed(&browser.get(&format!("{case}/board.json")).await.text);
    let (name, data) = browser.stream(&format!("{case}/events")).await.next().await.unwrap();
    assert_eq!(name, "case");
    is_sealed(&data);
    let offers = browser.get(&format!("{case}/offers")).await;
    assert_eq!(offers.status, 409);
    assert!(offers.has("密封"));

    // The rows of a bank that offered and of one that refused differ by the bank alone.
    let row = |bank: &str| {
        let at = page.text.find(bank).unwrap();
        page.text[at + bank.len()..]
            .split("</tr>")
            .next()
            .unwrap()
            .replace("知产贷 1 号", "")
            .replace("知产贷 2 号", "")
    };
    assert_eq!(row("沁源商业银行济源分行"), row("济水村镇银行"));
}

#[tokio::test]
async fn after_the_window_the_answers_are_there() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::OffersReady)];
    let page = stand.clerk().await.get(&format!("/cases/{}", world::CASE)).await;
    assert!(page.has("已报价") && page.has("已谢绝") && page.has("现金流不足") && page.has("报价比选"));
}

#[tokio::test]
async fn a_change_is_pushed_to_every_watched_case_and_an_unchanged_case_is_not_told_twice() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let browser = stand.clerk().await;
    let mut events = browser.stream(&format!("/stream?cases={}", world::CASE)).await;
    let (_, first) = events.next().await.unwrap();
    assert!(first.contains("CASE_STATE_COLLECTING") && first.contains(world::CASE));
    stand.world.lock().cases = vec![world::case(CaseState::OffersReady)];
    let (_, second) = events.next().await.unwrap();
    assert!(second.contains("CASE_STATE_OFFERS_READY") && second.contains("已报价"), "{second}");
}

#[tokio::test]
async fn a_case_is_read_only_while_somebody_watches_in_the_name_of_who_does() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let browser = stand.clerk().await;
    let mut events = browser.stream(&format!("/cases/{}/events", world::CASE)).await;
    events.next().await.unwrap();
    let names = stand.world.lock().callers.clone();
    assert!(!names.is_empty() && names.iter().all(|name| name.starts_with("staff:")), "{names:?}");
    drop(events);
    // Two looks apart by more than the poll, with no call between: the poller has ended.
    let seen = std::cell::Cell::new((usize::MAX, 0));
    eventually(SOON, async || {
        let (before, quiet) = seen.get();
        let now = stand.world.lock().callers.len();
        let quiet = if now == before { quiet + 1 } else { 0 };
        seen.set((now, quiet));
        if quiet >= 30 { Ok(()) } else { Err(now) }
    })
    .await;
}

#[tokio::test]
async fn a_newer_stream_of_the_same_session_replaces_the_older_and_another_session_keeps_its_own() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let path = format!("/stream?cases={}", world::CASE);
    let browser = stand.clerk().await;
    let mut older = browser.stream(&path).await;
    older.next().await.unwrap();
    let mut newer = browser.stream(&path).await;
    newer.next().await.unwrap();
    assert_eq!(older.next().await, Some(("end".to_owned(), "replaced".to_owned())));
    assert_eq!(older.next().await, None);

    let other = stand.enter("clerk2", &[desk::domain::Duty::Clerk]).await;
    let mut third = other.stream(&path).await;
    third.next().await.unwrap();
    stand.world.lock().cases = vec![world::case(CaseState::OffersReady)];
    assert!(newer.next().await.unwrap().1.contains("OFFERS_READY"));
    assert!(third.next().await.unwrap().1.contains("OFFERS_READY"));
}

#[tokio::test]
async fn a_log_out_ends_the_sessions_stream() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let mut browser = stand.clerk().await;
    let mut events = browser.stream(&format!("/stream?cases={}", world::CASE)).await;
    events.next().await.unwrap();
    let csrf = browser.get("/password").await.field("csrf");
    browser.post("/logout", &[("csrf", &csrf)]).await;
    assert_eq!(events.next().await.unwrap().0, "end");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn open_streams_end_at_shutdown_and_do_not_hold_the_process() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let browser = stand.clerk().await;
    let mut events = browser.stream(&format!("/stream?cases={}", world::CASE)).await;
    events.next().await.unwrap();
    let begun = std::time::Instant::now();
    stand.desk.stop().await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(events.next().await, Some(("end".to_owned(), "again".to_owned())));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn the_window_acts_on_a_case_and_keeps_what_was_typed_wrong_in_view() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Submitted)];
    let mut browser = stand.clerk().await;
    let case = format!("/cases/{}", world::CASE);
    let page = browser.get(&case).await;
    let (csrf, request_id) = (page.field("csrf"), page.field("request_id"));
    let act = format!("{case}/act");
    let fields = [("csrf", csrf.as_str()), ("request_id", request_id.as_str()), ("act", "accept")];
    assert_eq!(browser.post(&act, &fields).await.location(), case);
    let fields = [
        ("csrf", csrf.as_str()),
        ("request_id", "1"),
        ("act", "supplement"),
        ("code", "D02"),
        ("code", "D04"),
    ];
    assert_eq!(browser.post(&act, &fields).await.location(), case);
    let fields =
        [("csrf", csrf.as_str()), ("request_id", "2"), ("act", "withdraw"), ("reason", "电话 13812345678")];
    let refused = browser.post(&act, &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("文字中含有证件号"));
    assert_eq!(browser.post(&act, &[("csrf", &csrf), ("act", "explode")]).await.status, 400);
    let wanted = [format!("accept {}", world::CASE), format!("supplement D02,D04 {}", world::CASE)];
    assert_eq!(stand.world.lock().commands, wanted);
}

#[tokio::test]
async fn a_question_is_answered_with_a_file_of_which_only_the_digest_goes_on() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Collecting)];
    let mut browser = stand.clerk().await;
    let case = format!("/cases/{}", world::CASE);
    let page = browser.get(&case).await;
    assert!(page.has("答复机构：黄河湾银行") && page.has("请补充最近一个月报表"));
    let (csrf, leg) = (page.field("csrf"), page.field("leg_id"));
    let fields = [("csrf", csrf.as_str()), ("act", "answer"), ("leg_id", leg.as_str()), ("request_id", "3")];
    let body = crate::support::upload(&fields, &[("file.D04", "abc")]);
    assert_eq!(browser.post_files(&format!("{case}/act"), body).await.location(), case);
    let digest = "sha256-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(stand.world.lock().commands, [format!("answer {leg} {digest}")]);
}
