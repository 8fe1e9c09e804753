//! The other roles, asked in the name of the person at the screen; and the names of institutions and products.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use host::Host;
use proto::catalog::v1::{self as catalog, catalog_service_client::CatalogServiceClient};
use proto::insurance::v1::insurance_service_client::InsuranceServiceClient;
use proto::intake::v1::intake_service_client::IntakeServiceClient;
use proto::operations::v1::operations_service_client::OperationsServiceClient;
use proto::partner::v1::contact_service_client::ContactServiceClient;
use proto::statistics::v1::statistics_service_client::StatisticsServiceClient;
use proto::whitelist::v1::register_service_client::RegisterServiceClient;
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use rpc::Actor;
use rpc::client::Channel;
use tokio::sync::Mutex;

/// Roles that answer the operations service.
pub(crate) const OPERATED: [&str; 6] =
    ["intake", "partner", "insurance", "statistics", "whitelist", "catalog"];

/// Channels to all of them.
#[derive(Clone)]
pub(crate) struct Peers(Arc<HashMap<&'static str, Channel>>);

impl Peers {
    pub(crate) fn of(host: &Host) -> Self {
        Self(Arc::new(host.role.peers.iter().map(|role| (*role, host.peer(role))).collect()))
    }

    /// `None` for a role that is not among the peers.
    fn find(&self, role: &str, actor: &Actor) -> Option<Channel> {
        self.0.get(role).map(|channel| channel.clone().acting_as(actor.clone()))
    }

    /// The role table names every peer, so this finds it; a channel without an address answers `UNAVAILABLE`.
    fn channel(&self, role: &'static str, actor: &Actor) -> Channel {
        self.find(role, actor).unwrap_or_else(|| rpc::client::nowhere(role))
    }

    pub(crate) fn intake(&self, actor: &Actor) -> IntakeServiceClient<Channel> {
        IntakeServiceClient::new(self.channel("intake", actor))
    }

    pub(crate) fn whitelist(&self, actor: &Actor) -> WhitelistServiceClient<Channel> {
        WhitelistServiceClient::new(self.channel("whitelist", actor))
    }

    pub(crate) fn register(&self, actor: &Actor) -> RegisterServiceClient<Channel> {
        RegisterServiceClient::new(self.channel("whitelist", actor))
    }

    pub(crate) fn insurance(&self, actor: &Actor) -> InsuranceServiceClient<Channel> {
        InsuranceServiceClient::new(self.channel("insurance", actor))
    }

    pub(crate) fn statistics(&self, actor: &Actor) -> StatisticsServiceClient<Channel> {
        StatisticsServiceClient::new(self.channel("statistics", actor))
    }

    pub(crate) fn contacts(&self, actor: &Actor) -> ContactServiceClient<Channel> {
        ContactServiceClient::new(self.channel("partner", actor))
    }

    pub(crate) fn operations(
        &self,
        role: &str,
        actor: &Actor,
        limit: Duration,
    ) -> Option<OperationsServiceClient<Channel>> {
        let role = OPERATED.into_iter().find(|known| *known == role)?;
        Some(OperationsServiceClient::new(self.channel(role, actor).with_deadline(limit)))
    }

    fn catalog(&self, actor: &Actor) -> CatalogServiceClient<Channel> {
        CatalogServiceClient::new(self.channel("catalog", actor))
    }
}

/// What institutions and products are called. Names change seldom: a look is believed for a while.
#[derive(Clone)]
pub(crate) struct Directory {
    peers: Peers,
    seen: Arc<Mutex<Option<Seen>>>,
}

/// A look, and until when it is believed.
struct Seen {
    until: Instant,
    names: Arc<Names>,
}

const FRESH: Duration = Duration::from_secs(30);
/// After a failure the next look waits so long.
const AGAIN: Duration = Duration::from_secs(3);
const PAGE: i32 = 1000;
const PAGES: usize = 20;

/// Names by id.
#[derive(Debug, Default)]
pub(crate) struct Names {
    institutions: HashMap<String, String>,
    products: HashMap<String, String>,
}

impl Names {
    /// The institution's name, or the beginning of its id where the name is not known.
    pub(crate) fn institution(&self, id: &str) -> String {
        self.institutions.get(id).cloned().unwrap_or_else(|| format!("机构 {}", short(id)))
    }

    /// The product's name; empty without a product.
    pub(crate) fn product(&self, id: &str) -> String {
        match self.products.get(id) {
            Some(name) => name.clone(),
            None if id.is_empty() => String::new(),
            None => format!("产品 {}", short(id)),
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

impl Directory {
    pub(crate) fn new(peers: Peers) -> Self {
        Self { peers, seen: Arc::default() }
    }

    /// The names as they are known; what cannot be asked for now is taken from the last look.
    pub(crate) async fn names(&self, actor: &Actor) -> Arc<Names> {
        let mut seen = self.seen.lock().await;
        if let Some(fresh) = seen.as_ref().filter(|seen| Instant::now() < seen.until) {
            return Arc::clone(&fresh.names);
        }
        let before = seen.as_ref().map(|seen| Arc::clone(&seen.names)).unwrap_or_default();
        let (names, pause) = match self.look(actor).await {
            Ok(names) => (Arc::new(names), FRESH),
            Err(status) => {
                tracing::warn!(code = ?status.code(), "names of institutions could not be read");
                (before, AGAIN)
            }
        };
        *seen = Some(Seen { until: Instant::now() + pause, names: Arc::clone(&names) });
        names
    }

    async fn look(&self, actor: &Actor) -> Result<Names, tonic::Status> {
        let mut client = self.peers.catalog(actor);
        let mut names = Names::default();
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let request = catalog::ListInstitutionsRequest { role: 0, page_size: PAGE, page_token };
            let page = client.list_institutions(request).await?.into_inner();
            names
                .institutions
                .extend(page.institutions.into_iter().map(|one| (one.institution_id, one.name)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let request =
                catalog::ListProductsRequest { institution_id: String::new(), page_size: PAGE, page_token };
            let page = client.list_products(request).await?.into_inner();
            let named =
                page.products.into_iter().map(|one| (one.product_id, one.terms.unwrap_or_default().name));
            names.products.extend(named);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(names)
    }
}
