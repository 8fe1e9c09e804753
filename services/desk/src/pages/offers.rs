//! The offers side by side, once the window has closed: what each costs all in, with what cover, and the form by which
//! the enterprise's choice is written down.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kernel::{EnhancementMode, RepaymentMethod};
use proto::common::v1::LegState;
use proto::intake::v1::{self as intake, CaseState};
use uuid::Uuid;

use super::{Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::peers::Names;
use crate::text;

#[derive(Template)]
#[template(path = "offers.html")]
struct OffersPage {
    shell: Shell,
    id: String,
    number: String,
    asked: String,
    /// On what the costs stand.
    basis: String,
    sealed: bool,
    refusal: Option<Refusal>,
    offers: Vec<Offer>,
    late: Vec<Offer>,
    valuations: Vec<Valuation>,
    late_valuations: Vec<Valuation>,
    covers: Vec<Cover>,
    can_select: bool,
    today: String,
}

/// A column of the comparison.
pub(super) struct Offer {
    pub(super) leg_id: String,
    pub(super) bank: String,
    pub(super) product: String,
    pub(super) amount: String,
    pub(super) term: i32,
    pub(super) rate: String,
    pub(super) repayment: &'static str,
    pub(super) enhancement: &'static str,
    pub(super) fees: String,
    pub(super) valid: String,
    pub(super) state: &'static str,
    pub(super) cost: Option<Cost>,
    pub(super) ways: Vec<Way>,
    pub(super) missing: bool,
    pub(super) standing: bool,
    pub(super) cheapest: bool,
}

pub(super) struct Cost {
    pub(super) apr: String,
    pub(super) total: String,
    pub(super) subsidies: String,
    pub(super) net_apr: String,
    pub(super) net_total: String,
    pub(super) interest: String,
    pub(super) fees: String,
    pub(super) cover: String,
    pub(super) valuation: String,
    pub(super) first: String,
    pub(super) largest: String,
}

pub(super) struct Way {
    pub(super) cover_leg_id: String,
    pub(super) name: String,
    pub(super) apr: String,
    pub(super) total: String,
    pub(super) net_apr: String,
    pub(super) net_total: String,
}

pub(super) struct Valuation {
    pub(super) leg_id: String,
    pub(super) name: String,
    pub(super) fee: String,
    pub(super) days: i32,
    pub(super) methods: String,
    pub(super) valid: String,
    pub(super) state: &'static str,
    pub(super) standing: bool,
    pub(super) report: String,
}

pub(super) struct Cover {
    pub(super) leg_id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) amount: String,
    pub(super) term: i32,
    pub(super) coverage: String,
    pub(super) rate: String,
    pub(super) cost: String,
    pub(super) valid: String,
}

/// Everything that a choice is made of.
pub(super) struct Comparison {
    pub(super) header: intake::CaseHeader,
    pub(super) asked: String,
    pub(super) basis: String,
    pub(super) offers: Vec<Offer>,
    pub(super) late: Vec<Offer>,
    pub(super) valuations: Vec<Valuation>,
    pub(super) late_valuations: Vec<Valuation>,
    pub(super) covers: Vec<Cover>,
}

/// `GET /cases/{id}/offers`
pub(crate) async fn page(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    show(&desk, &person, &id, None).await
}

