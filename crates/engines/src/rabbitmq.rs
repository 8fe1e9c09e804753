//! A RabbitMQ node: a private one, or the one that the environment names.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::guard::Guard;
use crate::process::{Launch, POLL, Process};
use crate::programs::Account;
use crate::run::Run;
use crate::{EngineError, GIVEN_AMQP, GIVEN_MANAGEMENT, Source, ports, programs, secret};

const NAME: &str = "RabbitMQ";
const ADMIN: &str = "zhirong";
/// A node starts in about 10 s; several at once on two busy cores take a multiple of that.
const START_LIMIT: Duration = Duration::from_secs(180);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// One answer of a node that is there takes milliseconds.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// Files and sockets that the node may open, if the machine's hard limit lets it.
const OPEN_FILES: u32 = 65_536;

/// A RabbitMQ with the management interface, whose administrator one is. Dropping a private one ends it and removes its
/// data.
#[derive(Debug)]
pub struct RabbitMq {
    amqp_base: String,
    management_url: String,
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    ports: Ports,
    node: String,
    server: Option<Process>,
    port_mapper: Option<Process>,
    guard: Guard,
    run: Run,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    amqp: u16,
    management: u16,
    distribution: u16,
    port_mapper: u16,
}

impl RabbitMq {
    /// Uses the given node, or starts a private one and waits until it takes AMQP connections and management requests.
    pub async fn start(source: Source) -> Result<Self, EngineError> {
        if source == Source::GivenOrPrivate
            && let Some((amqp, management)) = given()?
        {
            let amqp_base = amqp.trim_end_matches('/').to_owned();
            let management_url = management.trim_end_matches('/').to_owned();
            return Ok(Self { amqp_base, management_url, private: None });
        }
        // Once more with other ports if somebody was quicker to take them.
        match Self::start_private().await {
            Err(EngineError::EndedEarly { log, .. }) if log.contains("eaddrinuse") => {
                Self::start_private().await
            }
            result => result,
        }
    }

    async fn start_private() -> Result<Self, EngineError> {
        let [amqp, management, distribution, port_mapper] = ports::free()?;
        let ports = Ports { amqp, management, distribution, port_mapper };
        let password = secret::word(24);
        let prepared = tokio::task::spawn_blocking({
            let password = password.clone();
            move || prepare(ports, &password)
        });
        let mut private = prepared.await.map_err(|_| EngineError::Cancelled)??;
        private.resume().await?;
        Ok(Self {
            amqp_base: format!("amqp://{ADMIN}:{password}@127.0.0.1:{amqp}"),
            management_url: format!("http://{ADMIN}:{password}@127.0.0.1:{management}"),
            private: Some(private),
        })
    }

    /// `amqp://user:password@host:port/vhost` of the administrator; `vhost` as it is called, `/` for the default one.
    #[must_use]
    pub fn amqp_url(&self, vhost: &str) -> String {
        let mut url = format!("{}/", self.amqp_base);
        for byte in vhost.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }

    /// `amqp://user:password@host:port` of the administrator, without a virtual host.
    #[must_use]
    pub fn amqp_base(&self) -> &str {
        &self.amqp_base
    }

    /// `http://user:password@host:port` of the management interface.
    #[must_use]
    pub fn management_url(&self) -> &str {
        &self.management_url
    }

