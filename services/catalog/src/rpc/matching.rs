//! MatchProducts.

use kernel::{BasisPoints, Months, calendar::date_of};
use prost::Message as _;
use proto::catalog::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::{service::Face, shelf::Copy, terms::need};
use crate::{
    domain::{
        choices::LprTenor,
        matching::{FitReason, Ground, Match, MisfitReason, Need, match_need},
    },
    reasons,
};

/// Most needs in one question.
const NEEDS_MAX: usize = 200;
/// A caller takes answers of 4 MiB; some of that is left for the envelope.
const ANSWER_MAX: usize = 4 * 1024 * 1024 - 64 * 1024;

pub(super) async fn match_products(
    face: &Face,
    request: Request<wire::MatchProductsRequest>,
) -> Result<Response<wire::MatchProductsResponse>, Fault> {
    let explain = request.get_ref().explain;
    let needs = needs(&request.get_ref().needs)?;
    let shelf = face.shelf.current(&face.pool).await?;
    let today = date_of(face.clock.now());
    // Hundreds of needs times thousands of products: not on a thread that others wait for.
    let matched = tokio::task::spawn_blocking(move || {
        let lpr = |term: Months, tenor: Option<LprTenor>| shelf.lpr.rate(today, term, tenor);
        let ground = Ground { today, lpr: &lpr, agreement_parks: &shelf.agreement_parks };
        let answer = |need| told(&match_need(need, &shelf.products, &ground, explain), &shelf);
        needs.iter().map(answer).collect::<Vec<_>>()
    });
    let matches = matched.await.map_err(|error| Fault::new(&rpc::reasons::INTERNAL).source(error))?;
    let answer = wire::MatchProductsResponse { matches };
    if answer.encoded_len() > ANSWER_MAX {
        return Err(Fault::new(&reasons::MATCH_TOO_LARGE).field("needs"));
    }
    Ok(Response::new(answer))
}

fn needs(given: &[wire::Need]) -> Result<Vec<Need>, Fault> {
    let mut check = Checker::new();
    let mut needs = Vec::with_capacity(given.len());
    if check.count("needs", given.len(), 0..=NEEDS_MAX).is_some() {
        for (index, given) in given.iter().enumerate() {
            needs.extend(check.within(format!("needs[{index}]"), |check| need(check, given)));
        }
    }
    check.finish()?;
    Ok(needs)
}

fn told(found: &Match, shelf: &Copy) -> wire::Match {
    let fits = found.fits.iter().filter_map(|fit| {
        let product = shelf.products.get(fit.position)?;
        Some(wire::Fit {
            product_id: product.product_id.to_string(),
            version: product.version,
            institution_id: product.institution_id.to_string(),
            reasons: fit.reasons.iter().copied().map(FitReason::code).map(str::to_owned).collect(),
            yearly_cost_bp: fit.yearly_cost.map(BasisPoints::get),
            ranked_by: fit.ranked_by.map(|by| by.code().to_owned()).unwrap_or_default(),
        })
    });
    let misfits = found.misfits.iter().filter_map(|(position, reasons)| {
        let product = shelf.products.get(*position)?;
        Some(wire::Misfit {
            product_id: product.product_id.to_string(),
            version: product.version,
            institution_id: product.institution_id.to_string(),
            reasons: reasons.iter().copied().map(MisfitReason::code).map(str::to_owned).collect(),
        })
    });
    wire::Match { fits: fits.collect(), misfits: misfits.collect() }
}
