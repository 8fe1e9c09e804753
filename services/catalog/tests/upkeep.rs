//! Amending institutions, branches, parks, duty desks, agreements, policy documents.

use chrono::{Days, NaiveDate};
use kernel::{Clock as _, calendar::date_of};
use prost::Message as _;
use proto::catalog::v1 as wire;
use tonic::Code;

use crate::support::{Stand, assert_refused, institution, need, new_id, terms};

async fn found(stand: &Stand, id: &str) -> wire::Institution {
    let request = wire::GetInstitutionRequest { institution_id: id.to_owned() };
    stand.clerk().get_institution(request).await.unwrap().into_inner()
}

fn amendment(of: &wire::Institution) -> wire::AmendInstitutionRequest {
    wire::AmendInstitutionRequest {
        request_id: new_id(),
        institution_id: of.institution_id.clone(),
        version: of.version,
        name: of.name.clone(),
        responsible_department: of.responsible_department.clone(),
        financial_license_code: of.financial_license_code.clone(),
        agreement_required: of.agreement_required,
    }
}

async fn fits(stand: &Stand) -> usize {
    let request = wire::MatchProductsRequest { needs: vec![need()], explain: false };
    stand.role("intake").match_products(request).await.unwrap().into_inner().matches[0].fits.len()
}

fn today(stand: &Stand) -> NaiveDate {
    date_of(stand.ground.clock().now())
}

fn agreement(number: &str, parties: &[&str], from: NaiveDate, to: NaiveDate) -> wire::RecordAgreementRequest {
    wire::RecordAgreementRequest {
        request_id: new_id(),
        agreement: Some(wire::Agreement {
            number: number.to_owned(),
            line: 1,
            institution_ids: parties.iter().map(|id| (*id).to_owned()).collect(),
            signed_on: from.to_string(),
            valid_from: from.to_string(),
            valid_to: to.to_string(),
            text: "知识产权质押融资合作".to_owned(),
            ..wire::Agreement::default()
        }),
    }
}

#[tokio::test]
async fn a_bank_that_loses_its_department_receives_no_cases_from_the_next_question_on_and_others_are_told() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    stand.published(&bank, terms()).await;
    assert_eq!(fits(&stand).await, 1);
    let held = found(&stand, &bank).await;
    let request = wire::AmendInstitutionRequest { responsible_department: String::new(), ..amendment(&held) };
    let amended = stand.upkeep().amend_institution(request).await.unwrap().into_inner().institution.unwrap();
    assert_eq!((amended.version, amended.responsible_department.as_str()), (2, ""));
    assert_eq!(fits(&stand).await, 0);
    let body: Vec<u8> = sqlx::query_scalar("SELECT body FROM outbox ORDER BY seq DESC LIMIT 1")
        .fetch_one(&stand.pool)
        .await
        .unwrap();
    assert!(!wire::InstitutionChanged::decode(&body[..]).unwrap().has_department);
    assert_eq!(stand.owed().await.last().unwrap(), &("catalog.institution-changed.v1".to_owned(), 2));

    let status = stand.upkeep().amend_institution(amendment(&held)).await.unwrap_err();
    assert_eq!(rpc::status::metadata(&status, "version").as_deref(), Some("2"));
    assert_refused::<()>(Err(status), Code::Aborted, "VERSION_CONFLICT", Some("version"));
    stand.bank("王屋银行济源分行").await;
    let taken =
        wire::AmendInstitutionRequest { name: "王屋银行济源分行".to_owned(), ..amendment(&amended) };
    let answer = stand.upkeep().amend_institution(taken).await;
    assert_refused(answer, Code::AlreadyExists, "INSTITUTION_EXISTS", Some("name"));
    let back = amendment(&amended);
    let back = wire::AmendInstitutionRequest { responsible_department: "科技金融部".to_owned(), ..back };
    stand.upkeep().amend_institution(back).await.unwrap();
    assert_eq!(fits(&stand).await, 1);
}