    /// The node's process id while a private one runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.private.as_ref()?.server.as_ref().map(Process::pid)
    }

    /// Stops it in good order, keeping data and ports; [`RabbitMq::resume`] starts it again.
    pub async fn halt(&mut self) -> Result<(), EngineError> {
        let private = self.private()?;
        if let Some(server) = &private.server {
            server.signal_group(Signal::SIGTERM);
        }
        private.await_server_end().await;
        Ok(())
    }

    /// Kills every process of it as a crash would, keeping data and ports.
    pub async fn kill9(&mut self) -> Result<(), EngineError> {
        let private = self.private()?;
        if let Some(server) = &private.server {
            server.kill9();
        }
        private.await_server_end().await;
        Ok(())
    }

    /// Starts it again, on the same ports and data, after [`RabbitMq::halt`] or [`RabbitMq::kill9`].
    pub async fn resume(&mut self) -> Result<(), EngineError> {
        self.private()?.resume().await
    }

    /// Stops it in good order if it runs, and starts it again.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.halt().await?;
        self.resume().await
    }

    /// Ends it and removes its data; a given node is left as it is.
    pub async fn stop(self) -> Result<(), EngineError> {
        let Some(mut private) = self.private else { return Ok(()) };
        if let Some(server) = &private.server {
            server.kill9();
        }
        private.await_server_end().await;
        if let Some(mut port_mapper) = private.port_mapper.take() {
            port_mapper.kill9();
            port_mapper.wait_or_kill(STOP_LIMIT).await;
        }
        private.guard.dismiss();
        private.run.remove()
    }

    fn private(&mut self) -> Result<&mut Private, EngineError> {
        self.private.as_mut().ok_or(EngineError::NotOurs)
    }
}

