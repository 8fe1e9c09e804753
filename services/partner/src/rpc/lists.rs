//! `WhitelistFeedService`, for institutions: the published lists, cut to what their role may see, and taking note of them.

use std::time::Duration;

use host::{Begun, Changes};
use kernel::InstitutionRole;
use proto::partner::v1::whitelist_feed_service_server::WhitelistFeedService;
use proto::partner::v1::{
    AcknowledgeWhitelistRequest, AcknowledgeWhitelistResponse, GetWhitelistRequest, GetWhitelistResponse,
    WhitelistItem, WhitelistReason,
};
use proto::whitelist::v1 as kept;
use proto::whitelist::v1::list_service_client::ListServiceClient;
use rpc::audit::Entry;
use rpc::check::Checker;
use rpc::client::Channel;
use rpc::{Actor, Answer, Caller, Fault, reasons as shared, status};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use super::acting::Institution;
use super::checks;
use crate::domain::{List, ListVersion};
use crate::store::lists;
use crate::{messaging, reasons, wire};

/// A page is one indexed query: longer than this, the institution had better try again.
const LIMIT: Duration = Duration::from_secs(4);
const WHITELIST: &str = "whitelist";

pub(super) struct Lists {
    pub(super) whitelist: ListServiceClient<Channel>,
    pub(super) changes: Changes,
}

#[tonic::async_trait]
impl WhitelistFeedService for Lists {
    async fn get_whitelist(&self, request: Request<GetWhitelistRequest>) -> Answer<GetWhitelistResponse> {
        let role = role(rpc::caller(&request)?)?;
        let form = request.into_inner();
        let mut check = Checker::new();
        let list = check.code("kind", form.kind, List::from_number);
        let (list,) = check.all((list,))?;
        let wanted = kept::GetListItemsRequest {
            kind: list.number(),
            version: form.version,
            since_version: form.since_version,
            page_size: form.page_size,
            page_token: form.page_token,
        };
        let asked = kept::GetListForInstitutionRequest { wanted: Some(wanted), role: role.number() };
        let mut asked = Request::new(asked);
        asked.set_timeout(LIMIT);
        let answer = self.whitelist.clone().get_list_for_institution(asked).await.map_err(refused)?;
        Ok(Response::new(told(answer.into_inner(), role)))
    }

    async fn acknowledge_whitelist(
        &self,
        mut request: Request<AcknowledgeWhitelistRequest>,
    ) -> Answer<AcknowledgeWhitelistResponse> {
        let institution = Institution::of(&request)?;
        role(&institution.caller)?;
        let form = request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let person = checks::person(&mut check, &form.acted_by);
        let list = check.code("kind", form.kind, List::from_number);
        let version = check.number("version", form.version, 1..=i64::MAX);
        let (request_id, person, list, version) = check.all((request_id, person, list, version))?;
        let institution = institution.acting(person);
        // Audit rows name the person who acts.
        request.extensions_mut().insert(institution.caller.clone());
        let mut change = match self.changes.begin(&request, request_id, "AcknowledgeWhitelist").await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let (now, told) = (change.now(), ListVersion { list, version });
        let found = lists::lock(change.conn(), institution.id, told).await.map_err(Fault::from)?;
        let noted = found.ok_or_else(|| Fault::new(&shared::NOT_FOUND).field("version"))?;
        let mut messages = Vec::new();
        if noted.is_none() {
            lists::acknowledge(change.conn(), institution.id, told, now).await.map_err(Fault::from)?;
            messages.push(messaging::list_acknowledged(institution.id, told, now));
        }
        let at = noted.unwrap_or(now);
        let answer = AcknowledgeWhitelistResponse { acknowledged_at: Some(wire::timestamp(at)) };
        let entry = Entry {
            action: "ACKNOWLEDGE_LIST",
            object_kind: "list",
            object_id: Uuid::from_u64_pair(0, list.number().unsigned_abs().into()),
            purpose: "IP_PLEDGE_FINANCING",
            result: if noted.is_none() { "DONE" } else { "ALREADY_APPLIED" },
        };
        Ok(change.commit(answer, &entry, &messages).await?)
    }
}

/// The role of the institution, if lists are for it at all.
fn role(caller: &Caller) -> Result<InstitutionRole, Fault> {
    match caller.actor {
        Actor::Institution { role, .. } if ListVersion::is_for(role) => Ok(role),
        Actor::Institution { .. } => Err(Fault::new(&reasons::LIST_NOT_FOR_ROLE)),
        Actor::Role(_) | Actor::Staff { .. } => Err(Fault::new(&shared::PERMISSION_DENIED)),
    }
}

/// What whitelist has cut already is cut again by what is passed on: fields are named one by one.
fn told(list: kept::GetListItemsResponse, role: InstitutionRole) -> GetWhitelistResponse {
    let version = list.version.unwrap_or_default();
    let item = |one: kept::ListItem| {
        let reason = |given: kept::ListReason| WhitelistReason {
            code: given.code,
            kind: given.kind,
            text: given.text,
        };
        let reasons = one.reasons.into_iter().map(reason);
        WhitelistItem {
            change: one.change,
            uscc: one.uscc,
            name: one.name,
            grade: one.grade,
            reasons: if role == InstitutionRole::Bank { reasons.collect() } else { Vec::new() },
            source_level: match kept::ListLevel::try_from(one.source_level) {
                Ok(kept::ListLevel::Zone) => "ZONE".to_owned(),
                Ok(kept::ListLevel::Province) => "PROVINCE".to_owned(),
                Ok(kept::ListLevel::Unspecified) | Err(_) => String::new(),
            },
            valid_to: one.valid_to,
        }
    };
    GetWhitelistResponse {
        kind: version.kind,
        version: version.version,
        published_at: version.published_at,
        items: list.items.into_iter().map(item).collect(),
        next_page_token: list.next_page_token,
    }
}

fn refused(answer: Status) -> Fault {
    match answer.code() {
        Code::NotFound => Fault::new(&shared::NOT_FOUND).field("version"),
        _ if status::is_retryable(&answer) => {
            Fault::new(&reasons::LIST_UNAVAILABLE).source(Fault::of_peer(WHITELIST, answer))
        }
        // The fields are the same on both sides, and so are the reasons.
        Code::InvalidArgument => match status::reason(&answer).as_deref() {
            Some("PAGE_SIZE_INVALID") => Fault::new(&shared::PAGE_SIZE_INVALID).field("page_size"),
            Some("PAGE_TOKEN_INVALID") => Fault::new(&shared::PAGE_TOKEN_INVALID).field("page_token"),
            Some("NUMBER_OUT_OF_RANGE") => Fault::new(&shared::NUMBER_OUT_OF_RANGE).field("version"),
            _ => Fault::of_peer(WHITELIST, answer),
        },
        _ => Fault::of_peer(WHITELIST, answer),
    }
}