#[tokio::test]
async fn institutions_of_all_nine_roles_are_on_record() {
    let stand = Stand::new().await;
    for role in 1..=9 {
        let request = wire::RegisterInstitutionRequest {
            name: format!("机构{role}"),
            role,
            financial_license_code: String::new(),
            ..institution()
        };
        stand.clerk().register_institution(request).await.unwrap();
    }
    for role in 1..=9 {
        let request = wire::ListInstitutionsRequest { role, ..Default::default() };
        let found = stand.clerk().list_institutions(request).await.unwrap().into_inner().institutions;
        assert_eq!(found.len(), 1, "{role}");
    }
}

#[tokio::test]
async fn technology_branches_are_found_by_park_and_by_the_quarter_in_which_they_came() {
    let stand = Stand::new().await;
    let bank = stand.bank("中岳科创银行济源科技支行").await;
    let branch = |name: &str, kind, origin, since: &str, park: &str| wire::AddBranchRequest {
        request_id: new_id(),
        institution_id: bank.clone(),
        details: Some(wire::BranchDetails {
            name: name.to_owned(),
            kind,
            park: park.to_owned(),
            tech_origin: origin,
            tech_since: since.to_owned(),
            closed_on: String::new(),
        }),
    };
    let mut upkeep = stand.upkeep();
    let request = branch("高新区科技支行", 4, 1, "2022-08-01", "JY-GX");
    let opened = upkeep.add_branch(request.clone()).await.unwrap().into_inner();
    assert_eq!(upkeep.add_branch(request).await.unwrap().into_inner(), opened);
    upkeep.add_branch(branch("虎岭科技支行", 4, 2, "2022-10-01", "JY-HL")).await.unwrap();
    upkeep.add_branch(branch("虎岭网点", 3, 0, "", "JY-HL")).await.unwrap();
    let list = async |request: wire::ListBranchesRequest| {
        let found = stand.upkeep().list_branches(request).await.unwrap().into_inner().branches;
        found.into_iter().map(|one| one.details.unwrap().name).collect::<Vec<_>>()
    };
    let tech = wire::ListBranchesRequest { kind: 4, ..Default::default() };
    assert_eq!(list(tech.clone()).await, ["高新区科技支行", "虎岭科技支行"]);
    let quarter = wire::ListBranchesRequest {
        tech_since_from: "2022-10-01".to_owned(),
        tech_since_to: "2022-12-31".to_owned(),
        ..tech
    };
    assert_eq!(list(quarter).await, ["虎岭科技支行"]);
    let of_park = wire::ListBranchesRequest { park: "JY-HL".to_owned(), ..Default::default() };
    assert_eq!(list(of_park).await, ["虎岭科技支行", "虎岭网点"]);

    // A branch that exists is converted.
    let held = opened.branch.unwrap();
    let details = wire::BranchDetails { tech_origin: 2, ..held.details.clone().unwrap() };
    let request = wire::AmendBranchRequest {
        request_id: new_id(),
        branch_id: held.branch_id.clone(),
        version: 1,
        details: Some(details),
    };
    let amended = upkeep.amend_branch(request.clone()).await.unwrap().into_inner().branch.unwrap();
    assert_eq!(amended.version, 2);
    let stale = wire::AmendBranchRequest { request_id: new_id(), ..request };
    assert_refused(upkeep.amend_branch(stale).await, Code::Aborted, "VERSION_CONFLICT", Some("version"));

    let bad = Code::InvalidArgument;
    for (request, code, reason, field) in [
        (branch("x", 4, 0, "", ""), bad, "TECH_BRANCH_INCOMPLETE", "details.tech_since"),
        (branch("x", 4, 1, "", ""), bad, "TECH_BRANCH_INCOMPLETE", "details.tech_since"),
        (branch("x", 3, 1, "2022-08-01", ""), bad, "TECH_BRANCH_INCOMPLETE", "details.tech_since"),
        (branch("x", 3, 0, "", "gx"), bad, "PARK_INVALID", "details.park"),
        (branch("x", 3, 0, "", "JY-NO"), Code::FailedPrecondition, "PARK_UNKNOWN", "details.park"),
        (branch("虎岭网点", 3, 0, "", ""), Code::AlreadyExists, "BRANCH_EXISTS", "details.name"),
    ] {
        assert_refused(upkeep.add_branch(request).await, code, reason, Some(field));
    }
}