/// Reads case and offers. The second part is why the offers are not there.
pub(super) async fn compare(
    desk: &Desk,
    person: &Person,
    id: &str,
) -> Result<(Comparison, Option<tonic::Status>), Trouble> {
    person.may_see(Pages::Cases)?;
    let id = Uuid::try_parse(id).map_err(|_| Trouble::NotFound)?.to_string();
    let actor = person.actor();
    let mut client = desk.peers.intake(&actor);
    let key = intake::get_case_request::Key::CaseId(id.clone());
    let view = client.get_case(intake::GetCaseRequest { key: Some(key) }).await?.into_inner();
    let names = desk.directory.names(&actor).await;
    let (answer, refused) = match client.list_offers(intake::ListOffersRequest { case_id: id }).await {
        Ok(answer) => (answer.into_inner(), None),
        Err(status) => (intake::ListOffersResponse::default(), Some(status)),
    };
    let application = view.application.unwrap_or_default();
    let covers: Vec<Cover> = answer.covers.iter().map(|one| cover(one, &names)).collect();
    let mut offers: Vec<Offer> = answer.offers.iter().map(|one| offer(one, &names, &covers)).collect();
    // Ranked by intake; what cannot be taken, or has no yearly cost, is not the cheapest whatever its place.
    let can_win = |view: &intake::OfferView| {
        !view.cover_missing && view.cost.is_some_and(|cost| cost.apr_bp != i32::MAX)
    };
    let mut ranked = offers.iter_mut().zip(&answer.offers);
    if let Some((first, _)) = ranked.find(|(offer, view)| offer.standing && can_win(view)) {
        first.cheapest = true;
    }
    let comparison = Comparison {
        header: view.header.unwrap_or_default(),
        asked: format!("{} 万元，{} 个月", text::wan(application.amount_fen), application.term_months),
        basis: basis(&answer),
        offers,
        late: answer.late_offers.iter().map(|one| offer(one, &names, &covers)).collect(),
        valuations: answer.valuations.iter().map(|one| valuation(one, &names)).collect(),
        late_valuations: answer.late_valuations.iter().map(|one| valuation(one, &names)).collect(),
        covers,
    };
    Ok((comparison, refused))
}

/// The page, with what was refused of a choice.
pub(super) async fn show(
    desk: &Desk,
    person: &Person,
    id: &str,
    refusal: Option<Refusal>,
) -> Result<Response, Trouble> {
    let (comparison, refused) = compare(desk, person, id).await?;
    let sealed = refused.as_ref().and_then(rpc::status::reason).as_deref() == Some("OFFERS_SEALED");
    let refusal = match (refusal, &refused) {
        (Some(refusal), _) => Some(refusal),
        (None, Some(status)) if !sealed => Some(Refusal::of(status)),
        (None, Some(_) | None) => None,
    };
    let status = match (&refusal, sealed) {
        (Some(refusal), _) => refusal.http(),
        (None, true) => StatusCode::CONFLICT,
        (None, false) => StatusCode::OK,
    };
    let Comparison { header, asked, basis, offers, late, valuations, late_valuations, covers } = comparison;
    let page = OffersPage {
        shell: Shell::of(person, "报价比选", "cases"),
        can_select: header.state() == CaseState::OffersReady,
        id: header.case_id,
        number: header.case_no,
        asked,
        basis,
        sealed,
        refusal,
        offers,
        late,
        valuations,
        late_valuations,
        covers,
        today: text::today(desk.now()).to_string(),
    };
    Ok((status, html(&page)).into_response())
}

/// What a reader has to know of how the costs were reckoned.
fn basis(answer: &intake::ListOffersResponse) -> String {
    let costs = answer
        .offers
        .iter()
        .flat_map(|offer| offer.cost.iter().chain(offer.ways.iter().flat_map(|way| &way.cost)));
    let subsidies = if costs.into_iter().any(|cost| cost.subsidies_fen > 0) {
        "预计补贴按现行政策上限估算，按约还本付息后才能兑现，不影响排序。"
    } else {
        "系统未登记适用的补贴政策，两项综合年化成本相同。"
    };
    format!(
        "按 {} 放款测算；按日计息的产品依其计息基础和结息日、按季结息逐期计算。{subsidies}",
        answer.paid_out_on
    )
}

