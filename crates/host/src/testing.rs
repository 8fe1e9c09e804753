//! A role for this crate's own tests.

use crate::role::Role;

pub(crate) static ROLE: Role = Role {
    name: "sample",
    migrator: crate::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &["other"],
    keys: &[],
    reasons: &[],
    serve: |host| {
        Box::pin(async move {
            host.shutdown.cancelled().await;
            Ok(())
        })
    },
};
