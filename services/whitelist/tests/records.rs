//! All fields of enterprises and assets: kept, read back, amended, and never lost.

use chrono::NaiveDate;
use kernel::{EnterpriseId, Fen};
use proto::whitelist::v1 as wire;
use tonic::Code;
use whitelist::{
    domain::{
        legal::{LegalCode, LegalEvent},
        profile::{Personal, TaxGrade},
    },
    store::{
        assets::{self, EventSource},
        enterprises,
    },
};

use crate::support::{OTHER_USCC, Stand, USCC, assert_refused, asset, registration};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn profile() -> wire::EnterpriseProfile {
    let year = |year, revenue, rd, profit| wire::AccountsYear {
        year,
        revenue_fen: revenue,
        rd_spend_fen: rd,
        net_profit_fen: profit,
    };
    wire::EnterpriseProfile {
        former_names: vec!["济源市沁铅冶炼厂".to_owned()],
        established_on: "2009-05-18".to_owned(),
        reg_capital_fen: Some(500_000_000),
        legal_rep: "张小三".to_owned(),
        contacts: vec![
            wire::Contact {
                name: "李四".to_owned(), phone: "13800001234".to_owned(), email: String::new()
            },
            wire::Contact {
                name: "王小五".to_owned(),
                phone: String::new(),
                email: "someone@example.com".to_owned(),
            },
        ],
        staff: Some(320),
        rd_staff: Some(40),
        accounts: Some(wire::Accounts {
            years: vec![
                year(2022, Some(9_800_000_000), Some(410_000_000), Some(-1)),
                year(2021, Some(8_000_000_000), None, None),
            ],
        }),
        total_assets_fen: Some(12_000_000_000),
        total_liabilities_fen: Some(0),
        tax_grade: 1,
        platform_link: Some(false),
    }
}

#[tokio::test]
async fn every_field_is_kept_people_are_masked_and_amounts_left_out() {
    let stand = Stand::new().await;
    let request = wire::RegisterEnterpriseRequest { profile: Some(profile()), ..registration() };
    let registered =
        stand.clerk().register_enterprise(request).await.unwrap().into_inner().enterprise.unwrap();
    let shown = registered.profile.as_ref().unwrap();
    assert_eq!(shown.legal_rep, "张*三");
    let contact = |contact: &wire::Contact| [&contact.name, &contact.phone, &contact.email].map(Clone::clone);
    assert_eq!(contact(&shown.contacts[0]), ["李*", "138****1234", ""]);
    assert_eq!(contact(&shown.contacts[1]), ["王*五", "", "s***@example.com"]);
    let years = &shown.accounts.as_ref().unwrap().years;
    assert_eq!(years.iter().map(|year| year.year).collect::<Vec<_>>(), [2022, 2021, 2020]);
    assert!(years.iter().all(|year| year.revenue_fen.is_none() && year.net_profit_fen.is_none()));
    assert_eq!((shown.total_assets_fen, shown.total_liabilities_fen), (None, None));
    assert_eq!((shown.staff, shown.rd_staff, shown.platform_link), (Some(320), Some(40), Some(false)));
    // 320 people and 98 million: medium, though small was stated.
    assert_eq!((registered.computed_size, registered.size), (2, 3));
    assert_eq!(registered.warnings, ["SIZE_DIFFERS"]);
    assert_eq!((registered.version, registered.amended_at), (1, None));

    let mut conn = stand.pool.acquire().await.unwrap();
    let id: EnterpriseId = registered.enterprise_id.parse().unwrap();
    let kept = enterprises::find(&mut conn, id).await.unwrap().unwrap().profile;
    assert_eq!(kept.legal_rep, Personal::parse("张小三"));
    assert_eq!((&kept.contacts[0].email, &kept.contacts[1].phone), (&None, &None));
    let accounts = kept.accounts.unwrap();
    assert_eq!(accounts.revenue, [Some(Fen::new(9_800_000_000)), Some(Fen::new(8_000_000_000)), None]);
    assert_eq!(accounts.net_profit, [Some(Fen::new(-1)), None, None]);
    assert_eq!((kept.total_liabilities, kept.tax_grade), (Some(Fen::ZERO), Some(TaxGrade::A)));
}

