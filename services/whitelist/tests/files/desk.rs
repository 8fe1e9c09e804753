//! A desk at which files are handed in, and tables to begin from.

use std::{io::Cursor, time::Duration};

use proto::whitelist::v1::{self as wire, file_service_client::FileServiceClient, upload_file_request::Part};
use rpc::{Actor, Duty};
use sheets::XlsxWriter;
use tonic::{Request, Status};
use whitelist::{ROLE, files::FileKind};

use crate::support::{OTHER_USCC, Stand, USCC, new_id};

pub(crate) const CSV: wire::FileFormat = wire::FileFormat::Csv;
pub(crate) const XLSX: wire::FileFormat = wire::FileFormat::Xlsx;

pub(crate) type Client = FileServiceClient<testkit::CallerChannel>;

pub(crate) struct Desk {
    pub(crate) stand: Stand,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self { stand: Stand::new().await }
    }

    pub(crate) fn client(&self, actor: Actor) -> Client {
        FileServiceClient::new(self.stand.ground.channel(&ROLE, actor))
    }

    pub(crate) fn staff(&self, duty: Duty) -> Client {
        self.client(Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] })
    }

    pub(crate) fn supervisor(&self) -> Client {
        self.staff(Duty::Supervisor)
    }

    pub(crate) async fn upload(
        &self,
        kind: FileKind,
        format: wire::FileFormat,
        bytes: &[u8],
    ) -> Result<wire::UploadFileResponse, Status> {
        let header =
            wire::FileHeader { kind: kind.number(), format: format.into(), ..wire::FileHeader::default() };
        self.upload_as(header, bytes).await
    }

    pub(crate) async fn upload_as(
        &self,
        header: wire::FileHeader,
        bytes: &[u8],
    ) -> Result<wire::UploadFileResponse, Status> {
        let chunks = bytes.chunks(100_000).map(|chunk| Part::Chunk(chunk.to_vec()));
        let parts = std::iter::once(Part::Header(header)).chain(chunks);
        self.send(parts.collect()).await
    }

    pub(crate) async fn send(&self, parts: Vec<Part>) -> Result<wire::UploadFileResponse, Status> {
        let parts = parts.into_iter().map(|part| wire::UploadFileRequest { part: Some(part) });
        let parts: Vec<_> = parts.collect();
        let mut request = Request::new(tokio_stream::iter(parts));
        request.set_timeout(Duration::from_secs(60));
        Ok(self.staff(Duty::Clerk).upload_file(request).await?.into_inner())
    }

    /// Uploads CSV and gives the import.
    pub(crate) async fn csv(&self, kind: FileKind, text: &str) -> wire::Import {
        self.upload(kind, CSV, text.as_bytes()).await.unwrap().import.unwrap()
    }

    pub(crate) async fn accept(&self, import: &wire::Import) -> Result<wire::Import, Status> {
        let request = wire::AcceptImportRequest { request_id: new_id(), import_id: import.import_id.clone() };
        Ok(self.supervisor().accept_import(request).await?.into_inner().import.unwrap())
    }

    pub(crate) async fn accept_good_rows(&self, import: &wire::Import) -> Result<wire::Import, Status> {
        let request =
            wire::AcceptGoodRowsRequest { request_id: new_id(), import_id: import.import_id.clone() };
        Ok(self.supervisor().accept_good_rows(request).await?.into_inner().import.unwrap())
    }

    /// Place and reason of every fault.
    pub(crate) async fn faults(&self, import: &wire::Import) -> Vec<(String, String)> {
        let request = wire::ListImportFaultsRequest {
            import_id: import.import_id.clone(),
            page_size: 1000,
            page_token: String::new(),
        };
        let faults = self.staff(Duty::Clerk).list_import_faults(request).await.unwrap().into_inner().faults;
        faults.into_iter().map(|fault| (fault.place, fault.reason)).collect()
    }

    pub(crate) async fn export(
        &self,
        kind: FileKind,
        format: wire::FileFormat,
        encoding: wire::FileEncoding,
    ) -> Vec<u8> {
        let request =
            wire::ExportFileRequest { kind: kind.number(), format: format.into(), encoding: encoding.into() };
        let stream = self.supervisor().export_file(request).await.unwrap().into_inner();
        collected(stream).await.1
    }
}

/// The name and the bytes of a download.
pub(crate) async fn collected(mut stream: tonic::Streaming<wire::FileChunk>) -> (String, Vec<u8>) {
    let (mut name, mut bytes) = (String::new(), Vec::new());
    while let Some(chunk) = stream.message().await.unwrap() {
        name.push_str(&chunk.file_name);
        bytes.extend(chunk.data);
    }
    (name, bytes)
}

/// What is in the register: new, changed, unchanged, faulty rows of an import.
pub(crate) fn counts(import: &wire::Import) -> [i32; 4] {
    [import.rows_new, import.rows_changed, import.rows_unchanged, import.rows_faulty]
}

pub(crate) fn xlsx(rows: &[Vec<&str>]) -> Vec<u8> {
    let mut writer = XlsxWriter::new("数据", &std::env::temp_dir()).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let mut bytes = Cursor::new(Vec::new());
    writer.finish(&mut bytes).unwrap();
    bytes.into_inner()
}

pub(crate) const ENTERPRISES: &str = "统一社会信用代码,企业名称,企业规模,行业代码,园区,行政区划,成立日期,注册资本（元）,法定代表人,从业人员数,研发人员数,财务年度,营业收入（元）\n";

/// Two firms; nobody is asserted to own their codes.
pub(crate) fn two_firms() -> String {
    format!(
        "{ENTERPRISES}{USCC},济源市沁铅新材料有限公司,小型,C3240,JY-GX,419001,2015年3月1日,\"10,000,000.50\",张小三,120,30,2022,32000000.25\n\
         {OTHER_USCC},济源市玉川装备有限公司,MEDIUM,c34,玉川,410881,2010/5/6,,,,,,\n"
    )
}

pub(crate) const ASSETS: &str =
    "信用代码,类型,编号,名称,申请日,授权日,商标类别,年费已缴至,产品收入占比（%）\n";

pub(crate) fn two_assets() -> String {
    format!(
        "{ASSETS}{USCC},发明专利,ZL202210123456.1,一种再生铅冶炼方法,2022-02-10,2022/8/30,,2025-02-10,12.5%\n\
         {USCC},注册商标,7199523,沁铅,,2011年1月7日,1,,\n"
    )
}
