//! UploadFile.

use proto::whitelist::v1::{self as wire, upload_file_request::Part};
use rpc::{Fault, check::Checker};
use sheets::{Choice, FileFault, Format};
use tonic::{Request, Response, Status, Streaming};

use super::{imports::with_preview, refusals::of_file, service::FilesFace, wire as outgoing};
use crate::{
    files::{FileKind, Loaded, Spool, Upload},
    reasons,
};

/// Longest name of a sheet in characters; sheet programs allow 31.
const SHEET_MAX: usize = 31;

pub(super) async fn upload(
    face: &FilesFace,
    request: Request<Streaming<wire::UploadFileRequest>>,
) -> Result<Response<wire::UploadFileResponse>, Fault> {
    let caller = rpc::caller(&request)?.clone();
    let mut parts = request.into_inner();
    let Some(Part::Header(header)) = next(&mut parts).await? else {
        return Err(Fault::new(&reasons::UPLOAD_ORDER).field("header"));
    };
    let (kind, format, choice) = read(&header)?;
    let mut spool = Spool::new(&face.loader.folder, face.loader.limits.file_bytes)?;
    let mut any = false;
    while let Some(part) = next(&mut parts).await? {
        match part {
            Part::Chunk(bytes) => {
                any |= !bytes.is_empty();
                spool.write(&bytes).await?;
            }
            Part::Header(_) => return Err(Fault::new(&reasons::UPLOAD_ORDER).field("header")),
        }
    }
    if !any {
        return Err(of_file(FileFault::Empty));
    }
    let upload = Upload { kind, format, choice, spooled: spool.finish().await? };
    let loaded = face.loader.load(upload, &caller, face.clock.now()).await?;
    let (import, repeated) = match &loaded {
        Loaded::Fresh(import) => (import, false),
        Loaded::Repeated(import) => (import, true),
    };
    let import = with_preview(face, import).await?;
    Ok(Response::new(wire::UploadFileResponse { import: Some(import), repeated }))
}

/// The next part; `None` at the end.
async fn next(parts: &mut Streaming<wire::UploadFileRequest>) -> Result<Option<Part>, Fault> {
    match parts.message().await {
        Ok(None) => Ok(None),
        Ok(Some(wire::UploadFileRequest { part: Some(part) })) => Ok(Some(part)),
        Ok(Some(wire::UploadFileRequest { part: None })) => {
            Err(Fault::new(&reasons::UPLOAD_ORDER).field("part"))
        }
        Err(status) => Err(cut_off(status)),
    }
}

/// The stream ended with a status of the transport's: too large a message, or the caller went away.
fn cut_off(status: Status) -> Fault {
    match rpc::status::reason(&status).as_deref() {
        Some("BODY_TOO_LARGE") => Fault::new(&rpc::reasons::BODY_TOO_LARGE),
        _ => Fault::new(&rpc::reasons::TRY_AGAIN).source(status),
    }
}

fn read(header: &wire::FileHeader) -> Result<(FileKind, Format, Choice), Fault> {
    let mut check = Checker::new();
    let fields = check.within("header", |check| {
        let kind = outgoing::kind(check, "kind", header.kind);
        let format = outgoing::format(check, "format", header.format);
        let sheet = check.optional_text("sheet", &header.sheet, SHEET_MAX);
        let encoding = outgoing::encoding(check, "encoding", header.encoding);
        let separator = outgoing::separator(check, "separator", header.separator);
        (kind, format, sheet, encoding, separator)
    });
    let (kind, format, sheet, encoding, separator) = check.all(fields)?;
    let sheet = Some(sheet).filter(|name| !name.is_empty());
    Ok((kind, format, Choice { sheet, encoding, separator }))
}
