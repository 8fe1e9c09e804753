//! AmendEnterprise, AmendAsset, RecordLegalEvents, Reveal, ListReveals, CheckPledge, ListConsents.

use chrono::TimeDelta;
use proto::whitelist::v1 as wire;
use rpc::{Actor, Duty};
use tonic::Code;

use crate::{
    records::profile,
    support::{OTHER_USCC, Stand, USCC, assert_refused, asset, consent, new_id, registration},
};

async fn firm(stand: &Stand) -> wire::Enterprise {
    let request = wire::RegisterEnterpriseRequest { profile: Some(profile()), ..registration() };
    stand.clerk().register_enterprise(request).await.unwrap().into_inner().enterprise.unwrap()
}

fn amendment(firm: &wire::Enterprise, paths: &[&str]) -> wire::AmendEnterpriseRequest {
    wire::AmendEnterpriseRequest {
        request_id: new_id(),
        enterprise_id: firm.enterprise_id.clone(),
        version: firm.version,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        ..Default::default()
    }
}

fn event(code: &str, on: &str) -> wire::LegalEvent {
    wire::LegalEvent { code: code.to_owned(), on: on.to_owned(), reference: String::new() }
}

#[tokio::test]
async fn an_amendment_changes_what_it_names_and_nothing_else() {
    let stand = Stand::new().await;
    let registered = firm(&stand).await;
    let mut keeper = stand.keeper(Duty::Clerk);
    let request = wire::AmendEnterpriseRequest {
        name: "济源市沁铅再生资源有限公司".to_owned(),
        size: 2,
        profile: Some(wire::EnterpriseProfile {
            staff: Some(400),
            legal_rep: "李小四".to_owned(),
            ..Default::default()
        }),
        ..amendment(&registered, &["name", "profile.staff", "profile.tax_grade"])
    };
    let amended = keeper.amend_enterprise(request).await.unwrap().into_inner().enterprise.unwrap();
    let (known, shown) = (registered.profile.unwrap(), amended.profile.unwrap());
    assert_eq!((amended.version, amended.size), (2, 3), "the size was given and not named");
    assert_eq!(amended.name, "济源市沁铅再生资源有限公司");
    assert_eq!(shown.former_names, ["济源市沁铅冶炼厂", "济源市沁铅新材料有限公司"]);
    assert_eq!((shown.staff, shown.tax_grade), (Some(400), 0), "named and not given: not known any more");
    assert_eq!((shown.legal_rep, shown.contacts), (known.legal_rep, known.contacts));
    assert_eq!(amended.qualifications, registered.qualifications);
    assert!(amended.amended_at.is_some());
}

#[tokio::test]
async fn an_amendment_of_what_has_changed_since_is_refused_and_one_that_says_nothing_new_changes_nothing() {
    let stand = Stand::new().await;
    let registered = firm(&stand).await;
    let mut keeper = stand.keeper(Duty::Supervisor);
    let same = wire::AmendEnterpriseRequest { size: registered.size, ..amendment(&registered, &["size"]) };
    let kept = keeper.amend_enterprise(same).await.unwrap().into_inner().enterprise.unwrap();
    assert_eq!(kept, registered);
    let first = wire::AmendEnterpriseRequest { size: 2, ..amendment(&registered, &["size"]) };
    keeper.amend_enterprise(first).await.unwrap();
    let late = wire::AmendEnterpriseRequest { size: 1, ..amendment(&registered, &["size"]) };
    assert_refused(keeper.amend_enterprise(late).await, Code::Aborted, "VERSION_CONFLICT", Some("version"));
    let results: Vec<String> = stand.audited().await.into_iter().map(|(_, _, result)| result).collect();
    assert_eq!(results, ["DONE", "ALREADY_APPLIED", "DONE"]);
}

