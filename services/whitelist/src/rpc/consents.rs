//! GrantConsent, RevokeConsent, CheckConsent.

use host::Begun;
use kernel::{ConsentId, EnterpriseId, InstitutionId};
use proto::whitelist::v1 as wire;
use rpc::{Fault, audit::Entry, check::Checker};
use sqlx::PgConnection;
use tonic::{Request, Response};

use super::{
    enterprises::uscc,
    refusals::{not_found, of_period},
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::consent::{
        Category, Command, Consent, Evidence, Period, RECIPIENTS_MAX, State, Step, Use, apply,
        check as allows, decide,
    },
    messaging,
    store::{consents, enterprises},
};

pub(super) async fn grant(
    face: &Face,
    request: Request<wire::GrantConsentRequest>,
) -> Result<Response<wire::GrantConsentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let enterprise_id = check.id("enterprise_id", &form.enterprise_id);
    let purpose = check.code("purpose", form.purpose, outgoing::purpose);
    let categories = categories(&mut check, &form.categories);
    let recipients =
        check.ids("recipient_institution_ids", &form.recipient_institution_ids, 0..=RECIPIENTS_MAX);
    let period = period(&mut check, form, face.clock.now());
    let text = check.sha256("text_sha256", &form.text_sha256);
    let paper = check.sha256("evidence_sha256", &form.evidence_sha256);
    let fields = (request_id, enterprise_id, purpose, categories, recipients, period, text, paper);
    let (request_id, enterprise_id, purpose, categories, recipients, period, text_sha256, paper_sha256) =
        check.all(fields)?;

    let mut change = match face.changes.begin(&request, request_id, "GrantConsent").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let consent = Consent {
        id: ConsentId::new(now, &mut rand::rng()),
        enterprise_id,
        purpose,
        categories: categories.into_iter().collect(),
        recipients: recipients.into_iter().collect(),
        period,
        state: State::Active,
        evidence: Evidence { text_sha256, paper_sha256 },
    };
    if let Err(error) = consents::insert(change.conn(), &consent, now).await {
        return Err(match error {
            error if error.violates(consents::ENTERPRISE_KEY) => not_found("enterprise_id"),
            error => error.into(),
        });
    }
    let answer = wire::GrantConsentResponse { consent: Some(outgoing::consent(&consent)) };
    let messages = [messaging::consent_granted(&consent, now)];
    change.commit(answer, &entry("GRANT_CONSENT", consent.id, super::DONE), &messages).await
}

pub(super) async fn revoke(
    face: &Face,
    request: Request<wire::RevokeConsentRequest>,
) -> Result<Response<wire::RevokeConsentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ConsentId>("consent_id", &form.consent_id);
    let (request_id, id) = check.all((request_id, id))?;

    let mut change = match face.changes.begin(&request, request_id, "RevokeConsent").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let consent = consents::lock(change.conn(), id).await?.ok_or_else(|| not_found("consent_id"))?;
    let (consent, messages, result) = match decide(consent.state, Command::Revoke, now) {
        Step::AlreadyApplied => (consent, Vec::new(), super::ALREADY),
        Step::Executed(event) => {
            let revoked = Consent { state: apply(consent.state, event), ..consent };
            consents::update(change.conn(), &revoked).await?;
            let message = messaging::consent_changed(&revoked, event, now);
            (revoked, vec![message], super::DONE)
        }
    };
    let answer = wire::RevokeConsentResponse { consent: Some(outgoing::consent(&consent)) };
    change.commit(answer, &entry("REVOKE_CONSENT", id, result), &messages).await
}

pub(super) async fn check(
    face: &Face,
    request: Request<wire::CheckConsentRequest>,
) -> Result<Response<wire::CheckConsentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = check.id::<ConsentId>("consent_id", &form.consent_id);
    let subject = subject(&mut check, form);
    let purpose = check.code("purpose", form.purpose, outgoing::purpose);
    let categories = categories(&mut check, &form.categories);
    let recipient = match form.recipient_institution_id.as_str() {
        "" => Some(None),
        recipient => check.id::<InstitutionId>("recipient_institution_id", recipient).map(Some),
    };
    let (id, subject, purpose, categories, recipient) =
        check.all((id, subject, purpose, categories, recipient))?;

    let mut conn = face.pool.acquire().await?;
    let subject = subject.find(&mut conn).await?;
    let wanted = Use { subject, purpose, categories: categories.into_iter().collect(), recipient };
    let found = consents::find(&mut conn, id).await?;
    // The clock is read last: a consent that ends meanwhile has ended.
    let now = face.clock.now();
    let answer = allows(found.as_ref(), &wanted, now);
    Ok(Response::new(wire::CheckConsentResponse {
        allowed: answer.is_ok(),
        reason: answer.err().map(|denial| denial.code().to_owned()).unwrap_or_default(),
        checked_at: Some(outgoing::timestamp(now)),
    }))
}

/// Whose data is asked for: one of two ways to say it.
enum Subject {
    Id(EnterpriseId),
    Uscc(kernel::Uscc),
}

impl Subject {
    async fn find(self, conn: &mut PgConnection) -> Result<Option<EnterpriseId>, Fault> {
        match self {
            // Whether it exists does not matter: no consent is about one that does not.
            Self::Id(id) => Ok(Some(id)),
            Self::Uscc(uscc) => Ok(enterprises::find_id(conn, &uscc).await?),
        }
    }
}

fn subject(check: &mut Checker, form: &wire::CheckConsentRequest) -> Option<Subject> {
    match (form.enterprise_id.as_str(), form.uscc.as_str()) {
        (id, "") => check.id("enterprise_id", id).map(Subject::Id),
        ("", text) => uscc(check, "uscc", text).map(Subject::Uscc),
        (_, _) => {
            // Two subjects in one question: answering for either could allow too much.
            check.refuse("uscc", &rpc::reasons::FIELD_INVALID);
            None
        }
    }
}

fn categories(check: &mut Checker, numbers: &[i32]) -> Option<Vec<Category>> {
    check.count("categories", numbers.len(), 1..=Category::ALL.len())?;
    check.codes("categories", numbers, Category::ALL.len(), outgoing::category)
}

fn period(
    check: &mut Checker,
    form: &wire::GrantConsentRequest,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<Period> {
    let signed_at = check.time("signed_at", form.signed_at.as_ref());
    let valid_to = check.time("valid_to", form.valid_to.as_ref());
    match Period::new(signed_at?, valid_to?, now) {
        Ok(period) => Some(period),
        Err(error) => {
            let (field, reason) = of_period(error);
            check.refuse(field, reason);
            None
        }
    }
}

fn entry(action: &'static str, id: ConsentId, result: &'static str) -> Entry {
    Entry { action, object_kind: "consent", object_id: id.uuid(), purpose: super::PURPOSE, result }
}
