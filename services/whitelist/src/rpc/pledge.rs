//! CheckPledge: what the office would refuse, from what is on record. Reads only.

use std::collections::{BTreeSet, HashMap};

use kernel::{AssetId, EnterpriseId, calendar::date_of};
use proto::whitelist::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::{detail, enterprises::or_refuse, service::Face};
use crate::{
    domain::{
        asset::IpAsset,
        enterprise::Enterprise,
        ownership::Party,
        pledge::{
            Agreement, Candidate, Contract, Finding, Question, Refuse, Route, Verdict, Weight, check, verdict,
        },
        profile::Personal,
    },
    reasons,
    store::{assets, enterprises},
};

const ASSETS_MAX: usize = 200;
const PLEDGORS_MAX: usize = 20;
const AGREEMENTS_MAX: usize = 200;
const DECLARATIONS_MAX: usize = 400;

/// The request, read; candidates are added from the register.
struct Form {
    assets: Vec<AssetId>,
    pairs: BTreeSet<AssetId>,
    question: Question,
}

pub(super) async fn answer(
    face: &Face,
    request: Request<wire::CheckPledgeRequest>,
) -> Result<Response<wire::CheckPledgeResponse>, Fault> {
    let today = date_of(face.clock.now());
    let Form { assets: asked, pairs, mut question } = read(request.get_ref(), today)?;
    let mut conn = face.pool.acquire().await?;
    let found = assets::find_many(&mut conn, &asked).await?;
    let holders: BTreeSet<EnterpriseId> = found.iter().map(|asset| asset.enterprise_id).collect();
    let holders: Vec<EnterpriseId> = holders.into_iter().collect();
    let enterprises: HashMap<EnterpriseId, Enterprise> =
        enterprises::find_many(&mut conn, &holders).await?.into_iter().map(|one| (one.id, one)).collect();
    // Only a utility model can have an invention of the same day beside it.
    let neighbours = match found.iter().any(|asset| asset.kind == kernel::IpType::Utility) {
        true => assets::list_of_many(&mut conn, &holders).await?,
        false => Vec::new(),
    };
    let mut by_id: HashMap<AssetId, IpAsset> = found.into_iter().map(|asset| (asset.id, asset)).collect();
    let mut missing = Vec::new();
    for id in asked {
        let known = by_id.remove(&id).and_then(|asset| {
            let holder = enterprises.get(&asset.enterprise_id)?;
            let name = Personal::parse(holder.name.as_str());
            let same_day_invention =
                pairs.contains(&id) || neighbours.iter().any(|other| asset.has_invention_in(other));
            let holder = Party::Coded { uscc: holder.uscc.clone(), name };
            Some(Candidate { asset, holder, same_day_invention })
        });
        match known {
            Some(candidate) => question.candidates.push(candidate),
            None => missing.push(id.to_string()),
        }
    }
    let findings = check(&question);
    // What is not on record cannot be said to be clear.
    let verdict = if missing.is_empty() { verdict(&findings) } else { Verdict::Refused };
    Ok(Response::new(wire::CheckPledgeResponse {
        verdict: of_verdict(verdict).into(),
        findings: findings.iter().map(finding).collect(),
        assets: question.candidates.iter().map(|candidate| pledge_asset(&candidate.asset)).collect(),
        missing_asset_ids: missing,
        checked_on: today.to_string(),
    }))
}