impl Private {
    async fn resume(&mut self) -> Result<(), EngineError> {
        if self.server.as_mut().is_some_and(|server| server.ended().is_none()) {
            return Ok(());
        }
        self.start_port_mapper().await?;
        let server = self.launch_server()?;
        self.guard.watch(server.pid(), Signal::SIGKILL);
        self.run.note(server.pid(), Signal::SIGKILL)?;
        let server = self.server.insert(server);
        let start = Instant::now();
        while !is_ready(self.ports).await {
            if let Some(status) = server.ended() {
                let status = status.to_string();
                return Err(EngineError::EndedEarly { engine: NAME, status, log: self.run.log_tail() });
            }
            if start.elapsed() > START_LIMIT {
                return Err(EngineError::NotReady {
                    engine: NAME,
                    limit: START_LIMIT,
                    log: self.run.log_tail(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Our own port mapper, in the foreground: the one that Erlang starts where it finds none would leave our group and
    /// outlive the node.
    async fn start_port_mapper(&mut self) -> Result<(), EngineError> {
        if self.port_mapper.as_mut().is_some_and(|mapper| mapper.ended().is_none()) {
            return Ok(());
        }
        let mapper = Launch {
            program: &programs::epmd()?,
            arguments: vec!["-port".into(), self.ports.port_mapper.to_string()],
            environment: vec![("ERL_EPMD_ADDRESS", "127.0.0.1".into())],
            directory: &self.run.work(),
            account: self.run.account(),
            log: &self.run.log(),
        }
        .spawn()?;
        self.guard.watch(mapper.pid(), Signal::SIGKILL);
        self.run.note(mapper.pid(), Signal::SIGKILL)?;
        let mapper = self.port_mapper.insert(mapper);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.ports.port_mapper)).await.is_err() {
            if mapper.ended().is_some() || start.elapsed() > STOP_LIMIT {
                return Err(EngineError::NotReady {
                    engine: "epmd",
                    limit: STOP_LIMIT,
                    log: self.run.log_tail(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn launch_server(&self) -> Result<Process, EngineError> {
        let program = programs::rabbitmq_server()?;
        // Only a shell can raise the limit of open files of the process that it becomes.
        let script =
            format!("ulimit -n {OPEN_FILES} 2>/dev/null || ulimit -n \"$(ulimit -Hn)\"; exec \"$0\"");
        Launch {
            program: "/bin/sh".as_ref(),
            arguments: vec!["-c".into(), script, program.display().to_string()],
            environment: self.environment(),
            directory: &self.run.work(),
            account: self.run.account(),
            log: &self.run.log(),
        }
        .spawn()
    }

    /// Everything that the start scripts would otherwise take from `/etc/rabbitmq` and `/var/lib/rabbitmq`.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let work = self.run.work();
        let file = |name: &str| work.join(name).display().to_string();
        let Ports { distribution, port_mapper, .. } = self.ports;
        vec![
            ("HOME", work.display().to_string()),
            ("RABBITMQ_NODENAME", self.node.clone()),
            ("RABBITMQ_DIST_PORT", distribution.to_string()),
            ("ERL_EPMD_PORT", port_mapper.to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            // Two schedulers are as many as the smallest machine has; distribution listens on loopback only.
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 2:2 +SDcpu 1:1 +SDio 4 -kernel inet_dist_use_interface {127,0,0,1}".into(),
            ),
            ("RABBITMQ_CONF_ENV_FILE", file("rabbitmq-env.conf")),
            ("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf")),
            ("RABBITMQ_CONFIG_FILES", file("conf.d")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", file("advanced.config")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins")),
            ("RABBITMQ_PLUGINS_EXPAND_DIR", file("plugins-expand")),
            ("RABBITMQ_GENERATED_CONFIG_DIR", file("config")),
            ("RABBITMQ_SCHEMA_DIR", file("schema")),
            ("RABBITMQ_MNESIA_BASE", file("data")),
            ("RABBITMQ_FEATURE_FLAGS_FILE", file("feature_flags")),
            ("RABBITMQ_PID_FILE", file("node.pid")),
            ("RABBITMQ_LOG_BASE", file("logs")),
            // To standard output, which is the log file of the run directory.
            ("RABBITMQ_LOGS", "-".into()),
        ]
    }

    async fn await_server_end(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.wait_or_kill(STOP_LIMIT).await;
            self.guard.forget(server.pid());
        }
    }
}

/// Makes the run directory and the node's configuration.
fn prepare(ports: Ports, password: &str) -> Result<Private, EngineError> {
    let run = Run::create("rabbitmq", Account::choose(&["rabbitmq"]))?;
    let guard = Guard::start(run.path())?;
    run.write("rabbitmq-env.conf", 0o600, "")?;
    run.write("rabbitmq.conf", 0o600, &settings(ports, password))?;
    run.write("enabled_plugins", 0o600, "[rabbitmq_management].\n")?;
    run.write(".erlang.cookie", 0o400, &secret::word(24))?;
    let node = format!("zhirong_{}@localhost", secret::word(8));
    Ok(Private { ports, node, server: None, port_mapper: None, guard, run })
}

fn settings(ports: Ports, password: &str) -> String {
    let Ports { amqp, management, .. } = ports;
    // Memory and disk are bounded for the machine's sake: an alarm blocks publishers, which the relay must stand anyway.
    // Message rates are not kept: they cost the node more than the messages of a small test.
    format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {management}\n\
         management.rates_mode = none\n\
         default_user = {ADMIN}\n\
         default_pass = {password}\n\
         vm_memory_high_watermark.absolute = 1GB\n\
         disk_free_limit.absolute = 50MB\n\
         log.console.level = warning\n"
    )
}

fn given() -> Result<Option<(String, String)>, EngineError> {
    match (std::env::var(GIVEN_AMQP).ok(), std::env::var(GIVEN_MANAGEMENT).ok()) {
        (Some(amqp), Some(management)) => Ok(Some((amqp, management))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(EngineError::HalfGiven { present: GIVEN_AMQP, absent: GIVEN_MANAGEMENT }),
        (None, Some(_)) => Err(EngineError::HalfGiven { present: GIVEN_MANAGEMENT, absent: GIVEN_AMQP }),
    }
}

/// The node opens its ports before it can serve them: it must answer both protocols.
async fn is_ready(ports: Ports) -> bool {
    // AMQP 0-9-1 §4.2.2: the protocol header is answered by Connection.Start, a method frame (type 1).
    let amqp = answers(ports.amqp, b"AMQP\x00\x00\x09\x01", b"\x01");
    let management = answers(
        ports.management,
        b"GET /api/overview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 401",
    );
    amqp.await && management.await
}

async fn answers(port: u16, question: &[u8], expected: &[u8]) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(question).await?;
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer == expected)
    };
    matches!(tokio::time::timeout(PROBE_LIMIT, exchange).await, Ok(Ok(true)))
}
