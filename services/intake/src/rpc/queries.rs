//! What staff may read of cases.

use chrono::{DateTime, Utc};
use kernel::{CaseId, CaseNumber};
use proto::intake::v1 as wire;
use rpc::Fault;
use tonic::{Request, Response};

use super::{lookup, service::Deps};
use crate::{
    reasons,
    store::{cases, covers, deadlines, engagements, legs, offers, timeline, valuations},
    wire::{offers::Answers, views},
};

const PAGE: i64 = 50;
const PAGE_MAX: i64 = 200;

impl Deps {
    pub(super) async fn get_case(
        &self,
        request: Request<wire::GetCaseRequest>,
    ) -> Result<Response<wire::CaseView>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let record = match request.into_inner().key {
            Some(wire::get_case_request::Key::CaseId(id)) => lookup::find(&mut conn, &id).await?,
            Some(wire::get_case_request::Key::CaseNo(number)) => {
                let number: CaseNumber =
                    number.parse().map_err(|_| Fault::new(&reasons::CASE_NO_INVALID).field("case_no"))?;
                let found = cases::find_by_number(&mut conn, &number).await?;
                found.ok_or_else(|| Fault::new(&reasons::CASE_NOT_FOUND))?
            }
            None => return Err(Fault::new(&rpc::reasons::FIELD_REQUIRED).field("key")),
        };
        let legs = legs::of_cases(&mut conn, &[record.case.id]).await?;
        let deadlines = deadlines::of_case(&mut conn, record.case.id).await?;
        Ok(Response::new(views::view(&record, &legs, &deadlines, &self.rules.calendar)))
    }

    pub(super) async fn list_cases(
        &self,
        request: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Fault> {
        let body = request.into_inner();
        let states = body
            .states
            .iter()
            .map(|number| views::state_code(*number))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Fault::new(&rpc::reasons::ENUM_UNKNOWN).field("states"))?;
        let size = match i64::from(body.page_size) {
            0 => PAGE,
            size if (1..=PAGE_MAX).contains(&size) => size,
            _ => return Err(Fault::new(&rpc::reasons::PAGE_SIZE_INVALID).field("page_size")),
        };
        let after = page_after(&body.page_token)?;
        let mut conn = self.pool.acquire().await?;
        let mut records = cases::list(&mut conn, &states, after, size + 1).await?;
        let more = records.len() > usize::try_from(size).unwrap_or(usize::MAX);
        records.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let next_page_token = match records.last() {
            Some(last) if more => format!("{}.{}", last.created_at.timestamp_micros(), last.case.id),
            _ => String::new(),
        };
        let cases = records.iter().map(views::header).collect();
        Ok(Response::new(wire::ListCasesResponse { cases, next_page_token }))
    }

    pub(super) async fn list_timeline(
        &self,
        request: Request<wire::ListTimelineRequest>,
    ) -> Result<Response<wire::ListTimelineResponse>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let record = lookup::find(&mut conn, &request.get_ref().case_id).await?;
        let entries = timeline::list(&mut conn, record.case.id).await?;
        Ok(Response::new(wire::ListTimelineResponse { entries: views::timeline(&record.case, entries) }))
    }

    pub(super) async fn list_offers(
        &self,
        request: Request<wire::ListOffersRequest>,
    ) -> Result<Response<wire::ListOffersResponse>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let record = lookup::find(&mut conn, &request.get_ref().case_id).await?;
        if record.case.phase.is_withdrawn() {
            return Ok(Response::new(wire::ListOffersResponse::default()));
        }
        if record.case.phase.is_sealed() {
            return Err(Fault::new(&reasons::OFFERS_SEALED));
        }
        let id = record.case.id;
        let answers = Answers {
            legs: legs::of_cases(&mut conn, &[id]).await?,
            offers: offers::of_case(&mut conn, id).await?,
            quotes: valuations::of_case(&mut conn, id).await?,
            reports: valuations::reports(&mut conn, id).await?,
            covers: covers::options(&mut conn, &[id]).await?,
            report_by: engagements::of_cases(&mut conn, &[id])
                .await?
                .iter()
                .filter_map(|one| Some((one.leg, self.rules.report_by(one)?)))
                .collect(),
        };
        // Catalog is not waited for with a connection in hand.
        drop(conn);
        let conventions = self.products.conventions(&answers.products(&record.case)).await;
        let conventions = conventions.map_err(|status| Fault::of_peer("catalog", *status))?;
        let subsidies = &self.rules.policy.subsidies;
        Ok(Response::new(answers.compared(&record.case, &conventions, subsidies, self.clock.now())))
    }
}

/// A page token is the place of the last case of the page before.
fn page_after(token: &str) -> Result<Option<(DateTime<Utc>, CaseId)>, Fault> {
    if token.is_empty() {
        return Ok(None);
    }
    let place = token.split_once('.').and_then(|(micros, id)| {
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    });
    place.map(Some).ok_or_else(|| Fault::new(&rpc::reasons::PAGE_TOKEN_INVALID).field("page_token"))
}
