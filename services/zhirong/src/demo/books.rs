//! Holds what intake lists against what the banks' own books say, field by field.

use std::collections::{BTreeMap, HashMap};

use proto::common::v1::LegState;
use proto::intake::v1::{LegView, ListOffersResponse, Offer, OfferView};

use crate::simulate::{Act, Acted, Content, Fate, Record};

const COLLECTION: &str = "assignments/";

/// An offer by its bank's own account.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stated {
    pub(super) leg_id: String,
    pub(super) institution_id: String,
    pub(super) product_id: String,
    pub(super) product_version: i32,
    pub(super) offer: Offer,
}

/// What the banks say of one case.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// The offer of each leg that stands: of those accepted, the one with the highest number.
    pub(super) standing: Vec<Stated>,
    pub(super) late: Vec<Stated>,
    /// Reason numbers of refusals, by leg.
    pub(super) declined: BTreeMap<String, i32>,
    /// How many replies each leg sent.
    pub(super) replies: BTreeMap<String, usize>,
    /// Offers that were replaced by better ones.
    pub(super) superseded: usize,
}

/// Whether every answer's fate has come back.
pub(super) fn is_settled(records: &[Record]) -> bool {
    records.iter().all(|record| record.content == Content::Question || record.fate.is_some())
}

/// Reads the books; answers without a good end are returned as problems.
pub(super) fn read(records: &[Record]) -> (Books, Vec<String>) {
    let mut books = Books::default();
    let mut problems = Vec::new();
    let mut best: BTreeMap<String, Stated> = BTreeMap::new();
    for record in records {
        let leg_id = record.assignment.trim_start_matches(COLLECTION).to_owned();
        *books.replies.entry(leg_id.clone()).or_default() += 1;
        if record.content != Content::Question && matches!(record.fate, None | Some(Fate::Refused)) {
            let fate = record.fate.map_or("没有收到回执", Fate::chinese);
            problems.push(format!("任务 {leg_id} 的答复{fate}"));
            continue;
        }
        match &record.content {
            Content::Question => {}
            Content::Decline(reason) => {
                books.declined.insert(leg_id, reason.number());
            }
            Content::Offer { offer, product_id, product_version } => {
                let stated = Stated {
                    leg_id: leg_id.clone(),
                    institution_id: record.institution.to_string(),
                    product_id: product_id.clone(),
                    product_version: *product_version,
                    offer: *offer,
                };
                match record.fate {
                    Some(Fate::Accepted) => {
                        let known = best.get(&leg_id).map_or(0, |known| known.offer.offer_seq);
                        if stated.offer.offer_seq > known {
                            best.insert(leg_id, stated);
                        }
                    }
                    Some(Fate::Superseded) => books.superseded += 1,
                    Some(Fate::Late) => books.late.push(stated),
                    Some(Fate::Refused) | None => {}
                }
            }
        }
    }
    books.standing = best.into_values().collect();
    (books, problems)
}

/// Every difference between what is stated and what is listed; `kind` names the list.
pub(super) fn differences(kind: &str, stated: &[Stated], listed: &[OfferView]) -> Vec<String> {
    let key = |leg: &str, seq: i32| format!("{leg} 第{seq}次");
    let seq = |view: &OfferView| view.offer.as_ref().map_or(0, |offer| offer.offer_seq);
    let mut rest: HashMap<String, &OfferView> =
        listed.iter().map(|view| (key(&view.leg_id, seq(view)), view)).collect();
    let mut found = Vec::new();
    if rest.len() != listed.len() {
        found.push(format!("{kind}中有重复的报价"));
    }
    for one in stated {
        let name = key(&one.leg_id, one.offer.offer_seq);
        match rest.remove(&name) {
            None => found.push(format!("{kind}缺少银行已提交的报价：{name}")),
            Some(view) => {
                found.extend(
                    fields(one, view)
                        .into_iter()
                        .map(|field| format!("{kind}与银行所述不符：{name}，{field}")),
                );
            }
        }
    }
    let mut surplus: Vec<&String> = rest.keys().collect();
    surplus.sort();
    found.extend(surplus.into_iter().map(|name| format!("{kind}多出银行未提交的报价：{name}")));
    found
}