fn read(form: &wire::CheckPledgeRequest, today: chrono::NaiveDate) -> Result<Form, Fault> {
    let mut check = Checker::new();
    let assets = check.ids("asset_ids", &form.asset_ids, 1..=ASSETS_MAX);
    let pledgors = pledgors(&mut check, &form.pledgors);
    let borrower = check.present("borrower", form.borrower.as_ref());
    let borrower = borrower.and_then(|party| check.within("borrower", |check| read_party(check, party)));
    let starts = check.optional_date("debt_start", &form.debt_start);
    let ends = check.optional_date("debt_end", &form.debt_end);
    let ordered = starts.flatten().zip(ends.flatten()).is_none_or(|(starts, ends)| starts <= ends);
    if !ordered {
        check.refuse("debt_end", &reasons::DEBT_PERIOD_INVALID);
    }
    let agreements = agreements(&mut check, &form.agreements);
    let declared =
        check.list(&"declarations", &form.declarations, 0..=DECLARATIONS_MAX, |check, path, given| {
            check.within(path, |check| {
                let id = check.id("asset_id", &given.asset_id);
                let refuse = check.code("refuse", given.refuse, Refuse::from_number).and_then(|refuse| {
                    let may = refuse.is_overridable().then_some(refuse);
                    or_refuse(check, "refuse", may, &reasons::NOT_DECLARABLE)
                });
                Some((id?, refuse?))
            })
        });
    let pairs = check.ids("same_day_pair_asset_ids", &form.same_day_pair_asset_ids, 0..=ASSETS_MAX);
    let fields = (assets, pledgors, borrower, ends, agreements, declared, pairs);
    let (assets, pledgors, borrower, debt_ends, agreements, declared, pairs) = check.all(fields)?;
    let contract = form.contract.as_ref().map(|given| Contract {
        parties: given.parties,
        debt_kind_and_amount: given.debt_kind_and_amount,
        debt_term: given.debt_term,
        assets_listed: given.assets_listed,
        secured_scope: given.secured_scope,
    });
    let question = Question {
        candidates: Vec::new(),
        pledgors,
        borrower,
        debt_ends,
        agreements,
        contract,
        declared: declared.into_iter().collect(),
        today,
    };
    Ok(Form { assets, pairs: pairs.into_iter().collect(), question })
}

fn read_party(check: &mut Checker, given: &wire::Party) -> Option<Party> {
    detail::party(check, &given.uscc, &given.name)
}

fn pledgors(check: &mut Checker, given: &[wire::Party]) -> Option<Vec<Party>> {
    check.count("pledgors", given.len(), 1..=PLEDGORS_MAX)?;
    let each = given.iter().enumerate();
    let read: Vec<_> = each
        .map(|(n, party)| check.within(format!("pledgors[{n}]"), |check| read_party(check, party)))
        .collect();
    read.into_iter().collect()
}

fn agreements(check: &mut Checker, given: &[wire::PledgeAgreement]) -> Option<Vec<Agreement>> {
    check.count("agreements", given.len(), 0..=AGREEMENTS_MAX)?;
    let each = given.iter().enumerate();
    let read: Vec<_> = each
        .map(|(n, agreement)| {
            check.within(format!("agreements[{n}]"), |check| {
                let asset = match agreement.asset_id.as_str() {
                    "" => Some(None),
                    id => check.id("asset_id", id).map(Some),
                };
                let party = check.present("party", agreement.party.as_ref());
                let party = party.and_then(|party| check.within("party", |check| read_party(check, party)));
                Some(Agreement { asset: asset?, party: party? })
            })
        })
        .collect();
    read.into_iter().collect()
}

fn finding(finding: &Finding) -> wire::PledgeFinding {
    let weight = match finding.weight {
        Weight::Refuses => wire::FindingWeight::Refuses,
        Weight::Unproven => wire::FindingWeight::Unproven,
        Weight::Declared => wire::FindingWeight::Declared,
    };
    wire::PledgeFinding {
        asset_id: finding.asset.map(|id| id.to_string()).unwrap_or_default(),
        refuse: finding.refuse as i32,
        weight: weight.into(),
        reason: finding.reason.to_owned(),
        cure: finding.cure.to_owned(),
        curable: finding.curable,
        overridable: finding.refuse.is_overridable(),
    }
}

fn pledge_asset(asset: &IpAsset) -> wire::PledgeAsset {
    wire::PledgeAsset {
        asset_id: asset.id.to_string(),
        version: asset.version,
        route: Route::of(asset.kind).code().to_owned(),
        expiry: asset.term_ends().map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn of_verdict(verdict: Verdict) -> wire::PledgeVerdict {
    match verdict {
        Verdict::Clear => wire::PledgeVerdict::Clear,
        Verdict::NeedsProof => wire::PledgeVerdict::NeedsProof,
        Verdict::Refused => wire::PledgeVerdict::Refused,
    }
}
