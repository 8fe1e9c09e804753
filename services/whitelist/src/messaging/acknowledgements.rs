//! Consumer of `whitelist.acknowledgements.v1`.

use bus::{Handler, HandlerError, Message, Outcome};
use chrono::{DateTime, Utc};
use kernel::InstitutionId;
use prost::Message as _;
use proto::partner::v1::ListAcknowledged;
use sqlx::PgConnection;

use crate::{
    domain::lists::ListKind,
    store::{StoreError, list_deliveries},
};

pub(super) const LIST_ACKNOWLEDGED: &str = "partner.list-acknowledged.v1";

/// Notes which bank has taken over which version.
pub struct Acknowledgements;

/// One message, understood.
pub struct Told {
    institution: InstitutionId,
    kind: ListKind,
    version: i64,
    at: DateTime<Utc>,
}

impl Handler for Acknowledgements {
    type Prepared = Vec<Result<Told, &'static str>>;

    async fn prepare(&self, batch: &[Message]) -> Self::Prepared {
        batch.iter().map(read).collect()
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        _batch: &[Message],
        prepared: &mut Self::Prepared,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let mut outcomes = Vec::with_capacity(prepared.len());
        for told in prepared {
            outcomes.push(match told {
                Ok(told) => {
                    list_deliveries::acknowledge(conn, told.institution, told.kind, told.version, told.at)
                        .await
                        .map_err(failed)?;
                    Outcome::Done
                }
                Err(reason) => Outcome::Park { reason },
            });
        }
        Ok(outcomes)
    }
}

fn read(message: &Message) -> Result<Told, &'static str> {
    if message.kind != LIST_ACKNOWLEDGED {
        return Err("unknown-type");
    }
    let body = ListAcknowledged::decode(message.body.as_slice()).map_err(|_| "undecodable")?;
    let at = body.acknowledged_at.ok_or("acknowledged-at")?;
    let nanos = u32::try_from(at.nanos).map_err(|_| "acknowledged-at")?;
    Ok(Told {
        institution: body.institution_id.parse().map_err(|_| "institution-id")?,
        kind: ListKind::from_number(body.kind).ok_or("kind")?,
        version: body.version,
        at: DateTime::from_timestamp(at.seconds, nanos).ok_or("acknowledged-at")?,
    })
}

fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        StoreError::Impossible { .. } => HandlerError::failed("store", error),
    }
}
