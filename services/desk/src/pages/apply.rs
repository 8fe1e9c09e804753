//! One application: the enterprise is looked up, its rights are ticked, the plan is shown, then it is sent.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use kernel::{EnterpriseSize, Grade, InstitutionRole, IpType};
use proto::intake::v1 as intake;
use proto::whitelist::v1 as whitelist;
use tonic::Code;

use super::apply_form::{CONSENT_TEXT, Choice, Form, seal};
use super::{Fields, Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::peers::Names;
use crate::text;

#[derive(Template)]
#[template(path = "apply.html")]
struct ApplyPage {
    shell: Shell,
    form: Form,
    enterprise: Option<Firm>,
    assets: Vec<Choice>,
    /// The consents that can be used; none before the enterprise is looked up.
    consents: Vec<Choice>,
    enhancements: Vec<Choice>,
    repayments: Vec<Choice>,
    consent_text: &'static str,
    refusal: Option<Refusal>,
    notice: &'static str,
    plan: Option<Plan>,
    /// The plan cannot be shown now, and the application may be sent all the same.
    blind: bool,
    previewed: String,
}

struct Firm {
    name: String,
    size: &'static str,
    park: String,
}

/// Whom the application would be sent to, and whom not.
struct Plan {
    firm: String,
    listed: bool,
    grade: String,
    held: Vec<String>,
    exclusions: Vec<String>,
    groups: Vec<PlanGroup>,
    asked: usize,
    not_asked: Vec<PlanRow>,
    may_need_cover: bool,
}

struct PlanGroup {
    title: &'static str,
    rows: Vec<PlanRow>,
}

struct PlanRow {
    name: String,
    product: String,
    reasons: Vec<String>,
}

impl ApplyPage {
    /// What is wrong with a field of the form.
    fn error(&self, field: &str) -> Option<String> {
        let refusal = self.refusal.as_ref()?;
        let of: Vec<&str> = refusal
            .fields
            .iter()
            .filter(|(path, _)| place(path) == field)
            .map(|(_, text)| text.as_str())
            .collect();
        (!of.is_empty()).then(|| of.join(" "))
    }
}

/// The field of the form that a field of the contract is typed in.
fn place(path: &str) -> &str {
    let path = path.strip_prefix("application.").unwrap_or(path);
    let head = path.split(['.', '[']).next().unwrap_or_default();
    match head {
        "amount_fen" => "amount",
        "term_months" => "term",
        "asset_ids" => "assets",
        "consent_id" | "signed_at" | "valid_to" | "evidence_sha256" => "consent",
        other => other,
    }
}

/// `GET /cases/new`
pub(crate) async fn page(State(desk): State<Arc<Desk>>, person: Person) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    let form = Form::empty(desk.now());
    Ok(html(&fill(&person, form, None, None)))
}

/// The register's answer for the code that was typed.
struct Register {
    firm: whitelist::Enterprise,
    assets: Vec<whitelist::IpAsset>,
    consents: Vec<whitelist::Consent>,
}

