//! The application form: look-up, errors at their fields, the plan before it is sent, and what is sent.

use proto::intake::v1::CaseState;
use proto::whitelist::v1 as whitelist;
use rpc::Fault;

use crate::support::{Browser, Page, Stand, upload, world};

const FILES: [(&str, &str); 7] = [
    ("file.D01", "licence"),
    ("file.D02", "identity"),
    ("file.D03", "form"),
    ("file.D04", "books"),
    ("file.D05", "rights"),
    ("file.D06", "use"),
    ("file.D07", "consent"),
];

/// The fields of a page's form that this test does not fill itself.
fn hidden(page: &Page) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = ["csrf", "request_id", "consent_request_id", "previewed"]
        .map(|name| (name.to_owned(), page.field(name)))
        .to_vec();
    for number in 1..=8 {
        for name in [format!("doc.D{number:02}"), format!("name.D{number:02}")] {
            let value = page.field(&name);
            fields.push((name, value));
        }
    }
    fields
}

async fn send(browser: &mut Browser, page: &Page, typed: &[(&str, &str)], files: &[(&str, &str)]) -> Page {
    let hidden = hidden(page);
    let mut fields: Vec<(&str, &str)> =
        hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(typed);
    browser.post_files("/cases/new", upload(&fields, files)).await
}

fn typed<'a>(asset: &'a str, step: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("uscc", "91419001ma9abc128h"),
        ("amount", "300"),
        ("term", "12"),
        ("purpose", "购买原料"),
        ("asset", asset),
        ("enhancement", "1"),
        ("repayment", "3"),
        ("consent", "new"),
        ("signed_on", "2026-03-01"),
        ("valid_months", "12"),
        ("step", step),
    ]
}

#[tokio::test]
async fn an_enterprise_is_looked_up_and_an_unknown_one_is_told_at_its_field() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    let wrong = send(
        &mut browser,
        &page,
        &[("uscc", "91350100M000100Y43"), ("step", "lookup"), ("amount", "77")],
        &[],
    )
    .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.has("该企业尚未登记入库") && wrong.has("value=\"77\""), "what was typed stays");
    let found = send(&mut browser, &wrong, &[("uscc", world::USCC), ("step", "lookup")], &[]).await;
    assert!(
        found.has("济源市沁铅新材料有限公司") && found.has("一种再生铅低温熔炼方法") && found.has("高新区")
    );
}

#[tokio::test]
async fn every_fault_is_shown_at_its_field_and_nothing_that_was_typed_is_lost() {
    let stand = Stand::new().await;
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    let fields = [
        ("uscc", world::USCC),
        ("amount", "三百"),
        ("term", "x"),
        ("purpose", "<b>用途</b>"),
        ("step", "preview"),
    ];
    let page = send(&mut browser, &page, &fields, &[("file.D01", "licence")]).await;
    assert_eq!(page.status, 422);
    for text in
        ["请以万元为单位填写金额", "1 至 120 的整月数", "至少勾选一项知识产权", "还缺少：法人身份证明"]
    {
        assert!(page.has(text), "{text}");
    }
    assert!(page.has("value=\"三百\"") && page.has("value=\"x\""));
    assert!(page.has("&#60;b&#62;用途") || page.has("&lt;b&gt;用途"), "typed text is escaped");
    assert!(!page.field("doc.D01").is_empty(), "the file's digest is kept");
    assert!(stand.world.lock().consents.is_empty());
}

#[tokio::test]
async fn the_plan_is_shown_before_anything_is_sent_and_then_exactly_that_is_sent_once() {
    let stand = Stand::new().await;
    {
        let mut world = stand.world.lock();
        world.plan = Some(world::plan());
        world.cases = vec![world::case(CaseState::Submitted)];
    }
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    let request_id = page.field("request_id");
    let asset = world::asset(0);
    let preview = send(&mut browser, &page, &typed(&asset, "preview"), &FILES).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    for text in [
        "派发方案预览",
        "沁源商业银行济源分行",
        "金额相符",
        "天坛信用联社",
        "金额高于上限",
        "中原知信评估",
        "评级 B",
    ] {
        assert!(preview.has(text), "{text}");
    }
    assert!(stand.world.lock().submitted.is_empty());
    assert_eq!(stand.world.lock().consents.len(), 1);
    assert_eq!(stand.world.lock().consents[0].evidence_sha256.len(), 32);

    let mut known = typed(&asset, "submit");
    known.retain(|(name, _)| *name != "consent");
    known.extend([("consent", "known"), ("consent_id", world::CONSENT)]);
    let mut changed = known.clone();
    changed[1] = ("amount", "301");
    let again = send(&mut browser, &preview, &changed, &[]).await;
    assert!(again.has("内容有修改"), "what was not previewed is not sent");
    assert!(stand.world.lock().submitted.is_empty());

    let sent = send(&mut browser, &preview, &known, &[]).await;
    assert_eq!(sent.location(), format!("/cases/{}", world::CASE));
    let submitted = stand.world.lock().submitted.clone();
    assert_eq!(submitted.len(), 1);
    assert_eq!(submitted[0].request_id, request_id);
    let application = submitted[0].application.clone().unwrap();
    assert_eq!((application.amount_fen, application.term_months), (300_000_000, 12));
    assert_eq!(application.consent_id, world::CONSENT);
    assert_eq!(application.documents.len(), 7);
    assert_eq!(application.enhancement, [1]);
}

