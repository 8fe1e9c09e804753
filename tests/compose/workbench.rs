//! Secrets as `zhirong secrets` writes them, made anew for a test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use zhirong::cli::Cli;
use zhirong::secrets::{Existing, Places, Secrets};

/// A folder that goes when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("zhirong-compose-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything that the command writes when it is told nothing.
pub(crate) fn generated() -> Folder {
    let folder = Folder::new();
    let secrets = Secrets::at(folder.path().to_owned());
    secrets.ensure_identity(Existing::Keep, &["localhost".to_owned()]).unwrap();
    secrets.ensure_deployment(Existing::Keep, &places()).unwrap();
    folder
}

/// Where the command believes the servers to be when it is told nothing.
pub(crate) fn places() -> Places {
    Places {
        postgres: default_of("secrets", "postgres"),
        rabbitmq: default_of("secrets", "rabbitmq"),
        management: default_of("secrets", "management"),
        database: default_of("secrets", "database"),
        vhost: default_of("secrets", "vhost"),
    }
}

/// The default of an option of a command.
pub(crate) fn default_of(command: &str, option: &str) -> String {
    let cli = Cli::command();
    let mut arguments = cli.find_subcommand(command).unwrap().get_arguments();
    let argument = arguments.find(|argument| argument.get_id() == option);
    let argument = argument.unwrap_or_else(|| panic!("{command} has no option {option}"));
    argument.get_default_values().first().unwrap().to_str().unwrap().to_owned()
}
