//! Rows of `credential`, and the epoch by which every process notices that they have changed.

use chrono::{DateTime, Utc};
use kernel::{CredentialId, InstitutionId, InstitutionRole};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::assignments::role_number;
use super::{BEGIN_LOOSELY, StoreError};
use crate::domain::{Credential, Fingerprint, Scopes, TokenHash};

const INSERT: &str = "\
    INSERT INTO credential (credential_id, institution_id, role, token_sha256, certificate_sha256, scopes, issued_at, \
                            expires_at, replaces) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const LOCK: &str = "\
    SELECT credential_id, institution_id, role, token_sha256, certificate_sha256, scopes, issued_at, expires_at, \
           revoked_at, last_used_at \
    FROM credential WHERE credential_id = $1 FOR UPDATE";

const END: &str = "UPDATE credential SET expires_at = $2 WHERE credential_id = $1";

const REVOKE: &str = "UPDATE credential SET revoked_at = $2 WHERE credential_id = $1 AND revoked_at IS NULL";

const LIST: &str = "\
    SELECT credential_id, institution_id, role, token_sha256, certificate_sha256, scopes, issued_at, expires_at, \
           revoked_at, last_used_at \
    FROM credential WHERE institution_id = $1 ORDER BY issued_at DESC, credential_id DESC LIMIT 1000";

const CERTIFICATE_TAKEN: &str = "\
    SELECT EXISTS (SELECT 1 FROM credential WHERE certificate_sha256 = $1 AND institution_id <> $2 \
                   AND revoked_at IS NULL AND expires_at > $3)";

const RAISE_EPOCH: &str = "UPDATE credential_epoch SET epoch = epoch + 1";

const EPOCH: &str = "SELECT epoch FROM credential_epoch";

const LOAD: &str = "\
    SELECT credential_id, institution_id, role, token_sha256, certificate_sha256, scopes, issued_at, expires_at, \
           revoked_at, last_used_at \
    FROM credential WHERE coalesce(revoked_at, expires_at) > $1";

const NOTE_USED: &str = "\
    UPDATE credential AS c SET last_used_at = greatest(c.last_used_at, u.at) \
    FROM unnest($1::uuid[], $2::timestamptz[]) AS u(id, at) WHERE c.credential_id = u.id";

pub(super) const ALL: &[&str] =
    &[INSERT, LOCK, END, REVOKE, LIST, CERTIFICATE_TAKEN, RAISE_EPOCH, EPOCH, LOAD, NOTE_USED];

#[derive(FromRow)]
struct Row {
    credential_id: Uuid,
    institution_id: Uuid,
    role: i16,
    token_sha256: Vec<u8>,
    certificate_sha256: Vec<u8>,
    scopes: i16,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

pub async fn insert(
    conn: &mut PgConnection,
    credential: &Credential,
    token: &TokenHash,
    replaces: Option<CredentialId>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(credential.id.uuid())
        .bind(credential.institution_id.uuid())
        .bind(role_number(credential.role))
        .bind(token.0.as_slice())
        .bind(credential.certificate.0.as_slice())
        .bind(credential.scopes.bits())
        .bind(credential.issued_at)
        .bind(credential.expires_at)
        .bind(replaces.map(|id| id.uuid()))
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: CredentialId) -> Result<Option<Credential>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(|row| row.into_domain().map(|(credential, _)| credential)).transpose()
}

/// Moves the end of a credential that another one takes over from.
pub async fn end(conn: &mut PgConnection, id: CredentialId, at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(END).bind(id.uuid()).bind(at).execute(conn).await?;
    Ok(())
}

pub async fn revoke(conn: &mut PgConnection, id: CredentialId, at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(REVOKE).bind(id.uuid()).bind(at).execute(conn).await?;
    Ok(())
}

/// Newest first, the ended ones too, at most 1,000.
pub async fn list(pool: &PgPool, institution_id: InstitutionId) -> Result<Vec<Credential>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(institution_id.uuid()).fetch_all(pool).await?;
    rows.into_iter().map(|row| row.into_domain().map(|(credential, _)| credential)).collect()
}

/// Whether another institution's credential in force is bound to this certificate.
pub async fn certificate_is_taken(
    conn: &mut PgConnection,
    certificate: &Fingerprint,
    by_other_than: InstitutionId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let taken = sqlx::query_scalar(CERTIFICATE_TAKEN)
        .bind(certificate.0.as_slice())
        .bind(by_other_than.uuid())
        .bind(now)
        .fetch_one(conn)
        .await?;
    Ok(taken)
}

/// Belongs into every transaction that changes a credential, as its first statement: changes stand in line.
pub async fn raise_epoch(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(RAISE_EPOCH).execute(conn).await?;
    Ok(())
}

/// Moves with every change of a credential.
pub async fn epoch(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(EPOCH).fetch_one(pool).await?)
}

/// All credentials that are in force or ended after `since`, with the hashes of their tokens.
pub async fn load(pool: &PgPool, since: DateTime<Utc>) -> Result<Vec<(Credential, TokenHash)>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LOAD).bind(since).fetch_all(pool).await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// Bookkeeping: says when credentials were last used. Losing it does no harm.
pub async fn note_used(pool: &PgPool, uses: &[(CredentialId, DateTime<Utc>)]) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
    sqlx::query(NOTE_USED)
        .bind(uses.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(uses.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

impl Row {
    fn into_domain(self) -> Result<(Credential, TokenHash), StoreError> {
        let impossible = |column| StoreError::Row { table: "credential", id: self.credential_id, column };
        let hash = |bytes: &[u8], column| <[u8; 32]>::try_from(bytes).map_err(|_| impossible(column));
        let credential = Credential {
            id: CredentialId::from_uuid(self.credential_id),
            institution_id: InstitutionId::from_uuid(self.institution_id),
            role: InstitutionRole::from_number(self.role.into()).ok_or_else(|| impossible("role"))?,
            certificate: Fingerprint(hash(&self.certificate_sha256, "certificate_sha256")?),
            scopes: Scopes::from_bits(self.scopes).ok_or_else(|| impossible("scopes"))?,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        };
        let token = TokenHash(hash(&self.token_sha256, "token_sha256")?);
        Ok((credential, token))
    }
}
