//! RecordLpr, ListLpr; what is computed is in `quotes`.

use host::Begun;
use kernel::{BasisPoints, calendar::date_of};
use proto::catalog::v1::{self as wire, pricing_service_server::PricingService};
use rpc::{Answer, Fault, audit::Entry, check::Checker};
use tonic::{Request, Response, async_trait};
use uuid::Uuid;

use super::{costs, quotes, service::Face, wire as outgoing};
use crate::{
    domain::lpr::{LprRefusal, LprTable, Publication, RATES},
    reasons,
    store::{lpr, shelf},
};

#[async_trait]
impl PricingService for Face {
    async fn record_lpr(&self, request: Request<wire::RecordLprRequest>) -> Answer<wire::RecordLprResponse> {
        Ok(record(self, request).await?)
    }

    async fn list_lpr(&self, _: Request<wire::ListLprRequest>) -> Answer<wire::ListLprResponse> {
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let published = lpr::list(&mut conn).await.map_err(Fault::from)?;
        let lpr = published.iter().map(|(publication, at)| told(publication, *at)).collect();
        Ok(Response::new(wire::ListLprResponse { lpr }))
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
        Ok(Response::new(quotes::pledge_limit(request.get_ref())?))
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
    let (request_id, on, one_year, five_years) = check.all((request_id, on, one_year, five_years))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordLpr").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let (now, by) = (change.now(), change.caller().audit_name());
    let conn = change.conn();
    // Whoever records waits here for whoever else does: the table is read as it is.
    shelf::change(conn).await?;
    let table =
        LprTable::new(lpr::list(conn).await?.into_iter().map(|(publication, _)| publication).collect());
    table.admits(on, date_of(now)).map_err(refused)?;
    let publication =
        Publication { on, one_year: BasisPoints::new(one_year), five_years: BasisPoints::new(five_years) };
    lpr::insert(conn, &publication, &by, now).await?;
    let answer = wire::RecordLprResponse { lpr: Some(told(&publication, now)) };
    let entry = Entry {
        action: "RECORD_LPR",
        object_kind: "lpr",
        object_id: Uuid::nil(),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    change.commit(answer, &entry, &[]).await
}

fn refused(refusal: LprRefusal) -> Fault {
    let fault = match refusal {
        LprRefusal::NotLater { last } => {
            Fault::new(&reasons::LPR_NOT_LATER).metadata("last", last.to_string())
        }
        LprRefusal::InTheFuture => Fault::new(&reasons::LPR_NOT_PUBLISHED),
    };
    fault.field("published_on")
}

fn told(publication: &Publication, at: chrono::DateTime<chrono::Utc>) -> wire::Lpr {
    wire::Lpr {
        published_on: publication.on.to_string(),
        one_year_bp: publication.one_year.get(),
        five_years_bp: publication.five_years.get(),
        recorded_at: Some(outgoing::timestamp(at)),
    }
}