#[tokio::test]
async fn an_amendment_that_cannot_be_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::AmendEnterpriseRequest);
    let stand = Stand::new().await;
    let registered = firm(&stand).await;
    let before = stand.rows().await;
    let bad = Code::InvalidArgument;
    let wrong: [(Spoil, Code, &str, &str); 8] = [
        (|r| r.enterprise_id = new_id(), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (|r| r.version = 0, bad, "NUMBER_OUT_OF_RANGE", "version"),
        (|r| r.paths.clear(), bad, "FIELD_REQUIRED", "paths"),
        (|r| r.paths = vec!["uscc".to_owned()], bad, "PATH_UNKNOWN", "paths[0]"),
        (|r| r.paths.push("name".to_owned()), bad, "FIELD_REPEATED", "paths[1]"),
        (|r| r.name.clear(), bad, "FIELD_REQUIRED", "name"),
        (
            |r| {
                r.paths.push("park".to_owned());
                r.park = "JY-XX".to_owned();
            },
            bad,
            "PARK_UNKNOWN",
            "park",
        ),
        // Fewer people than the researchers that are on record.
        (
            |r| {
                r.paths.push("profile.staff".to_owned());
                r.profile = Some(wire::EnterpriseProfile { staff: Some(39), ..Default::default() });
            },
            bad,
            "RD_STAFF_EXCEEDS_STAFF",
            "profile.rd_staff",
        ),
    ];
    for (spoil, code, reason, field) in wrong {
        let mut request =
            wire::AmendEnterpriseRequest { name: "新名".to_owned(), ..amendment(&registered, &["name"]) };
        spoil(&mut request);
        let answer = stand.keeper(Duty::Clerk).amend_enterprise(request).await;
        assert_refused(answer, code, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn an_asset_is_amended_by_version_and_its_events_are_only_added_to() {
    let stand = Stand::new().await;
    stand.ground.clock().set("2026-03-01T02:00:00Z".parse().unwrap());
    let id = stand.enterprise(USCC).await;
    let registered = stand.clerk().register_asset(asset(&id)).await.unwrap().into_inner().asset.unwrap();
    assert_eq!(registered.status.as_ref().unwrap().annuity_status, 2, "not on record");
    let mut keeper = stand.keeper(Duty::Clerk);
    let request = |version, detail| wire::AmendAssetRequest {
        request_id: new_id(),
        asset_id: registered.asset_id.clone(),
        version,
        paths: vec!["detail.annuity_paid_to".to_owned()],
        detail: Some(detail),
        ..Default::default()
    };
    let paid = wire::AssetDetail { annuity_paid_to: "2027-02-10".to_owned(), ..Default::default() };
    let amended = keeper.amend_asset(request(1, paid.clone())).await.unwrap().into_inner().asset.unwrap();
    assert_eq!((amended.version, amended.status.unwrap().annuity_status), (2, 3));
    assert_refused(
        keeper.amend_asset(request(1, paid)).await,
        Code::Aborted,
        "VERSION_CONFLICT",
        Some("version"),
    );
    let of_a_mark = wire::AssetDetail { nice_class: 9, ..Default::default() };
    let answer = keeper.amend_asset(request(2, of_a_mark)).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_NOT_OF_TYPE", Some("detail.nice_class"));

    let told = || wire::RecordLegalEventsRequest {
        request_id: new_id(),
        asset_id: registered.asset_id.clone(),
        events: vec![event("PE01", "2025-01-05"), event("PP01", "2025-02-05")],
    };
    for added in [2, 0] {
        let answer = keeper.record_legal_events(told()).await.unwrap().into_inner();
        assert_eq!(answer.added, added);
        let status = answer.asset.unwrap().status.unwrap();
        assert!(status.pledged && status.preserved && status.in_force);
    }
    let nothing = wire::RecordLegalEventsRequest { events: vec![], ..told() };
    let answer = keeper.record_legal_events(nothing).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("events"));
    let unknown = wire::RecordLegalEventsRequest { asset_id: new_id(), ..told() };
    let answer = keeper.record_legal_events(unknown).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("asset_id"));
}

#[tokio::test]
async fn masked_data_is_shown_for_a_reason_that_stays_on_record_and_what_was_shown_does_not() {
    let stand = Stand::new().await;
    let registered = firm(&stand).await;
    let request = wire::RegisterAssetRequest {
        owners: vec![wire::AssetOwner { name: "钱小七".to_owned(), ..Default::default() }],
        ..asset(&registered.enterprise_id)
    };
    stand.clerk().register_asset(request).await.unwrap();
    let mut clerk = stand.keeper(Duty::Clerk);
    let asked = |fields: &[i32], reason: &str| wire::RevealRequest {
        enterprise_id: registered.enterprise_id.clone(),
        fields: fields.to_vec(),
        reason: reason.to_owned(),
    };
    let shown = clerk.reveal(asked(&[1, 2, 3, 5], "核对贷款申请材料")).await.unwrap().into_inner();
    assert_eq!((shown.legal_rep.as_str(), shown.contacts[0].phone.as_str()), ("张小三", "13800001234"));
    assert_eq!(shown.accounts.unwrap().years[0].revenue_fen, Some(9_800_000_000));
    assert_eq!((shown.total_assets_fen, shown.total_liabilities_fen), (Some(12_000_000_000), Some(0)));
    assert_eq!(shown.asset_parties[0].owners[0].name, "钱小七");
    assert_eq!(shown.uscc, "", "not asked for");
    let shown = clerk.reveal(asked(&[4], "电话回访企业")).await.unwrap().into_inner();
    assert_eq!((shown.uscc.as_str(), shown.legal_rep.as_str()), (USCC, ""));

    for (request, reason, field) in [
        (asked(&[1], ""), "REVEAL_REASON_MISSING", "reason"),
        (asked(&[1], "看看"), "REVEAL_REASON_MISSING", "reason"),
        (asked(&[1], "联系13800001234"), "TEXT_HAS_IDENTIFIER", "reason"),
        (asked(&[], "核对贷款申请材料"), "FIELD_REQUIRED", "fields"),
        (asked(&[6], "核对贷款申请材料"), "ENUM_UNKNOWN", "fields[0]"),
    ] {
        assert_refused(clerk.reveal(request).await, Code::InvalidArgument, reason, Some(field));
    }
    let unknown = wire::RevealRequest { enterprise_id: new_id(), ..asked(&[1], "核对贷款申请材料") };
    assert_refused(clerk.reveal(unknown).await, Code::NotFound, "NOT_FOUND", Some("enterprise_id"));

    let mut supervisor = stand.keeper(Duty::Supervisor);
    let list = |page_token, enterprise_id: &str| wire::ListRevealsRequest {
        enterprise_id: enterprise_id.to_owned(),
        page_size: 1,
        page_token,
    };
    let page = supervisor.list_reveals(list(String::new(), "")).await.unwrap().into_inner();
    let latest = &page.reveals[0];
    assert_eq!((&latest.fields[..], latest.reason.as_str()), (&[4][..], "电话回访企业"));
    assert_eq!(latest.actor, "staff:staff-clerk");
    let id = registered.enterprise_id.clone();
    let page = supervisor.list_reveals(list(page.next_page_token, &id)).await.unwrap().into_inner();
    assert_eq!((page.reveals[0].reason.as_str(), page.next_page_token.as_str()), ("核对贷款申请材料", ""));
    let audited = stand.audited().await;
    assert_eq!(audited.iter().filter(|(_, action, _)| action == "REVEAL").count(), 2);

    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT reveal::text FROM reveal UNION ALL SELECT request_replay::text FROM request_replay
             UNION ALL SELECT audit_entry::text FROM audit_entry",
    )
    .fetch_all(&stand.pool)
    .await
    .unwrap();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for row in &rows {
        assert!(!row.contains("张小三") && !row.contains(&hex("张小三")), "what was shown is kept");
        assert!(!row.contains("13800001234") && !row.contains(&hex("13800001234")), "what was shown is kept");
    }
}

