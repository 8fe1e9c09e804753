//! `PreviewPlan`: what a submission of this application would set off. Nothing is stored, nobody is asked.

use kernel::InstitutionRole;
use proto::{catalog::v1 as catalog, intake::v1 as wire};
use rpc::Fault;
use tonic::{Request, Response};

use super::service::Deps;
use crate::{
    domain::{
        CoverNeed, Refusal,
        plan::{Screening, Standing, evaluators},
    },
    wire::{application::form, planning},
};

/// The consent does not name this institution.
const NOT_NAMED: &str = "CONSENT_RECIPIENT_NOT_NAMED";
/// Evaluators are asked for a valuation; no product has to fit.
const VALUATION: &str = "VALUATION";

impl Deps {
    pub(super) async fn preview_plan(
        &self,
        request: Request<wire::PreviewPlanRequest>,
    ) -> Result<Response<wire::PreviewPlanResponse>, Fault> {
        // The channel decides nothing of the plan.
        let channel = i32::from(wire::Channel::Desk);
        let (_, form) = form(channel, request.get_ref().application.as_ref())?;
        let application = form.outline().map_err(|missing| Fault::from(Refusal::Incomplete(missing)))?;
        let standing = self.standing(&application).await?;
        let mut answer = wire::PreviewPlanResponse {
            exclusions: standing.exclusions.clone(),
            whitelisted: standing.listed,
            grade: standing.grade.map(|grade| grade.number()).unwrap_or_default(),
            may_need_cover: CoverNeed::at_once(
                &application.enhancement,
                application.amount,
                application.term,
            )
            .is_some(),
            enterprise_name: standing
                .profile
                .as_ref()
                .map(|profile| profile.name.clone())
                .unwrap_or_default(),
            ..wire::PreviewPlanResponse::default()
        };
        match standing.screen() {
            Screening::Held(reasons) => {
                answer.held = reasons;
                return Ok(Response::new(answer));
            }
            Screening::Excluded(_) => return Ok(Response::new(answer)),
            Screening::Clear => {}
        }
        let of_catalog = |status| Fault::of_peer("catalog", status);
        let needs = vec![planning::need(&application, &standing)];
        let found = self
            .catalog
            .clone()
            .match_products(catalog::MatchProductsRequest { needs, explain: true })
            .await
            .map_err(of_catalog)?
            .into_inner()
            .matches
            .pop()
            .ok_or_else(|| Fault::new(&rpc::reasons::INTERNAL))?;
        banks(&mut answer, found, &standing);
        if !answer.legs.is_empty() {
            let known = self.evaluators.list().await.map_err(|status| of_catalog(*status))?;
            let asked = evaluators(&known, &standing, &[], self.clock.now());
            answer.legs.extend(asked.iter().map(|id| wire::PlannedLeg {
                role: InstitutionRole::Evaluator.number(),
                institution_id: id.to_string(),
                reasons: vec![VALUATION.to_owned()],
                ..wire::PlannedLeg::default()
            }));
            let unnamed = known.iter().filter(|id| !asked.contains(id));
            answer.not_asked.extend(unnamed.map(|id| wire::NotAsked {
                institution_id: id.to_string(),
                product_id: String::new(),
                reasons: vec![NOT_NAMED.to_owned()],
            }));
        }
        Ok(Response::new(answer))
    }
}

/// Who is asked with which product, and who is not and why.
fn banks(answer: &mut wire::PreviewPlanResponse, found: catalog::Match, standing: &Standing) {
    let may_receive = |id: &str| id.parse().is_ok_and(|id| standing.may_receive(id));
    let mut asked: Vec<String> = Vec::new();
    for fit in found.fits {
        if !may_receive(&fit.institution_id) {
            answer.not_asked.push(wire::NotAsked {
                institution_id: fit.institution_id,
                product_id: fit.product_id,
                reasons: vec![NOT_NAMED.to_owned()],
            });
        } else if !asked.contains(&fit.institution_id) {
            asked.push(fit.institution_id.clone());
            answer.legs.push(wire::PlannedLeg {
                role: InstitutionRole::Bank.number(),
                institution_id: fit.institution_id,
                product_id: fit.product_id,
                product_version: fit.version,
                reasons: fit.reasons,
            });
        }
    }
    answer.not_asked.extend(found.misfits.into_iter().map(|misfit| wire::NotAsked {
        institution_id: misfit.institution_id,
        product_id: misfit.product_id,
        reasons: misfit.reasons,
    }));
}
