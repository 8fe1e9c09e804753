//! Fills the archive of the institutions (机构档案): branches, internal rules, agreements, duty desks, and the institutions that
//! answer no application. Everything is made up; posts, never persons. Doing it again finds what is there.

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate, Utc};
use kernel::calendar::date_of;
use proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use proto::catalog::v1::institution_service_client::InstitutionServiceClient;
use proto::catalog::v1::{
    AddBranchRequest, Agreement, AgreementLine, BranchDetails, BranchKind, DutyDesk,
    FilePolicyDocumentRequest, GetPolicyMatrixRequest, PolicyDocument, PolicyKind, RecordAgreementRequest,
    RegisterInstitutionRequest, SetDutyDeskRequest, TechBranchOrigin, duty_desk::Of,
};
use proto::common::v1::InstitutionRole;
use rpc::Duty;
use tonic::{Code, Response, Status};

use super::super::link::{Link, StaffChannel};
use super::super::seed::Seed;
use super::load::LoadedBank;

/// Beginning of the demonstration (domain.md §9).
const BEGIN: &str = "2022-07-01";
/// So many banks have all five kinds of rules; the others lack the last ones.
const COMPLETE: usize = 10;
/// The banks with names of their own; numbered ones have no archive.
const NAMED: usize = 12;