#[tokio::test]
async fn a_sole_traders_code_is_masked_in_every_answer_and_found_by_it_all_the_same() {
    let stand = Stand::new().await;
    let code = kernel::Uscc::complete("92419001", "MA9TRADE").unwrap();
    let request = wire::RegisterEnterpriseRequest { uscc: code.as_str().to_owned(), ..registration() };
    let registered =
        stand.clerk().register_enterprise(request).await.unwrap().into_inner().enterprise.unwrap();
    let masked = kernel::privacy::uscc(&code);
    assert_ne!(masked, code.as_str());
    assert_eq!(registered.uscc, masked);
    let key = wire::get_enterprise_request::Key::Uscc(code.as_str().to_owned());
    let found = stand.clerk().get_enterprise(wire::GetEnterpriseRequest { key: Some(key) }).await;
    assert_eq!(found.unwrap().into_inner().uscc, masked);
}

#[tokio::test]
async fn a_pledge_is_checked_from_what_is_on_record_and_reads_only() {
    let stand = Stand::new().await;
    stand.ground.clock().set("2026-03-01T02:00:00Z".parse().unwrap());
    let (mine, theirs) = (stand.enterprise(USCC).await, stand.enterprise(OTHER_USCC).await);
    let paid = wire::AssetDetail { annuity_paid_to: "2027-02-10".to_owned(), ..Default::default() };
    let request = wire::RegisterAssetRequest { detail: Some(paid.clone()), ..asset(&mine) };
    let first = stand.clerk().register_asset(request).await.unwrap().into_inner().asset.unwrap();
    // The utility model of the same day and title, owned together with another.
    let request = wire::RegisterAssetRequest {
        r#type: 2,
        number: "202221234567.1".to_owned(),
        detail: Some(paid),
        owners: [USCC, OTHER_USCC]
            .map(|uscc| wire::AssetOwner { uscc: uscc.to_owned(), ..Default::default() })
            .to_vec(),
        ..asset(&mine)
    };
    let second = stand.clerk().register_asset(request).await.unwrap().into_inner().asset.unwrap();
    let rows = stand.rows().await;
    let party = |uscc: &str| wire::Party { uscc: uscc.to_owned(), name: String::new() };
    let question = wire::CheckPledgeRequest {
        asset_ids: vec![first.asset_id.clone(), second.asset_id.clone()],
        pledgors: vec![party(USCC)],
        borrower: Some(party(USCC)),
        debt_end: "2027-03-01".to_owned(),
        contract: Some(wire::PledgeContract {
            parties: true,
            debt_kind_and_amount: true,
            debt_term: true,
            assets_listed: true,
            secured_scope: true,
        }),
        ..Default::default()
    };
    let ask = async |question: wire::CheckPledgeRequest| {
        let intake = Actor::Role("intake".to_owned());
        stand.keeper_of(intake).check_pledge(question).await.map(tonic::Response::into_inner)
    };
    let found = |answer: &wire::CheckPledgeResponse| {
        answer.findings.iter().map(|one| (one.asset_id.clone(), one.refuse)).collect::<Vec<_>>()
    };
    let answer = ask(question.clone()).await.unwrap();
    assert_eq!(found(&answer), [(second.asset_id.clone(), 8), (second.asset_id.clone(), 10)]);
    assert_eq!((answer.verdict, answer.checked_on.as_str()), (3, "2026-03-01"));
    assert!(answer.findings.iter().all(|one| !one.cure.is_empty() && one.curable));
    let routes: Vec<_> = answer.assets.iter().map(|one| (one.route.as_str(), one.expiry.as_str())).collect();
    assert_eq!(routes, [("PATENT", "2042-02-10"), ("PATENT", "2032-02-10")]);

    let agreed = wire::CheckPledgeRequest {
        agreements: vec![wire::PledgeAgreement { asset_id: String::new(), party: Some(party(OTHER_USCC)) }],
        declarations: vec![wire::PledgeDeclaration { asset_id: second.asset_id.clone(), refuse: 10 }],
        ..question.clone()
    };
    let answer = ask(agreed).await.unwrap();
    assert_eq!((answer.verdict, answer.findings.len(), answer.findings[0].weight), (1, 1, 3));

    let unknown = wire::CheckPledgeRequest { asset_ids: vec![new_id()], ..question.clone() };
    let answer = ask(unknown.clone()).await.unwrap();
    assert_eq!((answer.verdict, &answer.missing_asset_ids), (3, &unknown.asset_ids));

    type Spoil = fn(&mut wire::CheckPledgeRequest);
    let wrong: [(Spoil, &str, &str); 6] = [
        (|q| q.asset_ids.clear(), "FIELD_REQUIRED", "asset_ids"),
        (|q| q.pledgors.clear(), "FIELD_REQUIRED", "pledgors"),
        (|q| q.borrower = None, "FIELD_REQUIRED", "borrower"),
        (|q| q.pledgors[0].uscc = "x".to_owned(), "USCC_INVALID", "pledgors[0].uscc"),
        (|q| q.debt_start = "2027-03-02".to_owned(), "DEBT_PERIOD_INVALID", "debt_end"),
        (
            |q| q.declarations = vec![wire::PledgeDeclaration { asset_id: new_id(), refuse: 9 }],
            "NOT_DECLARABLE",
            "declarations[0].refuse",
        ),
    ];
    for (spoil, reason, field) in wrong {
        let mut asked = question.clone();
        spoil(&mut asked);
        assert_refused(ask(asked).await, Code::InvalidArgument, reason, Some(field));
    }
    assert_eq!(stand.rows().await, rows);
    drop(theirs);
}