fn fill(person: &Person, form: Form, register: Option<Register>, refusal: Option<Refusal>) -> ApplyPage {
    let assets = register.as_ref().map(|register| register.assets.iter()).unwrap_or_default();
    let chosen = |id: &String| form.assets.contains(id);
    let assets = assets.map(|asset| Choice {
        value: asset.asset_id.clone(),
        name: asset.title.clone(),
        more: format!("{} {}", IpType::from_number(asset.r#type).map_or("", IpType::chinese), asset.number),
        chosen: chosen(&asset.asset_id),
    });
    let assets = assets.collect();
    let consents = register.as_ref().map(|register| consents(&register.consents, &form.consent_id));
    ApplyPage {
        shell: Shell::of(person, "新申请", "new"),
        enterprise: register.map(|register| Firm {
            name: register.firm.name.clone(),
            size: EnterpriseSize::from_number(register.firm.size).map_or("—", EnterpriseSize::chinese),
            park: park(&register.firm.park),
        }),
        assets,
        consents: consents.unwrap_or_default(),
        enhancements: form.enhancements(),
        repayments: form.repayments(),
        consent_text: CONSENT_TEXT,
        form,
        refusal,
        notice: "",
        plan: None,
        blind: false,
        previewed: String::new(),
    }
}

/// The consents to choose from, and the one that has just been registered.
fn consents(known: &[whitelist::Consent], wanted: &str) -> Vec<Choice> {
    let choice = |consent: &whitelist::Consent| Choice {
        value: consent.consent_id.clone(),
        name: format!("{} 签署", text::date(consent.signed_at.as_ref())),
        more: format!(
            "{}前有效，{}",
            text::date(consent.valid_to.as_ref()),
            match consent.recipient_institution_ids.len() {
                0 => "可提供给参与办理的全部机构".to_owned(),
                some => format!("可提供给指定的 {some} 家机构"),
            }
        ),
        chosen: consent.consent_id == wanted,
    };
    let mut choices: Vec<Choice> = known.iter().map(choice).collect();
    if !wanted.is_empty() && choices.iter().all(|choice| !choice.chosen) {
        let name = format!("授权 {wanted}");
        choices.insert(0, Choice { value: wanted.to_owned(), name, more: String::new(), chosen: true });
    }
    choices
}

fn park(code: &str) -> String {
    let known = kernel::regions::DEFAULT_PARKS.iter().find(|(park, _)| *park == code);
    known.map_or_else(|| code.to_owned(), |(_, name)| (*name).to_owned())
}

async fn register(desk: &Desk, person: &Person, uscc: &str) -> Result<Register, Refusal> {
    let mut client = desk.peers.whitelist(&person.actor());
    let key = whitelist::get_enterprise_request::Key::Uscc(uscc.to_owned());
    let firm = client.get_enterprise(whitelist::GetEnterpriseRequest { key: Some(key) }).await;
    let firm = firm.map_err(|status| match status.code() {
        Code::NotFound => Refusal::field("uscc", "该企业尚未登记入库，请核对代码，或先在企业库登记。"),
        _ => Refusal::of(&status),
    })?;
    let firm = firm.into_inner();
    let mut assets = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = whitelist::ListAssetsRequest {
            enterprise_id: firm.enterprise_id.clone(),
            page_size: 200,
            page_token,
        };
        let page = client.list_assets(request).await.map_err(|status| Refusal::of(&status))?.into_inner();
        assets.extend(page.assets);
        page_token = page.next_page_token;
        if page_token.is_empty() || assets.len() >= 1000 {
            break;
        }
    }
    let consents = usable(desk, person, &firm.enterprise_id).await;
    Ok(Register { firm, assets, consents })
}

/// The enterprise's consents that an application can rest on, the latest first. Without an answer there are none to choose
/// from, and one can still be registered.
async fn usable(desk: &Desk, person: &Person, enterprise_id: &str) -> Vec<whitelist::Consent> {
    let request = whitelist::ListConsentsRequest {
        enterprise_id: enterprise_id.to_owned(),
        ..whitelist::ListConsentsRequest::default()
    };
    let Ok(answer) = desk.peers.register(&person.actor()).list_consents(request).await else {
        return Vec::new();
    };
    let fits = |consent: &whitelist::Consent| {
        consent.person.is_empty()
            && consent.purpose == i32::from(whitelist::ConsentPurpose::IpPledgeFinancing)
    };
    let active = answer.into_inner().consents.into_iter().filter(|record| record.state == "ACTIVE");
    let mut consents: Vec<_> = active.filter_map(|record| record.consent).filter(fits).collect();
    consents.sort_by_key(|consent| std::cmp::Reverse(consent.signed_at.map(|at| (at.seconds, at.nanos))));
    consents
}

/// `POST /cases/new`: look up, preview, or send.
pub(crate) async fn submit(
    State(desk): State<Arc<Desk>>,
    person: Person,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    person.sent(fields.get("csrf"))?;
    let mut form = Form::read(&fields);
    let found = match form.uscc.is_empty() {
        true => None,
        false => Some(register(&desk, &person, &form.uscc).await),
    };
    let (found, lookup) = match found {
        Some(Ok(register)) => (Some(register), None),
        Some(Err(refusal)) => (None, Some(refusal)),
        None => (None, Some(Refusal::field("uscc", "请填写统一社会信用代码。"))),
    };
    let step = fields.get("step");
    if step == "lookup" || lookup.is_some() {
        let status = lookup.as_ref().map_or(StatusCode::OK, Refusal::http);
        return Ok((status, html(&fill(&person, form, found, lookup))).into_response());
    }
    let firm = found.as_ref().map(|register| register.firm.enterprise_id.clone()).unwrap_or_default();
    let application = match prepared(&desk, &person, &mut form, &fields, &firm).await {
        Ok(application) => application,
        Err(refusal) => {
            let status = refusal.http();
            return Ok((status, html(&fill(&person, form, found, Some(refusal)))).into_response());
        }
    };
    let sealed = seal(&application);
    let mut notice = "";
    if step == "submit" {
        if fields.get("previewed") == sealed {
            return send(&desk, &person, form, found, application).await;
        }
        notice = "内容有修改，下面是按新内容形成的派发方案，请核对后再提交。";
    }
    preview(&desk, &person, form, found, application, notice).await
}

/// The application, with its consent registered if that is to be done now.
async fn prepared(
    desk: &Desk,
    person: &Person,
    form: &mut Form,
    fields: &Fields,
    firm: &str,
) -> Result<intake::Application, Refusal> {
    let mut application = form.application(fields)?;
    if form.new_consent {
        let request = form.consent(firm)?;
        let granted = desk.peers.whitelist(&person.actor()).grant_consent(request).await;
        let consent = granted.map_err(|status| Refusal::of(&status))?.into_inner().consent;
        form.consent_id = consent.unwrap_or_default().consent_id;
        form.new_consent = false;
        application.consent_id = form.consent_id.clone();
    }
    Ok(application)
}

async fn preview(
    desk: &Desk,
    person: &Person,
    form: Form,
    found: Option<Register>,
    application: intake::Application,
    notice: &'static str,
) -> Result<Response, Trouble> {
    let sealed = seal(&application);
    let actor = person.actor();
    let request = intake::PreviewPlanRequest { application: Some(application) };
    match desk.peers.intake(&actor).preview_plan(request).await {
        Ok(answer) => {
            let names = desk.directory.names(&actor).await;
            let page = fill(person, form, found, None);
            let plan = Some(plan(&answer.into_inner(), &names));
            let page = ApplyPage { plan, previewed: sealed, notice, ..page };
            Ok(html(&page))
        }
        Err(status) => {
            let away =
                matches!(status.code(), Code::Unimplemented | Code::Unavailable | Code::DeadlineExceeded);
            let refusal = Refusal::of(&status);
            let code = if away { StatusCode::OK } else { refusal.http() };
            let refusal = (!away).then_some(refusal);
            let page = fill(person, form, found, refusal);
            let previewed = if away { sealed } else { String::new() };
            Ok((code, html(&ApplyPage { blind: away, previewed, notice, ..page })).into_response())
        }
    }
}

async fn send(
    desk: &Desk,
    person: &Person,
    form: Form,
    found: Option<Register>,
    application: intake::Application,
) -> Result<Response, Trouble> {
    let request = intake::SubmitApplicationRequest {
        request_id: form.request_id.clone(),
        channel: intake::Channel::Desk.into(),
        application: Some(application),
    };
    match desk.peers.intake(&person.actor()).submit_application(request).await {
        Ok(answer) => {
            let id = answer.into_inner().case.unwrap_or_default().case_id;
            Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/cases/{id}"))]).into_response())
        }
        Err(status) => {
            let refusal = Refusal::of(&status);
            Ok((refusal.http(), html(&fill(person, form, found, Some(refusal)))).into_response())
        }
    }
}

fn plan(answer: &intake::PreviewPlanResponse, names: &Names) -> Plan {
    let reasons = |codes: &[String]| codes.iter().map(|code| text::reason(code)).collect::<Vec<_>>();
    let rows = |role: InstitutionRole| {
        let of = answer.legs.iter().filter(|leg| leg.role == role.number());
        of.map(|leg| PlanRow {
            name: names.institution(&leg.institution_id),
            product: names.product(&leg.product_id),
            reasons: reasons(&leg.reasons),
        })
        .collect::<Vec<_>>()
    };
    let groups =
        InstitutionRole::ALL.iter().map(|role| PlanGroup { title: role.chinese(), rows: rows(*role) });
    let not_asked = answer.not_asked.iter().map(|one| PlanRow {
        name: names.institution(&one.institution_id),
        product: names.product(&one.product_id),
        reasons: reasons(&one.reasons),
    });
    Plan {
        firm: answer.enterprise_name.clone(),
        listed: answer.whitelisted,
        grade: Grade::from_number(answer.grade).map_or("未评级", Grade::code).to_owned(),
        held: reasons(&answer.held),
        exclusions: reasons(&answer.exclusions),
        groups: groups.filter(|group| !group.rows.is_empty()).collect(),
        asked: answer.legs.len(),
        not_asked: not_asked.collect(),
        may_need_cover: answer.may_need_cover,
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_field_of_the_contract_is_shown_where_it_was_typed() {
        for (path, field) in [
            ("application.amount_fen", "amount"),
            ("application.documents[3].sha256", "documents"),
            ("application.asset_ids[0]", "assets"),
            ("uscc", "uscc"),
            ("application.consent_id", "consent"),
        ] {
            assert_eq!(place(path), field);
        }
    }
}
