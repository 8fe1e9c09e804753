//! The door: log-in, lock-out, sessions, forms from elsewhere.

use chrono::TimeDelta;
use desk::domain::Duty;

use crate::support::Stand;

#[tokio::test]
async fn a_log_in_opens_the_pages_and_a_log_out_closes_them() {
    let stand = Stand::new().await;
    let password = stand.account("clerk1", &[Duty::Clerk], false).await;
    let mut browser = stand.browser();
    assert_eq!(browser.get("/").await.location(), "/login");
    let page = browser.log_in("clerk1", &password).await;
    assert_eq!((page.status, page.location()), (303, "/"));
    let cookie = &page.headers["set-cookie"];
    assert!(cookie.contains("zhirong_desk=") && cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let home = browser.get("/").await;
    assert_eq!(home.status, 200);
    assert!(home.has("工作台") && home.has("窗口一号"));
    let csrf = home.field("csrf");
    assert_eq!(browser.post("/logout", &[("csrf", &csrf)]).await.location(), "/login");
    assert_eq!(browser.get("/").await.location(), "/login");
    assert_eq!(stand.count("SELECT count(*) FROM session").await, 0);
    let audit = "SELECT count(*) FROM audit_entry WHERE action IN ('LOG_IN', 'LOG_OUT') AND result = 'DONE'";
    assert_eq!(stand.count(audit).await, 2);
}

#[tokio::test]
async fn the_token_in_the_cookie_is_not_what_the_table_holds() {
    let stand = Stand::new().await;
    let browser = stand.clerk().await;
    let hash: Vec<u8> =
        sqlx::query_scalar("SELECT token_hash FROM session").fetch_one(&stand.pool).await.unwrap();
    let cookie = &browser.cookies["zhirong_desk"];
    assert_eq!(cookie.len(), 43);
    assert!(!hash.windows(8).any(|part| cookie.as_bytes().windows(8).any(|other| other == part)));
}

#[tokio::test]
async fn by_tls_the_cookie_is_bound_to_the_host_and_sent_by_https_alone() {
    let stand = Stand::with(&[("ZHIRONG_DESK_BEHIND_TLS", "true")]).await;
    let password = stand.account("clerk1", &[Duty::Clerk], false).await;
    let mut browser = stand.browser();
    let page = browser.log_in("clerk1", &password).await;
    let cookie = &page.headers["set-cookie"];
    assert!(cookie.contains("__Host-zhirong_desk=") && cookie.contains("; Secure"), "{cookie}");
    assert!(page.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_wrong_password_and_a_name_that_does_not_exist_get_the_same_answer() {
    let stand = Stand::new().await;
    stand.account("clerk1", &[Duty::Clerk], false).await;
    let mut browser = stand.browser();
    let mut answers = Vec::new();
    for login in ["clerk1", "nobody"] {
        let page = browser.log_in(login, "not the password").await;
        assert_eq!(page.status, 422);
        assert!(page.has("账号或密码不正确"));
        assert!(page.has(&format!("value=\"{login}\"")), "what was typed stays");
        assert!(!page.has("not the password"));
        let csrf = page.field("csrf");
        answers.push(page.text.replace(&csrf, "").replace(login, ""));
    }
    assert_eq!(answers[0], answers[1]);
    let audit = "SELECT count(*) FROM audit_entry WHERE action = 'LOG_IN' AND result = 'REFUSED'";
    assert_eq!(stand.count(audit).await, 2);
}

#[tokio::test]
async fn after_five_failures_the_name_is_locked_for_a_time_that_grows_even_for_the_right_password() {
    let stand = Stand::new().await;
    let password = stand.account("clerk1", &[Duty::Clerk], false).await;
    let mut browser = stand.browser();
    for _ in 0..5 {
        assert_eq!(browser.log_in("clerk1", "wrong").await.status, 422);
    }
    let page = browser.log_in("clerk1", &password).await;
    assert_eq!(page.status, 429);
    assert!(page.has("登录失败次数过多"));
    let other = stand.account("clerk2", &[Duty::Clerk], false).await;
    assert_eq!(stand.browser().log_in("clerk2", &other).await.status, 303, "another name is not locked");

    stand.ground.clock().advance(TimeDelta::seconds(61));
    assert_eq!(browser.log_in("clerk1", "wrong").await.status, 422);
    stand.ground.clock().advance(TimeDelta::seconds(61));
    assert_eq!(browser.log_in("clerk1", &password).await.status, 429, "the second lock is longer");
    stand.ground.clock().advance(TimeDelta::seconds(61));
    assert_eq!(browser.log_in("clerk1", &password).await.status, 303);
}

#[tokio::test]
async fn an_address_that_tries_many_names_is_locked_too() {
    let stand = Stand::new().await;
    let password = stand.account("clerk1", &[Duty::Clerk], false).await;
    let now = stand.now();
    sqlx::query("INSERT INTO login_failure VALUES ('address:127.0.0.1', 19, $1, NULL)")
        .bind(now)
        .execute(&stand.pool)
        .await
        .unwrap();
    let mut browser = stand.browser();
    assert_eq!(browser.log_in("somebody", "x").await.status, 422);
    assert_eq!(browser.log_in("clerk1", &password).await.status, 429);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_end_however_busy() {
    let stand = Stand::with(&[("ZHIRONG_DESK_IDLE", "30m"), ("ZHIRONG_DESK_SESSION", "1h")]).await;
    let mut browser = stand.clerk().await;
    stand.ground.clock().advance(TimeDelta::minutes(29));
    assert_eq!(browser.get("/").await.status, 200);
    stand.ground.clock().advance(TimeDelta::minutes(29));
    assert_eq!(browser.get("/").await.status, 200, "use keeps it alive");
    stand.ground.clock().advance(TimeDelta::minutes(3));
    assert_eq!(browser.get("/").await.location(), "/login", "but not beyond its end");

    let mut browser = stand.enter("clerk2", &[Duty::Clerk]).await;
    stand.ground.clock().advance(TimeDelta::minutes(31));
    assert_eq!(browser.get("/").await.location(), "/login");
    assert_eq!(
        browser.get("/stream?cases=x").await.status,
        401,
        "what a page asks by itself is not redirected"
    );
}

#[tokio::test]
async fn a_form_without_the_sessions_token_or_from_elsewhere_changes_nothing() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let csrf = browser.get("/password").await.field("csrf");
    let other = stand.enter("clerk2", &[Duty::Clerk]).await.get("/password").await.field("csrf");
    assert_ne!(csrf, other);
    for wrong in ["", "00", other.as_str()] {
        let page = browser.post("/logout", &[("csrf", wrong)]).await;
        assert_eq!(page.status, 403);
        assert!(page.has("表单已失效"));
    }
    let mut elsewhere = browser.clone();
    for origin in [Some("http://evil.example".to_owned()), Some("null".to_owned()), None] {
        elsewhere.origin = origin;
        assert_eq!(elsewhere.post("/logout", &[("csrf", &csrf)]).await.status, 403);
    }
    assert_eq!(stand.count("SELECT count(*) FROM session").await, 2, "nobody was logged out");
    let login = [("csrf", "00"), ("login", "clerk1"), ("password", "x")];
    assert_eq!(stand.browser().post("/login", &login).await.status, 403);
}

#[tokio::test]
async fn a_first_password_must_be_changed_and_the_change_ends_other_sessions() {
    let stand = Stand::new().await;
    let first = stand.account("clerk1", &[Duty::Clerk], true).await;
    let mut elsewhere = stand.browser();
    elsewhere.log_in("clerk1", &first).await;
    let mut browser = stand.browser();
    assert_eq!(browser.log_in("clerk1", &first).await.location(), "/password");
    assert_eq!(browser.get("/cases").await.location(), "/password");
    let csrf = browser.get("/password").await.field("csrf");
    let change = async |browser: &mut crate::support::Browser, present: &str, new: &str| {
        let fields = [("csrf", csrf.as_str()), ("present", present), ("new", new), ("repeated", new)];
        browser.post("/password", &fields).await
    };
    let page = change(&mut browser, "wrong", "a new and long one").await;
    assert_eq!(page.status, 422);
    assert!(page.has("当前密码不正确"));
    let page = change(&mut browser, &first, "short").await;
    assert!(page.has("至少 12 个字符"));
    assert_eq!(change(&mut browser, &first, "a new and long one").await.status, 303);
    assert_eq!(browser.get("/cases").await.status, 200);
    assert_eq!(elsewhere.get("/cases").await.location(), "/login?next=/cases");
    assert_eq!(stand.browser().log_in("clerk1", &first).await.status, 422);
    assert_eq!(stand.browser().log_in("clerk1", "a new and long one").await.status, 303);
}
