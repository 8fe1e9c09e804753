//! RegisterInstitution, GetInstitution, ListInstitutions.

use prost::Message as _;
use proto::catalog::v1 as wire;
use tonic::Code;

use crate::support::{Stand, assert_refused, institution, new_id};

#[tokio::test]
async fn an_institution_is_registered_told_and_found() {
    let stand = Stand::new().await;
    let request = wire::RegisterInstitutionRequest {
        name: " 济水村镇银行 ".to_owned(),
        financial_license_code: "s0001h341000001".to_owned(),
        ..institution()
    };
    let registered =
        stand.clerk().register_institution(request).await.unwrap().into_inner().institution.unwrap();
    assert_eq!((registered.name.as_str(), registered.role), ("济水村镇银行", 1));
    assert_eq!(registered.financial_license_code, "S0001H341000001");

    let request = wire::GetInstitutionRequest { institution_id: registered.institution_id.clone() };
    assert_eq!(stand.role("partner").get_institution(request).await.unwrap().into_inner(), registered);
    assert_eq!(stand.owed().await, [("catalog.institution-changed.v1".to_owned(), 1)]);
    let body: Vec<u8> = sqlx::query_scalar("SELECT body FROM outbox").fetch_one(&stand.pool).await.unwrap();
    let told =
        wire::InstitutionChanged { institution_id: registered.institution_id, role: 1, has_department: true };
    assert_eq!(wire::InstitutionChanged::decode(&body[..]).unwrap(), told);
    let audited = ("staff:staff-clerk".to_owned(), "REGISTER_INSTITUTION".to_owned(), "DONE".to_owned());
    assert_eq!(stand.audited().await, [audited]);
}

#[tokio::test]
async fn an_institution_with_a_wrong_field_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::RegisterInstitutionRequest);
    let stand = Stand::new().await;
    let before = stand.rows().await;
    let wrong: [(Spoil, &str, &str); 8] = [
        (|r| r.request_id = "x".to_owned(), "REQUEST_ID_INVALID", "request_id"),
        (|r| r.name = String::new(), "FIELD_REQUIRED", "name"),
        (|r| r.name = "名".repeat(101), "FIELD_TOO_LONG", "name"),
        (|r| r.role = 0, "ENUM_UNSPECIFIED", "role"),
        (|r| r.role = 10, "ENUM_UNKNOWN", "role"),
        (|r| r.responsible_department = "部".repeat(101), "FIELD_TOO_LONG", "responsible_department"),
        (|r| r.financial_license_code = "S0001".to_owned(), "LICENCE_INVALID", "financial_license_code"),
        (|r| r.role = 2, "LICENCE_INVALID", "financial_license_code"),
    ];
    for (spoil, reason, field) in wrong {
        let mut request = institution();
        spoil(&mut request);
        let answer = stand.clerk().register_institution(request).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn a_name_is_registered_once() {
    let stand = Stand::new().await;
    stand.bank("王屋银行济源分行").await;
    let before = stand.rows().await;
    let request =
        wire::RegisterInstitutionRequest { name: "王屋银行济源分行".to_owned(), ..institution() };
    let answer = stand.clerk().register_institution(request).await;
    assert_refused(answer, Code::AlreadyExists, "INSTITUTION_EXISTS", Some("name"));
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn institutions_are_listed_page_by_page_and_by_role() {
    let stand = Stand::new().await;
    let mut banks = Vec::new();
    for n in 0..5 {
        banks.push(stand.bank(&format!("银行{n}")).await);
    }
    let insurer = wire::RegisterInstitutionRequest {
        name: "安济财险".to_owned(),
        role: 2,
        financial_license_code: String::new(),
        ..institution()
    };
    stand.clerk().register_institution(insurer).await.unwrap();
    banks.sort();

    let list = async |role, page_size, page_token| {
        let request = wire::ListInstitutionsRequest { role, page_size, page_token };
        stand.role("partner").list_institutions(request).await.unwrap().into_inner()
    };
    let (mut listed, mut pages, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = list(1, 2, token).await;
        pages.push(page.institutions.len());
        listed.extend(page.institutions.into_iter().map(|institution| institution.institution_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((pages, listed), (vec![2, 2, 1], banks));
    assert_eq!(list(0, 0, String::new()).await.institutions.len(), 6);
    assert_eq!(list(2, 0, String::new()).await.institutions[0].name, "安济财险");
    assert_eq!(list(3, 0, String::new()).await, wire::ListInstitutionsResponse::default());
}

#[tokio::test]
async fn an_institution_or_page_that_cannot_be_found_is_refused() {
    let stand = Stand::new().await;
    let get = async |id: &str| {
        let request = wire::GetInstitutionRequest { institution_id: id.to_owned() };
        stand.clerk().get_institution(request).await
    };
    assert_refused(get(&new_id()).await, Code::NotFound, "NOT_FOUND", Some("institution_id"));
    assert_refused(get("x").await, Code::InvalidArgument, "UUID_INVALID", Some("institution_id"));
    assert_refused(get("").await, Code::InvalidArgument, "FIELD_REQUIRED", Some("institution_id"));
    let list = async |role, page_size, token: &str| {
        let request = wire::ListInstitutionsRequest { role, page_size, page_token: token.to_owned() };
        stand.clerk().list_institutions(request).await
    };
    let bad = Code::InvalidArgument;
    assert_refused(list(99, 0, "").await, bad, "ENUM_UNKNOWN", Some("role"));
    assert_refused(list(0, 1001, "").await, bad, "PAGE_SIZE_INVALID", Some("page_size"));
    assert_refused(list(0, 0, "x").await, bad, "PAGE_TOKEN_INVALID", Some("page_token"));
}
