//! The enterprise's choice (选择确认): shown once more as a whole, then written down.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use proto::intake::v1 as intake;
use uuid::Uuid;

use super::offers::{self, Comparison};
use super::{Fields, Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;

#[derive(Template)]
#[template(path = "select.html")]
struct SelectPage {
    shell: Shell,
    id: String,
    number: String,
    bank_leg_id: String,
    cover_leg_id: String,
    evaluator_leg_id: String,
    request_id: String,
    facts: Vec<(&'static str, String)>,
}

/// `POST /cases/{id}/select`
pub(crate) async fn submit(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    person.sent(fields.get("csrf"))?;
    let bank = fields.get("bank");
    if bank.is_empty() {
        let refusal = Refusal::field("bank", "请先选定一家银行的报价。");
        return offers::show(&desk, &person, &id, Some(refusal)).await;
    }
    if fields.get("step") != "confirm" {
        return confirmation(&desk, &person, &id, &fields).await;
    }
    let request = intake::SelectOfferRequest {
        request_id: fields.get("request_id").to_owned(),
        case_id: id.clone(),
        bank_leg_id: bank.to_owned(),
        cover_leg_id: fields.get("cover").to_owned(),
        evaluator_leg_id: fields.get("evaluator").to_owned(),
    };
    match desk.peers.intake(&person.actor()).select_offer(request).await {
        Ok(_) => Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/cases/{id}"))]).into_response()),
        Err(status) => offers::show(&desk, &person, &id, Some(Refusal::of(&status))).await,
    }
}

async fn confirmation(desk: &Desk, person: &Person, id: &str, fields: &Fields) -> Result<Response, Trouble> {
    let (comparison, refused) = offers::compare(desk, person, id).await?;
    if let Some(status) = refused {
        return Err(status.into());
    }
    let bank = fields.get("bank").to_owned();
    let cover = fields.get(&format!("cover.{bank}")).to_owned();
    let evaluator = fields.get("evaluator").to_owned();
    let Some(facts) = facts(&comparison, &bank, &cover, &evaluator) else {
        let refusal = Refusal::field("bank", "所选报价已不在列表中，请重新选择。");
        return offers::show(desk, person, id, Some(refusal)).await;
    };
    let page = SelectPage {
        shell: Shell::of(person, "选择确认", "cases"),
        id: comparison.header.case_id.clone(),
        number: comparison.header.case_no.clone(),
        bank_leg_id: bank,
        cover_leg_id: cover,
        evaluator_leg_id: evaluator,
        request_id: Uuid::new_v4().to_string(),
        facts,
    };
    Ok(html(&page))
}

/// The choice in words; `None` if a part of it is not among the answers.
fn facts(
    comparison: &Comparison,
    bank: &str,
    cover: &str,
    evaluator: &str,
) -> Option<Vec<(&'static str, String)>> {
    let offer = comparison.offers.iter().find(|offer| offer.leg_id == bank)?;
    let mut facts = vec![
        ("贷款银行", offer.bank.clone()),
        ("贷款产品", offer.product.clone()),
        ("金额", format!("{} 万元", offer.amount)),
        ("期限", format!("{} 个月", offer.term)),
        ("名义年利率", offer.rate.clone()),
        ("还款方式", offer.repayment.to_owned()),
        ("增信方式", offer.enhancement.to_owned()),
        ("报价有效期至", offer.valid.clone()),
    ];
    let way = offer.ways.iter().find(|way| way.cover_leg_id == cover);
    if let Some(way) = way {
        facts.push(("综合年化成本", way.apr.clone()));
        facts.push(("综合成本合计", format!("{} 元", way.total)));
        facts.push(("补贴后成本", format!("年化 {}，合计 {} 元", way.net_apr, way.net_total)));
    }
    if !cover.is_empty() {
        let cover = comparison.covers.iter().find(|one| one.leg_id == cover)?;
        facts.push(("增信机构", format!("{}（{}）", cover.name, cover.kind)));
    }
    if !evaluator.is_empty() {
        let valuation = comparison.valuations.iter().find(|one| one.leg_id == evaluator)?;
        facts.push((
            "评估机构",
            format!("{}，评估费 {} 元，{} 个工作日出具报告", valuation.name, valuation.fee, valuation.days),
        ));
    }
    Some(facts)
}
