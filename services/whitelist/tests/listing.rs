//! Lists: published, told over the broker, read by role, taken note of, overdue.

use bus::{Handler, HandlerError, Message, Outcome, Outgoing};
use chrono::{DateTime, TimeDelta, Utc};
use host::{BoxFuture, Host, HostError, Role};
use kernel::InstitutionId;
use prost::Message as _;
use proto::{
    catalog::v1::{self as catalog, catalog_service_server::CatalogService},
    partner::v1::ListAcknowledged,
    whitelist::v1::{self as wire, list_service_client::ListServiceClient},
};
use rpc::policy::{Allow, MethodPolicy};
use rpc::{Actor, Duty};
use sqlx::{PgConnection, PgPool};
use testkit::{eventually, ground};
use tonic::{Code, Request, Response, Status, service::Routes};
use whitelist::ROLE;

use crate::{
    entries::{at, listed, reaches},
    screening::screening,
    support::{LIMIT, OTHER_USCC, Stand, USCC, assert_refused, new_id, timestamp},
};

type Lists = ListServiceClient<testkit::CallerChannel>;

fn lists(stand: &Stand, duty: Duty) -> Lists {
    let actor = Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] };
    ListServiceClient::new(stand.ground.channel(&ROLE, actor))
}

fn partner(stand: &Stand) -> Lists {
    ListServiceClient::new(stand.ground.channel(&ROLE, Actor::Role("partner".to_owned())))
}

async fn publish(stand: &Stand, kind: wire::ListKind) -> wire::ListVersion {
    let request = wire::PublishListRequest { request_id: new_id(), kind: kind.into() };
    lists(stand, Duty::Supervisor).publish_list(request).await.unwrap().into_inner()
}

fn wanted(kind: wire::ListKind, version: i64, since_version: i64) -> wire::GetListItemsRequest {
    wire::GetListItemsRequest { kind: kind.into(), version, since_version, ..Default::default() }
}

async fn items(stand: &Stand, wanted: wire::GetListItemsRequest) -> Vec<wire::ListItem> {
    lists(stand, Duty::Clerk).get_list_items(wanted).await.unwrap().into_inner().items
}

async fn province(stand: &Stand, uscc: &str, number: &str) {
    let owner = stand.ground.owner_pool(&ROLE);
    crate::support::province_entry(&owner, uscc, number).await;
}

fn changes(items: &[wire::ListItem]) -> Vec<(String, wire::ListChange)> {
    items.iter().map(|item| (item.uscc.clone(), item.change())).collect()
}