#[tokio::test]
async fn what_is_not_told_is_missing_and_not_zero() {
    let stand = Stand::new().await;
    let registered =
        stand.clerk().register_enterprise(registration()).await.unwrap().into_inner().enterprise.unwrap();
    assert_eq!(registered.profile, Some(wire::EnterpriseProfile::default()));
    assert_eq!((registered.computed_size, registered.warnings.len()), (0, 0));
}

#[tokio::test]
async fn a_profile_with_a_wrong_field_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::EnterpriseProfile);
    let stand = Stand::new().await;
    let before = stand.rows().await;
    let wrong: [(Spoil, &str, &str); 13] = [
        (|p| p.former_names = vec![String::new()], "FIELD_REQUIRED", "profile.former_names[0]"),
        (|p| p.former_names = vec!["x".to_owned(); 21], "TOO_MANY", "profile.former_names"),
        (|p| p.established_on = "2999-01-01".to_owned(), "DATE_IN_FUTURE", "profile.established_on"),
        (|p| p.reg_capital_fen = Some(-1), "NUMBER_OUT_OF_RANGE", "profile.reg_capital_fen"),
        (|p| p.legal_rep = "名".repeat(101), "FIELD_TOO_LONG", "profile.legal_rep"),
        (|p| p.contacts[0].name.clear(), "FIELD_REQUIRED", "profile.contacts[0].name"),
        (|p| p.contacts = vec![p.contacts[0].clone(); 11], "TOO_MANY", "profile.contacts"),
        (|p| p.rd_staff = Some(321), "RD_STAFF_EXCEEDS_STAFF", "profile.rd_staff"),
        (|p| p.staff = Some(-1), "NUMBER_OUT_OF_RANGE", "profile.staff"),
        (
            |p| p.accounts.as_mut().unwrap().years[0].year = 2998,
            "ACCOUNTS_YEAR_INVALID",
            "profile.accounts.years[1].year",
        ),
        (
            |p| p.accounts.as_mut().unwrap().years[1].revenue_fen = Some(-1),
            "NUMBER_OUT_OF_RANGE",
            "profile.accounts.years[1].revenue_fen",
        ),
        (
            |p| p.accounts.as_mut().unwrap().years.extend([wire::AccountsYear::default(); 2]),
            "TOO_MANY",
            "profile.accounts.years",
        ),
        (|p| p.tax_grade = 6, "ENUM_UNKNOWN", "profile.tax_grade"),
    ];
    for (spoil, reason, field) in wrong {
        let mut given = profile();
        spoil(&mut given);
        let request = wire::RegisterEnterpriseRequest { profile: Some(given), ..registration() };
        let answer = stand.clerk().register_enterprise(request).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn each_version_of_an_enterprise_stays_readable_with_its_qualifications() {
    let stand = Stand::new().await;
    let request = wire::RegisterEnterpriseRequest { profile: Some(profile()), ..registration() };
    let registered =
        stand.clerk().register_enterprise(request).await.unwrap().into_inner().enterprise.unwrap();
    let id: EnterpriseId = registered.enterprise_id.parse().unwrap();
    let mut conn = stand.pool.acquire().await.unwrap();
    let first = enterprises::find(&mut conn, id).await.unwrap().unwrap();
    assert_eq!(first.amended(first.clone(), stand.now()), None, "nothing changes, so there is no version");

    let mut changed = first.clone();
    changed.qualifications.clear();
    changed.profile.staff = Some(400);
    let second = first.amended(changed, stand.now()).unwrap();
    enterprises::update_many(&mut conn, std::slice::from_ref(&second)).await.unwrap();

    let kept = enterprises::find(&mut conn, id).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.profile.staff, kept.qualifications.len()), (2, Some(400), 0));
    let mut versions = enterprises::find_versions(&mut conn, &[(id, 1), (id, 2), (id, 3)]).await.unwrap();
    versions.sort_by_key(|version| version.version);
    assert_eq!(versions, [first, kept]);
}

