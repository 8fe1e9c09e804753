//! What an administrator does with accounts, from the command line: each act leaves an audit row in its transaction.

use chrono::{DateTime, Utc};
use rpc::{Actor, Caller, audit};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::access::{Hasher, HasherError, initial_password};
use crate::domain::{Account, Duty, LoginError, LoginName, Subject};
use crate::store::{StoreError, accounts, failures, sessions};

/// Who acts where nobody sits at the command line.
const BY_ITSELF: &str = "demo";

/// Why an act on an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("账号名须以小写字母开头，由 2 至 32 个小写字母、数字、点、横线组成 (not a login name)")]
    Login(#[from] LoginError),
    #[error("账号名已被使用 (the login name is taken)")]
    Taken,
    #[error("没有此账号 (there is no such account)")]
    Unknown,
    #[error("至少需要一项职责 (a duty is needed)")]
    NoDuty,
    #[error("显示名称须为 1 至 40 个字符 (a title of 1 to 40 characters is needed)")]
    Title,
    #[error("the password could not be made")]
    Password(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the store refused")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<HasherError> for AccountError {
    fn from(error: HasherError) -> Self {
        Self::Password(error.into())
    }
}

/// A new account as it is asked for.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login: String,
    /// A place or function (窗口一号), not a person's name.
    pub title: String,
    pub duties: Vec<Duty>,
    /// Whether the password has to be changed at the first log-in; not for demonstrations.
    pub must_change: bool,
}

/// Adds an account with a generated password, which is returned once and kept nowhere. `pool` is the desk's own.
///
/// # Errors
/// What is wrong with the account; the database's.
pub async fn add(
    pool: &PgPool,
    by: &str,
    now: DateTime<Utc>,
    new: &NewAccount,
) -> Result<String, AccountError> {
    let login = LoginName::parse(&new.login)?;
    let title = new.title.trim();
    if !(1..=40).contains(&title.chars().count()) {
        return Err(AccountError::Title);
    }
    if new.duties.is_empty() {
        return Err(AccountError::NoDuty);
    }
    let password = initial_password();
    let hash = Hasher::new()?.hash(password.clone()).await?;
    let id = Uuid::new_v4();
    let row = accounts::New {
        id,
        login: login.as_str(),
        title,
        duties: &new.duties,
        password: &hash,
        must_change: new.must_change,
    };
    let mut transaction = pool.begin().await?;
    if !accounts::insert(&mut transaction, &row, now).await? {
        return Err(AccountError::Taken);
    }
    note(&mut transaction, by, id, "ADD_ACCOUNT", now).await?;
    transaction.commit().await?;
    Ok(password)
}

/// For demonstrations: the account is there afterwards, with a new password that need not be changed. It is told on the
/// terminal and goes with the system.
///
/// # Errors
/// What is wrong with the account; the database's.
pub async fn lend(pool: &PgPool, now: DateTime<Utc>, account: &NewAccount) -> Result<String, AccountError> {
    let lent = NewAccount { must_change: false, ..account.clone() };
    match add(pool, BY_ITSELF, now, &lent).await {
        Err(AccountError::Taken) => renew(pool, BY_ITSELF, now, &lent.login, false).await,
        other => other,
    }
}

/// Gives an account a new generated password, opens it if it was closed, ends its sessions and locks.
///
/// # Errors
/// No such account; the database's.
pub async fn reset(pool: &PgPool, by: &str, now: DateTime<Utc>, login: &str) -> Result<String, AccountError> {
    renew(pool, by, now, login, true).await
}

async fn renew(
    pool: &PgPool,
    by: &str,
    now: DateTime<Utc>,
    login: &str,
    must_change: bool,
) -> Result<String, AccountError> {
    let login = LoginName::parse(login)?;
    let password = initial_password();
    let hash = Hasher::new()?.hash(password.clone()).await?;
    let mut transaction = pool.begin().await?;
    let id = known(&mut transaction, &login).await?;
    accounts::set_password(&mut transaction, id, &hash, must_change, now).await?;
    accounts::enable(&mut transaction, id).await?;
    sessions::end_all_of(&mut transaction, id).await?;
    let subject = Subject::Login(login.as_str().to_owned());
    failures::clear(&mut transaction, &subject.key()).await?;
    note(&mut transaction, by, id, "RESET_PASSWORD", now).await?;
    transaction.commit().await?;
    Ok(password)
}

/// Closes an account: its sessions end at once. Closing twice is not an error.
///
/// # Errors
/// No such account; the database's.
pub async fn disable(pool: &PgPool, by: &str, now: DateTime<Utc>, login: &str) -> Result<(), AccountError> {
    let login = LoginName::parse(login)?;
    let mut transaction = pool.begin().await?;
    let id = known(&mut transaction, &login).await?;
    accounts::disable(&mut transaction, id, now).await?;
    sessions::end_all_of(&mut transaction, id).await?;
    note(&mut transaction, by, id, "DISABLE_ACCOUNT", now).await?;
    Ok(transaction.commit().await?)
}

/// Every account.
///
/// # Errors
/// The database's.
pub async fn list(pool: &PgPool) -> Result<Vec<Account>, AccountError> {
    let mut conn = pool.acquire().await?;
    Ok(accounts::list(&mut conn).await?)
}

async fn known(conn: &mut PgConnection, login: &LoginName) -> Result<Uuid, AccountError> {
    let account = accounts::find(conn, login.as_str()).await?;
    account.map(|account| account.id).ok_or(AccountError::Unknown)
}

/// `by` is the account id or name of who sits at the command line.
async fn note(
    conn: &mut PgConnection,
    by: &str,
    account: Uuid,
    action: &'static str,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    let actor = Actor::Staff { id: by.to_owned(), duties: vec![rpc::Duty::Administrator] };
    let caller = Caller { issuer: crate::ROLE.name.to_owned(), actor };
    let entry = audit::Entry {
        action,
        object_kind: "account",
        object_id: account,
        purpose: "ACCESS",
        result: "DONE",
    };
    Ok(audit::record(conn, &caller, now, &entry).await?)
}
