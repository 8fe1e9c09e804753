//! A served desk with neighbours, and a browser without a screen.

mod browser;
mod neighbours;
pub(crate) mod overview;
pub(crate) mod world;

use chrono::{DateTime, Utc};
use desk::accounts::{self, NewAccount};
use desk::domain::Duty;
use host::Role;
use kernel::Clock as _;
use sqlx::PgPool;
use testkit::{Ground, Served, ground};

pub(crate) use browser::{Browser, Page, upload};
pub(crate) use neighbours::World;

/// A busy machine may need many times what is usual.
pub(crate) const SOON: std::time::Duration = std::time::Duration::from_secs(60);

static ALL: [&Role; 6] = [
    &desk::ROLE,
    &neighbours::INTAKE,
    &neighbours::WHITELIST,
    &neighbours::CATALOG,
    &neighbours::STATISTICS,
    &neighbours::PARTNER,
];

pub(crate) struct Stand {
    pub(crate) ground: Ground,
    pub(crate) pool: PgPool,
    /// Of the role that stands for intake: its held messages are real.
    pub(crate) intake: PgPool,
    pub(crate) world: World,
    pub(crate) desk: Served,
    _neighbours: Vec<Served>,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let ground = ground(&ALL).await;
        let world = World::default();
        let mut neighbours = Vec::new();
        for role in ALL.iter().skip(1) {
            world.register(&ground.url(role.name));
            neighbours.push(ground.serve(role, &[]).await);
        }
        let mut all = vec![("ZHIRONG_DESK_BOARD", "50ms")];
        all.extend(settings);
        let desk = ground.serve(&desk::ROLE, &all).await;
        Self {
            pool: ground.pool(&desk::ROLE),
            intake: ground.pool(&neighbours::INTAKE),
            ground,
            world,
            desk,
            _neighbours: neighbours,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.ground.clock().now()
    }

    /// A new account; gives its password.
    pub(crate) async fn account(&self, login: &str, duties: &[Duty], must_change: bool) -> String {
        let new = NewAccount {
            login: login.to_owned(),
            title: "窗口一号".to_owned(),
            duties: duties.to_vec(),
            must_change,
        };
        accounts::add(&self.pool, "test", self.now(), &new).await.unwrap()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.desk.grpc)
    }

    /// A browser in which somebody with these duties has logged in.
    pub(crate) async fn enter(&self, login: &str, duties: &[Duty]) -> Browser {
        let password = self.account(login, duties, false).await;
        let mut browser = self.browser();
        let page = browser.log_in(login, &password).await;
        assert_eq!(page.status, 303, "{}", page.text);
        browser
    }

    pub(crate) async fn clerk(&self) -> Browser {
        self.enter("clerk1", &[Duty::Clerk]).await
    }

    pub(crate) async fn count(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&self.pool).await.unwrap()
    }
}
