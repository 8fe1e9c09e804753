//! GetImport, ListImports, ListImportFaults, AcceptImport, AcceptGoodRows, DiscardImport.

use host::{Begun, Change};
use prost::Message;
use proto::whitelist::v1 as wire;
use rpc::{
    Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    service::FilesFace,
    wire::{self as outgoing, not_found},
};
use crate::{
    files::FileKind,
    reasons,
    rpc::{ALREADY, DONE, PURPOSE},
    store::{
        StoreError,
        files::{
            self, QUALIFICATIONS_CHECK,
            imports::{self, Import, State},
            staging,
        },
    },
};

/// Rows that a preview shows.
const PREVIEW: i64 = 20;
const PAGE: i32 = 50;
const PAGE_MAX: i32 = 200;
const FAULTS: i32 = 100;
const FAULTS_MAX: i32 = 1_000;

/// An import with its first rows, while it waits.
pub(super) async fn with_preview(face: &FilesFace, import: &Import) -> Result<wire::Import, Fault> {
    let rows = if import.state == State::Previewed {
        let mut transaction = face.loader.pool.begin().await?;
        staging::for_tables(&mut transaction).await?;
        let (kind, id) = (import.origin.kind, import.origin.import_id);
        let rows = staging::preview(&mut transaction, kind, id, PREVIEW).await?;
        transaction.rollback().await?;
        rows
    } else {
        Vec::new()
    };
    Ok(outgoing::import(import, rows.into_iter().map(outgoing::preview).collect()))
}

pub(super) async fn get(
    face: &FilesFace,
    request: Request<wire::GetImportRequest>,
) -> Result<Response<wire::Import>, Fault> {
    let import = find(face, &request.get_ref().import_id).await?;
    Ok(Response::new(with_preview(face, &import).await?))
}

pub(super) async fn find(face: &FilesFace, import_id: &str) -> Result<Import, Fault> {
    let mut check = Checker::new();
    let id = check.id::<Uuid>("import_id", import_id);
    let (id,) = check.all((id,))?;
    imports::get(&mut *face.loader.pool.acquire().await?, id).await?.ok_or_else(not_found)
}

pub(super) async fn list(
    face: &FilesFace,
    request: Request<wire::ListImportsRequest>,
) -> Result<Response<wire::ListImportsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let kind = match form.kind {
        0 => Some(None),
        number => check.code("kind", number, FileKind::from_number).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let before = check.page_token::<Uuid>(&form.page_token);
    let (kind, size, before) = check.all((kind, size, before))?;
    let mut conn = face.loader.pool.acquire().await?;
    // One more than the page tells whether there is a next one.
    let mut found = imports::list(&mut conn, kind, before, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|import| page_token(&import.origin.import_id));
    let imports = found.iter().map(|import| outgoing::import(import, Vec::new())).collect();
    Ok(Response::new(wire::ListImportsResponse { imports, next_page_token: next.unwrap_or_default() }))
}

pub(super) async fn faults(
    face: &FilesFace,
    request: Request<wire::ListImportFaultsRequest>,
) -> Result<Response<wire::ListImportFaultsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = check.id::<Uuid>("import_id", &form.import_id);
    let size = check.page_size(form.page_size, FAULTS, FAULTS_MAX);
    let after = check.page_token::<i32>(&form.page_token);
    let (id, size, after) = check.all((id, size, after))?;
    let mut conn = face.loader.pool.acquire().await?;
    let import = imports::get(&mut conn, id).await?.ok_or_else(not_found)?;
    let mut found = imports::faults(&mut conn, id, after.unwrap_or_default(), i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|fault| page_token(&fault.fault_no));
    let faults = found.iter().map(|fault| outgoing::fault(import.origin.kind, fault)).collect();
    Ok(Response::new(wire::ListImportFaultsResponse { faults, next_page_token: next.unwrap_or_default() }))
}

pub(super) async fn accept(
    face: &FilesFace,
    request: Request<wire::AcceptImportRequest>,
) -> Result<Response<wire::AcceptImportResponse>, Fault> {
    let form = request.get_ref();
    let (request_id, import_id) = ids(&form.request_id, &form.import_id)?;
    let change = match face.changes.begin(&request, request_id, "AcceptImport").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let answer = |import| wire::AcceptImportResponse { import: Some(import) };
    take(change, import_id, State::Accepted, "ACCEPT_IMPORT", answer).await
}

