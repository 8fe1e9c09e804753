//! Running a role inside the test's own process, with real sockets.

use std::sync::Arc;
use std::time::Duration;

use host::{HostError, Role, Settings, Surroundings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Ground, eventually};

/// A role starts in well under a second; a busy machine with two cores may take many.
const READY: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_secs(5);

/// A role that runs until it is stopped or dropped.
pub struct Served {
    /// `http://` URL of its gRPC face.
    pub grpc: String,
    /// `http://` URL of its admin face.
    pub admin: String,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), HostError>>,
    /// Files and database must be there as long as the role.
    _ground: Ground,
}

impl Ground {
    /// Runs `role` with this ground's database, virtual host, keys and clock, and waits until it is ready. `overrides` are
    /// settings by their environment names, such as `("ZHIRONG_INTAKE_WINDOW", "2s")`.
    pub async fn serve(&self, role: &'static Role, overrides: &[(&str, &str)]) -> Served {
        let served = self.launch(role, overrides).await;
        eventually(READY, async || {
            if served.task.is_finished() {
                return Err("it has ended".to_owned());
            }
            host::probe::ready(&served.admin, PROBE).await
        })
        .await;
        served
    }

    /// As [`Ground::serve`], without waiting: for roles that are to start while something is missing.
    pub async fn launch(&self, role: &'static Role, overrides: &[(&str, &str)]) -> Served {
        let faces = self.faces(role.name);
        let settings = self.settings(role, overrides).await;
        let shutdown = CancellationToken::new();
        let surroundings = Surroundings { clock: Arc::new(self.clock().clone()), shutdown: shutdown.clone() };
        let task = tokio::spawn(async move {
            let ended = host::run_until(role, settings, surroundings).await;
            if let Err(error) = &ended {
                eprintln!("role {} ended: {}", role.name, error.chain());
            }
            ended
        });
        Served {
            grpc: self.url(role.name),
            admin: format!("http://127.0.0.1:{}", faces.admin),
            shutdown,
            task,
            _ground: self.clone(),
        }
    }

    async fn settings(&self, role: &'static Role, overrides: &[(&str, &str)]) -> Settings {
        let faces = self.faces(role.name);
        let keys = self.keys();
        let mut pairs = vec![
            ("ZHIRONG_LISTEN".to_owned(), format!("127.0.0.1:{}", faces.grpc)),
            ("ZHIRONG_ADMIN_LISTEN".to_owned(), format!("127.0.0.1:{}", faces.admin)),
            ("ZHIRONG_SIGNING_KEY_FILE".to_owned(), keys.signing_key_file(role.name).display().to_string()),
            ("ZHIRONG_VERIFY_KEYS_FILE".to_owned(), keys.ring_file().display().to_string()),
            ("ZHIRONG_POOL_SIZE".to_owned(), "8".to_owned()),
            ("ZHIRONG_REFLECTION".to_owned(), "true".to_owned()),
        ];
        if role.has_store {
            pairs.push(("ZHIRONG_DATABASE_URL".to_owned(), self.database_url(role).expose().clone()));
            pairs.push(("ZHIRONG_AMQP_URL".to_owned(), self.amqp_url(role).await.expose().clone()));
        }
        for peer in role.peers {
            pairs.push((format!("ZHIRONG_PEER_{}", peer.to_uppercase()), self.url(peer)));
        }
        pairs.extend(overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Settings::from_environment(role, self.roles(), pairs)
            .unwrap_or_else(|faults| panic!("settings of role {}: {faults}", role.name))
    }
}

impl Served {
    /// Asks it to end as SIGTERM does, and waits until work in hand is finished.
    pub async fn stop(mut self) -> Result<(), HostError> {
        self.shutdown.cancel();
        (&mut self.task).await.expect("the role's task")
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
