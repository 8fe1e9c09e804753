//! RecordLpr, ConfirmLpr, ListLpr; what is computed is in `quotes`.

use host::Begun;
use kernel::{BasisPoints, calendar::date_of};
use proto::catalog::v1::{self as wire, pricing_service_server::PricingService};
use rpc::{Answer, Fault, audit, check::Checker};
use tonic::{Request, Response, async_trait};
use uuid::Uuid;

use super::{costs, quotes, refusals::not_found, service::Face, wire as outgoing};
use crate::{
    domain::lpr::{Entry, LprRefusal, Place, Publication, RATES, Revision},
    reasons,
    store::{lpr, shelf},
};

#[async_trait]
impl PricingService for Face {
    async fn record_lpr(&self, request: Request<wire::RecordLprRequest>) -> Answer<wire::RecordLprResponse> {
        Ok(record(self, request).await?)
    }

    async fn confirm_lpr(
        &self,
        request: Request<wire::ConfirmLprRequest>,
    ) -> Answer<wire::ConfirmLprResponse> {
        Ok(confirm(self, request).await?)
    }

    async fn list_lpr(&self, _: Request<wire::ListLprRequest>) -> Answer<wire::ListLprResponse> {
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let register = lpr::list(&mut conn).await.map_err(Fault::from)?;
        let mut answer = wire::ListLprResponse::default();
        for (entry, place) in register.entries() {
            let list = match place {
                Place::InForce => &mut answer.lpr,
                Place::Waiting => &mut answer.waiting,
                Place::Superseded => &mut answer.superseded,
            };
            list.push(told(entry));
        }
        Ok(Response::new(answer))
    }

    async fn quote_repayment(
        &self,
        request: Request<wire::QuoteRepaymentRequest>,
    ) -> Answer<wire::QuoteRepaymentResponse> {
        let shelf = self.shelf.current(&self.pool).await.map_err(Fault::from)?;
        Ok(Response::new(quotes::repayment(request.get_ref(), &shelf.lpr)?))
    }

    async fn compare_cost(
        &self,
        request: Request<wire::CompareCostRequest>,
    ) -> Answer<wire::CompareCostResponse> {
        let shelf = self.shelf.current(&self.pool).await.map_err(Fault::from)?;
        Ok(Response::new(costs::compare(request.get_ref(), &shelf.lpr)?))
    }

    async fn pledge_limit(
        &self,
        request: Request<wire::PledgeLimitRequest>,
    ) -> Answer<wire::PledgeLimitResponse> {
        Ok(Response::new(quotes::pledge_limit(request.get_ref(), &self.usual_caps)?))
    }
}

async fn record(
    face: &Face,
    request: Request<wire::RecordLprRequest>,
) -> Result<Response<wire::RecordLprResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let on = check.date("published_on", &form.published_on);
    let one_year = check.number("one_year_bp", form.one_year_bp, RATES);
    let five_years = check.number("five_years_bp", form.five_years_bp, RATES);
    let supersedes = check.number("supersedes", form.supersedes, 0..=Revision::MAX - 1);
    let (request_id, on, one_year, five_years, supersedes) =
        check.all((request_id, on, one_year, five_years, supersedes))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordLpr").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let (recorded_at, recorded_by) = (change.now(), change.caller().audit_name());
    let conn = change.conn();
    // Whoever records or confirms waits here for whoever else does: the register is read as it is.
    shelf::change(conn).await?;
    let revision = lpr::list(conn).await?.admits(on, supersedes, date_of(recorded_at));
    let revision = revision.map_err(|refusal| refused(refusal, "supersedes"))?;
    let publication =
        Publication { on, one_year: BasisPoints::new(one_year), five_years: BasisPoints::new(five_years) };
    let entry = Entry { publication, revision, recorded_at, recorded_by, confirmed_at: None };
    lpr::insert(conn, &entry).await?;
    let answer = wire::RecordLprResponse { lpr: Some(told(&entry)) };
    change.commit(answer, &audited("RECORD_LPR", super::DONE), &[]).await
}

async fn confirm(
    face: &Face,
    request: Request<wire::ConfirmLprRequest>,
) -> Result<Response<wire::ConfirmLprResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let on = check.date("published_on", &form.published_on);
    let revision = check.number("revision", form.revision, 1..=Revision::MAX);
    let (request_id, on, revision) = check.all((request_id, on, revision))?;

    let mut change = match face.changes.begin(&request, request_id, "ConfirmLpr").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let (now, by) = (change.now(), change.caller().audit_name());
    let conn = change.conn();
    shelf::change(conn).await?;
    let confirms = lpr::list(conn).await?.confirms(on, revision, &by);
    let result = if confirms.map_err(|refusal| refused(refusal, "revision"))? {
        lpr::confirm(conn, on, revision, &by, now).await?;
        super::DONE
    } else {
        super::ALREADY
    };
    let register = lpr::list(conn).await?;
    let entry = register.entries().find(|(one, _)| one.publication.on == on && one.revision == revision);
    let answer = wire::ConfirmLprResponse { lpr: entry.map(|(entry, _)| told(entry)) };
    change.commit(answer, &audited("CONFIRM_LPR", result), &[]).await
}

fn audited(action: &'static str, result: &'static str) -> audit::Entry {
    audit::Entry { action, object_kind: "lpr", object_id: Uuid::nil(), purpose: super::PURPOSE, result }
}

/// `field` names the revision in the request.
fn refused(refusal: LprRefusal, field: &str) -> Fault {
    let of = |reason, newest: Revision| Fault::new(reason).metadata("revision", newest.to_string());
    match refusal {
        LprRefusal::InTheFuture => Fault::new(&reasons::LPR_NOT_PUBLISHED).field("published_on"),
        LprRefusal::OnRecord { newest } => of(&reasons::LPR_ON_RECORD, newest).field("published_on"),
        LprRefusal::MovedOn { newest } => of(&rpc::reasons::VERSION_CONFLICT, newest).field(field),
        LprRefusal::Unknown => not_found(field),
        LprRefusal::SamePerson => Fault::new(&reasons::LPR_SECOND_PERSON).field(field),
    }
}

fn told(entry: &Entry) -> wire::Lpr {
    let publication = &entry.publication;
    wire::Lpr {
        published_on: publication.on.to_string(),
        one_year_bp: publication.one_year.get(),
        five_years_bp: publication.five_years.get(),
        recorded_at: Some(outgoing::timestamp(entry.recorded_at)),
        revision: entry.revision,
        confirmed_at: entry.confirmed_at.map(outgoing::timestamp),
        recorded_by: entry.recorded_by.clone(),
    }
}
