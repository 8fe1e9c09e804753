//! Why the office would refuse to register a pledge (质押登记不予受理的情形, 461号 and domain.md §3.1), asked before filing.
//! What cannot be told from what is known is said to be unproven; it is never taken for good.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::{AssetId, IpType};

use super::{
    asset::IpAsset,
    legal::Ending,
    ownership::{Owner, Party},
    term::AnnuityStatus,
};

pub use super::pledge_codes::{Refuse, Route};

/// What the contract has to say (461号 art. 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// 当事人姓名或名称、地址
    pub parties: bool,
    /// 被担保债权的种类和数额
    pub debt_kind_and_amount: bool,
    /// 债务人履行债务的期限
    pub debt_term: bool,
    /// 每项权利的名称、号码、申请日、授权公告日
    pub assets_listed: bool,
    /// 质押担保的范围
    pub secured_scope: bool,
}

/// A party's agreement in writing, for one asset or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub asset: Option<AssetId>,
    pub party: Party,
}

/// A right that is to be pledged, and who the register says owns it if nobody is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub asset: IpAsset,
    /// The enterprise for which it is registered.
    pub holder: Party,
    /// That enterprise's other rights were filed for on the same day under the same title (同日申请).
    pub same_day_invention: bool,
}

impl Candidate {
    fn owners(&self) -> Vec<&Party> {
        match self.asset.owners.named() {
            [] => vec![&self.holder],
            named => named.iter().map(|Owner { party, .. }| party).collect(),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub candidates: Vec<Candidate>,
    /// Who pledges; may be others than the borrower (domain.md §0 no. 5).
    pub pledgors: Vec<Party>,
    pub borrower: Party,
    /// The last day by which the debt is to be performed. `None`: not known yet.
    pub debt_ends: Option<NaiveDate>,
    /// Of co-owners who do not pledge themselves, and of pledgors that they secure another's debt.
    pub agreements: Vec<Agreement>,
    /// `None`: there is no contract yet.
    pub contract: Option<Contract>,
    /// What the parties declared to know of: which asset, and REFUSE_10 or REFUSE_11.
    pub declared: BTreeSet<(AssetId, Refuse)>,
    /// The day of filing (Asia/Shanghai).
    pub today: NaiveDate,
}

/// Whether a finding is known or only not excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The office would refuse.
    Refuses,
    /// Something that the office looks at is not on record: it has to be shown.
    Unproven,
    /// Declared by the parties, so that it does not stand in the way.
    Declared,
}

/// One finding, with what would cure it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `None`: about the contract or the parties.
    pub asset: Option<AssetId>,
    pub refuse: Refuse,
    pub weight: Weight,
    pub reason: &'static str,
    /// What to do about it, or that nothing can be done.
    pub cure: &'static str,
    pub curable: bool,
}

/// What all findings come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clear,
    NeedsProof,
    Refused,
}

/// The strongest of the findings.
pub fn verdict(findings: &[Finding]) -> Verdict {
    let has = |weight| findings.iter().any(|finding| finding.weight == weight);
    if has(Weight::Refuses) {
        Verdict::Refused
    } else if has(Weight::Unproven) {
        Verdict::NeedsProof
    } else {
        Verdict::Clear
    }
}

/// Every finding, those about the whole first, then asset by asset in the order asked and by code.
pub fn check(question: &Question) -> Vec<Finding> {
    let mut found = Findings { asset: None, found: Vec::new() };
    strangers(question, &mut found);
    contract(question, &mut found);
    for candidate in &question.candidates {
        found.asset = Some(candidate.asset.id);
        owners(question, candidate, &mut found);
        standing(question, candidate, &mut found);
        term(question, candidate, &mut found);
        declarable(question, candidate, &mut found);
        route(candidate, &mut found);
    }
    found.found.sort_by_key(|finding| {
        let place = question.candidates.iter().position(|c| Some(c.asset.id) == finding.asset);
        (place.map_or(0, |place| place + 1), finding.refuse)
    });
    found.found
}

/// Collects findings about one asset after the other.
struct Findings {
    asset: Option<AssetId>,
    found: Vec<Finding>,
}

impl Findings {
    fn refuses(&mut self, refuse: Refuse, reason: &'static str, cure: &'static str) {
        self.add(refuse, Weight::Refuses, reason, cure, true);
    }

    fn for_good(&mut self, refuse: Refuse, reason: &'static str, cure: &'static str) {
        self.add(refuse, Weight::Refuses, reason, cure, false);
    }

    fn unproven(&mut self, refuse: Refuse, reason: &'static str, cure: &'static str) {
        self.add(refuse, Weight::Unproven, reason, cure, true);
    }