#[tokio::test]
async fn parks_are_data_and_one_may_ask_for_an_agreement() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    stand.published(&bank, terms()).await;
    let mut upkeep = stand.upkeep();
    let parks = upkeep.list_parks(wire::ListParksRequest {}).await.unwrap().into_inner().parks;
    let codes: Vec<_> = parks.iter().map(|park| park.code.as_str()).collect();
    assert_eq!(codes, ["JY-GX", "JY-HL", "JY-OTH", "JY-SL", "JY-WLK", "JY-YC"]);
    let park = |code: &str, agreement_required, version| wire::RecordParkRequest {
        request_id: new_id(),
        code: code.to_owned(),
        name: "高新区".to_owned(),
        agreement_required,
        version,
    };
    upkeep.record_park(park("JY-NEW", false, 0)).await.unwrap();
    assert_eq!(fits(&stand).await, 1);
    upkeep.record_park(park("JY-GX", true, 1)).await.unwrap();
    assert_eq!(fits(&stand).await, 0, "the need is of this park");
    let now = today(&stand);
    let recorded = upkeep.record_agreement(agreement("HZ-1", &[&bank], now, now)).await.unwrap().into_inner();
    assert_eq!(fits(&stand).await, 1);
    let end = wire::EndAgreementRequest {
        request_id: new_id(),
        agreement_id: recorded.agreement.unwrap().agreement_id,
        ended_on: now.to_string(),
    };
    upkeep.end_agreement(end).await.unwrap();
    assert_eq!(fits(&stand).await, 0);

    let answer = upkeep.record_park(park("JY-GX", true, 0)).await;
    assert_refused(answer, Code::AlreadyExists, "PARK_EXISTS", Some("code"));
    let answer = upkeep.record_park(park("JY-GX", true, 1)).await;
    assert_refused(answer, Code::Aborted, "VERSION_CONFLICT", Some("version"));
    let answer = upkeep.record_park(park("JY-NO", true, 1)).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("code"));
    let answer = upkeep.record_park(park("", true, 1)).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("code"));
}

#[tokio::test]
async fn the_four_lead_units_are_present_and_a_desk_is_a_post_and_never_a_person() {
    let stand = Stand::new().await;
    let mut upkeep = stand.upkeep();
    let desk = |of, switchboard: &str, post: &str| wire::SetDutyDeskRequest {
        request_id: new_id(),
        desk: Some(wire::DutyDesk {
            of: Some(of),
            post: post.to_owned(),
            switchboard: switchboard.to_owned(),
            address: "济源示范区".to_owned(),
            hours: "工作日 9:00—17:00".to_owned(),
        }),
    };
    let unit = |code: &str| wire::duty_desk::Of::Unit(code.to_owned());
    upkeep.set_duty_desk(desk(unit("SAMR"), "0391-0000000", "值班岗")).await.unwrap();
    upkeep.set_duty_desk(desk(unit("SAMR"), "0391-0000001", "值班岗")).await.unwrap();
    let bank = stand.bank("济水村镇银行").await;
    let of_bank = wire::duty_desk::Of::InstitutionId(bank.clone());
    upkeep.set_duty_desk(desk(of_bank, "", "知识产权金融岗")).await.unwrap();
    let request = wire::ListDutyDesksRequest { institution_id: bank };
    let told = upkeep.list_duty_desks(request).await.unwrap().into_inner();
    let units: Vec<_> = told.lead_units.iter().map(|unit| (unit.code.as_str(), unit.desks.len())).collect();
    assert_eq!(units, [("DRC_STATISTICS", 0), ("FINANCE_BUREAU", 0), ("REGULATOR_GROUP", 0), ("SAMR", 1)]);
    assert_eq!(told.lead_units[3].desks[0].switchboard, "0391-0000001");
    assert_eq!(told.desks[0].post, "知识产权金融岗");
    let bad = Code::InvalidArgument;
    for (request, code, reason, field) in [
        (desk(unit("SAMR"), "13800000000", "值班岗"), bad, "SWITCHBOARD_INVALID", "desk.switchboard"),
        (desk(unit("SAMR"), "", "值班岗 13800000000"), bad, "TEXT_HAS_IDENTIFIER", "desk.post"),
        (desk(unit("XX"), "", "值班岗"), Code::NotFound, "NOT_FOUND", "desk.unit"),
    ] {
        assert_refused(upkeep.set_duty_desk(request).await, code, reason, Some(field));
    }
}

