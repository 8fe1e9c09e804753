//! The 信易贷 platform as `docs/contracts/xyd.md` records it: a product is put under our id, and taken away under it.
//! Putting twice is putting once, and an older question than the last one changes nothing there.

use host::outward::{Answer, Outward, OutwardError};
use http::Method;
use kernel::{BasisPoints, ProductId};
use serde_json::{Value, json};

use crate::domain::{
    codes::{Code as _, Park},
    institution::Institution,
    publication::Outcome,
    terms::ProductTerms,
};

/// Longest name that the platform may give a product.
const EXTERNAL_ID_MAX: usize = 64;
/// What it does not have it need not withdraw.
const NOT_THERE: u16 = 404;

pub(crate) struct Platform(Outward);

impl Platform {
    pub(crate) fn new(outward: Outward) -> Self {
        Self(outward)
    }

    pub(super) async fn publish(
        &self,
        id: ProductId,
        sequence: i64,
        bank: &Institution,
        terms: &ProductTerms,
    ) -> Outcome {
        let document = json!({ "sequence": sequence, "product": product(bank, terms) });
        outcome(self.0.send(Method::PUT, &path(id), &document).await, true)
    }

    pub(super) async fn withdraw(&self, id: ProductId, sequence: i64) -> Outcome {
        let answer = self.0.send(Method::DELETE, &path(id), &json!({ "sequence": sequence })).await;
        if matches!(&answer, Ok(answer) if answer.status == NOT_THERE) {
            return Outcome::Done { external_id: None };
        }
        outcome(answer, false)
    }
}

fn path(id: ProductId) -> String {
    format!("/products/{id}")
}

/// What an enterprise reads of a product there. Everything in it is public.
fn product(bank: &Institution, terms: &ProductTerms) -> Value {
    let conditions = &terms.conditions;
    let texts = |codes: Vec<&'static str>| codes;
    json!({
        "name": terms.name,
        "product_code": conditions.code,
        "institution": bank.name,
        "department": conditions.department.as_ref().or(bank.responsible_department.as_ref()),
        "regions": terms.regions.iter().map(|region| region.text()).collect::<Vec<_>>(),
        "parks": terms.parks.iter().map(|park| Park::text(*park)).collect::<Vec<_>>(),
        "sizes": texts(terms.sizes.codes()),
        "qualifications": texts(terms.any_qualification.codes()),
        "accepted_ip": texts(terms.accepted_ip.codes()),
        "min_assets": terms.min_assets,
        "amount_fen": [terms.amount.min().get(), terms.amount.max().get()],
        "term_months": [terms.term.min().get(), terms.term.max().get()],
        "rate_kind": terms.rate_kind.code(),
        "rate_bp": [BasisPoints::get(terms.rate.min()), BasisPoints::get(terms.rate.max())],
        "lpr_tenor": conditions.lpr_tenor.map(|tenor| tenor.code()),
        "repayment": texts(terms.repayment.codes()),
        "enhancement": texts(terms.enhancement.codes()),
        "first_loan_ok": conditions.first_loan_ok,
        "renewal_ok": conditions.renewal_ok,
        "effective_from": conditions.effective_from.map(|day| day.to_string()),
        "effective_to": conditions.effective_to.map(|day| day.to_string()),
    })
}

/// `names`: whether the answer has to say how the platform names the product.
fn outcome(answer: Result<Answer, OutwardError>, names: bool) -> Outcome {
    let failed = |code: &str| Outcome::Failed { code: code.to_owned() };
    match answer {
        Ok(answer) if !answer.is_good() => failed(&format!("REFUSED_{}", answer.status)),
        Ok(answer) => match external_id(&answer.body) {
            Some(id) => Outcome::Done { external_id: Some(id) },
            None if names => failed("ANSWER_UNREADABLE"),
            None => Outcome::Done { external_id: None },
        },
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the platform gave no answer");
            failed(match error {
                OutwardError::Unreachable(_) => "UNREACHABLE",
                OutwardError::Slow(_) => "SLOW",
                OutwardError::TooLong(_) => "ANSWER_TOO_LONG",
                _ => "QUESTION_IMPOSSIBLE",
            })
        }
    }
}

fn external_id(body: &[u8]) -> Option<String> {
    let told: Value = serde_json::from_slice(body).ok()?;
    let id = told.get("external_id")?.as_str()?;
    let good = (1..=EXTERNAL_ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &'static str) -> Result<Answer, OutwardError> {
        Ok(Answer { status, body: body.into() })
    }

    #[test]
    fn an_answer_counts_as_done_only_if_it_is_good_and_names_the_product() {
        let done = |id: Option<&str>| Outcome::Done { external_id: id.map(str::to_owned) };
        let failed = |code: &str| Outcome::Failed { code: code.to_owned() };
        let long = format!(r#"{{"external_id":"{}"}}"#, "x".repeat(65));
        for (answer, names, wanted) in [
            (told(200, r#"{"external_id":"X1","more":[1]}"#), true, done(Some("X1"))),
            (told(201, r#"{"external_id":"X1"}"#), false, done(Some("X1"))),
            (told(204, ""), false, done(None)),
            (told(204, ""), true, failed("ANSWER_UNREADABLE")),
            (told(200, "{"), true, failed("ANSWER_UNREADABLE")),
            (told(200, r#"{"external_id":" a b"}"#), true, failed("ANSWER_UNREADABLE")),
            (told(200, r#"{"external_id":7}"#), true, failed("ANSWER_UNREADABLE")),
            (Ok(Answer { status: 200, body: long.into() }), true, failed("ANSWER_UNREADABLE")),
            (told(503, r#"{"external_id":"X1"}"#), true, failed("REFUSED_503")),
            (told(409, ""), false, failed("REFUSED_409")),
            (Err(OutwardError::Slow(std::time::Duration::ZERO)), true, failed("SLOW")),
            (Err(OutwardError::TooLong(1)), false, failed("ANSWER_TOO_LONG")),
        ] {
            assert_eq!(outcome(answer, names), wanted);
        }
    }
}