#[tokio::test]
async fn a_list_is_published_as_versions_with_what_has_changed_between_any_two() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let (first, entry) = listed(&stand, USCC).await;
    let one = publish(&stand, wire::ListKind::Zone).await;
    assert_eq!((one.version, one.items, one.added, one.removed, one.changed), (1, 1, 1, 0, 0));
    let same = wire::PublishListRequest { request_id: new_id(), kind: wire::ListKind::Zone.into() };
    let refused = lists(&stand, Duty::Supervisor).publish_list(same).await;
    assert_refused(refused, Code::FailedPrecondition, "LIST_UNCHANGED", None);

    let (_, _) = listed(&stand, OTHER_USCC).await;
    let two = publish(&stand, wire::ListKind::Zone).await;
    assert_eq!((two.version, two.items, two.added), (2, 2, 1));
    let form = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: first.clone(),
        code: "HX01".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    screening(&stand, Duty::Supervisor).record_exclusion(form).await.unwrap();
    reaches(&stand, &first, wire::EntryState::Suspended).await;
    // Who has left is taken off without anybody asking.
    let three = eventually(LIMIT, async || {
        let asked = wire::ListVersionsRequest { kind: wire::ListKind::Zone.into() };
        let versions = lists(&stand, Duty::Clerk).list_versions(asked).await.unwrap().into_inner().versions;
        if versions.len() == 3 { Ok(versions) } else { Err(versions) }
    })
    .await;
    assert_eq!((three[0].version, three[0].items, three[0].removed), (3, 1, 1));

    let zone = wire::ListKind::Zone;
    let whole = items(&stand, wanted(zone, 1, 0)).await;
    assert_eq!(
        changes(&whole),
        [(USCC.to_owned(), wire::ListChange::Unspecified)],
        "versions stay what they were"
    );
    assert_eq!((whole[0].entry_id.as_str(), whole[0].grade), (entry.entry_id.as_str(), 3));
    let delta = items(&stand, wanted(zone, 2, 1)).await;
    assert_eq!(changes(&delta), [(OTHER_USCC.to_owned(), wire::ListChange::Added)]);
    let delta = items(&stand, wanted(zone, 3, 2)).await;
    assert_eq!(changes(&delta), [(USCC.to_owned(), wire::ListChange::Removed)]);
    let mut over_two = changes(&items(&stand, wanted(zone, 3, 1)).await);
    over_two.sort_by_key(|(_, change)| i32::from(*change));
    let told =
        [(OTHER_USCC.to_owned(), wire::ListChange::Added), (USCC.to_owned(), wire::ListChange::Removed)];
    assert_eq!(over_two, told);
    let current = items(&stand, wanted(zone, 0, 0)).await;
    assert_eq!(changes(&current), [(OTHER_USCC.to_owned(), wire::ListChange::Unspecified)]);
    let never = lists(&stand, Duty::Clerk).get_list_items(wanted(zone, 9, 0)).await;
    assert_refused(never, Code::NotFound, "NOT_FOUND", Some("version"));
}

#[tokio::test]
async fn union_and_intersection_show_where_each_entry_comes_from() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    province(&stand, USCC, "P1").await;
    province(&stand, "91350100M000100Y43", "P2").await;
    let (_, entry) = listed(&stand, USCC).await;
    assert_eq!(entry.source_level(), wire::ListLevel::Province, "it stems from the province's list");
    let other = stand.enterprise("91350100M000100Y43").await;
    for (kind, count) in [
        (wire::ListKind::Zone, 1),
        (wire::ListKind::Province, 2),
        (wire::ListKind::Union, 2),
        (wire::ListKind::Intersection, 1),
    ] {
        assert_eq!(publish(&stand, kind).await.items, count, "{kind:?}");
    }
    let union = items(&stand, wanted(wire::ListKind::Union, 0, 0)).await;
    let zone = union.iter().find(|item| item.uscc == USCC).unwrap();
    assert_eq!((zone.entry_id.as_str(), zone.grade), (entry.entry_id.as_str(), 3));
    assert_eq!(zone.parent_entry_id, entry.parent_entry_id);
    assert!(!zone.parent_entry_id.is_empty());
    let foreign = union.iter().find(|item| item.enterprise_id == other).unwrap();
    assert_eq!((foreign.grade, foreign.source_level()), (0, wire::ListLevel::Province), "no grade of ours");
}

#[tokio::test]
async fn whom_an_exclusion_is_known_of_is_taken_off_the_union_even_where_no_zone_list_was_ever_published() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    for (uscc, number) in [(USCC, "P1"), (OTHER_USCC, "P2"), ("91350100M000100Y43", "P3")] {
        province(&stand, uscc, number).await;
    }
    let (mine, _) = listed(&stand, USCC).await;
    let (strange, _) = (stand.enterprise(OTHER_USCC).await, stand.enterprise("91350100M000100Y43").await);
    assert_eq!(publish(&stand, wire::ListKind::Union).await.items, 3);
    let exclude = async |id: &str, code: &str| {
        let form = wire::RecordExclusionRequest {
            request_id: new_id(),
            enterprise_id: id.to_owned(),
            code: code.to_owned(),
            evidence_sha256: vec![7; 32],
        };
        screening(&stand, Duty::Supervisor).record_exclusion(form).await.unwrap();
    };
    let becomes = async |left: &[&str]| {
        eventually(LIMIT, async || {
            let all = items(&stand, wanted(wire::ListKind::Union, 0, 0)).await;
            let mut found: Vec<String> = all.into_iter().map(|item| item.uscc).collect();
            found.sort_unstable();
            if found == left { Ok(()) } else { Err(found) }
        })
        .await;
    };
    // One that has no entry here, and one that is suspended: neither comes back as an item of the province's.
    exclude(&strange, "HX01").await;
    becomes(&["91350100M000100Y43", USCC]).await;
    exclude(&mine, "HX03").await;
    reaches(&stand, &mine, wire::EntryState::Suspended).await;
    becomes(&["91350100M000100Y43"]).await;
}