pub(super) async fn accept_good_rows(
    face: &FilesFace,
    request: Request<wire::AcceptGoodRowsRequest>,
) -> Result<Response<wire::AcceptGoodRowsResponse>, Fault> {
    let form = request.get_ref();
    let (request_id, import_id) = ids(&form.request_id, &form.import_id)?;
    let change = match face.changes.begin(&request, request_id, "AcceptGoodRows").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let answer = |import| wire::AcceptGoodRowsResponse { import: Some(import) };
    take(change, import_id, State::AcceptedGoodRows, "ACCEPT_GOOD_ROWS", answer).await
}

fn ids(request_id: &str, import_id: &str) -> Result<(kernel::RequestId, Uuid), Fault> {
    let mut check = Checker::new();
    let request_id = check.request_id(request_id);
    let import_id = check.id::<Uuid>("import_id", import_id);
    check.all((request_id, import_id))
}

/// Writes the rows to the register and ends the change with it.
async fn take<A: Message + Default>(
    mut change: Change,
    import_id: Uuid,
    state: State,
    action: &'static str,
    answer: impl FnOnce(wire::Import) -> A,
) -> Result<Response<A>, Fault> {
    let now = change.now();
    let import = imports::lock(change.conn(), import_id).await?.ok_or_else(not_found)?;
    let entry =
        Entry { action, object_kind: "file_import", object_id: import_id, purpose: PURPOSE, result: DONE };
    if import.state == state {
        let entry = Entry { result: ALREADY, ..entry };
        return change.commit(answer(outgoing::import(&import, Vec::new())), &entry, &[]).await;
    }
    if import.state != State::Previewed || import.origin.expires_at <= now {
        return Err(Fault::new(&reasons::IMPORT_SETTLED).field("import_id"));
    }
    if state == State::Accepted && import.faults > 0 {
        return Err(Fault::new(&reasons::IMPORT_HAS_FAULTS).field("import_id"));
    }
    if import.good_rows() == 0 {
        return Err(Fault::new(&reasons::IMPORT_NOTHING_GOOD).field("import_id"));
    }
    let taken = files::apply(change.conn(), import.origin.kind, import_id, import.good_rows(), now).await;
    let effect = taken.map_err(not_taken)?;
    let effect = effect.ok_or_else(|| Fault::new(&reasons::IMPORT_ROWS_GONE).field("import_id"))?;
    imports::take(change.conn(), import_id, state, &effect, now).await?;
    let taken = imports::get(change.conn(), import_id).await?.ok_or_else(not_found)?;
    change.commit(answer(outgoing::import(&taken, Vec::new())), &entry, &[]).await
}

fn not_taken(error: StoreError) -> Fault {
    if error.violates(QUALIFICATIONS_CHECK) {
        Fault::new(&rpc::reasons::TOO_MANY).field("qualifications")
    } else if files::REGISTERED_MEANWHILE.iter().any(|key| error.violates(key)) {
        Fault::new(&rpc::reasons::TRY_AGAIN)
    } else {
        error.into()
    }
}

pub(super) async fn discard(
    face: &FilesFace,
    request: Request<wire::DiscardImportRequest>,
) -> Result<Response<wire::DiscardImportResponse>, Fault> {
    let form = request.get_ref();
    let (request_id, import_id) = ids(&form.request_id, &form.import_id)?;
    let mut change = match face.changes.begin(&request, request_id, "DiscardImport").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let import = imports::lock(change.conn(), import_id).await?.ok_or_else(not_found)?;
    let result = match import.state {
        State::Previewed => {
            imports::settle(change.conn(), import_id, State::Discarded, now).await?;
            DONE
        }
        State::Discarded | State::Expired => ALREADY,
        State::Reading | State::Accepted | State::AcceptedGoodRows => {
            return Err(Fault::new(&reasons::IMPORT_SETTLED).field("import_id"));
        }
    };
    let import = imports::get(change.conn(), import_id).await?.ok_or_else(not_found)?;
    let answer = wire::DiscardImportResponse { import: Some(outgoing::import(&import, Vec::new())) };
    let entry = Entry {
        action: "DISCARD_IMPORT",
        object_kind: "file_import",
        object_id: import_id,
        purpose: PURPOSE,
        result,
    };
    change.commit(answer, &entry, &[]).await
}