#[tokio::test]
async fn an_agreement_that_ends_within_thirty_days_is_told_of_the_earliest_first() {
    let stand = Stand::new().await;
    let (bank, other) = (stand.bank("济水村镇银行").await, stand.bank("王屋银行济源分行").await);
    let now = today(&stand);
    let mut upkeep = stand.upkeep();
    for (number, from, to) in [
        ("HZ-30", now, now + Days::new(30)),
        ("HZ-31", now, now + Days::new(31)),
        ("HZ-0", now - Days::new(365), now),
        ("HZ-OVER", now - Days::new(365), now - Days::new(1)),
        ("HZ-LATER", now + Days::new(1), now + Days::new(5)),
        ("HZ-ENDED", now, now + Days::new(300)),
    ] {
        let recorded = upkeep.record_agreement(agreement(number, &[&bank, &other], from, to)).await.unwrap();
        if number == "HZ-ENDED" {
            let end = wire::EndAgreementRequest {
                request_id: new_id(),
                agreement_id: recorded.into_inner().agreement.unwrap().agreement_id,
                ended_on: (now + Days::new(3)).to_string(),
            };
            upkeep.end_agreement(end.clone()).await.unwrap();
            let again = wire::EndAgreementRequest { request_id: new_id(), ..end };
            upkeep.end_agreement(again).await.unwrap();
        }
    }
    let expiring = async |within_days| {
        let request = wire::ListExpiringAgreementsRequest { within_days };
        let told = stand.upkeep().list_expiring_agreements(request).await.unwrap().into_inner().agreements;
        told.into_iter().map(|one| (one.agreement.unwrap().number, one.days_left)).collect::<Vec<_>>()
    };
    let named = |told: &[(&str, i32)]| told.iter().map(|(n, d)| ((*n).to_owned(), *d)).collect::<Vec<_>>();
    assert_eq!(expiring(0).await, named(&[("HZ-0", 0), ("HZ-ENDED", 2), ("HZ-30", 30)]));
    assert_eq!(expiring(31).await, named(&[("HZ-0", 0), ("HZ-ENDED", 2), ("HZ-30", 30), ("HZ-31", 31)]));
    let request = wire::ListAgreementsRequest { institution_id: other, ..Default::default() };
    let listed = upkeep.list_agreements(request).await.unwrap().into_inner().agreements;
    assert_eq!((listed.len(), listed[0].institution_ids.len()), (6, 2));

    let with = |change: fn(&mut wire::Agreement)| {
        let mut request = agreement("HZ-NEW", &[&bank], now, now);
        change(request.agreement.as_mut().unwrap());
        request
    };
    let bad = Code::InvalidArgument;
    for (request, code, reason, field) in [
        (with(|a| a.number = "HZ-0".to_owned()), Code::AlreadyExists, "AGREEMENT_EXISTS", "agreement.number"),
        (with(|a| a.institution_ids = vec![]), bad, "FIELD_REQUIRED", "agreement.institution_ids"),
        (
            with(|a| a.institution_ids = vec![new_id()]),
            Code::NotFound,
            "NOT_FOUND",
            "agreement.institution_ids",
        ),
        (
            with(|a| a.parks = vec!["JY-NO".to_owned()]),
            Code::FailedPrecondition,
            "PARK_UNKNOWN",
            "agreement.parks",
        ),
        (with(|a| a.valid_to = "2000-01-01".to_owned()), bad, "RANGE_REVERSED", "agreement.valid_to"),
        (with(|a| a.line = 9), bad, "ENUM_UNKNOWN", "agreement.line"),
    ] {
        assert_refused(upkeep.record_agreement(request).await, code, reason, Some(field));
    }
    let recorded = upkeep.record_agreement(with(|_| ())).await.unwrap().into_inner().agreement.unwrap();
    let outside = wire::EndAgreementRequest {
        request_id: new_id(),
        agreement_id: recorded.agreement_id,
        ended_on: (now + Days::new(1)).to_string(),
    };
    let answer = upkeep.end_agreement(outside).await;
    assert_refused(answer, Code::FailedPrecondition, "AGREEMENT_NOT_IN_FORCE", Some("ended_on"));
}

