//! The file service as generated from the contract.

use std::{sync::Arc, time::Duration};

use host::{Changes, Host, HostError};
use kernel::Clock;
use proto::whitelist::v1::{self as wire, file_service_server::FileService};
use rpc::Answer;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{imports, streams, upload};
use crate::{files::Loader, settings};

/// A million rows take minutes; the time counts for the answer, not for the pieces of a download.
pub(crate) const SLOW_METHODS: &[(&str, Duration)] = &[
    ("/zhirong.whitelist.v1.FileService/UploadFile", Duration::from_secs(900)),
    ("/zhirong.whitelist.v1.FileService/AcceptImport", Duration::from_secs(600)),
    ("/zhirong.whitelist.v1.FileService/AcceptGoodRows", Duration::from_secs(600)),
];

/// What every method needs.
pub struct FilesFace {
    pub(super) loader: Loader,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) changes: Changes,
}

impl FilesFace {
    /// The face of a running role.
    ///
    /// # Errors
    /// A setting that cannot be read.
    pub fn of(host: &Host) -> Result<Self, HostError> {
        let keep = host.settings.get(&settings::IMPORT_KEEP)?;
        let keep = chrono::TimeDelta::from_std(keep).unwrap_or(chrono::TimeDelta::days(3_650));
        let parks = host.settings.get(&settings::PARKS)?;
        let loader = Loader::new(host.pool.clone(), parks, host.settings.get(&settings::SPOOL)?, keep);
        Ok(Self { loader, clock: Arc::clone(&host.clock), changes: Changes::of(host) })
    }
}

type Chunks = ReceiverStream<Result<wire::FileChunk, Status>>;

#[async_trait]
impl FileService for FilesFace {
    type DownloadImportFaultsStream = Chunks;
    type ExportFileStream = Chunks;

    async fn upload_file(
        &self,
        request: Request<Streaming<wire::UploadFileRequest>>,
    ) -> Answer<wire::UploadFileResponse> {
        Ok(upload::upload(self, request).await?)
    }

    async fn get_import(&self, request: Request<wire::GetImportRequest>) -> Answer<wire::Import> {
        Ok(imports::get(self, request).await?)
    }

    async fn list_imports(
        &self,
        request: Request<wire::ListImportsRequest>,
    ) -> Answer<wire::ListImportsResponse> {
        Ok(imports::list(self, request).await?)
    }

    async fn list_import_faults(
        &self,
        request: Request<wire::ListImportFaultsRequest>,
    ) -> Answer<wire::ListImportFaultsResponse> {
        Ok(imports::faults(self, request).await?)
    }

    async fn download_import_faults(
        &self,
        request: Request<wire::DownloadImportFaultsRequest>,
    ) -> Answer<Chunks> {
        Ok(streams::faults(self, request).await?)
    }

    async fn accept_import(
        &self,
        request: Request<wire::AcceptImportRequest>,
    ) -> Answer<wire::AcceptImportResponse> {
        Ok(imports::accept(self, request).await?)
    }

    async fn accept_good_rows(
        &self,
        request: Request<wire::AcceptGoodRowsRequest>,
    ) -> Answer<wire::AcceptGoodRowsResponse> {
        Ok(imports::accept_good_rows(self, request).await?)
    }

    async fn discard_import(
        &self,
        request: Request<wire::DiscardImportRequest>,
    ) -> Answer<wire::DiscardImportResponse> {
        Ok(imports::discard(self, request).await?)
    }

    async fn export_file(&self, request: Request<wire::ExportFileRequest>) -> Answer<Chunks> {
        Ok(streams::export(self, request).await?)
    }

    async fn get_template(
        &self,
        request: Request<wire::GetTemplateRequest>,
    ) -> Answer<wire::GetTemplateResponse> {
        Ok(Response::new(streams::template(request.get_ref())?))
    }
}