/// A branch of a bank by its place in the table: name, kind, park, how and when it became a technology branch.
type Line = (usize, &'static str, BranchKind, &'static str, Option<(TechBranchOrigin, &'static str)>);

const BRANCHES: [Line; 7] = [
    (5, "高新区科技支行", BranchKind::TechBranch, "JY-GX", Some((TechBranchOrigin::Opened, "2022-08-01"))),
    (0, "虎岭科技支行", BranchKind::TechBranch, "JY-HL", Some((TechBranchOrigin::Converted, "2022-11-01"))),
    (1, "高新区支行", BranchKind::SubBranch, "JY-GX", None),
    (2, "玉川支行", BranchKind::SubBranch, "JY-YC", None),
    (2, "思礼网点", BranchKind::Outlet, "JY-SL", None),
    (9, "五龙口网点", BranchKind::Outlet, "JY-WLK", None),
    (11, "济源分行", BranchKind::Branch, "", None),
];

/// Each lead unit's post.
const DESKS: [(&str, &str); 4] = [
    ("SAMR", "知识产权促进值班岗"),
    ("REGULATOR_GROUP", "统计监测值班岗"),
    ("DRC_STATISTICS", "信易贷平台值班岗"),
    ("FINANCE_BUREAU", "风险补偿资金值班岗"),
];

const OTHERS: [(&str, InstitutionRole); 3] = [
    ("济水知产运营基金", InstitutionRole::IpFund),
    ("虎岭创投", InstitutionRole::Investor),
    ("国家知识产权运营公共服务平台交易运营（郑州）试点平台", InstitutionRole::Exchange),
];

const RULES: [(PolicyKind, &str); 5] = [
    (PolicyKind::RiskAssessment, "知识产权质押贷款风险评估办法"),
    (PolicyKind::CreditReview, "知识产权质押贷款授信审查规程"),
    (PolicyKind::DiligenceExemption, "知识产权质押贷款尽职免责办法"),
    (PolicyKind::Incentive, "知识产权质押贷款激励考核办法"),
    (PolicyKind::RewardPenalty, "知识产权质押贷款奖惩制度"),
];

struct Archive {
    client: InstitutionServiceClient<StaffChannel>,
    seed: Seed,
    begin: NaiveDate,
}

/// Fills what is missing for these banks.
pub(super) async fn load_archive(link: &Link, seed: Seed, banks: &[LoadedBank]) -> Result<()> {
    let client = InstitutionServiceClient::new(link.staff("catalog", &[Duty::Clerk])?);
    let mut archive = Archive { client, seed, begin: BEGIN.parse()? };
    let banks = &banks[..banks.len().min(NAMED)];
    let others = others(link, seed).await?;
    archive.branches(banks).await?;
    archive.rules(banks).await?;
    archive.desks().await?;
    archive.agreements(banks, &others).await
}

/// What was done before, perhaps with another seed, is done.
fn done<T>(answer: Result<Response<T>, Status>) -> Result<()> {
    match answer {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        Err(status) => Err(status.into()),
    }
}

/// Registers those that are missing; gives the ids of those that are new.
async fn others(link: &Link, seed: Seed) -> Result<Vec<String>> {
    let mut catalog = CatalogServiceClient::new(link.staff("catalog", &[Duty::Clerk])?);
    let mut ids = Vec::new();
    for (name, role) in OTHERS {
        let request = RegisterInstitutionRequest {
            request_id: seed.request_id("institution", name),
            name: name.to_owned(),
            role: role.into(),
            responsible_department: "知识产权运营部".to_owned(),
            financial_license_code: String::new(),
        };
        match catalog.register_institution(request).await {
            Ok(answer) => ids.extend(answer.into_inner().institution.map(|one| one.institution_id)),
            refused => done(refused).with_context(|| format!("registering {name}"))?,
        }
    }
    Ok(ids)
}

impl Archive {
    async fn branches(&mut self, banks: &[LoadedBank]) -> Result<()> {
        for (bank, name, kind, park, tech) in BRANCHES {
            let Some(bank) = banks.get(bank) else { continue };
            let details = BranchDetails {
                name: name.to_owned(),
                kind: kind.into(),
                park: park.to_owned(),
                tech_origin: tech.map_or(0, |(origin, _)| origin.into()),
                tech_since: tech.map_or("", |(_, since)| since).to_owned(),
                closed_on: String::new(),
            };
            let institution_id = bank.id.to_string();
            let request = AddBranchRequest {
                request_id: self.seed.request_id("branch", &format!("{institution_id} {name}")),
                institution_id,
                details: Some(details),
            };
            done(self.client.add_branch(request).await).with_context(|| format!("the branch {name}"))?;
        }
        Ok(())
    }

    /// Files the rules that the matrix shows to be missing and that the bank is to have.
    async fn rules(&mut self, banks: &[LoadedBank]) -> Result<()> {
        let matrix = self.client.get_policy_matrix(GetPolicyMatrixRequest::default()).await?.into_inner();
        for (place, bank) in banks.iter().enumerate() {
            let institution_id = bank.id.to_string();
            let Some(row) = matrix.rows.iter().find(|row| row.institution_id == institution_id) else {
                continue;
            };
            // The eleventh lacks two kinds, the twelfth three.
            let kinds = if place < COMPLETE { RULES.len() } else { COMPLETE + 3 - place };
            for (kind, title) in RULES.into_iter().take(kinds) {
                if !row.gaps.contains(&kind.into()) {
                    continue;
                }
                let document = PolicyDocument {
                    institution_id: institution_id.clone(),
                    kind: kind.into(),
                    title: title.to_owned(),
                    issued_on: self.begin.to_string(),
                    file_sha256: vec![u8::try_from(place).unwrap_or_default(); 32],
                    ..PolicyDocument::default()
                };
                let request = FilePolicyDocumentRequest {
                    request_id: self.seed.request_id("rule", &format!("{institution_id} {title}")),
                    document: Some(document),
                };
                let filed = self.client.file_policy_document(request).await;
                done(filed).with_context(|| format!("a rule of {}", bank.name))?;
            }
        }
        Ok(())
    }

    async fn desks(&mut self) -> Result<()> {
        for (unit, post) in DESKS {
            let desk = DutyDesk {
                of: Some(Of::Unit(unit.to_owned())),
                post: post.to_owned(),
                switchboard: String::new(),
                address: "济源示范区".to_owned(),
                hours: "工作日 9:00—12:00，13:30—17:00".to_owned(),
            };
            let request_id = self.seed.request_id("desk", unit);
            let set = self.client.set_duty_desk(SetDutyDeskRequest { request_id, desk: Some(desk) }).await;
            done(set).with_context(|| format!("the desk of {unit}"))?;
        }
        Ok(())
    }

    /// A framework of all banks that goes on, and one with the exchange that is about to end.
    async fn agreements(&mut self, banks: &[LoadedBank], others: &[String]) -> Result<()> {
        let today = date_of(Utc::now());
        let ids = |banks: &[LoadedBank]| banks.iter().map(|bank| bank.id.to_string()).collect::<Vec<_>>();
        let mut disposal = ids(&banks[..banks.len().min(1)]);
        disposal.extend(others.last().cloned());
        for (number, line, parties, days, text) in [
            ("HZ-2022-001", AgreementLine::Credit, ids(banks), 365, "知识产权质押融资入园惠企合作框架协议"),
            ("HZ-2022-002", AgreementLine::Disposal, disposal, 20, "质物挂牌交易合作协议"),
        ] {
            if parties.is_empty() {
                continue;
            }
            let agreement = Agreement {
                number: number.to_owned(),
                line: line.into(),
                institution_ids: parties,
                signed_on: self.begin.to_string(),
                valid_from: self.begin.to_string(),
                valid_to: (today + Days::new(days)).to_string(),
                text: text.to_owned(),
                ..Agreement::default()
            };
            let request = RecordAgreementRequest {
                request_id: self.seed.request_id("agreement", number),
                agreement: Some(agreement),
            };
            let recorded = self.client.record_agreement(request).await;
            done(recorded).with_context(|| format!("the agreement {number}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_technology_branches_one_opened_and_one_converted_and_nobody_is_named() {
        let tech: Vec<_> = BRANCHES.iter().filter_map(|(.., tech)| tech.map(|(origin, _)| origin)).collect();
        assert_eq!(tech, [TechBranchOrigin::Opened, TechBranchOrigin::Converted]);
        assert!(
            BRANCHES.iter().all(|(_, _, kind, _, tech)| (*kind == BranchKind::TechBranch) == tech.is_some())
        );
        for text in DESKS.iter().map(|(_, post)| *post).chain(RULES.iter().map(|(_, title)| *title)) {
            assert_eq!(kernel::privacy::find_identifier(text), None);
        }
    }
}
