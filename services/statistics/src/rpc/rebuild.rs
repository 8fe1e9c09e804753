//! Rebuild.

use host::{Begun, Changes};
use kernel::RequestId;
use proto::statistics::v1 as wire;
use rpc::{Fault, audit::Entry, check::Checker};
use sqlx::PgPool;
use tonic::{Request, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::service::{Face, refused};
use crate::{
    reasons,
    work::{Compared, Shadow},
};

const METHOD: &str = "Rebuild";

type Answered = Result<Response<wire::RebuildResponse>, Fault>;

/// The work goes on when the caller does not wait for it: the answer is kept for whoever asks again.
pub(super) async fn run(face: &Face, request: Request<wire::RebuildRequest>) -> Answered {
    let mut check = Checker::new();
    let request_id = check.request_id(&request.get_ref().request_id);
    let (request_id,) = check.all((request_id,))?;
    // A look only: the work takes longer than a transaction may.
    if let Begun::Repeat(answer) = face.changes.begin(&request, request_id, METHOD).await? {
        return Ok(answer);
    }
    let work = rebuild(face.pool.clone(), face.changes.clone(), request, request_id);
    let finished = tokio::spawn(work.in_current_span()).await;
    finished.map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))?
}

async fn rebuild(
    pool: PgPool,
    changes: Changes,
    request: Request<wire::RebuildRequest>,
    request_id: RequestId,
) -> Answered {
    let shadow = Shadow::begin(&pool).await.map_err(refused)?;
    let shadow = shadow.ok_or_else(|| Fault::new(&reasons::REBUILD_RUNNING))?;
    shadow.fill().await.map_err(refused)?;
    let mut change = match changes.begin(&request, request_id, METHOD).await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let Compared { facts, equal } = shadow.change_over(change.conn()).await.map_err(refused)?;
    if !equal {
        tracing::error!(facts, "the figures in use were wrong, and have been replaced");
    }
    let entry = Entry {
        action: "REBUILD_FIGURES",
        object_kind: "figures",
        object_id: Uuid::nil(),
        purpose: "STATISTICS_UPKEEP",
        result: if equal { "DONE" } else { "REPLACED" },
    };
    let answer = change.commit(wire::RebuildResponse { facts, equal }, &entry, &[]).await?;
    if let Err(error) = shadow.clear().await {
        // The next rebuild removes what is left.
        tracing::warn!(error = &error as &dyn std::error::Error, "a book out of use is not removed");
    }
    Ok(answer)
}
