//! GrantConsent, RevokeConsent, CheckConsent, ListConsents.

use std::collections::BTreeSet;

use host::Begun;
use kernel::{ConsentId, EnterpriseId, InstitutionId};
use proto::whitelist::v1 as wire;
use rpc::{
    Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use sqlx::PgConnection;
use tonic::{Request, Response};

use super::{
    enterprises::{or_refuse, uscc},
    refusals::{not_found, of_period},
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::consent::{
        Category, Channel, Command, Consent, Evidence, LegalBasis, Period, Purpose, RECIPIENTS_MAX, State,
        Step, Use, apply, categories_fit, check as allows, decide,
    },
    messaging, reasons,
    store::{consents, enterprises, watches},
};

/// Consents on a page unless the caller says otherwise, and at most.
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

pub(super) async fn grant(
    face: &Face,
    request: Request<wire::GrantConsentRequest>,
) -> Result<Response<wire::GrantConsentResponse>, Fault> {
    let (request, person) = face.persons.take(request)?;
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let enterprise_id = check.id("enterprise_id", &form.enterprise_id);
    let purpose = check.code("purpose", form.purpose, Purpose::from_number);
    let categories = categories(&mut check, &form.categories).and_then(|given| {
        let set: BTreeSet<Category> = given.into_iter().collect();
        let fit = categories_fit(person.is_some(), &set).then_some(set);
        or_refuse(&mut check, "categories", fit, &reasons::CONSENT_NOT_OF_PERSON)
    });
    let legal_basis = match (form.legal_basis, &person) {
        (0, None) => Some(LegalBasis::WrittenConsent),
        (0, Some(_)) => Some(LegalBasis::SeparateConsent),
        (number, _) => check.code("legal_basis", number, LegalBasis::from_number),
    };
    let channel = match form.channel {
        0 => Some(Channel::Paper),
        number => check.code("channel", number, Channel::from_number),
    };
    let recipients =
        check.ids("recipient_institution_ids", &form.recipient_institution_ids, 0..=RECIPIENTS_MAX);
    let period = period(&mut check, form, face.clock.now());
    let text = check.sha256("text_sha256", &form.text_sha256);
    let paper = check.sha256("evidence_sha256", &form.evidence_sha256);
    let fields = (
        request_id,
        enterprise_id,
        purpose,
        categories,
        recipients,
        period,
        text,
        paper,
        legal_basis,
        channel,
    );
    let (
        request_id,
        enterprise_id,
        purpose,
        categories,
        recipients,
        period,
        text_sha256,
        paper_sha256,
        legal_basis,
        channel,
    ) = check.all(fields)?;

    let mut change = match face.changes.begin(&request, request_id, "GrantConsent").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let consent = Consent {
        id: ConsentId::new(now, &mut rand::rng()),
        enterprise_id,
        purpose,
        categories,
        recipients: recipients.into_iter().collect(),
        period,
        state: State::Active,
        person,
        legal_basis,
        channel,
        evidence: Evidence { text_sha256, paper_sha256 },
    };
    if let Err(error) = consents::insert(change.conn(), &consent, now).await {
        return Err(match error {
            error if error.violates(consents::ENTERPRISE_KEY) => not_found("enterprise_id"),
            error => error.into(),
        });
    }
    // What could not be asked without a consent may be asked now.
    watches::wake(change.conn(), enterprise_id, now).await?;
    let answer = wire::GrantConsentResponse { consent: Some(outgoing::consent(&consent)) };
    let messages = [messaging::consent_granted(&consent, now)];
    let answer = change.commit(answer, &entry("GRANT_CONSENT", consent.id, super::DONE), &messages).await?;
    face.sources.wake();
    Ok(answer)
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

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListConsentsRequest>,
) -> Result<Response<wire::ListConsentsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let enterprise_id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<ConsentId>(&form.page_token);
    let (enterprise_id, size, after) = check.all((enterprise_id, size, after))?;

    let mut conn = face.pool.acquire().await?;
    // One more than the page tells whether there is a next one.
    let mut found = consents::list(&mut conn, enterprise_id, after, i64::from(size) + 1).await?;
    if found.is_empty() && !enterprises::exists(&mut conn, enterprise_id).await? {
        return Err(not_found("enterprise_id"));
    }
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|consent| page_token(&consent.id));
    let now = face.clock.now();
    let record = |consent: &Consent| wire::ConsentRecord {
        consent: Some(outgoing::consent(consent)),
        state: consent.worth(now).to_owned(),
    };
    Ok(Response::new(wire::ListConsentsResponse {
        consents: found.iter().map(record).collect(),
        next_page_token: next.unwrap_or_default(),
    }))
}

pub(super) async fn check(
    face: &Face,
    request: Request<wire::CheckConsentRequest>,
) -> Result<Response<wire::CheckConsentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = check.id::<ConsentId>("consent_id", &form.consent_id);
    let subject = subject(&mut check, form);
    let purpose = check.code("purpose", form.purpose, Purpose::from_number);
    let categories = categories(&mut check, &form.categories);
    let person = match form.person_resident_id.as_str() {
        "" => Some(None),
        number => face.persons.read(&mut check, number)?.map(|person| Some(person.hash)),
    };
    let recipient = match form.recipient_institution_id.as_str() {
        "" => Some(None),
        recipient => check.id::<InstitutionId>("recipient_institution_id", recipient).map(Some),
    };
    let (id, subject, purpose, categories, recipient, person) =
        check.all((id, subject, purpose, categories, recipient, person))?;

    let mut conn = face.pool.acquire().await?;
    let subject = subject.find(&mut conn).await?;
    let wanted = Use { subject, purpose, categories: categories.into_iter().collect(), recipient, person };
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
    check.codes("categories", numbers, Category::ALL.len(), Category::from_number)
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