    fn add(
        &mut self,
        refuse: Refuse,
        weight: Weight,
        reason: &'static str,
        cure: &'static str,
        curable: bool,
    ) {
        self.found.push(Finding { asset: self.asset, refuse, weight, reason, cure, curable });
    }
}

fn agreed(question: &Question, asset: Option<AssetId>, party: &Party) -> bool {
    let covers = |agreement: &&Agreement| agreement.asset.is_none() || agreement.asset == asset;
    question.agreements.iter().filter(covers).any(|agreement| agreement.party.same(party))
}

/// A pledgor who owns none of the assets, and one who secures another's debt without having said so.
fn strangers(question: &Question, found: &mut Findings) {
    for pledgor in &question.pledgors {
        let owns = |candidate: &Candidate| candidate.owners().iter().any(|owner| owner.same(pledgor));
        if !question.candidates.is_empty() && !question.candidates.iter().any(owns) {
            found.refuses(
                Refuse::NotTheOwner,
                "出质人不是任何一项拟质押权利登记的权利人",
                "由登记簿记载的权利人出质，或先办理权利转移登记",
            );
        }
        if !pledgor.same(&question.borrower) && !agreed(question, None, pledgor) {
            found.refuses(
                Refuse::Other,
                "出质人与借款人不是同一主体，缺少出质人同意为该债务出质的书面文件",
                "由出质人出具同意以其权利为借款人债务出质的书面文件（法人须附内部决议）",
            );
        }
    }
}

fn contract(question: &Question, found: &mut Findings) {
    let Some(contract) = question.contract else {
        found.unproven(
            Refuse::Contract,
            "尚未提供质押合同，无法核对必备条款",
            "签订质押合同后按第八条五项内容复核",
        );
        return;
    };
    for (given, reason) in [
        (contract.parties, "质押合同缺少当事人的姓名或名称、地址"),
        (contract.debt_kind_and_amount, "质押合同缺少被担保债权的种类和数额"),
        (contract.debt_term, "质押合同缺少债务人履行债务的期限"),
        (contract.assets_listed, "质押合同缺少每项权利的名称、号码、申请日和授权公告日"),
        (contract.secured_scope, "质押合同缺少质押担保的范围"),
    ] {
        if !given {
            found.refuses(Refuse::Contract, reason, "在质押合同中补充该项内容，或签订补充协议");
        }
    }
}

fn owners(question: &Question, candidate: &Candidate, found: &mut Findings) {
    let owners = candidate.owners();
    let pledges = |owner: &&&Party| question.pledgors.iter().any(|pledgor| pledgor.same(owner));
    if owners.iter().find(pledges).is_none() {
        found.refuses(
            Refuse::NotTheOwner,
            "出质人不是该项权利登记的权利人",
            "由登记簿记载的权利人出质，或先办理权利转移登记",
        );
    } else if owners
        .iter()
        .any(|owner| !pledges(&owner) && !agreed(question, Some(candidate.asset.id), owner))
    {
        found.refuses(
            Refuse::CoOwnerConsent,
            "该项权利为共有，缺少其他共有人的同意",
            "由全体共有人共同出质，或取得其他共有人同意出质的书面文件",
        );
    }
    if candidate.asset.legal_state(question.today).passed_on {
        found.unproven(
            Refuse::NotTheOwner,
            "该项权利有转移公告，登记的权利人可能已变更",
            "提供转移后的登记簿副本，并更新权利人信息和受让日期",
        );
    }
}

