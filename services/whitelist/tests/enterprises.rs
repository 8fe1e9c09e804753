//! RegisterEnterprise, GetEnterprise.

use proto::whitelist::v1::{self as wire, get_enterprise_request::Key};
use tonic::Code;

use crate::support::{OTHER_USCC, Stand, USCC, assert_refused, new_id, registration};

fn by(key: Key) -> wire::GetEnterpriseRequest {
    wire::GetEnterpriseRequest { key: Some(key) }
}

#[tokio::test]
async fn an_enterprise_is_registered_as_people_type_it_and_found_by_id_and_by_uscc() {
    let stand = Stand::new().await;
    let typed = wire::RegisterEnterpriseRequest {
        uscc: " ９１419001ma9abc128h".to_owned(),
        name: " 济源市沁铅新材料有限公司 ".to_owned(),
        industry: "c3240".to_owned(),
        region: "410881".to_owned(),
        ..registration()
    };
    let registered = stand.clerk().register_enterprise(typed).await.unwrap().into_inner().enterprise.unwrap();
    assert_eq!(registered.uscc, USCC);
    assert_eq!(registered.name, "济源市沁铅新材料有限公司");
    assert_eq!((registered.industry.as_str(), registered.region.as_str()), ("C3240", "419001"));
    assert_eq!(registered.qualifications, registration().qualifications);

    let by_id = stand.clerk().get_enterprise(by(Key::EnterpriseId(registered.enterprise_id.clone()))).await;
    assert_eq!(by_id.unwrap().into_inner(), registered);
    let by_uscc = stand.role("intake").get_enterprise(by(Key::Uscc(USCC.to_lowercase()))).await;
    assert_eq!(by_uscc.unwrap().into_inner(), registered);
    let audited = ("staff:staff-clerk".to_owned(), "REGISTER_ENTERPRISE".to_owned(), "DONE".to_owned());
    assert_eq!(stand.audited().await, [audited]);
    assert_eq!(stand.owed().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_registration_with_a_wrong_field_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::RegisterEnterpriseRequest);
    let stand = Stand::new().await;
    let before = stand.rows().await;
    let wrong: [(Spoil, &str, &str); 21] = [
        (|r| r.request_id = String::new(), "REQUEST_ID_INVALID", "request_id"),
        (|r| r.request_id = "7".to_owned(), "REQUEST_ID_INVALID", "request_id"),
        (|r| r.uscc = String::new(), "FIELD_REQUIRED", "uscc"),
        (|r| r.uscc = "91350100M000100Y4Z".to_owned(), "USCC_INVALID", "uscc"),
        (|r| r.uscc = USCC[..17].to_owned(), "USCC_INVALID", "uscc"),
        (|r| r.uscc = "9141900IMA9ABC128H".to_owned(), "USCC_INVALID", "uscc"),
        (|r| r.name = "  ".to_owned(), "FIELD_REQUIRED", "name"),
        (|r| r.name = "名".repeat(101), "FIELD_TOO_LONG", "name"),
        (|r| r.name = "a\u{7}b".to_owned(), "FIELD_INVALID", "name"),
        (|r| r.name = "a\nb".to_owned(), "FIELD_INVALID", "name"),
        (|r| r.size = 0, "ENUM_UNSPECIFIED", "size"),
        (|r| r.size = 5, "ENUM_UNKNOWN", "size"),
        (|r| r.industry = "32".to_owned(), "INDUSTRY_INVALID", "industry"),
        (|r| r.park = "JY-XX".to_owned(), "PARK_UNKNOWN", "park"),
        (|r| r.park = String::new(), "PARK_UNKNOWN", "park"),
        (|r| r.region = "41900".to_owned(), "REGION_INVALID", "region"),
        (|r| r.qualifications[0].code = 99, "ENUM_UNKNOWN", "qualifications[0].code"),
        (
            |r| r.qualifications[0].valid_from = "2021-2-30".to_owned(),
            "DATE_INVALID",
            "qualifications[0].valid_from",
        ),
        (|r| r.qualifications[0].valid_to = String::new(), "FIELD_REQUIRED", "qualifications[0].valid_to"),
        (
            |r| r.qualifications[0].valid_to = "2021-10-27".to_owned(),
            "QUALIFICATION_PERIOD_INVALID",
            "qualifications[0].valid_to",
        ),
        (|r| r.qualifications = vec![r.qualifications[0].clone(); 51], "TOO_MANY", "qualifications"),
    ];
    for (spoil, reason, field) in wrong {
        let mut request = registration();
        spoil(&mut request);
        let answer = stand.clerk().register_enterprise(request).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let stand = Stand::new().await;
    let request = wire::RegisterEnterpriseRequest { uscc: "x".to_owned(), size: 9, ..registration() };
    let status = stand.clerk().register_enterprise(request).await.unwrap_err();
    let violations = rpc::status::violations(&status);
    let wanted = [("uscc", "USCC_INVALID"), ("size", "ENUM_UNKNOWN")];
    assert_eq!(violations, wanted.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
}

#[tokio::test]
async fn a_uscc_is_registered_once() {
    let stand = Stand::new().await;
    stand.enterprise(USCC).await;
    let before = stand.rows().await;
    let answer = stand.clerk().register_enterprise(registration()).await;
    assert_refused(answer, Code::AlreadyExists, "ENTERPRISE_EXISTS", Some("uscc"));
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn an_enterprise_that_cannot_be_found_is_refused() {
    let stand = Stand::new().await;
    let mut clerk = stand.clerk();
    let answer = clerk.get_enterprise(by(Key::EnterpriseId(new_id()))).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", None);
    let answer = clerk.get_enterprise(by(Key::Uscc(OTHER_USCC.to_owned()))).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", None);
    let answer = clerk.get_enterprise(by(Key::EnterpriseId("1".to_owned()))).await;
    assert_refused(answer, Code::InvalidArgument, "UUID_INVALID", Some("enterprise_id"));
    let answer = clerk.get_enterprise(by(Key::Uscc("91350100M000100Y4Z".to_owned()))).await;
    assert_refused(answer, Code::InvalidArgument, "USCC_INVALID", Some("uscc"));
    let answer = clerk.get_enterprise(wire::GetEnterpriseRequest { key: None }).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("key"));
}