#[tokio::test]
async fn an_asset_keeps_its_detail_owners_and_events_and_tells_what_they_come_to() {
    let stand = Stand::new().await;
    stand.ground.clock().set("2026-03-01T02:00:00Z".parse().unwrap());
    let id = stand.enterprise(USCC).await;
    let request = wire::RegisterAssetRequest {
        detail: Some(wire::AssetDetail {
            inventors_count: Some(3),
            annuity_paid_to: "2026-02-10".to_owned(),
            ipc_main: "C22B7/00".to_owned(),
            revenue_share_bp: Some(6_000),
            citations: Some(0),
            high_value: vec![1, 5],
            acquired_from: "赵小六".to_owned(),
            acquired_on: "2023-01-05".to_owned(),
            ..Default::default()
        }),
        owners: vec![
            wire::AssetOwner { uscc: USCC.to_owned(), ..Default::default() },
            wire::AssetOwner { uscc: OTHER_USCC.to_owned(), name: "某大学".to_owned(), share_bp: 0 },
            wire::AssetOwner { name: "钱小七".to_owned(), ..Default::default() },
        ],
        legal_events: vec![
            wire::LegalEvent {
                code: "PC01".to_owned(),
                on: "2025-05-01".to_owned(),
                reference: "Y1".to_owned(),
            },
            wire::LegalEvent {
                code: "PE01".to_owned(),
                on: "2024-05-01".to_owned(),
                reference: "Y1".to_owned(),
            },
            wire::LegalEvent {
                code: "ee01".to_owned(),
                on: "2024-06-01".to_owned(),
                reference: String::new(),
            },
        ],
        ..asset(&id)
    };
    let registered = stand.clerk().register_asset(request).await.unwrap().into_inner().asset.unwrap();
    let list = wire::ListAssetsRequest { enterprise_id: id, ..Default::default() };
    let listed = stand.clerk().list_assets(list).await.unwrap().into_inner().assets;
    assert_eq!(listed, std::slice::from_ref(&registered));
    let detail = registered.detail.unwrap();
    assert_eq!((detail.citations, detail.family_size), (Some(0), None));
    assert_eq!((detail.acquired_from.as_str(), &detail.high_value[..]), ("赵*六", &[1, 5][..]));
    let shares: Vec<i32> = registered.owners.iter().map(|owner| owner.share_bp).collect();
    assert_eq!(shares, [3334, 3333, 3333]);
    assert_eq!((registered.owners[1].name.as_str(), registered.owners[2].name.as_str()), ("某大学", "钱*七"));
    let status = registered.status.unwrap();
    assert_eq!((status.expiry.as_str(), status.annuity_due.as_str()), ("2042-02-10", "2026-02-10"));
    assert_eq!((status.annuity_status, status.in_force), (4, true));
    assert!(!status.pledged && status.licensed && !status.preserved);
}