#[tokio::test]
async fn an_enterprise_that_has_consented_is_offered_its_own_consents_by_their_days() {
    let stand = Stand::new().await;
    let record = |id: &str, state: &str, change: fn(&mut whitelist::Consent)| {
        let mut consent = whitelist::Consent {
            consent_id: id.to_owned(),
            purpose: whitelist::ConsentPurpose::IpPledgeFinancing.into(),
            // 2026-03-02 and 2027-03-02 in Shanghai.
            signed_at: Some(prost_types::Timestamp { seconds: 1_772_380_800, nanos: 0 }),
            valid_to: Some(prost_types::Timestamp { seconds: 1_803_916_800, nanos: 0 }),
            ..whitelist::Consent::default()
        };
        change(&mut consent);
        whitelist::ConsentRecord { consent: Some(consent), state: state.to_owned() }
    };
    stand.world.lock().known = vec![
        record(world::CONSENT, "ACTIVE", |consent| {
            consent.recipient_institution_ids = vec![String::from("one"), String::from("two")];
        }),
        record("revoked", "REVOKED", |_| {}),
        record("personal", "ACTIVE", |consent| consent.person = "张*".to_owned()),
        record("screening", "ACTIVE", |consent| {
            consent.purpose = whitelist::ConsentPurpose::CreditScreening.into();
        }),
    ];
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    assert!(page.has("查询后在这里选择企业已有的授权"));
    let page = send(&mut browser, &page, &typed(&world::asset(0), "lookup"), &[]).await;
    assert!(page.has("2026-03-02 签署，2027-03-02前有效，可提供给指定的 2 家机构"), "{}", page.text);
    assert!(page.has(&format!("<option value=\"{}\"", world::CONSENT)));
    for other in ["revoked", "personal", "screening"] {
        assert!(!page.has(&format!("<option value=\"{other}\"")), "{other}");
    }
    stand.world.lock().known.clear();
    let page = send(&mut browser, &page, &typed(&world::asset(0), "lookup"), &[]).await;
    assert!(page.has("该企业没有可用的授权，请现场登记"));
}

#[tokio::test]
async fn a_refusal_of_intake_is_shown_at_the_field_with_what_to_do() {
    let stand = Stand::new().await;
    stand.world.lock().plan = Some(world::plan());
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    let asset = world::asset(0);
    let preview = send(&mut browser, &page, &typed(&asset, "preview"), &FILES).await;
    let mut known = typed(&asset, "submit");
    known.retain(|(name, _)| *name != "consent");
    known.extend([("consent", "known"), ("consent_id", world::CONSENT)]);
    stand.world.lock().refusal =
        Some(|| Fault::new(&rpc::reasons::AMOUNT_OUT_OF_RANGE).field("application.amount_fen"));
    let page = send(&mut browser, &preview, &known, &[]).await;
    assert_eq!(page.status, 422);
    assert!(page.has("金额须在 0.01 元至 3 亿元之间") && page.has("class=\"field wrong\""));
    assert!(page.has("购买原料"));
    assert!(stand.world.lock().submitted.is_empty());
}

#[tokio::test]
async fn without_a_preview_the_application_can_be_sent_all_the_same() {
    let stand = Stand::new().await;
    stand.world.lock().cases = vec![world::case(CaseState::Submitted)];
    let mut browser = stand.clerk().await;
    let page = browser.get("/cases/new").await;
    let asset = world::asset(0);
    let preview = send(&mut browser, &page, &typed(&asset, "preview"), &FILES).await;
    assert_eq!(preview.status, 200);
    assert!(preview.has("派发方案预览暂不可用"));
    let mut known = typed(&asset, "submit");
    known.retain(|(name, _)| *name != "consent");
    known.extend([("consent", "known"), ("consent_id", world::CONSENT)]);
    assert_eq!(send(&mut browser, &preview, &known, &[]).await.status, 303);
}