#[tokio::test]
async fn banks_see_grade_and_reasons_insurers_the_grade_and_others_nothing() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    listed(&stand, USCC).await;
    publish(&stand, wire::ListKind::Zone).await;
    let read = async |role: i32| {
        let wanted = Some(wanted(wire::ListKind::Zone, 0, 0));
        let request = wire::GetListForInstitutionRequest { wanted, role };
        partner(&stand).get_list_for_institution(request).await.map(Response::into_inner)
    };
    let bank = read(1).await.unwrap().items;
    assert_eq!((bank[0].uscc.as_str(), bank[0].grade), (USCC, 3));
    let reasons: Vec<(&str, &str)> =
        bank[0].reasons.iter().map(|reason| (reason.code.as_str(), reason.kind.as_str())).collect();
    assert!(reasons.contains(&("A1", "STRENGTH")) && reasons.contains(&("E1", "MISSING")), "{reasons:?}");
    for role in [2, 3, 4] {
        let item = &read(role).await.unwrap().items[0];
        assert_eq!((item.grade, item.reasons.len()), (3, 0), "{role}");
    }
    for item in [&bank[0], &read(2).await.unwrap().items[0]] {
        let inner = [&item.entry_id, &item.parent_entry_id, &item.enterprise_id];
        assert!(inner.iter().all(|id| id.is_empty()), "{item:?}");
        // Neither points nor inputs nor sources: 60.50 points, 4 inventions, 30.00 % of revenue.
        let text = format!("{item:?}");
        for inner in ["6050", "60.50", "30.00", "SOURCE", "snapshot"] {
            assert!(!text.contains(inner), "{inner} in {text}");
        }
    }
    for role in [5, 6, 7, 8, 9] {
        assert_refused(read(role).await, Code::PermissionDenied, "PERMISSION_DENIED", None);
    }
    let read_on_record: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = 'READ_LIST'")
            .fetch_one(&stand.pool)
            .await
            .unwrap();
    assert_eq!(read_on_record, 5);
    let request =
        wire::GetListForInstitutionRequest { wanted: Some(wanted(wire::ListKind::Zone, 0, 0)), role: 1 };
    let refused = lists(&stand, Duty::Clerk).get_list_for_institution(request).await;
    assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED", None);
}

/// The catalog as far as whitelist meets it.
static CATALOG: Role = Role {
    name: "catalog",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: serve_catalog,
};
/// Partner as far as whitelist meets it: it hears of lists and says who has taken note.
static PARTNER: Role = Role {
    name: "partner",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[bus::Queue { name: "partner.lists.v1", binds: &["whitelist.list-published.v1"] }],
    publishes: &["partner.list-acknowledged.v1"],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: serve_partner,
};
const CATALOG_POLICY: &[MethodPolicy] = &[MethodPolicy {
    method: "/zhirong.catalog.v1.CatalogService/ListInstitutions",
    allow: &[Allow::Role("whitelist")],
}];

fn serve_catalog(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    let service =
        catalog::catalog_service_server::CatalogServiceServer::new(Banks { pool: host.pool.clone() });
    Box::pin(host.serve_grpc(Routes::new(service), CATALOG_POLICY))
}

fn serve_partner(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    host.bus.consume(&PARTNER.queues[0], Listener);
    Box::pin(host.serve_grpc(Routes::default(), &[]))
}

struct Listener;

impl Handler for Listener {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        for message in batch {
            sqlx::query("INSERT INTO heard VALUES ($1)").bind(&message.body).execute(&mut *conn).await?;
        }
        Ok(batch.iter().map(|_| Outcome::Done).collect())
    }
}