#[tokio::test]
async fn an_asset_with_a_wrong_detail_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::RegisterAssetRequest);
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let before = stand.rows().await;
    fn detail(request: &mut wire::RegisterAssetRequest) -> &mut wire::AssetDetail {
        request.detail.get_or_insert_default()
    }
    fn event(code: &str, on: &str) -> wire::LegalEvent {
        wire::LegalEvent { code: code.to_owned(), on: on.to_owned(), reference: String::new() }
    }
    let wrong: [(Spoil, &str, &str); 12] = [
        (|r| detail(r).nice_class = 46, "NUMBER_OUT_OF_RANGE", "detail.nice_class"),
        (|r| detail(r).nice_class = 45, "FIELD_NOT_OF_TYPE", "detail.nice_class"),
        (|r| detail(r).renewed_to = "2030-01-01".to_owned(), "FIELD_NOT_OF_TYPE", "detail.renewed_to"),
        (|r| detail(r).creation_date = "2020-01-01".to_owned(), "FIELD_NOT_OF_TYPE", "detail.creation_date"),
        (|r| detail(r).acquired_on = "2999-01-01".to_owned(), "DATE_IN_FUTURE", "detail.acquired_on"),
        (|r| detail(r).revenue_share_bp = Some(10_001), "NUMBER_OUT_OF_RANGE", "detail.revenue_share_bp"),
        (|r| detail(r).high_value = vec![6], "ENUM_UNKNOWN", "detail.high_value[0]"),
        (|r| r.owners = vec![wire::AssetOwner::default()], "FIELD_REQUIRED", "owners[0].uscc"),
        (
            |r| {
                r.owners =
                    vec![wire::AssetOwner { uscc: USCC.to_owned(), share_bp: 9_999, ..Default::default() }]
            },
            "OWNER_SHARES_NOT_WHOLE",
            "owners",
        ),
        (
            |r| r.owners = vec![wire::AssetOwner { uscc: USCC.to_owned(), ..Default::default() }; 2],
            "FIELD_REPEATED",
            "owners",
        ),
        (
            |r| r.legal_events = vec![event("GR01", "2024-01-01")],
            "LEGAL_CODE_UNKNOWN",
            "legal_events[0].code",
        ),
        (|r| r.legal_events = vec![event("PE01", "2999-01-01")], "DATE_IN_FUTURE", "legal_events[0].on"),
    ];
    for (spoil, reason, field) in wrong {
        let mut request = asset(&id);
        spoil(&mut request);
        let answer = stand.clerk().register_asset(request).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn an_event_told_twice_is_one_event_and_each_version_of_an_asset_stays_readable() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let registered = stand.clerk().register_asset(asset(&id)).await.unwrap().into_inner().asset.unwrap();
    let id = registered.asset_id.parse().unwrap();
    let mut conn = stand.pool.acquire().await.unwrap();
    let pledge =
        LegalEvent { code: LegalCode::PledgeEffective, on: day("2024-05-01"), reference: "Y1".to_owned() };
    let told = [(id, pledge.clone()), (id, pledge.clone())];
    for new in [1, 0] {
        let added = assets::add_events(&mut conn, &told, EventSource::Desk, stand.now()).await.unwrap();
        assert_eq!(added, new);
    }
    let first = assets::lock(&mut conn, id).await.unwrap().unwrap();
    assert_eq!(first.events, [pledge]);
    let mut changed = first.clone();
    changed.detail.citations = Some(7);
    let second = first.amended(changed, stand.now()).unwrap();
    assets::update_many(&mut conn, std::slice::from_ref(&second), stand.now()).await.unwrap();
    let mut versions = assets::find_versions(&mut conn, &[(id, 1), (id, 2)]).await.unwrap();
    versions.sort_by_key(|version| version.version);
    assert_eq!(versions[0], first);
    assert_eq!((versions[1].version, versions[1].detail.citations), (2, Some(7)));
}

#[tokio::test]
async fn one_trademark_number_is_one_right_in_each_of_its_classes() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let in_class = |class| wire::RegisterAssetRequest {
        r#type: 4,
        number: "7199523".to_owned(),
        detail: Some(wire::AssetDetail { nice_class: class, ..Default::default() }),
        ..asset(&id)
    };
    stand.clerk().register_asset(in_class(9)).await.unwrap();
    stand.clerk().register_asset(in_class(45)).await.unwrap();
    let again = stand.clerk().register_asset(in_class(45)).await;
    assert_refused(again, Code::AlreadyExists, "ASSET_EXISTS", Some("number"));
}