#[tokio::test]
async fn the_matrix_of_internal_rules_names_each_gap_of_each_bank() {
    let stand = Stand::new().await;
    let (bank, other) = (stand.bank("济水村镇银行").await, stand.bank("王屋银行济源分行").await);
    let document = |institution_id: &str, kind, issued_on: &str| wire::FilePolicyDocumentRequest {
        request_id: new_id(),
        document: Some(wire::PolicyDocument {
            institution_id: institution_id.to_owned(),
            kind,
            title: "知识产权质押贷款管理办法".to_owned(),
            issued_on: issued_on.to_owned(),
            file_sha256: vec![7; 32],
            ..wire::PolicyDocument::default()
        }),
    };
    let mut upkeep = stand.upkeep();
    for kind in 1..=5 {
        upkeep.file_policy_document(document(&bank, kind, "2022-07-01")).await.unwrap();
    }
    upkeep.file_policy_document(document(&other, 3, "2022-08-01")).await.unwrap();
    let matrix = async |as_of: &str| {
        let request = wire::GetPolicyMatrixRequest { as_of: as_of.to_owned() };
        stand.upkeep().get_policy_matrix(request).await.unwrap().into_inner()
    };
    let told = matrix("").await;
    assert_eq!((told.complete_banks, told.completeness_bp), (1, 6_000));
    assert_eq!((&told.rows[0].institution_id, told.rows[0].gaps.len()), (&bank, 0));
    assert_eq!((told.rows[1].name.as_str(), &told.rows[1].gaps[..]), ("王屋银行济源分行", &[1, 2, 4, 5][..]));
    assert_eq!(matrix("2022-07-31").await.rows[1].gaps, [1, 2, 3, 4, 5]);
    assert_eq!(matrix("2022-06-30").await.completeness_bp, 0);
    let request = wire::ListPolicyDocumentsRequest { institution_id: bank };
    assert_eq!(upkeep.list_policy_documents(request).await.unwrap().into_inner().documents.len(), 5);

    // A rule that its bank withdraws leaves a gap from that day on, though an older one is on record.
    let newer = upkeep.file_policy_document(document(&other, 3, "2022-09-01")).await.unwrap().into_inner();
    let repeal = |id: &str, on: &str| wire::RepealPolicyDocumentRequest {
        request_id: new_id(),
        document_id: id.to_owned(),
        repealed_on: on.to_owned(),
    };
    let newer = newer.document.unwrap().document_id;
    let answer = upkeep.repeal_policy_document(repeal(&newer, "2022-09-01")).await;
    assert_refused(answer, Code::InvalidArgument, "RANGE_REVERSED", Some("repealed_on"));
    let answer = upkeep.repeal_policy_document(repeal(&new_id(), "2022-10-01")).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("document_id"));
    let repealed = upkeep.repeal_policy_document(repeal(&newer, "2022-10-01")).await.unwrap().into_inner();
    assert_eq!(repealed.document.unwrap().repealed_on, "2022-10-01");
    upkeep.repeal_policy_document(repeal(&newer, "2022-10-01")).await.unwrap();
    let answer = upkeep.repeal_policy_document(repeal(&newer, "2022-11-01")).await;
    assert_refused(answer, Code::FailedPrecondition, "POLICY_REPEALED", Some("repealed_on"));
    assert_eq!(matrix("2022-09-30").await.rows[1].gaps, [1, 2, 4, 5]);
    assert_eq!(matrix("2022-10-01").await.rows[1].gaps, [1, 2, 3, 4, 5]);

    let insurer = wire::RegisterInstitutionRequest {
        name: "安济财险".to_owned(),
        role: 2,
        financial_license_code: String::new(),
        ..institution()
    };
    let insurer =
        stand.clerk().register_institution(insurer).await.unwrap().into_inner().institution.unwrap();
    let answer = upkeep.file_policy_document(document(&insurer.institution_id, 1, "2022-07-01")).await;
    assert_refused(answer, Code::FailedPrecondition, "POLICY_NOT_OF_BANK", Some("document.institution_id"));
    let answer = upkeep.file_policy_document(document(&other, 6, "2022-07-01")).await;
    assert_refused(answer, Code::InvalidArgument, "ENUM_UNKNOWN", Some("document.kind"));
}
