//! From an upload to the register: preview, acceptance, once and as a whole.

use proto::whitelist::v1::{self as wire, get_enterprise_request::Key};
use rpc::Duty;
use sheets::Format;
use tonic::Code;
use whitelist::files::FileKind;

use crate::{
    files::desk::{ASSETS, CSV, Desk, ENTERPRISES, XLSX, counts, two_assets, two_firms, xlsx},
    support::{OTHER_USCC, USCC, assert_refused, new_id},
};

async fn number(desk: &Desk, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&desk.stand.pool).await.unwrap()
}

#[tokio::test]
async fn a_file_is_previewed_and_only_its_acceptance_writes_to_the_register() {
    let desk = Desk::new().await;
    let before = desk.stand.rows().await;
    let uploaded = desk.csv(FileKind::Enterprises, &two_firms()).await;
    assert_eq!(
        (uploaded.state(), uploaded.rows, counts(&uploaded)),
        (wire::ImportState::Previewed, 2, [2, 0, 0, 0])
    );
    assert_eq!(uploaded.preview.len(), 2);
    assert_eq!(uploaded.preview[0].cells, [USCC, "济源市沁铅新材料有限公司", "JY-GX"]);
    assert_eq!(uploaded.preview[0].change(), wire::RowChange::New);
    assert_eq!(desk.stand.rows().await[..5], before[..5], "the register has changed");

    let accepted = desk.accept(&uploaded).await.unwrap();
    assert_eq!((accepted.state(), counts(&accepted)), (wire::ImportState::Accepted, [2, 0, 0, 0]));
    let by_uscc = wire::GetEnterpriseRequest { key: Some(Key::Uscc(OTHER_USCC.to_owned())) };
    let firm = desk.stand.clerk().get_enterprise(by_uscc).await.unwrap().into_inner();
    assert_eq!(
        (firm.name.as_str(), firm.park.as_str(), firm.region.as_str()),
        ("济源市玉川装备有限公司", "JY-YC", "419001")
    );
    let kept: (i64, String, i32, i32, Vec<Option<i64>>) = sqlx::query_as(
        "SELECT reg_capital, legal_rep, staff, rd_staff, revenue FROM enterprise WHERE uscc = $1",
    )
    .bind(USCC)
    .fetch_one(&desk.stand.pool)
    .await
    .unwrap();
    assert_eq!(kept, (1_000_000_050, "张小三".to_owned(), 120, 30, vec![Some(3_200_000_025), None, None]));
    let audited = desk.stand.audited().await;
    let actions: Vec<&str> = audited.iter().map(|(_, action, _)| action.as_str()).collect();
    assert_eq!(actions, ["UPLOAD_FILE", "ACCEPT_IMPORT"]);
}

#[tokio::test]
async fn the_same_file_is_one_import_and_a_repeat_changes_nothing() {
    let desk = Desk::new().await;
    let first = desk.csv(FileKind::Enterprises, &two_firms()).await;
    let again = desk.upload(FileKind::Enterprises, CSV, two_firms().as_bytes()).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.import.unwrap(), first);
    let accepted = desk.accept(&first).await.unwrap();
    let rows = desk.stand.rows().await;
    let once_more = desk.accept(&first).await.unwrap();
    assert_eq!(once_more, accepted);
    let again = desk.upload(FileKind::Enterprises, CSV, two_firms().as_bytes()).await.unwrap();
    assert_eq!((again.repeated, again.import.unwrap()), (true, accepted));
    assert_eq!(desk.stand.rows().await[..5], rows[..5]);
    // Another kind is another question.
    let other = desk.upload(FileKind::Assets, CSV, two_firms().as_bytes()).await.unwrap();
    assert!(!other.repeated);
}

