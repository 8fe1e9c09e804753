//! ListCover: what staff may see of the cover of one case.

use std::collections::HashMap;

use kernel::{CaseId, LegId};
use proto::insurance::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::service::Face;
use crate::{
    domain::Quote,
    store::{covers, quotes},
    wire::views,
};

impl Face {
    pub(super) async fn rounds(
        &self,
        request: Request<wire::ListCoverRequest>,
    ) -> Result<Response<wire::ListCoverResponse>, Fault> {
        let mut check = Checker::new();
        let case = check.id::<CaseId>("case_id", &request.get_ref().case_id);
        let (case,) = check.all((case,))?;
        let mut conn = self.pool.acquire().await?;
        let records = covers::of_case(&mut conn, case).await?;
        let legs: Vec<LegId> =
            records.iter().flat_map(|record| record.cover.legs.iter().map(|leg| leg.id)).collect();
        let late: HashMap<LegId, Quote> = if legs.is_empty() {
            HashMap::new()
        } else {
            quotes::late(&mut conn, &legs).await?.into_iter().collect()
        };
        let rounds = records.iter().map(|record| views::round(&record.cover, &late)).collect();
        Ok(Response::new(wire::ListCoverResponse { rounds }))
    }
}
