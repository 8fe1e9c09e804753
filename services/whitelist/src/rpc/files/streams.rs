//! ExportFile, DownloadImportFaults, GetTemplate: what goes out as a file.

use kernel::calendar::date_of;
use proto::whitelist::v1 as wire;
use rpc::{Fault, audit::Entry, check::Checker};
use sheets::{Encoding, Format};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{imports::find, service::FilesFace, wire as outgoing};
use crate::{
    files::{self, How, Piece},
    rpc::{DONE, PURPOSE},
};

type Chunks = ReceiverStream<Result<wire::FileChunk, Status>>;

/// Pieces on their way to the caller.
const WAITING: usize = 2;

pub(super) async fn export(
    face: &FilesFace,
    request: Request<wire::ExportFileRequest>,
) -> Result<Response<Chunks>, Fault> {
    let caller = rpc::caller(&request)?.clone();
    let form = request.get_ref();
    let mut check = Checker::new();
    let kind = outgoing::kind(&mut check, "kind", form.kind);
    let format = outgoing::format(&mut check, "format", form.format);
    let encoding = outgoing::encoding(&mut check, "encoding", form.encoding);
    let (kind, format, encoding) = check.all((kind, format, encoding))?;
    let now = face.clock.now();
    let today = date_of(now);
    let entry = Entry {
        action: "EXPORT_FILE",
        object_kind: "file_export",
        object_id: Uuid::now_v7(),
        purpose: PURPOSE,
        result: DONE,
    };
    // What was let out is on record before the first byte goes.
    rpc::audit::record(&mut *face.loader.pool.acquire().await?, &caller, now, &entry).await?;
    let name = format!("{}-{today}.{}", kind.chinese(), extension(format));
    let pieces = files::export(face.loader.pool.clone(), kind, how(face, format, encoding), today);
    Ok(Response::new(chunks(name, pieces)))
}

pub(super) async fn faults(
    face: &FilesFace,
    request: Request<wire::DownloadImportFaultsRequest>,
) -> Result<Response<Chunks>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let format = outgoing::format(&mut check, "format", form.format);
    let encoding = outgoing::encoding(&mut check, "encoding", form.encoding);
    let (format, encoding) = check.all((format, encoding))?;
    let import = find(face, &form.import_id).await?;
    let (kind, id) = (import.origin.kind, import.origin.import_id);
    let name = format!("{}-错误清单.{}", kind.chinese(), extension(format));
    let pieces = files::faults_file(face.loader.pool.clone(), kind, id, how(face, format, encoding));
    Ok(Response::new(chunks(name, pieces)))
}

fn how(face: &FilesFace, format: Format, encoding: Option<Encoding>) -> How {
    How { format, encoding: encoding.unwrap_or(Encoding::Utf8), folder: face.loader.folder.clone() }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Xlsx => "xlsx",
        Format::Csv => "csv",
    }
}

/// Names the file, then hands on its pieces; ends early when the caller has gone.
fn chunks(file_name: String, mut pieces: mpsc::Receiver<Piece>) -> Chunks {
    let (to, from) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut name = Some(file_name);
        while let Some(piece) = pieces.recv().await {
            let chunk = piece.map_err(|error| Status::from(Fault::from(error)));
            let chunk =
                chunk.map(|data| wire::FileChunk { file_name: name.take().unwrap_or_default(), data });
            if to.send(chunk).await.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(from)
}

pub(super) fn template(form: &wire::GetTemplateRequest) -> Result<wire::GetTemplateResponse, Fault> {
    let mut check = Checker::new();
    let kind = outgoing::kind(&mut check, "kind", form.kind);
    let (kind,) = check.all((kind,))?;
    let content = files::template(kind).map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))?;
    Ok(wire::GetTemplateResponse { file_name: format!("{}导入模板.xlsx", kind.chinese()), content })
}
