//! Every fault of a file is told at once, with its row and column.

use proto::whitelist::v1 as wire;
use rpc::Duty;
use whitelist::files::FileKind;

use crate::{
    files::desk::{ASSETS, CSV, Desk, ENTERPRISES, collected, counts, two_firms},
    support::{OTHER_USCC, USCC},
};

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(place, reason)| ((*place).to_owned(), (*reason).to_owned())).collect()
}

#[tokio::test]
async fn every_fault_of_enterprises_has_its_cell_and_reason() {
    let desk = Desk::new().await;
    let text = format!(
        "{ENTERPRISES}{USCC},,巨型,32,JY-XX,41900,2099-01-01,-1,,10,11,2022,1.005\n\
         {USCC},甲公司,小型,C32,JY-GX,419001,去年,abc,,x,,,\n\
         91419001**********,乙公司,小型,C32,JY-GX,419001,,,,,5,,7\n\
         {OTHER_USCC},{},小型,C32,JY-GX,419001,,,,,,1800,\n",
        "名".repeat(101)
    );
    let import = desk.csv(FileKind::Enterprises, &text).await;
    let wanted = pairs(&[
        ("B2", "REQUIRED"),
        ("C2", "CODE_UNKNOWN"),
        ("D2", "INDUSTRY_INVALID"),
        ("E2", "PARK_UNKNOWN"),
        ("F2", "REGION_INVALID"),
        ("H2", "AMOUNT_NEGATIVE"),
        ("M2", "AMOUNT_TOO_FINE"),
        ("G3", "DATE_INVALID"),
        ("H3", "AMOUNT_INVALID"),
        ("J3", "NUMBER_INVALID"),
        ("A3", "ROW_REPEATED"),
        ("A4", "USCC_MASKED"),
        ("L4", "TOGETHER"),
        ("J4", "TOGETHER"),
        ("B5", "TOO_LONG"),
        ("L5", "ACCOUNTS_YEAR"),
    ]);
    assert_eq!(desk.faults(&import).await, wanted);
    assert_eq!((import.faults, counts(&import)), (16, [0, 0, 0, 4]));
}

#[tokio::test]
async fn every_fault_of_assets_has_its_cell_and_reason() {
    let desk = Desk::new().await;
    let firms = desk.csv(FileKind::Enterprises, &two_firms()).await;
    desk.accept(&firms).await.unwrap();
    let header = ASSETS.trim_end();
    let text = format!(
        "{header},权利人,首次商业利用日\n\
         91350100M000100Y43,发明专利,201710601862.3,未登记企业的专利,,,,,,,\n\
         {USCC},发明专利,201710601862.4,校验位错误,,,,,,,\n\
         {USCC},专利,201710601862.3,类型不明,,,,,,,\n\
         {USCC},发明专利,201710601862.3,日期颠倒,2020-01-02,2020-01-01,3,,101,,2020-01-01\n\
         {USCC},发明专利,201710601862.3,重复,,,,,,甲:60%；乙:30%,\n\
         {OTHER_USCC},软件著作权,2020SR0109251,好的一行,,,,,,,\n"
    );
    let import = desk.csv(FileKind::Assets, &text).await;
    let wanted = pairs(&[
        ("A2", "ENTERPRISE_UNKNOWN"),
        ("C3", "IP_NUMBER_INVALID"),
        ("B4", "CODE_UNKNOWN"),
        ("F5", "DATE_ORDER"),
        ("I5", "NUMBER_OUT_OF_RANGE"),
        ("G5", "NOT_FOR_TYPE"),
        ("J6", "SHARES_NOT_WHOLE"),
    ]);
    assert_eq!(desk.faults(&import).await, wanted);
    assert_eq!(counts(&import), [1, 0, 0, 5]);
}

#[tokio::test]
async fn a_header_that_does_not_fit_is_told_column_by_column_and_no_row_is_read() {
    let desk = Desk::new().await;
    let text = "企业名称,企业名称,备注\n甲公司,乙公司,丙\n";
    let import = desk.csv(FileKind::ProvinceList, text).await;
    let wanted = pairs(&[
        ("B1", "COLUMN_REPEATED"),
        ("C1", "COLUMN_UNKNOWN"),
        ("", "COLUMN_MISSING"),
        ("", "COLUMN_MISSING"),
    ]);
    assert_eq!(desk.faults(&import).await, wanted);
    assert_eq!((import.rows, import.rows_faulty), (0, 0));
    assert!(desk.accept_good_rows(&import).await.is_err());
}

#[tokio::test]
async fn faults_come_in_pages_and_as_a_file() {
    let desk = Desk::new().await;
    let rows: String = (0..250).map(|_| "x,甲公司,省级白名单\n").collect();
    let import = desk.csv(FileKind::ProvinceList, &format!("uscc,name,list\n{rows}")).await;
    assert_eq!((import.faults, import.rows_faulty), (250, 250));
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            wire::ListImportFaultsRequest { import_id: import.import_id.clone(), page_size: 100, page_token };
        let page = desk.staff(Duty::Clerk).list_import_faults(request).await.unwrap().into_inner();
        assert!(page.faults.len() <= 100);
        found.extend(page.faults);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found.iter().map(|fault| fault.row).collect::<Vec<_>>(), (2..252).collect::<Vec<_>>());
    assert_eq!((found[0].column.as_str(), found[0].reason.as_str()), ("统一社会信用代码", "USCC_INVALID"));

    let request = wire::DownloadImportFaultsRequest {
        import_id: import.import_id,
        format: CSV.into(),
        encoding: wire::FileEncoding::Gb18030.into(),
    };
    let stream = desk.staff(Duty::Clerk).download_import_faults(request).await.unwrap().into_inner();
    let (name, bytes) = collected(stream).await;
    assert_eq!(name, "上级名单-错误清单.csv");
    let (text, _, bad) = encoding_rs::GB18030.decode(&bytes);
    assert!(!bad);
    assert_eq!(text.lines().count(), 251);
    assert!(text.lines().nth(1).unwrap().starts_with("2,A2,统一社会信用代码,USCC_INVALID,"));
}
