//! Rows of `account`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{Account, Duty};

type Columns = (Uuid, String, String, Vec<String>, bool, Option<DateTime<Utc>>);

const FIND: &str =
    "SELECT account_id, login, title, duties, must_change, disabled_at FROM account WHERE login = $1";
const LIST: &str =
    "SELECT account_id, login, title, duties, must_change, disabled_at FROM account ORDER BY login";
const PASSWORD: &str = "SELECT password FROM account WHERE account_id = $1";
const TITLES: &str = "SELECT account_id, title FROM account WHERE account_id = ANY($1)";
const INSERT: &str =
    "INSERT INTO account (account_id, login, title, duties, password, must_change, created_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT ON CONSTRAINT account_login_once DO NOTHING";
const SET_PASSWORD: &str =
    "UPDATE account SET password = $2, must_change = $3, changed_at = $4 WHERE account_id = $1";
const SET_DISABLED: &str = "UPDATE account SET disabled_at = $2, changed_at = $3 WHERE account_id = $1";
const ENABLE: &str = "UPDATE account SET disabled_at = NULL WHERE account_id = $1";

pub(super) const STATEMENTS: &[&str] =
    &[FIND, LIST, PASSWORD, TITLES, INSERT, SET_PASSWORD, SET_DISABLED, ENABLE];

/// A new account.
#[derive(Debug)]
pub struct New<'a> {
    pub id: Uuid,
    pub login: &'a str,
    pub title: &'a str,
    pub duties: &'a [Duty],
    /// argon2id, as a PHC string.
    pub password: &'a str,
    pub must_change: bool,
}

pub(super) fn account(columns: Columns) -> Result<Account, StoreError> {
    let (id, login, title, duties, must_change, disabled_at) = columns;
    let duties = duties.iter().map(|code| Duty::from_code(code)).collect::<Option<Vec<_>>>();
    let duties = duties.ok_or(StoreError::Impossible { id })?;
    Ok(Account { id, login, title, duties, must_change, disabled: disabled_at.is_some() })
}

/// The account with this login name.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut PgConnection, login: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<Columns> = sqlx::query_as(FIND).bind(login).fetch_optional(conn).await?;
    row.map(account).transpose()
}

/// Every account, by login name.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(LIST).fetch_all(conn).await?;
    rows.into_iter().map(account).collect()
}

/// An account's password hash.
///
/// # Errors
/// The database's.
pub async fn password(conn: &mut PgConnection, id: Uuid) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(PASSWORD).bind(id).fetch_optional(conn).await?)
}

/// What these accounts are called.
///
/// # Errors
/// The database's.
pub async fn titles(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, StoreError> {
    Ok(sqlx::query_as(TITLES).bind(ids).fetch_all(conn).await?)
}

/// Adds an account; false if the login name is taken.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let duties: Vec<&str> = new.duties.iter().map(|duty| duty.code()).collect();
    let done = sqlx::query(INSERT)
        .bind(new.id)
        .bind(new.login)
        .bind(new.title)
        .bind(duties)
        .bind(new.password)
        .bind(new.must_change)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives an account another password.
///
/// # Errors
/// The database's.
pub async fn set_password(
    conn: &mut PgConnection,
    id: Uuid,
    password: &str,
    must_change: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(SET_PASSWORD).bind(id).bind(password).bind(must_change).bind(now).execute(conn).await?;
    Ok(())
}

/// Closes an account.
///
/// # Errors
/// The database's.
pub async fn disable(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(SET_DISABLED).bind(id).bind(now).bind(now).execute(conn).await?;
    Ok(())
}

/// Opens an account again.
///
/// # Errors
/// The database's.
pub async fn enable(conn: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(ENABLE).bind(id).execute(conn).await?;
    Ok(())
}