#[tokio::test]
async fn consents_of_an_enterprise_are_listed_with_what_they_are_worth() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let mut granted = Vec::new();
    for purpose in 1..=3 {
        stand.ground.clock().advance(TimeDelta::seconds(1));
        let request = wire::GrantConsentRequest {
            purpose,
            categories: vec![3, 6],
            legal_basis: 3,
            channel: 2,
            ..consent(&id, stand.now())
        };
        granted.push(stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap());
    }
    assert_eq!((granted[0].legal_basis, granted[0].channel), (3, 2));
    let revoke =
        wire::RevokeConsentRequest { request_id: new_id(), consent_id: granted[1].consent_id.clone() };
    stand.clerk().revoke_consent(revoke).await.unwrap();
    let mut keeper = stand.keeper(Duty::Regulator);
    let list = |page_token| wire::ListConsentsRequest { enterprise_id: id.clone(), page_size: 2, page_token };
    let page = keeper.list_consents(list(String::new())).await.unwrap().into_inner();
    let rest = keeper.list_consents(list(page.next_page_token)).await.unwrap().into_inner();
    let states: Vec<_> = page.consents.iter().chain(&rest.consents).map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["ACTIVE", "REVOKED", "ACTIVE"]);
    assert_eq!(rest.next_page_token, "");
    let unknown = wire::ListConsentsRequest { enterprise_id: new_id(), ..list(String::new()) };
    assert_refused(keeper.list_consents(unknown).await, Code::NotFound, "NOT_FOUND", Some("enterprise_id"));
}

