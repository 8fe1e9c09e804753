//! RecordAgreement, EndAgreement, ListAgreements, ListExpiringAgreements.

use chrono::{Days, NaiveDate};
use host::Begun;
use kernel::{AgreementId, InstitutionId, calendar::date_of};
use proto::catalog::v1 as wire;
use rpc::{
    Fault,
    check::{Checker, page_token},
};
use tonic::{Request, Response};

use super::{refusals::not_found, service::Face, terms::places, upkeep::entry, wire as outgoing};
use crate::{
    domain::{
        agreement::{
            Agreement, Cover, Ending, NUMBER_MAX, PARTIES_MAX, TEXT_MAX, WARNING_DAYS, end as end_of,
        },
        choices::AgreementLine,
        codes::{Code as _, Park},
    },
    reasons,
    store::{agreements, parks, shelf},
};

const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;
const WITHIN_MAX: i32 = 365;

fn agreement(check: &mut Checker, given: Option<&wire::Agreement>, id: AgreementId) -> Option<Agreement> {
    let given = check.present("agreement", given)?;
    check.within("agreement", |check| {
        let number = check.text("number", &given.number, NUMBER_MAX);
        let number = number.and_then(|number| check.note("number", &number, NUMBER_MAX));
        let line = check.code("line", given.line, AgreementLine::from_number);
        let institutions =
            check.ids::<InstitutionId>("institution_ids", &given.institution_ids, 1..=PARTIES_MAX);
        let parks = places(check, "parks", &given.parks, Park::parse, &reasons::PARK_INVALID);
        let signed_on = check.date("signed_on", &given.signed_on);
        let (from, to) =
            (check.date("valid_from", &given.valid_from), check.date("valid_to", &given.valid_to));
        let text = check.note("text", &given.text, TEXT_MAX);
        let (from, to) = (from?, to?);
        if to < from {
            check.refuse("valid_to", &reasons::RANGE_REVERSED);
        }
        Some(Agreement {
            id,
            number: number?,
            line: line?,
            institutions: institutions?.into_iter().collect(),
            signed_on: signed_on?,
            cover: Cover { from, to, ended: None, parks: parks? },
            text: text?,
        })
    })
}

pub(super) async fn record(
    face: &Face,
    request: Request<wire::RecordAgreementRequest>,
) -> Result<Response<wire::RecordAgreementResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = AgreementId::new(face.clock.now(), &mut rand::rng());
    let agreement = agreement(&mut check, form.agreement.as_ref(), id);
    let (request_id, agreement) = check.all((request_id, agreement))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordAgreement").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    if !parks::all_known(change.conn(), &agreement.cover.parks).await? {
        return Err(Fault::new(&reasons::PARK_UNKNOWN).field("agreement.parks"));
    }
    agreements::insert(change.conn(), &agreement).await.map_err(|error| match error {
        error if error.violates(agreements::NUMBER_KEY) => {
            Fault::new(&reasons::AGREEMENT_EXISTS).field("agreement.number")
        }
        error if error.violates(agreements::PARTY_FKEY) => not_found("agreement.institution_ids"),
        error => error.into(),
    })?;
    shelf::change(change.conn()).await?;
    let answer = wire::RecordAgreementResponse { agreement: Some(outgoing::agreement(&agreement)) };
    change.commit(answer, &entry("RECORD_AGREEMENT", "agreement", id.uuid()), &[]).await
}

pub(super) async fn end(
    face: &Face,
    request: Request<wire::EndAgreementRequest>,
) -> Result<Response<wire::EndAgreementResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<AgreementId>("agreement_id", &form.agreement_id);
    let on = check.date("ended_on", &form.ended_on);
    let (request_id, id, on) = check.all((request_id, id, on))?;

    let mut change = match face.changes.begin(&request, request_id, "EndAgreement").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let mut held = agreements::lock(change.conn(), id).await?.ok_or_else(|| not_found("agreement_id"))?;
    let mut entry = entry("END_AGREEMENT", "agreement", id.uuid());
    match end_of(&held.cover, on) {
        Ending::AlreadyEnded => entry.result = super::ALREADY,
        Ending::Outside => return Err(Fault::new(&reasons::AGREEMENT_NOT_IN_FORCE).field("ended_on")),
        Ending::Ended => {
            agreements::end(change.conn(), id, on).await?;
            shelf::change(change.conn()).await?;
            held.cover.ended = Some(on);
        }
    }
    let answer = wire::EndAgreementResponse { agreement: Some(outgoing::agreement(&held)) };
    change.commit(answer, &entry, &[]).await
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListAgreementsRequest>,
) -> Result<Response<wire::ListAgreementsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let institution = match form.institution_id.as_str() {
        "" => Some(None),
        id => check.id::<InstitutionId>("institution_id", id).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<AgreementId>(&form.page_token);
    let (institution, size, after) = check.all((institution, size, after))?;

    // One more than the page tells whether there is a next one.
    let mut conn = face.pool.acquire().await?;
    let mut found = agreements::list(&mut conn, institution, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|agreement| page_token(&agreement.id));
    let agreements = found.iter().map(outgoing::agreement).collect();
    Ok(Response::new(wire::ListAgreementsResponse { agreements, next_page_token: next.unwrap_or_default() }))
}

pub(super) async fn expiring(
    face: &Face,
    request: Request<wire::ListExpiringAgreementsRequest>,
) -> Result<Response<wire::ListExpiringAgreementsResponse>, Fault> {
    let mut check = Checker::new();
    let days = match request.get_ref().within_days {
        0 => Some(i64::from(WARNING_DAYS)),
        days => check.number("within_days", days, 1..=WITHIN_MAX).map(i64::from),
    };
    let (days,) = check.all((days,))?;
    let today = date_of(face.clock.now());
    let by = today.checked_add_days(Days::new(days.unsigned_abs())).unwrap_or(NaiveDate::MAX);
    let found = agreements::expiring(&mut *face.pool.acquire().await?, today, by).await?;
    let told = |agreement: &Agreement| {
        let left = agreement.cover.last_day().map_or(0, |last| (last - today).num_days());
        wire::ExpiringAgreement {
            agreement: Some(outgoing::agreement(agreement)),
            days_left: i32::try_from(left).unwrap_or(i32::MAX),
        }
    };
    let agreements = found.iter().map(told).collect();
    Ok(Response::new(wire::ListExpiringAgreementsResponse { agreements }))
}
