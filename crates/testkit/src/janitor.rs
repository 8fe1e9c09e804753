//! Removes databases and virtual hosts of tests that have ended, behind the backs of those that run.
//!
//! A test's own runtime is already ending when its ground is dropped, so this has a thread and a runtime of its own.
//! What it does not get to goes with the private engines.

use std::sync::OnceLock;

use bus::topology::BrokerAdmin;
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{database, server};

pub(crate) enum Chore {
    DropDatabase(String),
    DropVhost(String),
}

static CHORES: OnceLock<UnboundedSender<Chore>> = OnceLock::new();

/// Does it some time later.
pub(crate) fn later(chore: Chore) {
    let chores = CHORES.get_or_init(|| {
        let (sender, receiver) = unbounded_channel();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a small runtime");
        std::thread::Builder::new()
            .name("testkit-janitor".to_owned())
            .spawn(move || runtime.block_on(work(receiver)))
            .expect("a thread");
        sender
    });
    let _too_late = chores.send(chore);
}

async fn work(mut chores: UnboundedReceiver<Chore>) {
    let engines = server::engines().await;
    while let Some(chore) = chores.recv().await {
        match chore {
            Chore::DropDatabase(name) => {
                let mut connection = database::connect(engines).await;
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                // A failure leaves a database behind that harms nobody.
                let _result = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await;
                let _closed = connection.close().await;
            }
            Chore::DropVhost(name) => {
                let broker =
                    BrokerAdmin::new(engines.rabbitmq.management_url()).expect("address of the broker");
                let _result = broker.delete_vhost(&name).await;
            }
        }
    }
}
