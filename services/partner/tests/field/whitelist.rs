//! Whitelist as far as the partner edge meets it: it says that lists are out, gives them, and hears who has taken note.

use host::{BoxFuture, Host, HostError, Role};
use proto::whitelist::v1::list_service_server::{ListService, ListServiceServer};
use proto::whitelist::v1::{
    GetListForInstitutionRequest, GetListItemsRequest, GetListItemsResponse, ListAcknowledgementsRequest,
    ListAcknowledgementsResponse, ListItem, ListKind, ListLevel, ListReason, ListVersion,
    ListVersionsRequest, ListVersionsResponse, PublishListRequest,
};
use rpc::policy::{Allow, MethodPolicy};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::intake::Listener;

pub(super) static ROLE: Role = Role {
    name: "whitelist",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[bus::Queue { name: "whitelist.acknowledgements.v1", binds: &["partner.list-acknowledged.v1"] }],
    publishes: &["whitelist.list-published.v1"],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve,
};

const POLICY: &[MethodPolicy] = &[MethodPolicy {
    method: "/zhirong.whitelist.v1.ListService/GetListForInstitution",
    allow: &[Allow::Role("partner")],
}];

fn serve(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    host.bus.consume(&ROLE.queues[0], Listener);
    Box::pin(host.serve_grpc(Routes::new(ListServiceServer::new(Lists)), POLICY))
}

struct Lists;

#[tonic::async_trait]
impl ListService for Lists {
    /// More than anybody may see: partner has to cut it.
    async fn get_list_for_institution(
        &self,
        _request: Request<GetListForInstitutionRequest>,
    ) -> Result<Response<GetListItemsResponse>, Status> {
        let reason = ListReason {
            code: "A1".to_owned(),
            kind: "STRENGTH".to_owned(),
            text: "有效发明专利".to_owned(),
        };
        let item = ListItem {
            uscc: "91419001MA9ABC128H".to_owned(),
            name: "某企业".to_owned(),
            grade: 2,
            reasons: vec![reason],
            source_level: ListLevel::Zone.into(),
            valid_to: "2023-10-11".to_owned(),
            entry_id: "for staff alone".to_owned(),
            ..ListItem::default()
        };
        let version = ListVersion { kind: ListKind::Zone.into(), version: 7, ..ListVersion::default() };
        Ok(Response::new(GetListItemsResponse {
            items: vec![item],
            next_page_token: String::new(),
            version: Some(version),
        }))
    }

    async fn publish_list(&self, _: Request<PublishListRequest>) -> Result<Response<ListVersion>, Status> {
        Err(Status::unimplemented("not for partner"))
    }

    async fn list_versions(
        &self,
        _: Request<ListVersionsRequest>,
    ) -> Result<Response<ListVersionsResponse>, Status> {
        Err(Status::unimplemented("not for partner"))
    }

    async fn get_list_items(
        &self,
        _: Request<GetListItemsRequest>,
    ) -> Result<Response<GetListItemsResponse>, Status> {
        Err(Status::unimplemented("not for partner"))
    }

    async fn list_acknowledgements(
        &self,
        _: Request<ListAcknowledgementsRequest>,
    ) -> Result<Response<ListAcknowledgementsResponse>, Status> {
        Err(Status::unimplemented("not for partner"))
    }
}