/// Names of the fields that differ, with both values.
fn fields(stated: &Stated, listed: &OfferView) -> Vec<String> {
    let none = Offer::default();
    let (ours, theirs) = (&stated.offer, listed.offer.as_ref().unwrap_or(&none));
    let valid =
        |offer: &Offer| offer.valid_until.as_ref().map_or((0, 0), |at| (at.seconds, i64::from(at.nanos)));
    let number = |name, ours: i64, theirs: i64| (name, ours.to_string(), theirs.to_string());
    let pairs = [
        ("机构", stated.institution_id.clone(), listed.institution_id.clone()),
        ("产品", stated.product_id.clone(), listed.product_id.clone()),
        number("产品版本", stated.product_version.into(), listed.product_version.into()),
        number("序号", ours.offer_seq.into(), theirs.offer_seq.into()),
        number("金额(分)", ours.amount_fen, theirs.amount_fen),
        number("期限(月)", ours.term_months.into(), theirs.term_months.into()),
        number("年利率(基点)", ours.annual_rate_bp.into(), theirs.annual_rate_bp.into()),
        number("还款方式", ours.repayment.into(), theirs.repayment.into()),
        number("增信方式", ours.enhancement.into(), theirs.enhancement.into()),
        number("费用(分)", ours.fees_fen, theirs.fees_fen),
        number("有效期", valid(ours).0, valid(theirs).0),
        number("有效期(纳秒)", valid(ours).1, valid(theirs).1),
    ];
    let differ = pairs.into_iter().filter(|(_, ours, theirs)| ours != theirs);
    differ.map(|(name, ours, theirs)| format!("{name}：银行 {ours}，系统 {theirs}")).collect()
}

/// Refusals and silences: each leg's end must be what its bank did.
pub(super) fn ends(books: &Books, legs: &[LegView]) -> Vec<String> {
    let mut found = Vec::new();
    for leg in legs {
        let offered = books.standing.iter().any(|stated| stated.leg_id == leg.leg_id);
        let declined = books.declined.get(&leg.leg_id);
        let good = match leg.state() {
            LegState::Offered => offered,
            LegState::Declined => declined == Some(&leg.decline_reason),
            LegState::TimedOut => !offered && declined.is_none(),
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Released
            | LegState::Expired
            | LegState::WithdrawnByInst
            | LegState::Selected
            | LegState::Confirmed
            | LegState::Fulfilled
            | LegState::Breached => false,
        };
        if !good {
            found.push(format!("任务 {} 的结果 {} 与银行所为不符", leg.leg_id, leg.state().as_str_name()));
        }
    }
    found
}

/// Quotes of insurers, guarantors and evaluators: what is listed must be what they sent, to the fen.
pub(super) fn quotes(acts: &[Acted], listed: &ListOffersResponse) -> Vec<String> {
    let accepted = |acted: &&Acted| acted.fate == Some(Fate::Accepted);
    let leg = |acted: &Acted| acted.assignment.trim_start_matches(COLLECTION).to_owned();
    let mut stated: Vec<(String, i64)> = acts
        .iter()
        .filter(accepted)
        .filter_map(|acted| match &acted.act {
            Act::Valuation(quote) => Some((leg(acted), quote.fee_fen)),
            Act::Insurance(quote) => Some((leg(acted), quote.premium_fen)),
            Act::Guarantee(commitment) => Some((leg(acted), commitment.fee_fen)),
            Act::Declined(_)
            | Act::TakenBack
            | Act::Approved(_)
            | Act::Confirmed
            | Act::Refused(_)
            | Act::Reported(_) => None,
        })
        .collect();
    let covers = listed.covers.iter().map(|view| (view.leg_id.clone(), view.cost_fen));
    let valuations = listed
        .valuations
        .iter()
        .map(|view| (view.leg_id.clone(), view.quote.as_ref().map_or(0, |quote| quote.fee_fen)));
    let mut shown: Vec<(String, i64)> = covers.chain(valuations).collect();
    stated.sort();
    shown.sort();
    let mut found = Vec::new();
    if stated != shown {
        found.push(format!(
            "增信与评估报价应为 {} 项，系统列出 {} 项，或金额不符",
            stated.len(),
            shown.len()
        ));
    }
    let refused = acts.iter().filter(|acted| matches!(acted.fate, None | Some(Fate::Refused)));
    found.extend(refused.map(|acted| {
        format!("任务 {} 的答复{}", leg(acted), acted.fate.map_or("没有收到回执", Fate::chinese))
    }));
    found
}

#[cfg(test)]
#[path = "books_tests.rs"]
mod tests;