fn standing(question: &Question, candidate: &Candidate, found: &mut Findings) {
    let asset = &candidate.asset;
    let state = asset.legal_state(question.today);
    match state.ended {
        Some((Ending::TerminatedUnpaid, _)) => found.refuses(
            Refuse::Ended,
            "该项权利因未缴年费已终止",
            "收到终止通知之日起两个月内可请求恢复权利，恢复并登记法律状态（RS01）后再申请；逾期请更换质押的权利",
        ),
        Some((Ending::InvalidatedInPart, _)) => found.refuses(
            Refuse::Ended,
            "该项权利已被宣告部分无效，其余部分是否维持有效尚未登记",
            "核对无效宣告决定，其余部分维持有效的，登记法律状态（IR03）后再申请",
        ),
        Some((Ending::Invalidated | Ending::TermEnded, _)) => {
            found.for_good(Refuse::Ended, "该项权利已终止或已被宣告无效", "无法补救，请更换质押的权利");
        }
        None => over(asset, question.today, found),
    }
    if asset.dates.granted().is_none() && needs_grant(asset.kind) {
        found.refuses(
            Refuse::NotGranted,
            "该项权利尚未授权（核准注册）",
            "待授权公告后再申请，并登记授权日期",
        );
    }
    match asset.annuity(question.today).status {
        AnnuityStatus::Grace => found.refuses(
            Refuse::AnnuityUnpaid,
            "年费已逾期未缴，处于滞纳期",
            "补缴年费及滞纳金（每逾期一个月加收5%）后再申请",
        ),
        AnnuityStatus::Unknown => found.unproven(
            Refuse::AnnuityUnpaid,
            "年费缴纳情况未登记",
            "提供年费缴纳收据或登记簿副本，并登记已缴至日期",
        ),
        AnnuityStatus::None | AnnuityStatus::Paid | AnnuityStatus::Lapsed => {}
    }
    if state.disputed {
        found.refuses(
            Refuse::Suspended,
            "权属纠纷中，有关程序已中止",
            "待权属纠纷处理完毕、中止程序结束后再申请",
        );
    }
    if state.preserved {
        found.refuses(Refuse::Suspended, "该项权利被人民法院裁定保全", "待保全解除后再申请");
    }
    if state.pledged {
        found.refuses(
            Refuse::AlreadyPledged,
            "该项权利已办理质押登记且仍在质押期间",
            "先办理原质押的注销登记后再申请",
        );
    }
}

/// The term is over, or the annuities were not paid, though nobody has published that it ended.
fn over(asset: &IpAsset, today: NaiveDate, found: &mut Findings) {
    let expired = asset.term_ends().is_some_and(|end| today >= end);
    if expired && Route::of(asset.kind) == Route::Trademark {
        found.refuses(Refuse::Ended, "该商标注册有效期已届满", "期满后六个月内可办理续展；续展核准后再申请");
    } else if expired {
        found.for_good(Refuse::Ended, "该项权利期限已届满", "无法补救，请更换质押的权利");
    } else if asset.annuity(today).status == AnnuityStatus::Lapsed {
        found.refuses(
            Refuse::Ended,
            "年费在滞纳期内仍未缴纳，权利已终止",
            "收到终止通知之日起两个月内可请求恢复权利，恢复后再申请",
        );
    }
}

/// Copyright arises with the work: there is nothing to be granted.
fn needs_grant(kind: IpType) -> bool {
    matches!(Route::of(kind), Route::Patent | Route::Trademark | Route::Layout)
}

fn term(question: &Question, candidate: &Candidate, found: &mut Findings) {
    let route = Route::of(candidate.asset.kind);
    if !matches!(route, Route::Patent | Route::Trademark | Route::Layout) {
        return;
    }
    let (Some(end), Some(debt_ends)) = (candidate.asset.term_ends(), question.debt_ends) else {
        found.unproven(
            Refuse::DebtBeyondTerm,
            "权利期限或债务履行期限不明，无法比较",
            "登记申请日（注册日）并提供债务履行期限",
        );
        return;
    };
    // `end` is the first day on which the right no longer holds.
    if debt_ends >= end {
        let cure = match route {
            Route::Trademark => "先办理商标续展，或缩短债务履行期限",
            _ => "缩短债务履行期限至权利有效期内，或更换质押的权利",
        };
        found.refuses(Refuse::DebtBeyondTerm, "债务履行期限超过该项权利的有效期", cure);
    }
}

fn declarable(question: &Question, candidate: &Candidate, found: &mut Findings) {
    let id = candidate.asset.id;
    let mut add = |refuse, reason, cure| {
        let weight =
            if question.declared.contains(&(id, refuse)) { Weight::Declared } else { Weight::Refuses };
        found.add(refuse, weight, reason, cure, true);
    };
    if candidate.asset.kind == IpType::Utility && candidate.same_day_invention {
        add(
            Refuse::SameDayPair,
            "同一申请人就同样的发明创造于同日另行申请了发明专利",
            "当事人声明已知情并同意继续办理，或改用该发明专利出质",
        );
    }
    if candidate.asset.legal_state(question.today).invalidation_open {
        add(
            Refuse::InvalidationStarted,
            "该项权利已被启动无效宣告程序",
            "当事人声明已知情并同意继续办理，或待审查结束后再申请",
        );
    }
}

fn route(candidate: &Candidate, found: &mut Findings) {
    match Route::of(candidate.asset.kind) {
        Route::None => found.for_good(
            Refuse::Other,
            "该类权利不能单独办理质押登记",
            "地理标志请以证明商标（集体商标）由注册人出质；其他类型请更换质押的权利",
        ),
        Route::Patent | Route::Trademark | Route::Layout | Route::Copyright | Route::Receivable => {}
    }
}

#[cfg(test)]
#[path = "pledge_tests.rs"]
mod tests;