/// The standard's own example (GB 11643), which nobody has.
const RESIDENT: &str = "11010519491231002X";

#[tokio::test]
async fn a_person_consents_for_themselves_and_is_never_kept_in_the_clear() {
    let stand = Stand::with(&[("ZHIRONG_WHITELIST_PERSON_KEY", "a key of this test")]).await;
    let id = stand.enterprise(USCC).await;
    let request = wire::GrantConsentRequest {
        categories: vec![5],
        person_resident_id: RESIDENT.to_lowercase(),
        ..consent(&id, stand.now())
    };
    let granted = stand.clerk().grant_consent(request.clone()).await.unwrap().into_inner().consent.unwrap();
    assert_eq!((granted.person.as_str(), granted.legal_basis), ("110105********002X", 2));
    let again = stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap();
    assert_eq!(again, granted, "a repeat is one consent");
    let asked = |person: &str| wire::CheckConsentRequest {
        consent_id: granted.consent_id.clone(),
        enterprise_id: id.clone(),
        purpose: 1,
        categories: vec![5],
        person_resident_id: person.to_owned(),
        ..Default::default()
    };
    for (person, reason) in
        [(RESIDENT, ""), ("440524188001010014", "CONSENT_WRONG_SUBJECT"), ("", "CONSENT_WRONG_SUBJECT")]
    {
        let answer = stand.role("partner").check_consent(asked(person)).await.unwrap().into_inner();
        assert_eq!(answer.reason, reason, "{person}");
    }
    for table in ["consent", "request_replay", "outbox", "audit_entry"] {
        let sql = format!("SELECT t::text FROM {table} t");
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&stand.pool).await.unwrap();
        assert!(!rows.is_empty());
        let hex: String = RESIDENT.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(rows.iter().all(|row| !row.contains(RESIDENT) && !row.contains(&hex)), "{table}");
    }
    let wrong = |person: &str, categories| wire::GrantConsentRequest {
        person_resident_id: person.to_owned(),
        categories,
        ..consent(&id, stand.now())
    };
    for (request, reason, field) in [
        (wrong("110105194912310021", vec![5]), "RESIDENT_ID_INVALID", "person_resident_id"),
        (wrong(RESIDENT, vec![2]), "CONSENT_NOT_OF_PERSON", "categories"),
        (wrong("", vec![5]), "CONSENT_NOT_OF_PERSON", "categories"),
    ] {
        assert_refused(
            stand.clerk().grant_consent(request).await,
            Code::InvalidArgument,
            reason,
            Some(field),
        );
    }
}

