//! Host against real engines: settings, migration, a role's life.

#[path = "suite/ground.rs"]
mod ground;
#[path = "suite/life.rs"]
mod life;
#[path = "suite/migrate.rs"]
mod migrate;
#[path = "suite/settings.rs"]
mod settings;