#[tokio::test]
async fn a_repeated_acceptance_gets_its_first_answer() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    let request = wire::AcceptImportRequest { request_id: new_id(), import_id: import.import_id };
    let calls = (0..4).map(|_| {
        let (mut client, request) = (desk.supervisor(), request.clone());
        tokio::spawn(async move { client.accept_import(request).await.unwrap().into_inner() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(number(&desk, "SELECT count(*) FROM enterprise").await, 2);
    assert_eq!(number(&desk, "SELECT count(*) FROM audit_entry WHERE action = 'ACCEPT_IMPORT'").await, 1);
}

#[tokio::test]
async fn the_same_file_uploaded_four_times_at_once_is_one_import() {
    let desk = std::sync::Arc::new(Desk::new().await);
    let calls = (0..4).map(|_| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.csv(FileKind::Enterprises, &two_firms()).await.import_id })
    });
    let mut ids = std::collections::HashSet::new();
    for call in calls.collect::<Vec<_>>() {
        ids.insert(call.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn a_changed_row_makes_a_new_version_and_an_empty_cell_leaves_what_is_registered() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    desk.accept(&import).await.unwrap();
    let text = format!(
        "{ENTERPRISES}{USCC},济源市沁铅新材料股份有限公司,中型,C3240,JY-GX,419001,,,,,,,\n\
         {OTHER_USCC},济源市玉川装备有限公司,中型,C34,JY-YC,419001,2010-05-06,,,,,,\n"
    );
    let import = desk.csv(FileKind::Enterprises, &text).await;
    assert_eq!(counts(&import), [0, 1, 1, 0]);
    assert_eq!(import.preview[0].change(), wire::RowChange::Changed);
    assert_eq!(import.preview[1].change(), wire::RowChange::Unchanged);
    let accepted = desk.accept(&import).await.unwrap();
    assert_eq!(counts(&accepted), [0, 1, 1, 0]);
    let kept: (String, i32, Option<i64>, Option<String>) =
        sqlx::query_as("SELECT name, version, reg_capital, legal_rep FROM enterprise WHERE uscc = $1")
            .bind(USCC)
            .fetch_one(&desk.stand.pool)
            .await
            .unwrap();
    let wanted =
        ("济源市沁铅新材料股份有限公司".to_owned(), 2, Some(1_000_000_050), Some("张小三".to_owned()));
    assert_eq!(kept, wanted);
    assert_eq!(number(&desk, "SELECT count(*) FROM enterprise_version").await, 1);
}

#[tokio::test]
async fn assets_and_qualifications_come_to_their_enterprises() {
    let desk = Desk::new().await;
    let firms = desk.csv(FileKind::Enterprises, &two_firms()).await;
    desk.accept(&firms).await.unwrap();
    let assets = desk.csv(FileKind::Assets, &two_assets()).await;
    assert_eq!((counts(&assets), desk.faults(&assets).await), ([2, 0, 0, 0], vec![]));
    desk.accept(&assets).await.unwrap();
    let kept: Vec<(String, String, i32, Option<i32>)> =
        sqlx::query_as("SELECT kind, number, nice_class, revenue_share FROM ip_asset ORDER BY kind")
            .fetch_all(&desk.stand.pool)
            .await
            .unwrap();
    let wanted = [
        ("INVENTION".to_owned(), "202210123456.1".to_owned(), 0, Some(1_250)),
        ("TRADEMARK".to_owned(), "7199523".to_owned(), 1, None),
    ];
    assert_eq!(kept, wanted);

    let held = format!(
        "uscc,qualification,number,level,valid_from,valid_to\n{USCC},高新技术企业,GR202141000001,国家级,2021-10-28,2024-10-27\n\
         {USCC},IPMS_CERT,,,2022-01-01,2025-01-01\n"
    );
    let import = desk.csv(FileKind::Qualifications, &held).await;
    assert_eq!(counts(&import), [2, 0, 0, 0]);
    desk.accept(&import).await.unwrap();
    let renewed = held.replace("2024-10-27", "2027-10-27");
    let import = desk.csv(FileKind::Qualifications, &renewed).await;
    assert_eq!(counts(&import), [0, 1, 1, 0]);
    desk.accept(&import).await.unwrap();
    let kept: Vec<(i32, String, String)> =
        sqlx::query_as("SELECT position, code, valid_to::text FROM qualification ORDER BY position")
            .fetch_all(&desk.stand.pool)
            .await
            .unwrap();
    let wanted = [
        (1, "HNTE".to_owned(), "2027-10-27".to_owned()),
        (2, "IPMS_CERT".to_owned(), "2025-01-01".to_owned()),
    ];
    assert_eq!(kept, wanted);
    let version: i32 = sqlx::query_scalar("SELECT version FROM enterprise WHERE uscc = $1")
        .bind(USCC)
        .fetch_one(&desk.stand.pool)
        .await
        .unwrap();
    assert_eq!(version, 3, "each change of qualifications is a version of the enterprise");
}

#[tokio::test]
async fn a_province_list_replaces_the_former_one_of_its_name_and_keeps_its_origin() {
    let desk = Desk::new().await;
    let header = "信用代码,企业名称,名单名称,级别,编号,失效日期\n";
    let first = format!(
        "{header}{USCC},甲公司,省级白名单,,豫知〔2022〕1号,2024-12-31\n{OTHER_USCC},乙公司,省级白名单,省级,,\n"
    );
    let first = desk.csv(FileKind::ProvinceList, &first).await;
    desk.accept(&first).await.unwrap();
    let second = format!("{header}{USCC},甲公司,省级白名单,,豫知〔2022〕1号,2025-12-31\n");
    let second = desk.csv(FileKind::ProvinceList, &second).await;
    assert_eq!(counts(&second), [0, 1, 0, 0]);
    desk.accept(&second).await.unwrap();
    let now: Vec<(String, String, String)> =
        sqlx::query_as("SELECT import_id::text, uscc, level FROM province_list_now")
            .fetch_all(&desk.stand.pool)
            .await
            .unwrap();
    assert_eq!(now, [(second.import_id, USCC.to_owned(), "PROVINCE".to_owned())]);
    assert_eq!(number(&desk, "SELECT count(*) FROM province_list_entry").await, 3);
}

#[tokio::test]
async fn a_file_with_faults_is_taken_only_by_its_good_rows_and_only_when_that_is_said() {
    let desk = Desk::new().await;
    let text = format!("{}91350100M000100Y4Z,丙公司,小型,C32,JY-GX,419001,,,,,,,\n", two_firms());
    let import = desk.csv(FileKind::Enterprises, &text).await;
    assert_eq!(counts(&import), [2, 0, 0, 1]);
    let refused = desk.accept(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_HAS_FAULTS", Some("import_id"));
    assert_eq!(number(&desk, "SELECT count(*) FROM enterprise").await, 0);
    let taken = desk.accept_good_rows(&import).await.unwrap();
    assert_eq!((taken.state(), counts(&taken)), (wire::ImportState::AcceptedGoodRows, [2, 0, 0, 1]));
    assert_eq!(number(&desk, "SELECT count(*) FROM enterprise").await, 2);
    let refused = desk.accept(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_SETTLED", Some("import_id"));
    // The others may be good by now, so the file can be read again.
    let again = desk.upload(FileKind::Enterprises, CSV, text.as_bytes()).await.unwrap();
    assert!(!again.repeated);
    assert_eq!(counts(&again.import.unwrap()), [0, 0, 2, 1]);
}

#[tokio::test]
async fn a_file_without_a_good_row_cannot_be_taken() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &format!("{ENTERPRISES}x,x,x,x,x,x,,,,,,,\n")).await;
    let refused = desk.accept_good_rows(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_NOTHING_GOOD", Some("import_id"));
}

#[tokio::test]
async fn a_discarded_import_is_gone_and_its_file_can_come_again() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    let request = wire::DiscardImportRequest { request_id: new_id(), import_id: import.import_id.clone() };
    let gone = desk.staff(Duty::Clerk).discard_import(request).await.unwrap().into_inner().import.unwrap();
    assert_eq!(gone.state(), wire::ImportState::Discarded);
    let refused = desk.accept(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_SETTLED", Some("import_id"));
    let again = desk.csv(FileKind::Enterprises, &two_firms()).await;
    assert_ne!(again.import_id, import.import_id);
    desk.accept(&again).await.unwrap();
    let request = wire::DiscardImportRequest { request_id: new_id(), import_id: again.import_id };
    let refused = desk.staff(Duty::Clerk).discard_import(request).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_SETTLED", Some("import_id"));
    let request = wire::GetImportRequest { import_id: new_id() };
    let refused = desk.staff(Duty::Clerk).get_import(request).await;
    assert_refused(refused, Code::NotFound, "NOT_FOUND", Some("import_id"));
}

#[tokio::test]
async fn an_import_whose_time_is_over_is_expired_and_its_rows_go() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    desk.stand.ground.clock().advance(chrono::TimeDelta::days(8));
    let refused = desk.accept(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_SETTLED", Some("import_id"));
    whitelist::files::clear(&desk.stand.pool, desk.stand.now()).await.unwrap();
    let request = wire::GetImportRequest { import_id: import.import_id };
    let expired = desk.staff(Duty::Clerk).get_import(request).await.unwrap().into_inner();
    assert_eq!(expired.state(), wire::ImportState::Expired);
    assert_eq!(number(&desk, "SELECT count(*) FROM staged_enterprise").await, 0);
}

#[tokio::test]
async fn rows_that_were_lost_with_the_server_are_not_taken_for_a_small_file() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    // What a crash of the database does to unlogged tables.
    sqlx::query("DELETE FROM staged_enterprise WHERE row_no = 2").execute(&desk.stand.pool).await.unwrap();
    let refused = desk.accept(&import).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_ROWS_GONE", Some("import_id"));
    assert_eq!(number(&desk, "SELECT count(*) FROM enterprise").await, 0);
}

#[tokio::test]
async fn a_workbook_does_what_csv_does_and_a_template_can_be_filled_in() {
    let desk = Desk::new().await;
    let request = wire::GetTemplateRequest { kind: FileKind::Enterprises.number() };
    let template = desk.staff(Duty::Clerk).get_template(request).await.unwrap().into_inner();
    assert_eq!(template.file_name, "企业导入模板.xlsx");
    struct Header(Vec<String>);
    impl sheets::Sink for Header {
        fn row(&mut self, row: &sheets::Row) -> std::ops::ControlFlow<()> {
            self.0 = row.cells().iter().map(|cell| cell.text.clone()).collect();
            std::ops::ControlFlow::Break(())
        }
        fn merged(&mut self, _: &str) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Continue(())
        }
    }
    let mut header = Header(Vec::new());
    let bytes = std::io::Cursor::new(template.content.clone());
    sheets::read(bytes, Format::Xlsx, &sheets::Choice::default(), &sheets::Limits::default(), &mut header)
        .unwrap();
    let header = header.0;
    assert!(header.contains(&"统一社会信用代码*".to_owned()), "{header:?}");
    let row = header.iter().map(|name| match name.as_str() {
        "统一社会信用代码*" => USCC,
        "企业名称*" => "济源市沁铅新材料有限公司",
        "企业规模*" => "小型企业",
        "行业代码*" => "C3240",
        "园区*" => "高新区",
        "行政区划*" => "419001",
        "创新平台或产学研" => "是",
        _ => "",
    });
    let rows = [header.iter().map(String::as_str).collect::<Vec<_>>(), row.collect()];
    let answer = desk.upload(FileKind::Enterprises, XLSX, &xlsx(&rows)).await.unwrap();
    let import = answer.import.unwrap();
    assert_eq!((counts(&import), desk.faults(&import).await), ([1, 0, 0, 0], vec![]));
    // An empty template is a file without rows, and nothing can be taken of it.
    let empty = desk.upload(FileKind::Enterprises, XLSX, &template.content).await.unwrap().import.unwrap();
    assert_eq!((empty.rows, empty.faults), (0, 0));
    let refused = desk.accept(&empty).await;
    assert_refused(refused, Code::FailedPrecondition, "IMPORT_NOTHING_GOOD", Some("import_id"));
}

#[tokio::test]
async fn files_are_for_the_staff_of_the_centre_and_acceptance_for_supervisors() {
    let desk = Desk::new().await;
    let import = desk.csv(FileKind::Enterprises, &two_firms()).await;
    let bank = rpc::Actor::Institution {
        id: kernel::InstitutionId::from_uuid(uuid::Uuid::new_v4()),
        role: kernel::InstitutionRole::Bank,
        person: None,
    };
    let denied = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    };
    let accept = || wire::AcceptImportRequest { request_id: new_id(), import_id: import.import_id.clone() };
    let export = wire::ExportFileRequest { kind: 1, format: 2, encoding: 0 };
    for mut outsider in [
        desk.staff(Duty::Regulator),
        desk.staff(Duty::Operator),
        desk.client(bank),
        desk.client(rpc::Actor::Role("intake".to_owned())),
    ] {
        let get = wire::GetImportRequest { import_id: import.import_id.clone() };
        denied(outsider.get_import(get).await.map(drop));
        denied(outsider.accept_import(accept()).await.map(drop));
        denied(outsider.export_file(export).await.map(drop));
        denied(outsider.upload_file(tokio_stream::iter([])).await.map(drop));
    }
    denied(desk.staff(Duty::Clerk).accept_import(accept()).await.map(drop));
    denied(desk.staff(Duty::Clerk).export_file(export).await.map(drop));
}

#[tokio::test]
async fn imports_are_listed_the_latest_first_and_by_kind() {
    let desk = Desk::new().await;
    let firms = desk.csv(FileKind::Enterprises, &two_firms()).await;
    let assets = desk.csv(FileKind::Assets, &format!("{ASSETS}{USCC},发明专利,1,x,,,,,\n")).await;
    let list = async |kind: i32, page_size: i32, page_token: String| {
        let request = wire::ListImportsRequest { kind, page_size, page_token };
        desk.staff(Duty::Clerk).list_imports(request).await.unwrap().into_inner()
    };
    let ids = |answer: &wire::ListImportsResponse| {
        answer.imports.iter().map(|import| import.import_id.clone()).collect::<Vec<_>>()
    };
    let page = list(0, 1, String::new()).await;
    assert_eq!(ids(&page), std::slice::from_ref(&assets.import_id));
    let page = list(0, 1, page.next_page_token).await;
    assert_eq!((ids(&page), page.next_page_token.as_str()), (vec![firms.import_id.clone()], ""));
    assert_eq!(ids(&list(1, 0, String::new()).await), [firms.import_id]);
}