struct Banks {
    pool: PgPool,
}

macro_rules! unused {
    ($($name:ident($request:ident) -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl CatalogService for Banks {
            async fn list_institutions(
                &self,
                request: Request<catalog::ListInstitutionsRequest>,
            ) -> Result<Response<catalog::ListInstitutionsResponse>, Status> {
                assert_eq!(request.get_ref().role, 1, "banks alone are asked for");
                let ids: Vec<uuid::Uuid> =
                    sqlx::query_scalar("SELECT id FROM bank ORDER BY id").fetch_all(&self.pool).await.unwrap();
                let institutions = ids
                    .into_iter()
                    .map(|id| catalog::Institution { institution_id: id.to_string(), ..Default::default() })
                    .collect();
                Ok(Response::new(catalog::ListInstitutionsResponse {
                    institutions,
                    ..Default::default()
                }))
            }

            $(async fn $name(
                &self,
                _: Request<catalog::$request>,
            ) -> Result<Response<catalog::$response>, Status> {
                Err(Status::unimplemented("not of this test"))
            })+
        }
    };
}

unused! {
    register_institution(RegisterInstitutionRequest) -> RegisterInstitutionResponse;
    get_institution(GetInstitutionRequest) -> Institution;
    create_product(CreateProductRequest) -> CreateProductResponse;
    revise_product(ReviseProductRequest) -> ReviseProductResponse;
    publish_product(PublishProductRequest) -> PublishProductResponse;
    retire_product(RetireProductRequest) -> RetireProductResponse;
    get_product(GetProductRequest) -> Product;
    list_products(ListProductsRequest) -> ListProductsResponse;
    match_products(MatchProductsRequest) -> MatchProductsResponse;
}

async fn bank(pool: &PgPool) -> InstitutionId {
    let id = InstitutionId::random(&mut rand::rng());
    sqlx::query("INSERT INTO bank VALUES ($1)").bind(id.uuid()).execute(pool).await.unwrap();
    id
}

/// Everything that partner has heard so far.
async fn heard(pool: &PgPool) -> Vec<wire::ListPublished> {
    let bodies: Vec<Vec<u8>> = sqlx::query_scalar("SELECT body FROM heard").fetch_all(pool).await.unwrap();
    bodies.iter().map(|body| wire::ListPublished::decode(body.as_slice()).unwrap()).collect()
}

async fn told(pool: &PgPool, bank: InstitutionId, version: i64) {
    eventually(LIMIT, async || {
        let heard = heard(pool).await;
        let is_told =
            heard.iter().any(|one| one.version == version && one.institution_ids.contains(&bank.to_string()));
        if is_told { Ok(()) } else { Err(heard) }
    })
    .await;
}

async fn acknowledgements(stand: &Stand, late_only: bool) -> Vec<wire::ListAcknowledgement> {
    let request = wire::ListAcknowledgementsRequest { kind: wire::ListKind::Zone.into(), late_only };
    lists(stand, Duty::Operator).list_acknowledgements(request).await.unwrap().into_inner().acknowledgements
}

#[tokio::test]
async fn every_bank_is_told_over_the_broker_and_who_takes_no_note_is_late_after_a_working_day() {
    let ground = ground(&[&ROLE, &CATALOG, &PARTNER]).await;
    for (role, table) in
        [(&CATALOG, "CREATE TABLE bank (id uuid)"), (&PARTNER, "CREATE TABLE heard (body bytea)")]
    {
        sqlx::query(table).execute(&ground.owner_pool(role)).await.unwrap();
    }
    let _catalog = ground.serve(&CATALOG, &[]).await;
    let _partner = ground.serve(&PARTNER, &[]).await;
    let stand = Stand::on(ground.clone(), &[("ZHIRONG_WHITELIST_ROSTER", "200ms")]).await;
    let (catalog, partner) = (ground.pool(&CATALOG), ground.pool(&PARTNER));
    let (prompt, slow) = (bank(&catalog).await, bank(&catalog).await);
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let (id, _) = listed(&stand, USCC).await;
    // Wednesday, 2022-10-12: one working day later ends on Thursday.
    publish(&stand, wire::ListKind::Zone).await;
    for bank in [prompt, slow] {
        told(&partner, bank, 1).await;
    }
    for one in heard(&partner).await {
        assert_eq!(one.kind(), wire::ListKind::Zone);
        let text = format!("{one:?}");
        assert!(!text.contains(USCC) && !text.contains("沁铅"), "numbers and ids only: {text}");
    }
    let acknowledge = async |bank: InstitutionId, version: i64| {
        let now = stand.now();
        let body = ListAcknowledged {
            institution_id: bank.to_string(),
            kind: 1,
            version,
            acknowledged_at: Some(timestamp(now)),
        };
        let message = Outgoing::new("partner.list-acknowledged.v1", uuid::Uuid::nil(), version, now, &body);
        let mut conn = partner.acquire().await.unwrap();
        bus::enqueue(&mut conn, &[message]).await.unwrap();
    };
    acknowledge(prompt, 1).await;
    eventually(LIMIT, async || {
        let all = acknowledgements(&stand, false).await;
        let noted = |bank: InstitutionId| {
            all.iter().any(|one| one.institution_id == bank.to_string() && one.acknowledged_at.is_some())
        };
        if noted(prompt) && !noted(slow) && all.len() == 2 { Ok(()) } else { Err(all) }
    })
    .await;

    let due = at("2022-10-13T15:59:59Z");
    stand.ground.clock().set(due);
    assert!(acknowledgements(&stand, true).await.is_empty(), "the last second is in time");
    stand.ground.clock().set(due + TimeDelta::seconds(1));
    let late = acknowledgements(&stand, true).await;
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].institution_id.clone(), late[0].late), (slow.to_string(), true));
    assert_eq!(late[0].due_at.unwrap().seconds, due.timestamp());

    // A bank that joins later is told of the current version, and of that only.
    let newcomer = bank(&catalog).await;
    told(&partner, newcomer, 1).await;
    let form = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        code: "HX03".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    screening(&stand, Duty::Supervisor).record_exclusion(form).await.unwrap();
    // Who leaves the list leaves it at every bank, without anybody publishing.
    for bank in [prompt, slow, newcomer] {
        told(&partner, bank, 2).await;
    }
    // Whoever has taken over the second version needs not say so of the first.
    acknowledge(slow, 2).await;
    eventually(LIMIT, async || {
        let late = acknowledgements(&stand, true).await;
        if late.is_empty() { Ok(()) } else { Err(late) }
    })
    .await;
    let twice = heard(&partner)
        .await
        .iter()
        .flat_map(|one| one.institution_ids.iter().map(|id| (one.version, id.clone())).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    let once: std::collections::BTreeSet<_> = twice.iter().cloned().collect();
    assert_eq!(twice.len(), once.len(), "nobody is told twice");
}

#[tokio::test]
async fn a_period_and_a_due_time_that_need_a_year_without_a_table_wait_for_it() {
    let stand = Stand::new().await;
    // No table for 2027 is loaded: the five days run into it.
    let eve: DateTime<Utc> = at("2026-12-30T02:00:00Z");
    stand.ground.clock().set(eve);
    let id = crate::screening::example(&stand, USCC).await;
    stand.consent(&id).await;
    crate::entries::nominate(&stand, &id).await;
    let scored = reaches(&stand, &id, wire::EntryState::Scored).await;
    let open = crate::entries::publicity(&stand, &scored).await;
    assert_eq!(
        (open.state(), open.publicity_ends_at),
        (wire::EntryState::Publicity, None),
        "CALENDAR_MISSING"
    );
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM entry_task WHERE kind = 'PUBLICITY' AND due_at IS NULL")
            .fetch_one(&stand.pool)
            .await
            .unwrap();
    assert_eq!(waiting, 1, "nothing is refused for it, and nothing is listed without it");
}
