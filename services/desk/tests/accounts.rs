//! Accounts, as the command line makes them.

use desk::accounts::{self, AccountError, NewAccount};
use desk::domain::Duty;

use crate::support::Stand;

fn new(login: &str, title: &str, duties: &[Duty]) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        title: title.to_owned(),
        duties: duties.to_vec(),
        must_change: true,
    }
}

#[tokio::test]
async fn an_account_is_added_once_and_leaves_an_audit_row() {
    let stand = Stand::new().await;
    let (pool, now) = (&stand.pool, stand.now());
    let password =
        accounts::add(pool, "root", now, &new("clerk1", "窗口一号", &[Duty::Clerk])).await.unwrap();
    assert_eq!(password.len(), 23);
    let again = accounts::add(pool, "root", now, &new("Clerk1", "窗口", &[Duty::Clerk])).await.unwrap_err();
    assert!(matches!(again, AccountError::Taken), "{again}");
    let list = accounts::list(pool).await.unwrap();
    assert_eq!(list.len(), 1);
    assert!(list[0].must_change && !list[0].disabled);
    let audit = "SELECT count(*) FROM audit_entry WHERE action = 'ADD_ACCOUNT' AND actor = 'staff:root'";
    assert_eq!(stand.count(audit).await, 1);
}

#[tokio::test]
async fn what_is_no_account_is_refused() {
    let stand = Stand::new().await;
    let (pool, now) = (&stand.pool, stand.now());
    let add = async |account: NewAccount| accounts::add(pool, "root", now, &account).await.unwrap_err();
    assert!(matches!(add(new("1x", "窗口", &[Duty::Clerk])).await, AccountError::Login(_)));
    assert!(matches!(add(new("clerk1", " ", &[Duty::Clerk])).await, AccountError::Title));
    assert!(matches!(add(new("clerk1", "窗口", &[])).await, AccountError::NoDuty));
    let unknown = accounts::reset(pool, "root", now, "nobody").await.unwrap_err();
    assert!(matches!(unknown, AccountError::Unknown));
}

#[tokio::test]
async fn a_closed_account_has_no_session_and_a_reset_opens_it_with_another_password() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    assert_eq!(browser.get("/cases").await.status, 200);
    accounts::disable(&stand.pool, "root", stand.now(), "clerk1").await.unwrap();
    assert_eq!(browser.get("/cases").await.location(), "/login?next=/cases");

    let password = accounts::reset(&stand.pool, "root", stand.now(), "clerk1").await.unwrap();
    let page = browser.log_in("clerk1", &password).await;
    assert_eq!(page.location(), "/password", "a password that somebody else set is changed first");
}

#[tokio::test]
async fn a_lent_account_can_be_used_at_once_and_is_lent_again_with_another_password() {
    let stand = Stand::new().await;
    let account = new("demo", "演示窗口", &[Duty::Clerk, Duty::Operator]);
    let first = accounts::lend(&stand.pool, stand.now(), &account).await.unwrap();
    assert_eq!(stand.browser().log_in("demo", &first).await.location(), "/");
    let second = accounts::lend(&stand.pool, stand.now(), &account).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(stand.browser().log_in("demo", &first).await.status, 422);
    assert_eq!(stand.browser().log_in("demo", &second).await.location(), "/");
}
