//! Legal-status events as files do what the single call does.

use proto::whitelist::v1 as wire;
use rpc::Duty;
use whitelist::files::FileKind;

use crate::{
    files::desk::{CSV, Desk, XLSX, counts, two_assets, two_firms, xlsx},
    support::{OTHER_USCC, USCC, new_id},
};

const EVENTS: &str = "信用代码,类型,编号,商标类别,事件代码,事件日期,关联编号\n";
const PATENT: &str = "ZL202210123456.1";

async fn registered() -> Desk {
    let desk = Desk::new().await;
    for (kind, text) in [(FileKind::Enterprises, two_firms()), (FileKind::Assets, two_assets())] {
        let import = desk.csv(kind, &text).await;
        desk.accept(&import).await.unwrap();
    }
    desk
}

/// The assets of the first firm: the patent, then the trademark.
async fn assets(desk: &Desk) -> [wire::IpAsset; 2] {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT enterprise_id FROM enterprise WHERE uscc = $1")
        .bind(USCC)
        .fetch_one(&desk.stand.pool)
        .await
        .unwrap();
    let request = wire::ListAssetsRequest { enterprise_id: id.to_string(), ..Default::default() };
    let mut found = desk.stand.clerk().list_assets(request).await.unwrap().into_inner().assets;
    found.sort_by_key(|asset| asset.r#type);
    found.try_into().unwrap()
}

async fn told(desk: &Desk) -> Vec<(String, String, String, String)> {
    let query = "SELECT code, happened_on::text, reference, source FROM ip_asset_event ORDER BY event_id";
    sqlx::query_as(query).fetch_all(&desk.stand.pool).await.unwrap()
}

fn event(code: &str, on: &str, reference: &str) -> wire::LegalEvent {
    wire::LegalEvent { code: code.to_owned(), on: on.to_owned(), reference: reference.to_owned() }
}

#[tokio::test]
async fn events_of_a_file_count_once_it_is_accepted_and_fold_as_those_of_the_single_call() {
    let desk = registered().await;
    let text = format!(
        "{EVENTS}{USCC},发明专利,{PATENT},,PE01,2022-09-01,Y2022410000001\n\
         {USCC},发明,{PATENT},,保全,2022/10/8,\n\
         {USCC},注册商标,7199523,1,ir01,2022年11月1日,\n\
         {USCC},注册商标,7199523,1,IW01,20221201,\n"
    );
    let import = desk.csv(FileKind::LegalEvents, &text).await;
    assert_eq!((counts(&import), desk.faults(&import).await), ([4, 0, 0, 0], vec![]));
    assert_eq!(import.preview[0].cells, ["202210123456.1", "PE01", "2022-09-01"]);
    assert_eq!(told(&desk).await, [], "a preview records nothing");
    let accepted = desk.accept(&import).await.unwrap();
    assert_eq!((accepted.state(), counts(&accepted)), (wire::ImportState::Accepted, [4, 0, 0, 0]));
    let by_file = assets(&desk).await;

    let other = registered().await;
    let [patent, mark] = assets(&other).await;
    let of_patent = vec![event("PE01", "2022-09-01", "Y2022410000001"), event("PP01", "2022-10-08", "")];
    let of_mark = vec![event("IR01", "2022-11-01", ""), event("IW", "2022-12-01", "")];
    for (asset_id, events) in [(patent.asset_id, of_patent), (mark.asset_id, of_mark)] {
        let request = wire::RecordLegalEventsRequest { request_id: new_id(), asset_id, events };
        other.stand.keeper(Duty::Clerk).record_legal_events(request).await.unwrap();
    }
    let by_call = assets(&other).await;
    for (file, call) in by_file.iter().zip(&by_call) {
        assert_eq!(file.legal_events, call.legal_events);
        assert_eq!(file.status, call.status);
        assert!(file.status.is_some());
        assert_eq!(file.version, call.version);
    }
    assert!(told(&desk).await.iter().all(|(.., source)| source == "IMPORT"));
    let audited = desk.stand.audited().await;
    assert_eq!(audited.last().map(|(_, action, _)| action.as_str()), Some("ACCEPT_IMPORT"));
}

#[tokio::test]
async fn what_is_known_already_is_unchanged_whichever_way_it_was_told() {
    let desk = registered().await;
    let [patent, _] = assets(&desk).await;
    let request = wire::RecordLegalEventsRequest {
        request_id: new_id(),
        asset_id: patent.asset_id,
        events: vec![event("PE01", "2022-09-01", "A1")],
    };
    desk.stand.keeper(Duty::Clerk).record_legal_events(request).await.unwrap();
    let text = format!(
        "{EVENTS}{USCC},发明专利,{PATENT},,PE01,2022-09-01,A1\n{USCC},发明专利,{PATENT},,PC01,2022-09-01,A1\n"
    );
    let import = desk.csv(FileKind::LegalEvents, &text).await;
    assert_eq!(counts(&import), [1, 0, 1, 0]);
    let accepted = desk.accept(&import).await.unwrap();
    assert_eq!(counts(&accepted), [1, 0, 1, 0]);
    let [patent, _] = assets(&desk).await;
    let codes: Vec<&str> = patent.legal_events.iter().map(|event| event.code.as_str()).collect();
    assert_eq!(codes, ["PE01", "PC01"], "events of one day are in the order in which they were told");

    // The same bytes are the same import; the same rows in another file change nothing.
    let again = desk.upload(FileKind::LegalEvents, CSV, text.as_bytes()).await.unwrap();
    assert!(again.repeated);
    let before = told(&desk).await;
    let same = desk.csv(FileKind::LegalEvents, &format!("{text}\n")).await;
    assert_eq!(counts(&same), [0, 0, 2, 0]);
    assert_eq!(counts(&desk.accept(&same).await.unwrap()), [0, 0, 2, 0]);
    assert_eq!(told(&desk).await, before);
}

#[tokio::test]
async fn every_fault_of_events_has_its_cell_and_reason_and_good_rows_are_taken_only_when_that_is_said() {
    let desk = registered().await;
    let long = "号".repeat(65);
    let text = format!(
        "{EVENTS}{USCC},发明专利,201710601862.3,,PE01,2022-09-01,\n\
         {OTHER_USCC},发明专利,{PATENT},,PE01,2022-09-01,\n\
         {USCC},注册商标,7199523,,TR01,2022-09-01,\n\
         91350100M000100Y43,专利,1,46,GR01,,{long}\n\
         {USCC},发明专利,{PATENT},1,PE01,2099-01-01,\n\
         {USCC},发明专利,{PATENT},,PE01,2022-09-01,A\n\
         {USCC},发明专利,202210123456.1,,质押生效,2022-9-1,A\n"
    );
    let import = desk.csv(FileKind::LegalEvents, &text).await;
    let wanted = [
        ("C2", "ASSET_UNKNOWN"),
        ("C3", "ASSET_UNKNOWN"),
        ("C4", "ASSET_UNKNOWN"),
        ("A5", "ENTERPRISE_UNKNOWN"),
        ("B5", "CODE_UNKNOWN"),
        ("D5", "NUMBER_OUT_OF_RANGE"),
        ("E5", "CODE_UNKNOWN"),
        ("F5", "REQUIRED"),
        ("G5", "TOO_LONG"),
        ("D6", "NOT_FOR_TYPE"),
        ("F6", "DATE_IN_FUTURE"),
        ("A8", "ROW_REPEATED"),
    ];
    let wanted = wanted.map(|(place, reason)| (place.to_owned(), reason.to_owned()));
    assert_eq!(desk.faults(&import).await, wanted);
    assert_eq!(counts(&import), [1, 0, 0, 6]);
    assert!(desk.accept(&import).await.is_err());
    assert_eq!(told(&desk).await, []);
    desk.accept_good_rows(&import).await.unwrap();
    let wanted = ("PE01".to_owned(), "2022-09-01".to_owned(), "A".to_owned(), "IMPORT".to_owned());
    assert_eq!(told(&desk).await, [wanted]);
}

#[tokio::test]
async fn every_kind_has_a_template_that_can_be_uploaded_as_it_is() {
    let desk = registered().await;
    for kind in FileKind::ALL {
        let request = wire::GetTemplateRequest { kind: kind.number() };
        let template = desk.staff(Duty::Clerk).get_template(request).await.unwrap().into_inner();
        assert_eq!(template.file_name, format!("{}导入模板.xlsx", kind.chinese()));
        let import = desk.upload(kind, XLSX, &template.content).await.unwrap().import.unwrap();
        assert_eq!((import.rows, import.faults), (0, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn events_of_abandoned_files_leave_their_staged_rows_behind_for_a_week_and_no_longer() {
    let desk = registered().await;
    let row = [USCC, "发明专利", PATENT, "", "PE01", "2022-09-01", "A"];
    let header: Vec<&str> = EVENTS.trim_end().split(',').collect();
    let file = xlsx(&[header, row.to_vec()]);
    let import = desk.upload(FileKind::LegalEvents, XLSX, &file).await.unwrap().import.unwrap();
    assert_eq!(counts(&import), [1, 0, 0, 0]);
    let staged = || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM staged_legal_event");
    assert_eq!(staged().fetch_one(&desk.stand.pool).await.unwrap(), 1);
    desk.stand.ground.clock().advance(chrono::TimeDelta::days(8));
    whitelist::files::clear(&desk.stand.pool, desk.stand.now()).await.unwrap();
    assert_eq!(staged().fetch_one(&desk.stand.pool).await.unwrap(), 0);
    assert!(desk.accept(&import).await.is_err());
}
