//! One list of migrations per role: the bus's (1 to 99), rpc's (100 to 199) and the role's own (from 200).

use sqlx::migrate::{Migration, Migrator};

/// The bus's and rpc's migrations followed by `own`, which must be numbered from 200.
pub fn migrations(own: &Migrator) -> Migrator {
    merged([&bus::MIGRATOR, &rpc::MIGRATOR, own])
}

/// The migrations of a role that has a store but no tables of its own yet.
pub fn shared_migrations() -> Migrator {
    merged([&bus::MIGRATOR, &rpc::MIGRATOR])
}

fn merged<const N: usize>(lists: [&Migrator; N]) -> Migrator {
    let all: Vec<Migration> = lists.into_iter().flat_map(|list| list.iter().cloned()).collect();
    Migrator::with_migrations(all)
}

/// A version that occurs twice, if any: such a list must not be run.
pub(crate) fn version_twice(migrator: &Migrator) -> Option<i64> {
    let mut versions: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
    versions.sort_unstable();
    versions.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
