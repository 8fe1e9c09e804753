//! What screenings, entries and lists need to be answered, and their services as generated from the contract.

use std::{sync::Arc, time::Duration};

use host::Changes;
use kernel::{Calendar, Clock};
use proto::whitelist::v1::{
    self as wire, entry_service_server::EntryService, list_service_server::ListService,
    screening_service_server::ScreeningService,
};
use rpc::Answer;
use sqlx::PgPool;
use tonic::{Request, async_trait};

use super::{entries, lists, screening};
use crate::{
    domain::{entry_decide::Command, place::Parks},
    sources::Sources,
    work::{Alarm, Ears, Policy},
};

/// A run over the register is recomputed, or a whole list compared, within one call.
const LONG: Duration = Duration::from_secs(120);
pub(super) const SLOW_METHODS: &[(&str, Duration)] = &[
    ("/zhirong.whitelist.v1.ScreeningService/ReplayRun", LONG),
    ("/zhirong.whitelist.v1.ListService/PublishList", LONG),
];

#[derive(Clone)]
pub struct Listing {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub calendar: Arc<Calendar>,
    pub changes: Changes,
    pub policy: Policy,
    pub ears: Ears,
    pub sources: Sources,
    pub parks: Parks,
    pub alarm: Alarm,
    pub published: Alarm,
}

#[async_trait]
impl ScreeningService for Listing {
    async fn record_rulebook(
        &self,
        request: Request<wire::RecordRulebookRequest>,
    ) -> Answer<wire::RecordRulebookResponse> {
        Ok(screening::record_rulebook(self, request).await?)
    }

    async fn list_rulebooks(
        &self,
        request: Request<wire::ListRulebooksRequest>,
    ) -> Answer<wire::ListRulebooksResponse> {
        Ok(screening::list_rulebooks(self, request).await?)
    }

    async fn start_run(&self, request: Request<wire::StartRunRequest>) -> Answer<wire::Run> {
        Ok(screening::start(self, request).await?)
    }

    async fn get_run(&self, request: Request<wire::GetRunRequest>) -> Answer<wire::Run> {
        Ok(screening::get(self, request).await?)
    }

    async fn list_results(
        &self,
        request: Request<wire::ListResultsRequest>,
    ) -> Answer<wire::ListResultsResponse> {
        Ok(screening::results(self, request).await?)
    }

    async fn explain_result(
        &self,
        request: Request<wire::ExplainResultRequest>,
    ) -> Answer<wire::Explanation> {
        Ok(screening::explain(self, request).await?)
    }

    async fn replay_run(&self, request: Request<wire::ReplayRunRequest>) -> Answer<wire::ReplayRunResponse> {
        Ok(screening::replay(self, request).await?)
    }

    async fn record_exclusion(
        &self,
        request: Request<wire::RecordExclusionRequest>,
    ) -> Answer<wire::RecordExclusionResponse> {
        Ok(screening::record_exclusion(self, request).await?)
    }

    async fn cure_exclusion(
        &self,
        request: Request<wire::CureExclusionRequest>,
    ) -> Answer<wire::RecordExclusionResponse> {
        Ok(screening::cure_exclusion(self, request).await?)
    }
}

#[async_trait]
impl EntryService for Listing {
    async fn nominate(&self, request: Request<wire::NominateRequest>) -> Answer<wire::NominateResponse> {
        Ok(entries::nominate(self, request).await?)
    }

    async fn open_publicity(
        &self,
        request: Request<wire::OpenPublicityRequest>,
    ) -> Answer<wire::OpenPublicityResponse> {
        Ok(entries::open_publicity(self, request).await?)
    }

    async fn object(&self, request: Request<wire::EntryCommandRequest>) -> Answer<wire::Entry> {
        Ok(entries::command(self, request, "Object", |_| Command::Object).await?)
    }

    async fn repair(&self, request: Request<wire::EntryCommandRequest>) -> Answer<wire::Entry> {
        Ok(entries::command(self, request, "Repair", |_| Command::Repair).await?)
    }

    async fn renew(&self, request: Request<wire::EntryCommandRequest>) -> Answer<wire::Entry> {
        Ok(entries::command(self, request, "Renew", Command::Renew).await?)
    }

    async fn remove(&self, request: Request<wire::EntryCommandRequest>) -> Answer<wire::Entry> {
        Ok(entries::command(self, request, "Remove", |_| {
            Command::Remove(crate::domain::entry::Why::Withdrawn)
        })
        .await?)
    }

    async fn get_entry(&self, request: Request<wire::GetEntryRequest>) -> Answer<wire::Entry> {
        Ok(entries::get(self, request).await?)
    }

    async fn list_entries(
        &self,
        request: Request<wire::ListEntriesRequest>,
    ) -> Answer<wire::ListEntriesResponse> {
        Ok(entries::list(self, request).await?)
    }
}

#[async_trait]
impl ListService for Listing {
    async fn publish_list(&self, request: Request<wire::PublishListRequest>) -> Answer<wire::ListVersion> {
        Ok(lists::publish(self, request).await?)
    }

    async fn list_versions(
        &self,
        request: Request<wire::ListVersionsRequest>,
    ) -> Answer<wire::ListVersionsResponse> {
        Ok(lists::versions(self, request).await?)
    }

    async fn get_list_items(
        &self,
        request: Request<wire::GetListItemsRequest>,
    ) -> Answer<wire::GetListItemsResponse> {
        Ok(lists::items(self, request).await?)
    }

    async fn get_list_for_institution(
        &self,
        request: Request<wire::GetListForInstitutionRequest>,
    ) -> Answer<wire::GetListItemsResponse> {
        Ok(lists::for_institution(self, request).await?)
    }

    async fn list_acknowledgements(
        &self,
        request: Request<wire::ListAcknowledgementsRequest>,
    ) -> Answer<wire::ListAcknowledgementsResponse> {
        Ok(lists::acknowledgements(self, request).await?)
    }
}