fn offer(view: &intake::OfferView, names: &Names, covers: &[Cover]) -> Offer {
    let offer = view.offer.unwrap_or_default();
    let way = |way: &intake::Way| {
        let cost = way.cost.unwrap_or_default();
        let name = match covers.iter().find(|cover| cover.leg_id == way.cover_leg_id) {
            Some(cover) => format!("{}（{}）", cover.name, cover.kind),
            None if way.cover_leg_id.is_empty() => "不需增信".to_owned(),
            None => "增信".to_owned(),
        };
        Way {
            cover_leg_id: way.cover_leg_id.clone(),
            name,
            apr: text::yearly(cost.apr_bp),
            total: text::yuan(cost.total_fen),
            net_apr: text::yearly(cost.net_apr_bp),
            net_total: text::yuan(cost.net_total_fen),
        }
    };
    Offer {
        leg_id: view.leg_id.clone(),
        bank: names.institution(&view.institution_id),
        product: names.product(&view.product_id),
        amount: text::wan(offer.amount_fen),
        term: offer.term_months,
        rate: text::rate(offer.annual_rate_bp),
        repayment: RepaymentMethod::from_number(offer.repayment).map_or("—", RepaymentMethod::chinese),
        enhancement: EnhancementMode::from_number(offer.enhancement).map_or("—", EnhancementMode::chinese),
        fees: text::yuan(offer.fees_fen),
        valid: text::at(offer.valid_until.as_ref()),
        state: text::leg_state(view.state()),
        cost: view.cost.as_ref().map(cost),
        ways: view.ways.iter().map(way).collect(),
        missing: view.cover_missing,
        standing: matches!(view.state(), LegState::Offered | LegState::Unspecified),
        cheapest: false,
    }
}

fn cost(cost: &intake::Cost) -> Cost {
    Cost {
        apr: text::yearly(cost.apr_bp),
        total: text::yuan(cost.total_fen),
        subsidies: text::yuan(cost.subsidies_fen),
        net_apr: text::yearly(cost.net_apr_bp),
        net_total: text::yuan(cost.net_total_fen),
        interest: text::yuan(cost.interest_fen),
        fees: text::yuan(cost.fees_fen),
        cover: text::yuan(cost.cover_fen),
        valuation: text::yuan(cost.valuation_fen),
        first: text::yuan(cost.first_payment_fen),
        largest: text::yuan(cost.largest_payment_fen),
    }
}

fn valuation(view: &intake::ValuationView, names: &Names) -> Valuation {
    let quote = view.quote.clone().unwrap_or_default();
    let method = |method: intake::ValuationMethod| match method {
        intake::ValuationMethod::Income => "收益法",
        intake::ValuationMethod::Cost => "成本法",
        intake::ValuationMethod::Market => "市场法",
        intake::ValuationMethod::Unspecified => "—",
    };
    let report = match (&view.report, &view.report_by) {
        (Some(report), _) => format!("评估值 {} 万元", text::wan(report.total_fen)),
        (None, Some(by)) => format!("报告应于 {} 前交付", text::at(Some(by))),
        (None, None) => String::new(),
    };
    Valuation {
        leg_id: view.leg_id.clone(),
        name: names.institution(&view.institution_id),
        fee: text::yuan(quote.fee_fen),
        days: quote.report_working_days,
        methods: quote.methods().map(method).collect::<Vec<_>>().join("、"),
        valid: text::date(quote.valid_until.as_ref()),
        state: text::leg_state(view.state()),
        standing: matches!(
            view.state(),
            LegState::Offered | LegState::Confirmed | LegState::Fulfilled | LegState::Unspecified
        ),
        report,
    }
}

fn cover(view: &intake::CoverView, names: &Names) -> Cover {
    Cover {
        leg_id: view.leg_id.clone(),
        name: names.institution(&view.institution_id),
        kind: EnhancementMode::from_number(view.kind).map_or("增信", EnhancementMode::chinese),
        amount: text::wan(view.amount_fen),
        term: view.max_term_months,
        coverage: text::rate(view.coverage_bp),
        rate: text::rate(view.annual_rate_bp),
        cost: text::yuan(view.cost_fen),
        valid: text::date(view.valid_until.as_ref()),
    }
}
