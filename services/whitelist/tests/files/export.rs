//! What is exported can be imported again and changes nothing; what is personal is masked.

use proto::whitelist::v1 as wire;
use whitelist::files::FileKind;

use crate::{
    files::desk::{CSV, Desk, XLSX, counts, two_assets, two_firms},
    support::{OTHER_USCC, USCC},
};

async fn filled() -> Desk {
    let desk = Desk::new().await;
    let held = format!(
        "uscc,qualification,number,level,valid_from,valid_to\n{USCC},高新技术企业,GR202141000001,国家级,2021-10-28,2024-10-27\n{OTHER_USCC},GREEN,,省级,2022-01-01,2025-01-01\n"
    );
    let list = format!(
        "uscc,name,list,level,number,valid_from,valid_to\n{USCC},\"甲,\"\"公司\"\"\",省级白名单,,+1,2022-01-01,\n"
    );
    let assets = format!("{}{OTHER_USCC},集成电路布图设计,BS.08500145.7,布图,2020-01-01,,,,\n", two_assets());
    let events = format!(
        "uscc,type,number,nice_class,code,on,reference\n{USCC},TRADEMARK,7199523,1,TR01,2022-09-01,\n{USCC},INVENTION,202210123456.1,,PE01,2022-09-02,'=A1\n{USCC},INVENTION,202210123456.1,,PC01,2022-09-02,'=A1\n"
    );
    for (kind, text) in [
        (FileKind::Enterprises, two_firms()),
        (FileKind::Assets, assets),
        (FileKind::Qualifications, held),
        (FileKind::ProvinceList, list),
        (FileKind::LegalEvents, events),
    ] {
        let import = desk.csv(kind, &text).await;
        assert_eq!(desk.faults(&import).await, [], "{kind:?}");
        desk.accept(&import).await.unwrap();
    }
    desk
}

#[tokio::test]
async fn an_export_comes_back_and_changes_nothing_in_any_format() {
    let desk = filled().await;
    for (kind, rows) in [
        (FileKind::Enterprises, 2),
        (FileKind::Assets, 3),
        (FileKind::Qualifications, 2),
        (FileKind::ProvinceList, 1),
        (FileKind::LegalEvents, 3),
    ] {
        for (format, encoding) in [
            (CSV, wire::FileEncoding::Utf8),
            (CSV, wire::FileEncoding::Gb18030),
            (XLSX, wire::FileEncoding::Unspecified),
        ] {
            let bytes = desk.export(kind, format, encoding).await;
            let import = desk.upload(kind, format, &bytes).await.unwrap().import.unwrap();
            let found = (counts(&import), desk.faults(&import).await);
            assert_eq!(found, ([0, 0, rows, 0], vec![]), "{kind:?} {format:?} {encoding:?}");
        }
    }
}

#[tokio::test]
async fn what_is_personal_is_masked_and_accounts_stay_here() {
    let desk = filled().await;
    let bytes = desk.export(FileKind::Enterprises, CSV, wire::FileEncoding::Utf8).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("张*三") && !text.contains("张小三"), "{text}");
    assert!(!text.contains("32000000"), "accounts are in the export");
    assert!(text.contains("10000000.50"));
    let assets = desk.export(FileKind::Assets, CSV, wire::FileEncoding::Utf8).await;
    let assets = String::from_utf8(assets).unwrap();
    // Twenty years from the filing of 2022-02-10, and ten of the registration of the trademark.
    assert!(assets.contains("2042-02-10") && assets.contains("2021-01-07"), "{assets}");
    let audited = desk.stand.audited().await;
    assert!(audited.iter().any(|(_, action, _)| action == "EXPORT_FILE"));
}