#[tokio::test]
async fn without_a_key_no_person_can_consent() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let request = wire::GrantConsentRequest {
        categories: vec![5],
        person_resident_id: RESIDENT.to_owned(),
        ..consent(&id, stand.now())
    };
    let answer = stand.clerk().grant_consent(request).await;
    assert_refused(answer, Code::FailedPrecondition, "PERSON_KEY_MISSING", None);
}

#[tokio::test]
async fn the_registers_second_face_lets_in_whom_its_policy_names_and_nobody_else() {
    let stand = Stand::new().await;
    let registered = firm(&stand).await;
    let rows = stand.rows().await;
    let bank = Actor::Institution {
        id: kernel::InstitutionId::from_uuid(uuid::Uuid::new_v4()),
        role: kernel::InstitutionRole::Bank,
        person: None,
    };
    let staff = |duty: Duty| Actor::Staff { id: "staff".to_owned(), duties: vec![duty] };
    let denied = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    };
    let reveal = || wire::RevealRequest {
        enterprise_id: registered.enterprise_id.clone(),
        fields: vec![1],
        reason: "核对贷款申请材料".to_owned(),
    };
    for outsider in
        [staff(Duty::Operator), staff(Duty::Regulator), Actor::Role("intake".to_owned()), bank.clone()]
    {
        let mut keeper = stand.keeper_of(outsider);
        denied(keeper.amend_enterprise(amendment(&registered, &["name"])).await.map(drop));
        denied(keeper.amend_asset(wire::AmendAssetRequest::default()).await.map(drop));
        denied(keeper.record_legal_events(wire::RecordLegalEventsRequest::default()).await.map(drop));
        denied(keeper.reveal(reveal()).await.map(drop));
    }
    denied(stand.keeper(Duty::Administrator).reveal(reveal()).await.map(drop));
    for outsider in
        [staff(Duty::Operator), staff(Duty::Clerk), Actor::Role("intake".to_owned()), bank.clone()]
    {
        denied(stand.keeper_of(outsider).list_reveals(wire::ListRevealsRequest::default()).await.map(drop));
    }
    for outsider in [staff(Duty::Operator), bank] {
        let mut keeper = stand.keeper_of(outsider);
        denied(keeper.check_pledge(wire::CheckPledgeRequest::default()).await.map(drop));
        denied(keeper.list_consents(wire::ListConsentsRequest::default()).await.map(drop));
    }
    assert_eq!(stand.rows().await, rows);
}
